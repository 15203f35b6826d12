"""A release, sorted the way its pages ask for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from service_index.publishing import labels
from service_index.publishing.edition import Edition
from service_index.publishing.month import (
    Cause,
    Compliance,
    Criterion,
    CriterionScore,
    EarlierMonth,
    MonthRelease,
    NationalRank,
    UnitScore,
)
from service_index.publishing.site import slugs

ALL_FIELDS = "*"
# The order in which pages list types of units; types that it does not know follow.
_TYPE_ORDER = ("commune", "district", "department", "vertical_agency", "province")


@dataclass(frozen=True)
class Material:
    """`by_type` has units in the order of their rank, those without one behind, by their score.

    `previous` is the release of the calendar month before, None if there is none. Pages are
    paths from the site's root. `compliance` is by (unit, metric, basis, field); `metrics` are those
    that it has.
    """

    release: MonthRelease
    earlier: list[EarlierMonth]
    previous: EarlierMonth | None
    by_type: dict[str, list[UnitScore]]
    unit_pages: dict[str, str]
    criterion_pages: dict[str, str]
    criteria: dict[str, Criterion]
    metrics: list[str]
    compliance: dict[tuple[str, str, str, str], Compliance]
    causes: dict[str, list[Cause]]
    national: NationalRank | None

    @property
    def edition(self) -> Edition:
        return self.release.edition

    @property
    def units(self) -> list[UnitScore]:
        """All of them, in the order in which pages list them."""
        return [unit for units in self.by_type.values() for unit in units]

    def peers(self, unit: UnitScore) -> list[UnitScore]:
        """Units of its type, itself among them."""
        return self.by_type[unit.unit_type]

    def before(self, unit: UnitScore) -> UnitScore | None:
        """The unit in the month before; none across a break, where a code may be another unit's."""
        if self.previous is None or unit.is_series_break:
            return None
        return self.previous.units.get(unit.unit_code)

    def criterion_before(self, unit: UnitScore, code: str) -> CriterionScore | None:
        if self.previous is None or unit.is_series_break:
            return None
        return self.previous.criterion_scores.get((unit.unit_code, code))

    def compliance_of(
        self, unit_code: str, metric: str, basis: str, field: str = ALL_FIELDS
    ) -> Compliance | None:
        return self.compliance.get((unit_code, metric, basis, field))


def prepare(release: MonthRelease, earlier: list[EarlierMonth]) -> Material:
    """Sort `release`; `earlier` has the months before it, the oldest first."""
    causes = defaultdict(list)
    for cause in release.causes:
        causes[cause.unit_code].append(cause)
    criteria = {criterion.criterion_code: criterion for criterion in release.criteria}
    return Material(
        release=release,
        earlier=earlier,
        previous=_previous(release.edition, earlier),
        by_type=_by_type(release),
        unit_pages=slugs.pages("units", release.units),
        criterion_pages=slugs.pages("criteria", criteria),
        criteria=criteria,
        metrics=_metrics(release),
        compliance={
            (row.unit_code, row.metric_code, row.basis, row.field_code): row
            for row in release.compliance
        },
        causes=dict(causes),
        national=next(
            (row for row in release.national if row.province_code == release.edition.province_code),
            None,
        ),
    )


def month_number(period: str) -> int:
    """Months since the year 0, so that neighbours differ by one."""
    return int(period[:4]) * 12 + int(period[5:7]) - 1


def _previous(edition: Edition, earlier: list[EarlierMonth]) -> EarlierMonth | None:
    before = month_number(edition.period) - 1
    return next((month for month in earlier if month_number(month.period) == before), None)


def _metrics(release: MonthRelease) -> list[str]:
    """The known ones first, in their order."""
    found = {row.metric_code for row in release.compliance}
    known = [code for code in labels.METRICS if code in found]
    return known + sorted(found - set(known))


def _by_type(release: MonthRelease) -> dict[str, list[UnitScore]]:
    found: dict[str, list[UnitScore]] = defaultdict(list)
    for unit in sorted(release.units.values(), key=_place):
        found[unit.unit_type].append(unit)
    known = {kind: place for place, kind in enumerate(_TYPE_ORDER)}
    return {kind: found[kind] for kind in sorted(found, key=lambda k: (known.get(k, 99), k))}


def _place(unit: UnitScore) -> tuple[bool, int, Decimal, str]:
    score = unit.total_score if unit.total_score is not None else Decimal(-1)
    return (unit.rank is None, unit.rank or 0, -score, unit.unit_code)
