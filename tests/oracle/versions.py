"""The latest valid version of each record, and the history of each snapshot row.

The order of arrival does not matter: a record refused because its unit or procedure was not
known yet, or because its version lay in the future, is taken as soon as that is mended, so what
counts is what is known, and how far the windows reach, after the last delivery.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar, cast

from tests.oracle.fields import BadRecordError, Record, as_object
from tests.oracle.records import (
    Dossier,
    Parsed,
    Payment,
    Petition,
    ProcedureRow,
    Rating,
    UnitVersion,
    parse_dossier,
    parse_payment,
    parse_petition,
    parse_procedure,
    parse_rating,
    parse_unit,
    procedure_key,
    unit_key,
)

Row = TypeVar("Row", UnitVersion, ProcedureRow)
Key = tuple[str, ...]


@dataclass(frozen=True)
class Delivery:
    """What one landing of one feed brought, in the order of its pages and lines.

    `updated_to` is the end of the window. It is None for snapshots, and for files: the versions
    of a file are held against the time at which it landed.
    """

    feed: str
    records: Iterable[object]
    landed_at: datetime
    updated_to: datetime | None = None


class Known(NamedTuple):
    """The codes that any snapshot ever brought in a good row."""

    units: frozenset[str]
    procedures: frozenset[str]


class Change(NamedTuple, Generic[Row]):
    """A row as a snapshot tells it; None where it vanished."""

    fetched_at: datetime
    row: Row | None


@dataclass
class Records:
    """Everything that may be counted."""

    units: list[UnitVersion]
    procedures: dict[Key, list[Change[ProcedureRow]]]
    dossiers: list[Dossier] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    petitions: list[Petition] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def read(deliveries: Iterable[Delivery]) -> Records:
    """All feeds from their deliveries, which count in the order in which they landed.

    The records of each delivery are iterated once. `refused` counts, for each feed, the delivered
    records that stay refused.
    """
    landed = sorted(deliveries, key=lambda delivery: delivery.landed_at)
    refused: Counter[str] = Counter()
    units = _history(landed, "units", unit_key, parse_unit, refused)
    codes = frozenset(key[0] for key in units)
    procedures = _history(
        landed,
        "procedures",
        procedure_key,
        lambda record: _of_known_unit(parse_procedure(record), codes),
        refused,
    )
    known = Known(codes, frozenset(key[0] for key in procedures))
    return Records(
        units=[row for changes in units.values() if (row := changes[-1].row) is not None],
        procedures=procedures,
        dossiers=cast(list[Dossier], _latest(landed, "dossiers", parse_dossier, known, refused)),
        payments=cast(list[Payment], _latest(landed, "payments", parse_payment, known, refused)),
        petitions=cast(
            list[Petition], _latest(landed, "petitions", parse_petition, known, refused)
        ),
        ratings=cast(list[Rating], _latest(landed, "ratings", parse_rating, known, refused)),
        refused=refused,
    )


def _of_known_unit(row: ProcedureRow, codes: frozenset[str]) -> ProcedureRow:
    if row.unit_code not in codes:
        raise BadRecordError("MaDonVi: not known")
    return row


def _latest(
    landed: Sequence[Delivery],
    feed: str,
    parse: Callable[[Record], Parsed],
    known: Known,
    refused: Counter[str],
) -> list[object]:
    """The facts of the latest valid versions; of equal versions the one landed later."""
    mine = [delivery for delivery in landed if delivery.feed == feed]
    horizon = max((each.updated_to or each.landed_at for each in mine), default=None)
    best: dict[str, Parsed] = {}
    for record in (record for delivery in mine for record in delivery.records):
        assert horizon is not None
        try:
            parsed = parse(as_object(record))
            _check_known(parsed, known, horizon)
        except BadRecordError:
            refused[feed] += 1
            continue
        current = best.get(parsed.key)
        if current is None or parsed.version_at >= current.version_at:
            best[parsed.key] = parsed
    return [parsed.fact for parsed in best.values() if parsed.fact is not None]


def _check_known(parsed: Parsed, known: Known, horizon: datetime) -> None:
    if parsed.version_at >= horizon:
        raise BadRecordError("NgayCapNhat: not before the end of the window")
    fact = parsed.fact
    if isinstance(fact, (Dossier, Petition, Rating)) and fact.unit_code not in known.units:
        raise BadRecordError("MaDonVi: not known")
    if isinstance(fact, Dossier) and fact.procedure_code not in known.procedures:
        raise BadRecordError("MaTTHC: not known")


def _history(
    landed: Sequence[Delivery],
    feed: str,
    key_of: Callable[[Record], Key],
    parse: Callable[[Record], Row],
    refused: Counter[str],
) -> dict[Key, list[Change[Row]]]:
    """What each snapshot says of each row that it delivers, or that vanished with it.

    A row that a later snapshot does not deliver vanishes. A row that it delivers spoilt has not
    vanished: the earlier good version stands.
    """
    history: dict[Key, list[Change[Row]]] = {}
    for delivery in landed:
        if delivery.feed != feed:
            continue
        delivered: set[Key] = set()
        for raw in delivery.records:
            try:
                record = as_object(raw)
                key = key_of(record)
                delivered.add(key)
                row = parse(record)
            except BadRecordError:
                refused[feed] += 1
                continue
            history.setdefault(key, []).append(Change(delivery.landed_at, row))
        for key, changes in history.items():
            if key not in delivered and changes[-1].row is not None:
                changes.append(Change(delivery.landed_at, None))
    return history
