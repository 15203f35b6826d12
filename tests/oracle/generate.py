"""Small hostile provinces, as their source would serve them.

`generate(seed)` is deterministic; `provinces()` is the same as a Hypothesis strategy, which
shrinks towards few records of each kind. A province is told in phases: each phase is one window
of the incremental feeds and the snapshots fetched with it. The windows overlap, some records of
the overlap change without a new version, units and procedures may arrive after the dossiers that
need them, and every sixth record or so is spoilt.

Two old provinces (33 and 34) merge on 1 July 2025 into 33, which reuses commune codes of both; a
third one (01) stays as it is. What the contracts leave open is left out on purpose (for example
the states of units that vanish from a snapshot).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from tests.oracle.fields import ICT
from tests.oracle.generate_places import place_snapshots
from tests.oracle.generate_records import RecordMaker, spoil, twins
from tests.oracle.versions import Delivery

INCREMENTAL = {
    "dossiers": "MaHoSo",
    "payments": "MaGiaoDich",
    "petitions": "MaPAKN",
    "ratings": "MaDanhGia",
}
CIVIL_STATUS_FIELD = "HOTICH"
MONTHS = [date(2025, month, 1) for month in range(3, 9)]
CUTOFF = datetime(2025, 8, 16, tzinfo=ICT)
WINDOWS = (
    (datetime(2025, 3, 1, tzinfo=ICT), datetime(2025, 7, 1, tzinfo=ICT)),
    (datetime(2025, 6, 21, tzinfo=ICT), CUTOFF),
    (datetime(2025, 7, 1, tzinfo=ICT), datetime(2025, 7, 16, tzinfo=ICT)),
)
Json = dict[str, object]


@dataclass(frozen=True)
class Phase:
    """One ingestion: a half-open window and what each feed serves, in the order served."""

    updated_from: datetime
    updated_to: datetime
    records: dict[str, list[Json]]

    def total(self, feed: str) -> int:
        """The `total` that the source would tell: distinct keys, each keyless record as one."""
        keys = [record.get(INCREMENTAL[feed]) for record in self.records[feed]]
        named = {str(key).strip() for key in keys if key is not None and str(key).strip()}
        return len(named) + sum(1 for key in keys if key is None or not str(key).strip())


@dataclass(frozen=True)
class Province:
    """A generated source and what may be scored of it."""

    seed: int
    phases: list[Phase]
    months: list[date]
    cutoff: datetime
    civil_status_field: str

    def deliveries(self, first_landing: datetime, every: timedelta) -> Iterator[Delivery]:
        """The phases as landed: the feeds of a phase at one instant, the next phase later."""
        for number, phase in enumerate(self.phases):
            landed_at = first_landing + number * every
            for feed, records in phase.records.items():
                updated_to = phase.updated_to if feed in INCREMENTAL else None
                yield Delivery(feed, records, landed_at, updated_to)


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
    makers = RecordMaker(rng, snapshots, civil_status_field, CUTOFF)
    versions = {
        "dossiers": [makers.dossier(number) for number in range(dossiers)],
        "payments": [makers.payment(number, dossiers) for number in range(dossiers + others)],
        "petitions": [makers.petition(number) for number in range(others)],
        "ratings": [makers.rating(number, dossiers) for number in range(others)],
    }
    for feed in ("dossiers", "petitions", "ratings"):
        versions[feed] += twins(versions[feed], INCREMENTAL[feed])
    phases = []
    for (updated_from, updated_to), snapshot in zip(WINDOWS, snapshots, strict=True):
        records = {"units": snapshot.units, "procedures": snapshot.procedures}
        for feed, of_feed in versions.items():
            records[feed] = [
                record
                for of_key in of_feed
                for record in _served(rng, feed, of_key, updated_from, updated_to)
            ]
            records[feed].sort(key=lambda record: str(record.get("NgayCapNhat")))
            _repeat_some(rng, records[feed])
        phases.append(Phase(updated_from, updated_to, records))
    return Province(seed, phases, list(MONTHS), CUTOFF, civil_status_field)


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
        clock = updated_to + timedelta(seconds=rng.choice((0, 1, 86_400 * 3)))
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


def provinces() -> st.SearchStrategy[Province]:
    """Generated provinces of all sizes."""
    return st.builds(
        generate,
        st.integers(min_value=0, max_value=2**32),
        dossiers=st.integers(min_value=1, max_value=120),
        others=st.integers(min_value=0, max_value=40),
    )
