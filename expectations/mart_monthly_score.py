"""The total, band and rank of every unit in a month."""

from __future__ import annotations

from expectations.mart_shared import (
    CRITERIA,
    GROUPS,
    key_is_complete,
    policy_says,
    same,
)
from expectations.shared import UNIT_TYPES
from expectations.vocabulary import Suite, between, every_month_has_rows, holds, in_set, unique

_RANKED_PEERS = "partition by period_month, province_code, unit_type, r.rank is null"
_IN_ORDER = f"over ({_RANKED_PEERS} order by r.rank, total_score desc)"
_POINTS = " + ".join(f"coalesce({group}, 0)" for group in GROUPS)
_MAXIMA = " + ".join(f"coalesce({group}_max, 0)" for group in GROUPS)

_IS_DENSE = policy_says("ranking_policy", "p.tie_rule = 'dense'")

# Each unit beside the sum of its criteria.
_RELATION = """(
    select m.*, c.criteria, c.criterion_points, c.criterion_maximum
    from marts.mart_monthly_score as m
    left join (
        select
            period_month,
            unit_code,
            count(*) as criteria,
            coalesce(sum(score), 0) as criterion_points,
            coalesce(sum(max_points) filter (where status = 'scored'), 0) as criterion_maximum
        from marts.fct_criterion_score
        group by period_month, unit_code
    ) as c on c.period_month = m.period_month and c.unit_code = m.unit_code
)"""

SUITE = Suite(
    name="mart_monthly_score",
    relation=_RELATION,
    scope_column="period_month",
    checks=(
        every_month_has_rows("A release of a month without a score would be empty."),
        unique(
            "key_is_unique",
            ("period_month", "unit_code"),
            "One row per unit and month; a second one shifts every rank below it.",
        ),
        key_is_complete("period_month", "province_code", "unit_code", "unit_type"),
        in_set("unit_type", UNIT_TYPES, "Peers are ranked by province and type."),
        between("total_score", 0, 100, "Invariant I6: a total lies between 0 and 100."),
        holds(
            "total_is_points_over_maximum",
            "case when applicable_max_points > 0 then "
            + same("total_score", "100 * raw_points / applicable_max_points")
            + " else total_score is null end",
            "total = 100 × Σ score / Σ max over the applicable criteria; none applicable: null.",
        ),
        holds(
            "points_are_within_maximum",
            " and ".join(
                f"coalesce({group}, 0) between 0 and coalesce({group}_max, 0)" for group in GROUPS
            ),
            "Invariant I6, group by group.",
        ),
        holds(
            "groups_add_up",
            same("coalesce(raw_points, 0)", _POINTS)
            + " and "
            + same("applicable_max_points", _MAXIMA),
            "The points by group are what the total is made of.",
        ),
        holds(
            "points_are_those_of_the_criteria",
            "criteria is null or ("
            + same("coalesce(raw_points, 0)", "criterion_points")
            + " and "
            + same("applicable_max_points", "criterion_maximum")
            + ")",
            "The total is the sum of the unit's criteria in fct_criterion_score.",
        ),
        holds(
            "every_criterion_is_there",
            f"criteria = {CRITERIA}",
            "A unit with a total has its row for every criterion: a total can be explained.",
        ),
        holds(
            "band_stands_beside_total",
            "(band is null) = (total_score is null)",
            "Every total has a band, taken from the exact score; no total, no band.",
        ),
        holds(
            "rank_is_within_peers",
            "r.rank is null or r.rank between 1 and rank_out_of",
            "A rank always carries the number ranked, and lies within it.",
        ),
        holds(
            "rank_follows_total",
            # Policy says at how many decimals totals are compared: whatever they are, the total
            # falls from rank to rank, and equal totals share theirs.
            f"r.rank is null or lag(r.rank) {_IN_ORDER} is null "
            f"or lag(total_score) {_IN_ORDER} > total_score "
            f"or lag(total_score) {_IN_ORDER} = total_score and lag(r.rank) {_IN_ORDER} = r.rank",
            "A better total never has the worse rank, and equal totals share one.",
        ),
        holds(
            "ranks_leave_no_gap",
            f"r.rank is null or r.rank = case when {_IS_DENSE} "
            f"then dense_rank() over ({_RANKED_PEERS} order by r.rank) "
            f"else rank() over ({_RANKED_PEERS} order by r.rank) end",
            "Competition ranking: 1, 1, 3, unless the policy says 1, 1, 2.",
        ),
        holds(
            "rank_out_of_counts_the_ranked",
            f"r.rank is null or rank_out_of = count(*) over ({_RANKED_PEERS})",
            "The number ranked is that of the peers (province, unit type) with a rank.",
        ),
        holds(
            "only_peers_are_ranked",
            "unit_type not in ('province', 'vertical_agency') or r.rank is null",
            "The province's rank is the national one; vertical agencies are scored, not ranked.",
        ),
    ),
)
