"""The measures of every unit and month, from which all rates are made."""

from __future__ import annotations

from expectations.mart_shared import key_is_complete
from expectations.vocabulary import Suite, between, every_month_has_rows, holds, not_null, unique

SUITE = Suite(
    name="fct_measure",
    relation="marts.fct_measure",
    scope_column="period_month",
    checks=(
        every_month_has_rows("A month without a measure cannot be scored."),
        unique(
            "key_is_unique",
            ("period_month", "unit_code", "measure_code"),
            "One value per unit, month and measure; a second one doubles a numerator.",
        ),
        key_is_complete("period_month", "unit_code", "measure_code"),
        not_null("value", "A measure counts; nothing to count is 0."),
        between("value", 0, None, "A measure counts."),
        holds(
            "unit_is_scored",
            "exists (select from marts.mart_monthly_score as s "
            "where s.period_month = r.period_month and s.unit_code = r.unit_code)",
            "What is measured for a unit that is not valid in the month counts for nobody.",
        ),
    ),
)
