"""National results of a batch: what the portal shows of the provinces in a month.

That no column exceeds its group's maximum is the loader's to see, which knows the catalogue; it
also counts the provinces that are missing. The gate could not: before the first scoring dbt has
not brought the catalogue into the warehouse.
"""

from __future__ import annotations

from expectations.shared import version_is_past
from expectations.vocabulary import Suite, between, holds

_GROUPS = "ckmb + tdgq + clgq + tttt + mdhl + mdsh"
_POINTS = "ckmb, tdgq, clgq, tttt, mdhl, mdsh, tong_score"

SUITE = Suite(
    name="raw_national_scores",
    relation="raw.national_scores",
    scope_column="batch_id",
    checks=(
        holds(
            "key_is_not_blank",
            "province_code <> ''",
            "A row that names no province could not be told from another one.",
        ),
        version_is_past(),
        holds(
            "month_is_its_first_day",
            "extract(day from period_month) = 1",
            "Everything by month is joined on its first day; another day would join nothing.",
        ),
        between("rank", 1, None, "ROW_STT is a place, counted from 1."),
        holds(
            "points_are_possible",
            f"least({_POINTS}) >= 0 and greatest({_POINTS}) <= 100",
            "A hundred points is all there is, and none is taken away.",
        ),
        holds(
            "rank_is_within_the_table",
            "is_removed or rank <= (select count(distinct known.province_code) "
            "from raw.national_scores as known where known.period_month = r.period_month)",
            "A place beyond the number of provinces: rows of the table are missing, or in "
            "quarantine.",
            severity="warn",
        ),
        holds(
            "provinces_are_all_there",
            "(select coalesce((b.warnings ->> 'provinces_missing')::bigint, 0) = 0 "
            "from ops.batch as b where b.batch_id = r.batch_id)",
            "The month's table lacks provinces that there were on its last day: it was cut short, "
            "or the portal shows fewer. Ranks are counted among those shown.",
            severity="warn",
        ),
        holds(
            "groups_make_the_total",
            # The portal may print its groups with one decimal: six of them are off by 0.05 each.
            f"abs({_GROUPS} - tong_score) <= 0.3",
            "The groups' points do not add up to the total: a group changed its meaning, or the "
            "portal's columns belong to different moments.",
            severity="warn",
        ),
    ),
)
