"""The catalogue of criteria, the bands and the targets, as the domain paper states them.

Written out here a second time on purpose: the warehouse reads its own seeds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple

GROUPS = (
    "transparency",
    "timeliness",
    "online_service",
    "online_payment",
    "digitisation",
    "satisfaction",
)
RANKED_TYPES = frozenset({"department", "district", "commune"})
# A unit without any applicable criterion among these is not ranked.
RANKING_CRITERIA = frozenset(
    {"04", "05", "07", "08", "09", "11", "12", "13", "14", "15", "16", "18"}
)
CERTIFIED_COPIES = frozenset({"2.000815", "2.000843"})
BANDS = ((90, "Xuất sắc"), (80, "Tốt"), (70, "Khá"), (50, "Trung bình"), (0, "Yếu"))
SERIES_BREAK = date(2025, 7, 1)


class Criterion(NamedTuple):
    """A row of the catalogue; `applies_to` is None where every unit type is meant."""

    code: str
    group: str
    max_points: int
    applies_to: frozenset[str] | None = None
    target_rate: Fraction = Fraction(1)


_LEADS_ONLY = frozenset({"province", "department"})

CATALOGUE = (
    Criterion("01", "transparency", 6, _LEADS_ONLY),
    Criterion("02", "transparency", 4, _LEADS_ONLY),
    Criterion("03", "transparency", 2, _LEADS_ONLY),
    Criterion("04", "transparency", 6),
    Criterion("05", "timeliness", 20),
    Criterion("06", "online_service", 2),
    Criterion("07", "online_service", 4),
    Criterion("08", "online_service", 6),
    Criterion("09", "online_payment", 2),
    Criterion("10", "online_payment", 2),
    Criterion("11", "online_payment", 6),
    Criterion("12", "digitisation", 6),
    Criterion("13", "digitisation", 4),
    Criterion("14", "digitisation", 2),
    Criterion("15", "digitisation", 2),
    Criterion("16", "digitisation", 4),
    Criterion("17", "digitisation", 2),
    Criterion("18", "digitisation", 2),
    Criterion("19", "satisfaction", 6),
    Criterion("20", "satisfaction", 6),
    Criterion("21", "satisfaction", 6),
)


class Target(NamedTuple):
    """A rate that units must reach; `unit_type` None means every type, field `*` all fields."""

    metric_code: str
    rate: Fraction
    valid_from: date
    valid_to: date
    unit_type: str | None = None
    field_code: str = "*"


@dataclass(frozen=True)
class Policy:
    """What may differ between warehouses: the code of the field of civil status."""

    civil_status_field: str
    targets: tuple[Target, ...] = field(init=False)

    def __post_init__(self) -> None:
        """The targets of the decision of May 2025, for the year 2025."""
        year = (date(2025, 1, 1), date(2025, 12, 31))
        most = Fraction(70, 100)
        targets = (
            Target("end_to_end_online", most, *year),
            Target("end_to_end_online", most, *year, "commune", self.civil_status_field),
            Target("result_in_vault", Fraction(1), *year),
        )
        object.__setattr__(self, "targets", targets)

    def target_rate(
        self, metric_code: str, unit_type: str, field_code: str, on: date
    ) -> Fraction | None:
        """The rate set for a unit type in a field on a day, None where none is."""
        for target in self.targets:
            if (
                target.metric_code == metric_code
                and target.field_code == field_code
                and target.unit_type in (None, unit_type)
                and target.valid_from <= on <= target.valid_to
            ):
                return target.rate
        return None


def band(total_score: Fraction | None) -> str | None:
    """The band of an exact total, never of a rounded one."""
    if total_score is None:
        return None
    return next(name for least, name in BANDS if total_score >= least)
