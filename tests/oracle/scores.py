"""From tallies to rates, scores, totals, bands and ranks (domain, "Policies")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from tests.oracle.criteria import COMPUTED, Tally
from tests.oracle.facts import MonthFacts
from tests.oracle.policy import (
    CATALOGUE,
    GROUPS,
    RANKED_TYPES,
    RANKING_CRITERIA,
    SERIES_BREAK,
    Criterion,
    band,
)


@dataclass(frozen=True)
class CriterionScore:
    """A row of `fct_criterion_score`."""

    period_month: date
    province_code: str
    unit_code: str
    unit_type: str
    criterion_code: str
    group_code: str
    numerator: int | None
    denominator: int | None
    rate: Fraction | None
    max_points: int
    score: Fraction | None
    status: str


@dataclass(frozen=True)
class MonthlyScore:
    """A row of `mart_monthly_score`; `group_points` and `group_maxima` by group code."""

    period_month: date
    province_code: str
    unit_code: str
    unit_type: str
    raw_points: Fraction
    applicable_max_points: int
    total_score: Fraction | None
    band: str | None
    is_series_break: bool
    has_ranking_criterion: bool
    group_points: Mapping[str, Fraction]
    group_maxima: Mapping[str, int]
    rank: int | None = None
    rank_out_of: int | None = None
    previous_rank: int | None = None


def criterion_scores(facts: MonthFacts) -> list[CriterionScore]:
    """A row for every criterion of every unit that exists in the month."""
    rows = []
    for criterion in CATALOGUE:
        tallies = COMPUTED[criterion.code](facts)
        for code, unit in facts.units.valid.items():
            applies = criterion.applies_to is None or unit.unit_type in criterion.applies_to
            tally = tallies.get(code, Tally(0, 0)) if applies else None
            rate, score = _rate_and_score(criterion, tally)
            row = CriterionScore(
                period_month=facts.month.first_day,
                province_code=unit.province_code,
                unit_code=code,
                unit_type=unit.unit_type,
                criterion_code=criterion.code,
                group_code=criterion.group,
                numerator=tally.numerator if tally else None,
                denominator=tally.denominator if tally else None,
                rate=rate,
                max_points=criterion.max_points,
                score=score,
                status="not_applicable" if score is None else "scored",
            )
            rows.append(row)
    return rows


def _rate_and_score(
    criterion: Criterion, tally: Tally | None
) -> tuple[Fraction | None, Fraction | None]:
    if tally is None or tally.denominator == 0:
        return None, None
    rate = Fraction(tally.numerator, tally.denominator)
    return rate, criterion.max_points * min(Fraction(1), rate / criterion.target_rate)


def monthly_scores(rows: Iterable[CriterionScore]) -> list[MonthlyScore]:
    """The totals of one month's units, ranked within province and unit type."""
    by_unit: dict[str, list[CriterionScore]] = defaultdict(list)
    for row in rows:
        by_unit[row.unit_code].append(row)
    peers: dict[tuple[str, str], list[MonthlyScore]] = defaultdict(list)
    for of_unit in by_unit.values():
        total = _total(of_unit)
        peers[total.province_code, total.unit_type].append(total)
    return [ranked for group in peers.values() for ranked in _ranked(group)]


def _total(of_unit: Sequence[CriterionScore]) -> MonthlyScore:
    points = {group: Fraction(0) for group in GROUPS}
    maxima = dict.fromkeys(GROUPS, 0)
    scored = [row for row in of_unit if row.score is not None]
    for row in scored:
        assert row.score is not None
        points[row.group_code] += row.score
        maxima[row.group_code] += row.max_points
    raw_points, applicable = sum(points.values(), Fraction(0)), sum(maxima.values())
    total_score = 100 * raw_points / applicable if applicable else None
    first = of_unit[0]
    previous_month = (first.period_month - timedelta(days=1)).replace(day=1)
    return MonthlyScore(
        period_month=first.period_month,
        province_code=first.province_code,
        unit_code=first.unit_code,
        unit_type=first.unit_type,
        raw_points=raw_points,
        applicable_max_points=applicable,
        total_score=total_score,
        band=band(total_score),
        is_series_break=previous_month < SERIES_BREAK <= first.period_month,
        has_ranking_criterion=any(row.criterion_code in RANKING_CRITERIA for row in scored),
        group_points=points,
        group_maxima=maxima,
    )


def at_ten_decimals(value: Fraction) -> int:
    """The value in units of 10^-10, half up: what totals are compared by."""
    return (value * 10**10 + Fraction(1, 2)).__floor__()


def _ranked(group: Sequence[MonthlyScore]) -> list[MonthlyScore]:
    """The peers with their ranks; ties share one, and the next one is left out (1, 1, 3)."""
    keys = {
        row.unit_code: at_ten_decimals(row.total_score)
        for row in group
        if row.unit_type in RANKED_TYPES
        and row.total_score is not None
        and row.has_ranking_criterion
    }
    ranks = {
        code: 1 + sum(1 for other in keys.values() if other > own) for code, own in keys.items()
    }
    return [
        replace(row, rank=ranks[row.unit_code], rank_out_of=len(keys))
        if row.unit_code in ranks
        else row
        for row in group
    ]


def with_previous_ranks(rows: Iterable[MonthlyScore]) -> list[MonthlyScore]:
    """The rows of several months, each with its unit code's rank in the month before."""
    rows = list(rows)
    ranks = {(row.unit_code, row.period_month): row.rank for row in rows}
    return [
        replace(
            row,
            previous_rank=ranks.get(
                (row.unit_code, (row.period_month - timedelta(days=1)).replace(day=1))
            ),
        )
        for row in rows
    ]
