"""The total, band and rank of every former district and province in a month."""

from __future__ import annotations

from expectations.mart_shared import GROUPS, key_is_complete, same
from expectations.vocabulary import Suite, between, holds, in_set, unique

_POINTS = " + ".join(GROUPS)
_MAXIMA = " + ".join(f"{group}_max" for group in GROUPS)

SUITE = Suite(
    name="mart_former_unit_score",
    relation="marts.mart_former_unit_score",
    scope_column="period_month",
    checks=(
        unique(
            "key_is_unique",
            ("period_month", "unit_code"),
            "One row per former unit and month; a second one shifts every rank below it.",
        ),
        key_is_complete("period_month", "unit_code", "unit_type"),
        in_set("unit_type", ("district", "province"), "The reform ended these two types."),
        between("total_score", 0, 100, "Invariant I6: a total lies between 0 and 100."),
        holds(
            "groups_add_up",
            same("raw_points", _POINTS) + " and " + same("applicable_max_points", _MAXIMA),
            "The points by group are what the total is made of.",
        ),
        holds(
            "total_is_points_over_maximum",
            "case when applicable_max_points > 0 then "
            + same("total_score", "100 * raw_points / applicable_max_points")
            + " else total_score is null end",
            "total = 100 × Σ score / Σ max over the applicable criteria; none applicable: null.",
        ),
        holds(
            "only_districts_are_ranked",
            "r.rank is null or unit_type = 'district' and r.rank between 1 and rank_out_of",
            "Former districts are compared among themselves; two provinces are no ranking.",
        ),
    ),
)
