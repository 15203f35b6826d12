"""Which keys a batch's records carry and of what type their values are: by this drift is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from service_index.landing.store import LandedRecord

# Reading the keys of every record would cost a third of the whole load. A key that only a few
# records of a large batch carry can be missed.
KEYS_READ_OF_FIRST = 1_000
KEYS_READ_OF_EVERY = 16

# The six feeds have at most 60 keys; records that each bring new ones must not fill the memory.
MOST_KEYS = 500
# A key that is no plain name may hold a value, such as a telephone number: it is not kept.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
OTHER = "(no plain name)"

_TYPES = {
    str: "string",
    list: "array",
    dict: "object",
    bool: "boolean",
    int: "number",
    float: "number",
}

# A list's name (None: the record itself), a key in it (None: the item), and the value's type.
Sighting = tuple[str | None, str | None, str]


class KeySampler:
    """Collects the keys of a sample of records, those inside lists included."""

    def __init__(self) -> None:
        self.records = 0
        self.seen: Counter[Sighting] = Counter()
        self._decode = msgspec.json.Decoder().decode

    def watch(self, records: Iterable[LandedRecord], first: int = 0) -> Iterator[LandedRecord]:
        """Pass the records on; `first` is how many of the batch came before them."""
        for number, record in enumerate(records, first):
            if number < KEYS_READ_OF_FIRST or number % KEYS_READ_OF_EVERY == 0:
                self.note(record.body)
            yield record

    def note(self, body: bytes) -> None:
        """Add one record's keys; what is no JSON object is the reader's to refuse."""
        try:
            fields = self._decode(body)
        except (ValueError, RecursionError):
            return
        if isinstance(fields, dict):
            # What they are called is told once, at the end.
            self.add(1, ((sighting, 1) for sighting in _sightings(fields)))

    def add(self, records: int, sightings: Iterable[tuple[Sighting, int]]) -> None:
        """Add what was seen in some records, so many times each."""
        self.records += records
        seen = self.seen
        for sighting, count in sightings:
            if sighting in seen or len(seen) < MOST_KEYS:
                seen[sighting] += count

    @property
    def types(self) -> dict[str, Counter[str]]:
        """Key → how many of its values are of which JSON type; a key inside a list is called
        `List[].key`, the list's items themselves `List[]`."""
        found: dict[str, Counter[str]] = {}
        for (name, key, kind), count in self.seen.items():
            parts = [] if name is None else [f"{_plain(name)}[]"]
            path = ".".join(parts if key is None else [*parts, _plain(key)])
            found.setdefault(path, Counter())[kind] += count
        return found

    def profile(self) -> dict[str, object]:
        """The counts, as they are kept in `ops.batch.key_profile`."""
        return {"records": self.records, "keys": {k: dict(v) for k, v in self.types.items()}}


def _sightings(fields: dict[str, Any]) -> Iterator[Sighting]:
    for key, value in fields.items():
        yield None, key, _type_of(value)
        # A list of anything but objects has no keys inside.
        if type(value) is list and all(type(item) is dict for item in value):
            for item in value:
                yield key, None, "object"
                for inner, content in item.items():
                    yield key, inner, _type_of(content)


def _type_of(value: object) -> str:
    # Empty text, null and an absent key all mean missing (source contract).
    return "missing" if value is None or value == "" else _TYPES[type(value)]


def _plain(name: str) -> str:
    return name if NAME.fullmatch(name) else OTHER
