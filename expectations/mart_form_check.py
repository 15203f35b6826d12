"""What the statistical form must satisfy, and whether it says truly if it does."""

from __future__ import annotations

from expectations.mart_shared import key_is_complete
from expectations.vocabulary import Suite, every_period_has_rows, holds, unique

_KEY = ("period", "province_code", "identity")

SUITE = Suite(
    name="mart_form_check",
    relation="marts.mart_form_check",
    scope_column="period",
    checks=(
        every_period_has_rows("A form whose identities nobody states cannot be filed."),
        unique("key_is_unique", _KEY, "An identity has one verdict."),
        key_is_complete(*_KEY),
        holds(
            "verdict_needs_both_sides",
            "(holds is null) = (left_value is null or right_value is null)",
            "Undecided where a figure is missing, decided everywhere else.",
        ),
        holds(
            "equal_sides_hold",
            "left_value is distinct from right_value or left_value is null or holds",
            "Every identity asks for equality or allows it.",
        ),
        holds(
            "difference_is_left_minus_right",
            "difference is not distinct from left_value - right_value",
            "A clerk looks for the difference in the papers.",
        ),
        holds(
            "counted_balance_closes",
            "identity is distinct from 'balance_closes' or holds",
            "Invariant I6: what is counted from the dossiers themselves always adds up.",
        ),
        holds(
            "counted_twice_the_same",
            "identity is distinct from 'channels_add_up' or holds",
            "What was received is counted by flow and by procedure: two ways to one number.",
        ),
        holds(
            "identities_hold",
            "holds is not false",
            # Only a warning: the form is filed as it is, with its differences named. The paper of
            # the third quarter of 2025 fails six.
            "A form that does not add up, in itself or with its text, has to be explained.",
            severity="warn",
        ),
    ),
)
