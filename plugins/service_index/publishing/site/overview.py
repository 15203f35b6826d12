"""What a month's overview shows: on a release's first page, and on the home page."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from service_index.publishing.month import (
    Compliance,
    NationalAverage,
    NationalRank,
    Points,
    UnitScore,
)
from service_index.publishing.relations import GROUPS
from service_index.publishing.site import charts, figures, standing, targets, tiles, trend
from service_index.publishing.site.material import Material
from service_index.publishing.site.standing import LostPoints
from service_index.publishing.site.targets import Tally
from service_index.publishing.site.tiles import TileGrid
from service_index.publishing.site.trend import Trend

LISTED = 10
LISTED_CRITERIA = 6


@dataclass(frozen=True)
class GroupStanding:
    """A group of the province beside the nation; `rank` is the national one."""

    code: str
    own: Points
    average: Decimal | None
    average_share: Decimal | None
    rank: int | None

    @property
    def difference(self) -> Decimal | None:
        return figures.difference(self.own.points, self.average)

    @property
    def lost(self) -> Decimal | None:
        return figures.difference(self.own.maximum, self.own.points)


@dataclass(frozen=True)
class Overview:
    """`top` and `bottom` are units of `listed_type`; `bottom` begins with the last of them."""

    province: UnitScore
    province_page: str
    score_change: Decimal | None
    national: NationalRank | None
    national_average: NationalAverage | None
    online_year: Compliance | None
    tallies: list[Tally]
    groups: list[GroupStanding]
    lost: list[LostPoints]
    trend: Trend
    trend_chart: Markup | None
    grid: TileGrid | None
    listed_type: str | None
    top: list[UnitScore]
    bottom: list[UnitScore]
    histogram: Markup | None
    unit_pages: dict[str, str]
    criterion_pages: dict[str, str]

    @property
    def has_withheld(self) -> bool:
        """Whether a small cell is among what is shown."""
        return any(row.score.withheld for row in self.lost) or bool(
            self.online_year and self.online_year.withheld
        )


def overview_of(material: Material) -> Overview:
    province = material.release.province
    before = material.before(province)
    months = trend.trend_of(material, province)
    listed_type, ranked = _listed(material)
    lost = [row for row in standing.lost_points(material, province) if row.lost]
    return Overview(
        province=province,
        province_page=material.unit_pages[province.unit_code],
        score_change=figures.difference(province.total_score, before.total_score)
        if before
        else None,
        national=material.national,
        national_average=material.release.averages.get(standing.TOTAL),
        online_year=material.compliance_of(province.unit_code, targets.ONLINE, targets.YEAR),
        tallies=targets.tallies(material, targets.ONLINE, targets.YEAR),
        groups=[_group(material, code) for code in GROUPS],
        lost=lost[:LISTED_CRITERIA],
        trend=months,
        trend_chart=charts.trend_chart(months),
        grid=tiles.tile_grid(material),
        listed_type=listed_type,
        top=ranked[:LISTED],
        bottom=ranked[LISTED:][-LISTED:][::-1],
        histogram=_histogram(ranked),
        unit_pages=material.unit_pages,
        criterion_pages=material.criterion_pages,
    )


def _group(material: Material, code: str) -> GroupStanding:
    average = material.release.averages.get(code)
    return GroupStanding(
        code=code,
        own=material.release.province.groups[code],
        average=average.average_score if average else None,
        average_share=figures.share(Points(average.average_score, average.max_points))
        if average
        else None,
        rank=material.national.ranks[code] if material.national else None,
    )


def _listed(material: Material) -> tuple[str | None, list[UnitScore]]:
    """The type of unit that the public looks for first, and its ranked units."""
    for unit_type, units in material.by_type.items():
        ranked = [unit for unit in units if unit.rank is not None]
        if ranked:
            return unit_type, ranked
    return None, []


def _histogram(units: list[UnitScore]) -> Markup | None:
    scores = [unit.total_score for unit in units if unit.total_score is not None]
    if len(scores) < LISTED:
        return None
    first, last = int(min(scores)) // 10 * 10, int(max(scores)) // 10 * 10 + 10
    return charts.histogram(scores, None, first=first, last=last, steps=(last - first) // 2)
