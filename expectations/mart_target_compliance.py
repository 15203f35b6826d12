"""Who meets which target, month by month and over the year."""

from __future__ import annotations

from expectations.mart_shared import key_is_complete, rate_checks
from expectations.vocabulary import Suite, every_month_has_rows, holds, in_set, unique

_KEY = ("period_month", "basis", "metric_code", "unit_code", "field_code")

SUITE = Suite(
    name="mart_target_compliance",
    relation="marts.mart_target_compliance",
    scope_column="period_month",
    checks=(
        every_month_has_rows("The decision of May 2025 asks for it every month."),
        unique("key_is_unique", _KEY, "One answer per month, basis, metric, unit and field."),
        key_is_complete(*_KEY),
        in_set("basis", ("month", "year_to_date"), "The year-to-date row of December decides."),
        in_set(
            "metric_code",
            ("end_to_end_online", "result_in_vault"),
            "Two metrics have targets in the decision of May 2025.",
        ),
        *rate_checks(),
        holds(
            "rate_is_null_without_denominator",
            "(rate is null) = (coalesce(denominator, 0) = 0)",
            "Nothing resolved: no rate; otherwise there is one.",
        ),
        holds(
            "target_is_a_share",
            "target_rate is null or (target_rate > 0 and target_rate <= 1)",
            "A target of 70 is 70 times everything: the catalogue holds shares (0.70).",
        ),
        holds(
            "compliance_follows_rate",
            "case when target_rate is null or coalesce(denominator, 0) = 0 "
            "then is_compliant is null "
            "else is_compliant = (numerator >= target_rate * denominator) end",
            "Compliant means rate ≥ target, by whole dossiers; no target or nothing resolved: "
            "null.",
        ),
        holds(
            "shortfall_closes_the_gap",
            "is_compliant is null or shortfall = "
            "greatest(0, ceil(target_rate * denominator) - numerator)",
            "How many more would have had to count: the first number that meets the target, 0 "
            "when compliant.",
        ),
    ),
)
