"""What every document of a monthly release says of itself, for its wording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from service_index.publishing import labels
from service_index.publishing.documents.wording import clean
from service_index.publishing.edition import SAMPLE_NOTICE, Edition
from service_index.publishing.month import MonthRelease, UnitScore
from service_index.publishing.printing import local_time
from service_index.settings import ICT

UNIT_TYPES = ("province", "department", "district", "commune", "vertical_agency")


@dataclass(frozen=True)
class Letterhead:
    """`month` is like `3/2025`; `year_of_issue` that in which the month's letter is due.

    `ends_year`: whether it tells of a December whose data reach its end. `sample_notice` is None
    for real data, `replaces` the revision before this one, if any.
    """

    province: str
    month: str
    year: str
    year_of_issue: str
    ends_year: bool
    status: str
    is_provisional: bool
    cutoff: str
    release_id: str
    replaces: str | None
    reason: str | None
    sample_notice: str | None


def letterhead(edition: Edition) -> Letterhead:
    return Letterhead(
        province=clean(edition.province_name),
        month=as_month(edition.month),
        year=str(edition.month.year),
        # Letters of December are written in January.
        year_of_issue=str(edition.month.year + edition.month.month // 12),
        ends_year=ends_year(edition),
        status=labels.STATUSES[edition.status].vi,
        is_provisional=edition.status == "provisional",
        cutoff=local_time(edition.data_cutoff),
        release_id=clean(edition.release_id),
        replaces=clean(edition.previous_release_id) if edition.previous_release_id else None,
        reason=labels.REASONS[edition.reason].vi if edition.reason else None,
        sample_notice=SAMPLE_NOTICE if edition.is_sample else None,
    )


def ends_year(edition: Edition) -> bool:
    """Whether the year is over in its data: then the year's own rows decide about its targets."""
    end = datetime(edition.month.year + 1, 1, 1, tzinfo=ICT)
    return edition.month.month == 12 and edition.data_cutoff >= end


def as_month(month: date) -> str:
    return f"{month.month}/{month.year}"


def month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def unit_names(release: MonthRelease) -> dict[str, str]:
    """Each unit's name; where two of a type share one, with that of the unit above."""
    plain = {code: clean(unit.unit_name) for code, unit in release.units.items()}
    shared = Counter((unit.unit_type, plain[code]) for code, unit in release.units.items())

    def name(code: str, unit: UnitScore) -> str:
        parent = plain.get(unit.parent_unit_code or "")
        if shared[unit.unit_type, plain[code]] == 1 or parent is None:
            return plain[code]
        return f"{plain[code]} ({parent})"

    return {code: name(code, unit) for code, unit in release.units.items()}


def by_type(units: Iterable[UnitScore]) -> dict[str, list[UnitScore]]:
    """Units by type in the order of documents; types without a unit are left out."""
    found: dict[str, list[UnitScore]] = {unit_type: [] for unit_type in UNIT_TYPES}
    for unit in units:
        found.setdefault(unit.unit_type, []).append(unit)
    return {unit_type: members for unit_type, members in found.items() if members}
