"""The score of every unit in every criterion of a month."""

from __future__ import annotations

from expectations.mart_shared import (
    CRITERIA,
    FULL_MARKS,
    GROUPS,
    key_is_complete,
    policy_says,
    rate_checks,
    same,
)
from expectations.shared import UNIT_TYPES
from expectations.vocabulary import Suite, every_month_has_rows, holds, in_set, unique

SUITE = Suite(
    name="fct_criterion_score",
    relation="marts.fct_criterion_score",
    scope_column="period_month",
    checks=(
        every_month_has_rows("A release of a month without a score would be empty."),
        unique(
            "key_is_unique",
            ("period_month", "unit_code", "criterion_code"),
            "One score per unit, month and criterion; a second one would count twice.",
        ),
        key_is_complete(
            "period_month", "province_code", "unit_code", "unit_type", "criterion_code"
        ),
        in_set("unit_type", UNIT_TYPES, "Peers are ranked by province and type."),
        in_set(
            "group_code", GROUPS, "Six groups in Decision 766/QĐ-TTg; points of another are lost."
        ),
        in_set("status", ("scored", "not_applicable"), "A reader must know what null means."),
        *rate_checks(),
        holds(
            "score_is_within_maximum",
            "score is null or score between 0 and max_points",
            "Invariant I6: 0 ≤ score ≤ max.",
        ),
        holds(
            "status_agrees_with_score",
            "(status = 'scored') = (score is not null) "
            "and (rate is not null) = coalesce(denominator > 0, false)",
            "Scored without a score, or a score where the criterion does not apply.",
        ),
        holds(
            "scored_has_a_denominator",
            "status <> 'scored' or denominator > 0 or denominator = 0 and "
            + policy_says("zero_denominator_policy", "p.outcome <> 'not_applicable'"),
            "Denominator 0 is not applicable, never 0 or full marks, unless a policy says so.",
        ),
        holds(
            "score_follows_rate",
            "score is null or rate is null or exists ("
            "select from marts.dim_criterion as c "
            "where c.criterion_code = r.criterion_code "
            "and c.catalogue_version = r.catalogue_version and "
            + same("r.score", "c.max_points * least(1, r.rate / c.target_rate)")
            + ")",
            "score = max_points × min(1, rate / target_rate), by the row's own catalogue version.",
        ),
        holds(
            "maxima_add_up",
            f"sum(max_points) over (partition by period_month, unit_code) = {FULL_MARKS}",
            "Invariant I6: Σ max = 100 for every unit and month, applicable or not.",
        ),
        holds(
            "every_criterion_is_there",
            f"count(*) over (partition by period_month, unit_code) = {CRITERIA}",
            "A unit has its row for every criterion of the month, so that nobody vanishes.",
        ),
    ),
)
