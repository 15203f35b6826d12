"""The statistical form of quarter, half-year and year, as it is about to be printed."""

from __future__ import annotations

from expectations.mart_shared import key_is_complete
from expectations.vocabulary import Suite, every_period_has_rows, holds, in_set, unique

_KEY = ("period", "province_code", "row_code")
# How many rows with a figure the form has that is valid on the last day of the row's period.
_ROWS = (
    "select count(*) from marts.mart_form_period as p "
    "join catalogue.form_rows as f on f.kind <> 'heading' and f.valid_from <= p.last_day "
    "and (f.valid_to is null or p.last_day <= f.valid_to) "
    "where p.period = r.period and p.province_code = r.province_code"
)
# chr(37): the driver would read the sign itself as a placeholder.
_IS_RATE = "coalesce(unit_of_measure = chr(37), false)"

SUITE = Suite(
    name="mart_statistical_form",
    relation="marts.mart_statistical_form",
    scope_column="period",
    checks=(
        every_period_has_rows("A form without rows cannot be filed."),
        unique("key_is_unique", _KEY, "A row of the form has one figure."),
        key_is_complete(*_KEY),
        holds(
            "every_row_is_there",
            f"count(*) over (partition by period, province_code) = ({_ROWS})",
            "The form is filed whole: a row without a figure is printed empty, not left out.",
        ),
        in_set(
            "origin",
            ("computed", "by_hand"),
            "A reader must know which figures nobody can recount.",
        ),
        holds(
            "computed_counts_are_present",
            f"origin is distinct from 'computed' or {_IS_RATE} or value is not null",
            "Nothing to count is 0; only a rate can be without a value.",
        ),
        holds(
            "values_are_not_negative",
            "value is null or value >= 0",
            "The form counts.",
        ),
        holds(
            "printed_stands_beside_value",
            "(value is null) = (printed_value is null)",
            "A figure without a rounding rule would be missing from the paper.",
        ),
        holds(
            "rates_are_within_100_percent",
            f"not {_IS_RATE} or value is null or value <= 100",
            # Only a warning: mart_form_check names the two rows, and a clerk mends what was
            # entered by hand.
            "A part is not more than its whole.",
            severity="warn",
        ),
        holds(
            "rows_by_hand_are_entered",
            "origin is distinct from 'by_hand' or value is not null",
            # Only a warning: the province's own paper leaves a row empty.
            "A row that nobody has entered is printed empty.",
            severity="warn",
        ),
    ),
)
