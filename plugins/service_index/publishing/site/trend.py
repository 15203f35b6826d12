"""A unit's scores month by month, with the breaks that keep months from being compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from service_index.publishing.month import UnitScore
from service_index.publishing.printing import one_line
from service_index.publishing.site import figures
from service_index.publishing.site.material import Material, month_number


@dataclass(frozen=True)
class TrendMonth:
    """A month in which the unit had a score; `peer_median` is that of its type.

    Months of one `segment` follow each other without a break or a gap.
    """

    period: str
    score: Decimal | None
    peer_median: Decimal | None
    rank: int | None
    rank_out_of: int | None
    is_series_break: bool
    segment: int


@dataclass(frozen=True)
class Trend:
    """`other_unit` is who carried the unit's code before the break, if that was another one."""

    months: list[TrendMonth]
    other_unit: str | None

    @property
    def breaks(self) -> list[str]:
        return [month.period for month in self.months if month.is_series_break]


def trend_of(material: Material, unit: UnitScore) -> Trend:
    """The months of `unit` up to the release's own.

    A reform reuses codes: months before a break count only if the code stood for a unit of the
    same name and type then.
    """
    all_months: list[tuple[str, Mapping[str, UnitScore]]] = [
        *((month.period, month.units) for month in material.earlier),
        (material.edition.period, material.release.units),
    ]
    chosen: list[TrendMonth] = []
    crossed_break, other_unit = False, None
    for period, units in reversed(all_months):
        then = units.get(unit.unit_code)
        if then is None:
            continue
        if crossed_break and not _same(then, unit):
            other_unit = then.unit_name
            break
        crossed_break = crossed_break or then.is_series_break
        chosen.append(_month(period, then, units))
    return Trend(_segmented(chosen[::-1]), other_unit)


def _same(one: UnitScore, other: UnitScore) -> bool:
    return (one_line(one.unit_name), one.unit_type) == (one_line(other.unit_name), other.unit_type)


def _month(period: str, unit: UnitScore, units: Mapping[str, UnitScore]) -> TrendMonth:
    scores = [
        peer.total_score
        for peer in units.values()
        if peer.unit_type == unit.unit_type and peer.total_score is not None
    ]
    return TrendMonth(
        period=period,
        score=unit.total_score,
        peer_median=figures.median(scores) if len(scores) > 1 else None,
        rank=unit.rank,
        rank_out_of=unit.rank_out_of,
        is_series_break=unit.is_series_break,
        segment=0,
    )


def _segmented(months: list[TrendMonth]) -> list[TrendMonth]:
    segment, made = 0, []
    for before, month in zip([None, *months], months, strict=False):
        is_gap = before is not None and (
            month_number(month.period) - month_number(before.period) > 1
        )
        if before is not None and (is_gap or month.is_series_break):
            segment += 1
        made.append(TrendMonth(**{**vars(month), "segment": segment}))
    return made
