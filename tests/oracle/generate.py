"""Small hostile provinces, as their source would serve them.

`generate(seed)` is deterministic; `provinces()` is the same as a Hypothesis strategy, which
shrinks towards few records of each kind. A province is told in phases: each phase is one window
of the incremental feeds and the snapshots fetched about then, each with its instant in 2025: at
the edges of months, two on one day, after the cut-off. The windows overlap, some records of the
overlap change without a new version, units and procedures may arrive after the dossiers that
need them, and every sixth record or so is spoilt.

Two old provinces (33 and 34) merge on 1 July 2025 into 33, which reuses commune codes of both; a
third one (01) stays as it is. What the contracts leave open is left out on purpose (for example
the states of units that vanish from a snapshot).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from tests.oracle.fields import ICT
from tests.oracle.generate_places import Snapshot, place_snapshots
from tests.oracle.generate_records import RecordMaker, spoil, twins
from tests.oracle.versions import Delivery

INCREMENTAL = {
    "dossiers": "MaHoSo",
    "payments": "MaGiaoDich",
    "petitions": "MaPAKN",
    "ratings": "MaDanhGia",
}
SNAPSHOTS = {"units": ("MaDonVi", "HieuLucTu"), "procedures": ("MaTTHC", "MaDonVi")}
CIVIL_STATUS_FIELD = "HOTICH"
MONTHS = [date(2025, month, 1) for month in range(1, 9)]
# The second ends inside a day, which is then the last day of the open month.
CUTOFFS = (datetime(2025, 8, 16, tzinfo=ICT), datetime(2025, 8, 15, 13, tzinfo=ICT))


def _at(month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2025, month, day, hour, minute, second, tzinfo=ICT)


# Bounds of each window (no end: the cut-off), and instants at which its snapshots may be fetched.
WINDOWS = (
    (_at(3, 1), _at(4, 11), (_at(3, 20), _at(3, 31, 23, 59, 59), _at(4, 1), _at(4, 11, 8))),
    (_at(4, 1), _at(6, 1), (_at(4, 11, 9), _at(4, 30, 23, 59, 59), _at(5, 1), _at(6, 1))),
    (_at(5, 21), _at(7, 1), (_at(6, 1, 9), _at(6, 30, 23, 59, 59), _at(7, 1))),
    (_at(6, 21), None, (_at(7, 1, 9), _at(7, 31, 23, 59, 59), _at(8, 1), _at(8, 15, 12))),
    (_at(7, 1), _at(7, 16), (_at(8, 15, 23, 59, 59), _at(8, 16), _at(9, 5))),
)
Json = dict[str, object]


@dataclass(frozen=True)
class Phase:
    """One ingestion: a half-open window and what each feed serves, in the order served.

    The window is read at `landed_at`, the snapshots at `fetched_at`.
    """

    updated_from: datetime
    updated_to: datetime
    landed_at: datetime
    fetched_at: datetime
    records: dict[str, list[Json]]

    def read_at(self, feed: str) -> datetime:
        """When a feed of this phase was read."""
        return self.landed_at if feed in INCREMENTAL else self.fetched_at

    def total(self, feed: str) -> int:
        """The `total` that the source would tell: distinct keys, each keyless record as one."""
        if feed not in INCREMENTAL:
            return len(
                {tuple(str(row[name]) for name in SNAPSHOTS[feed]) for row in self.records[feed]}
            )
        keys = [record.get(INCREMENTAL[feed]) for record in self.records[feed]]
        named = {str(key).strip() for key in keys if key is not None and str(key).strip()}
        return len(named) + sum(1 for key in keys if key is None or not str(key).strip())


@dataclass(frozen=True)
class Province:
    """A generated source and what may be scored of it."""

    seed: int
    phases: list[Phase] = field(repr=False)
    months: list[date] = field(repr=False)
    cutoff: datetime
    civil_status_field: str = field(repr=False)

    def deliveries(self) -> Iterator[Delivery]:
        """The phases as landed."""
        for phase in self.phases:
            for feed, records in phase.records.items():
                updated_to = phase.updated_to if feed in INCREMENTAL else None
                yield Delivery(feed, records, phase.read_at(feed), updated_to)


def generate(
    seed: int,
    *,
    dossiers: int = 60,
    others: int = 25,
    civil_status_field: str = CIVIL_STATUS_FIELD,
) -> Province:
    """A province with `dossiers` dossiers, more payments by `others`, `others` of the rest."""
    rng = Random(seed)
    snapshots = place_snapshots(rng, len(WINDOWS), civil_status_field)
    cutoff = rng.choice(CUTOFFS)
    makers = RecordMaker(rng, snapshots, civil_status_field, cutoff)
    versions = {
        "dossiers": [makers.dossier(number) for number in range(dossiers)],
        "payments": [makers.payment(number, dossiers) for number in range(dossiers + others)],
        "petitions": [makers.petition(number) for number in range(others)],
        "ratings": [makers.rating(number, dossiers) for number in range(others)],
    }
    for feed in ("dossiers", "petitions", "ratings"):
        versions[feed] += twins(versions[feed], INCREMENTAL[feed])
    phases: list[Phase] = []
    landed_at = WINDOWS[0][0]
    for (start, end, fetches), snapshot in zip(WINDOWS, snapshots, strict=True):
        updated_to = end or cutoff
        # Some hours after the end: after the version of every record in it.
        landed_at = max(landed_at, updated_to) + timedelta(hours=rng.choice((2, 30)))
        records = _records(rng, (start, updated_to), snapshot, versions)
        phases.append(Phase(start, updated_to, landed_at, rng.choice(fetches), records))
    return Province(seed, phases, list(MONTHS), cutoff, civil_status_field)


def _records(
    rng: Random,
    window: tuple[datetime, datetime],
    snapshot: Snapshot,
    versions: dict[str, list[list[Json]]],
) -> dict[str, list[Json]]:
    """What each feed serves, some of it twice."""
    records = {"units": list(snapshot.units), "procedures": list(snapshot.procedures)}
    for feed, of_feed in versions.items():
        records[feed] = [
            record for of_key in of_feed for record in _served(rng, feed, of_key, *window)
        ]
        records[feed].sort(key=lambda record: str(record.get("NgayCapNhat")))
    for served in records.values():
        _repeat_some(rng, served)
    return records


def _served(
    rng: Random, feed: str, versions: list[Json], updated_from: datetime, updated_to: datetime
) -> list[Json]:
    """What a read of the window after its end brings of one record: its present version, if any.

    Now and then it is spoilt, has a version from the future, or was changed in silence.
    """
    window = f"{updated_from:%Y%m%d%H%M%S}", f"{updated_to:%Y%m%d%H%M%S}"
    inside = [each for each in versions if window[0] <= str(each["NgayCapNhat"]) < window[1]]
    if not inside:
        return []
    present = dict(inside[-1])
    if rng.random() < 0.12:
        return [spoil(rng, feed, present)]
    if rng.random() < 0.03:
        clock = updated_to + timedelta(seconds=rng.choice((0, 1, 3_600)))
        present["NgayCapNhat"] = f"{clock:%Y%m%d%H%M%S}"
    if rng.random() < 0.1:
        donor = dict(rng.choice(versions))
        kept = {name: present[name] for name in (INCREMENTAL[feed], "NgayCapNhat")}
        present = donor | kept
    return [present]


def _repeat_some(rng: Random, records: list[Json]) -> None:
    """Deliver some records a second time, as overlapping pages do."""
    for record in [each for each in records if rng.random() < 0.1]:
        records.insert(rng.randrange(len(records) + 1), dict(record))


def provinces(most_dossiers: int = 120, most_others: int = 40) -> st.SearchStrategy[Province]:
    """Generated provinces of all sizes."""
    return st.builds(
        generate,
        st.integers(min_value=0, max_value=2**32),
        dossiers=st.integers(min_value=1, max_value=most_dossiers),
        others=st.integers(min_value=0, max_value=most_others),
    )
