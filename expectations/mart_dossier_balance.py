"""What came in, what went out and what is open, of every unit and month."""

from __future__ import annotations

from expectations.mart_shared import key_is_complete
from expectations.vocabulary import Suite, every_month_has_rows, holds, unique

_COUNTS = (
    "carried_over",
    "received_online",
    "received_in_person",
    "received_by_post",
    "resolved_early",
    "resolved_on_the_day",
    "resolved_late",
    "withdrawn",
    "stopped",
    "open_on_time",
    "open_overdue",
)
_IN = " + ".join(_COUNTS[:4])
_OUT = " + ".join(_COUNTS[4:])

# Each row beside the unit's month before and, for a province, the sum of its units.
_RELATION = f"""(
    select
        b.*,
        s.unit_type as scored_as,
        s.is_series_break as scored_after_break,
        lag(b.period_month) over unit_series as month_before,
        lag(b.open_on_time + b.open_overdue) over unit_series as open_before,
        sum(case when s.unit_type <> 'province' then {_IN} else 0 end)
            over (partition by b.period_month, s.province_code) as incoming_of_units
    from marts.mart_dossier_balance as b
    left join marts.mart_monthly_score as s
        on s.period_month = b.period_month and s.unit_code = b.unit_code
    window unit_series as (partition by b.unit_code order by b.period_month)
)"""  # noqa: S608 - own text

SUITE = Suite(
    name="mart_dossier_balance",
    relation=_RELATION,
    scope_column="period_month",
    checks=(
        every_month_has_rows("A month without a balance cannot be reported."),
        unique(
            "key_is_unique",
            ("period_month", "unit_code"),
            "One row per unit and month.",
        ),
        key_is_complete("period_month", "unit_code"),
        holds(
            "counts_are_not_negative",
            f"least({', '.join(_COUNTS)}) >= 0",
            "Counts; a negative one means that a dossier was taken off twice.",
        ),
        holds(
            "counts_are_present",
            " and ".join(f"{count} is not null" for count in _COUNTS),
            "A unit without dossiers has zeros, not nulls.",
        ),
        holds(
            "balance_closes",
            f"{_IN} is null or {_OUT} is null or {_IN} = {_OUT}",
            "Invariant I6: carried over + received = resolved + withdrawn + stopped + open. The "
            "province's own paper of the third quarter of 2025 misses it by 11,253 dossiers.",
        ),
        holds(
            "unit_is_scored",
            "unit_code is null or scored_as is not null",
            "Balance and score speak of the same units.",
        ),
        holds(
            "province_covers_its_units",
            f"scored_as is null or scored_as <> 'province' or {_IN} >= incoming_of_units",
            "The province's figures are over everything under it; what has no valid unit counts "
            "for it alone, so it may have more than its units, never less.",
        ),
        holds(
            "open_is_carried_over",
            "month_before is null or scored_after_break is not false "
            "or month_before <> period_month - interval '1 month' "
            "or carried_over = open_before",
            # Only a warning: a unit that takes over another's dossiers within the year breaks it
            # rightly, and the months may have been computed at different cut-offs.
            "What was open at the end of a month is carried over into the next.",
            severity="warn",
        ),
    ),
)
