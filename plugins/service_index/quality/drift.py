"""Schema drift: the keys of a batch beside those of the batches before it.

The first batch with records sets the keys that a source carries (source contract). From then on a
key may come in, which is only told; one that goes missing, is renamed or changes its type is not
read as before, so that a measure would change in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

# The source contract's bound: fewer records say nothing of a key that they lack.
TELLING_RECORDS = 100
# A key that few records carry can be missing from a hundred by chance: where ten were to be
# expected, once in 20,000 times (e^-10).
EXPECTED_CARRIERS = 10
# A few values of another type are bad records, which quarantine and the share of bad records deal
# with; above their bounds (20, and 5 %: see the ledger's suite) the feed itself has changed. In a
# small batch, when no value has its old type: five are no slip.
NEW_TYPE_VALUES = 20
NEW_TYPE_SHARE = 0.05
NEW_TYPE_OF_ALL = 5

_Counts = Mapping[str, int]


@dataclass(frozen=True)
class Batch:
    """A batch and its `ops.batch.key_profile`; `origin` is what kind of source it came from."""

    batch_id: int
    origin: str
    records: int
    keys: Mapping[str, _Counts]

    def population(self, path: str) -> int:
        """How many could have carried the key: the records, or the items of its list."""
        holder, nested, _ = path.rpartition(".")
        return sum(self.keys.get(holder, {}).values()) if nested else self.records


@dataclass
class Drift:
    """What differs, in words; `removed` says what is new beside it, for it may be renamed."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    retyped: list[str] = field(default_factory=list)


@dataclass
class _Seen:
    """A key in the batches so far; it is expected until a batch without it has passed.

    carriers      records, or items of its list, that had the key
    filled        those in which it had a value
    population    those that could have had it
    is_settled    the first batch had it, or one that has passed
    came_in       the first batch that had it
    filled_in     the last one in which it had a value
    """

    came_in: int
    filled_in: int = 0
    carriers: int = 0
    filled: int = 0
    population: int = 0
    types: set[str] = field(default_factory=set)
    is_expected: bool = True
    is_settled: bool = False


def note(connection: psycopg.Connection, batch_ids: Sequence[int]) -> None:
    """Enter into `ops.batch.key_drift` how each of the batches differs from those before it."""
    with connection.transaction(), connection.cursor(row_factory=class_row(Batch)) as cursor:
        cursor.execute(
            # Files of one format are one source, whatever their names; the host may move.
            """
            select
                batch_id,
                feed || ' ' || case kind
                    when 'file' then coalesce(substring(lower(source), '[.](jsonl|csv|xlsx)'), '')
                    else 'service'
                end as origin,
                (key_profile ->> 'records')::bigint as records,
                key_profile -> 'keys' as keys
            from ops.batch
            where
                (key_profile ->> 'records')::bigint > 0
                and (status = 'passed' or batch_id = any(%(ids)s))
                and feed in (select feed from ops.batch where batch_id = any(%(ids)s))
            order by batch_id
            """,
            {"ids": list(batch_ids)},
        )
        found = find(cursor, frozenset(batch_ids))
        cursor.executemany(
            "update ops.batch set key_drift = %s where batch_id = %s",
            [(Jsonb(asdict(drift)), batch_id) for batch_id, drift in found.items()],
        )


def find(batches: Iterable[Batch], asked: frozenset[int]) -> dict[int, Drift]:
    """The drift of each batch in `asked`; `batches` come in the order of their loading.

    The others have passed. A batch that is asked for makes its keys known, but neither a key that
    it lacks nor another type becomes the rule before it has passed, by a person's word at least.
    """
    origins: dict[str, dict[str, _Seen]] = {}
    found: dict[int, Drift] = {}
    for batch in batches:
        seen = origins.setdefault(batch.origin, {})
        if batch.batch_id in asked:
            found[batch.batch_id] = _compare(batch, seen) if seen else Drift()
        _learn(batch, seen, has_passed=batch.batch_id not in asked, is_first=not seen)
    return found


def _compare(batch: Batch, seen: Mapping[str, _Seen]) -> Drift:
    added = sorted(path for path in batch.keys if path not in seen and not path.endswith("[]"))
    # What a batch brought that was refused is known, but may still be another's new name.
    unsettled = {path for path, key in seen.items() if not key.is_settled} & batch.keys.keys()
    drift = Drift(added=added)
    for path, key in sorted(seen.items()):
        beside = [
            new
            for new in sorted({*added, *unsettled})
            if _level(new) == _level(path)
            # Not of a key that went on having values beside it.
            and (new not in seen or seen[new].came_in > key.filled_in)
        ]
        if _is_missing(batch, path, key, may_be_renamed=bool(beside)):
            drift.removed.append(f"{path} (new: {', '.join(beside)})" if beside else path)
    for path, counts in sorted(batch.keys.items()):
        if path in seen and _is_retyped(counts, seen[path].types):
            before, now = (
                " or ".join(sorted(types)) for types in (seen[path].types, _types(counts))
            )
            drift.retyped.append(f"{path} ({before} → {now})")
    return drift


def _level(path: str) -> str:
    """The list in which the key is; empty for a key of the record itself."""
    return path.rpartition(".")[0]


def _is_missing(batch: Batch, path: str, key: _Seen, *, may_be_renamed: bool) -> bool:
    # That lists are empty says nothing of the keys of their items.
    if not key.is_expected or path.endswith("[]"):
        return False
    carriers = key.carriers
    if path in batch.keys:
        # A day may well lack all values of a key; but they are not lost by chance just when another
        # key comes in.
        if not may_be_renamed or _types(batch.keys[path]):
            return False
        carriers = key.filled
    # Of a list that is gone, the list is named and not all that was in it.
    population = batch.population(path)
    return (
        population >= TELLING_RECORDS
        and population * carriers >= EXPECTED_CARRIERS * key.population
    )


def _is_retyped(counts: _Counts, known: set[str]) -> bool:
    if not known:  # the key never had a value
        return False
    values = {kind: count for kind, count in counts.items() if kind != "missing"}
    total = sum(values.values())
    other = sum(count for kind, count in values.items() if kind not in known)
    return (other == total >= NEW_TYPE_OF_ALL) or (
        other >= NEW_TYPE_VALUES and other > NEW_TYPE_SHARE * total
    )


def _learn(batch: Batch, seen: dict[str, _Seen], *, has_passed: bool, is_first: bool) -> None:
    for path, counts in batch.keys.items():
        key = seen.setdefault(path, _Seen(came_in=batch.batch_id))
        key.carriers += sum(counts.values())
        key.filled += sum(count for kind, count in counts.items() if kind != "missing")
        key.is_expected = True
        if _types(counts):
            key.filled_in = batch.batch_id
        key.is_settled = key.is_settled or has_passed or is_first
        if has_passed or not key.types:
            key.types |= _types(counts)
    for path, key in seen.items():
        population = batch.population(path)
        key.population += population
        if has_passed and path not in batch.keys and population >= TELLING_RECORDS:
            key.is_expected = False


def _types(counts: _Counts) -> set[str]:
    return {kind for kind in counts if kind != "missing"}
