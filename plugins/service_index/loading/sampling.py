"""Which keys a batch's records carry and of what type their values are: by this drift is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

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

_TYPES = {"[": "array", "{": "object", "t": "boolean", "f": "boolean"}
# Empty text, null and an absent key all mean missing (source contract).
_MISSING = frozenset((b'""', b"null"))

_Fields = Mapping[str, msgspec.Raw]


class KeySampler:
    """Collects the keys of a sample of records, those inside lists included.

    `types` counts the values of every key by JSON type; a key inside a list is called
    `List[].key`, the list's items themselves `List[]`.
    """

    def __init__(self) -> None:
        self.records = 0
        self.types: dict[str, Counter[str]] = {}
        self._decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
        self._decode_list = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode

    def watch(self, records: Iterable[LandedRecord]) -> Iterator[LandedRecord]:
        """Pass the records on."""
        for number, record in enumerate(records):
            if number < KEYS_READ_OF_FIRST or number % KEYS_READ_OF_EVERY == 0:
                # What is no JSON object is the reader's to refuse.
                with suppress(ValueError, RecursionError):
                    self._note(self._decode(record.body))
            yield record

    def profile(self) -> dict[str, object]:
        """The counts, as they are kept in `ops.batch.key_profile`."""
        return {"records": self.records, "keys": {k: dict(v) for k, v in self.types.items()}}

    def _note(self, fields: _Fields) -> None:
        self.records += 1
        for name, value in fields.items():
            path, content = _plain(name), bytes(value)
            self._add(path, _type_of(content))
            if content.startswith(b"["):
                # A list of anything but objects has no keys inside.
                with suppress(ValueError, RecursionError):
                    self._note_items(path, self._decode_list(content))

    def _note_items(self, path: str, items: list[dict[str, msgspec.Raw]]) -> None:
        for item in items:
            self._add(f"{path}[]", "object")
            for name, value in item.items():
                self._add(f"{path}[].{_plain(name)}", _type_of(bytes(value)))

    def _add(self, path: str, kind: str) -> None:
        counter = self.types.get(path)
        if counter is None:
            if len(self.types) >= MOST_KEYS:
                return
            counter = self.types[path] = Counter()
        counter[kind] += 1


def _plain(name: str) -> str:
    return name if NAME.fullmatch(name) else OTHER


def _type_of(content: bytes) -> str:
    if content in _MISSING:
        return "missing"
    first = chr(content[0])
    return "string" if first == '"' else _TYPES.get(first, "number")
