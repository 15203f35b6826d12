"""Checks and values that several marts have in common."""

from __future__ import annotations

from expectations.vocabulary import Check, holds

# Decision 766/QĐ-TTg: 21 criteria in six groups, 100 points.
CRITERIA = 21
FULL_MARKS = 100
GROUPS = (
    "transparency",
    "timeliness",
    "online_service",
    "online_payment",
    "digitisation",
    "satisfaction",
)
# Two ways to the same quotient may differ in the last digit that numeric division keeps (16 or
# more); ranks are compared at 10 decimals, so a difference below that changes nothing.
TOLERANCE = "0.0000000001"


# The day on which a month's policies are looked up: its last one, or that of the data cut-off.
_LAST_DAY = (
    "(select p.last_day from intermediate.int_period as p where p.period_month = r.period_month)"
)


def policy_says(seed: str, condition: str) -> str:
    """SQL: the policy `p` in force on the last day of the row's month fulfils `condition`."""
    return (
        f"exists (select from catalogue.{seed} as p where {condition} "
        f"and {_LAST_DAY} between p.valid_from and coalesce(p.valid_to, 'infinity'))"
    )


def key_is_complete(*columns: str) -> Check:
    present = " and ".join(f"{column} is not null" for column in columns)
    return holds("key_is_complete", present, "Keys are never null (warehouse contract).")


def same(left: str, right: str) -> str:
    """SQL: `left` and `right` agree up to the tolerance."""
    return f"abs(({left}) - ({right})) <= {TOLERANCE}"


def rate_checks() -> tuple[Check, Check]:
    """The two checks of every relation that carries numerator, denominator and rate."""
    return (
        holds(
            "numerator_is_within_denominator",
            "numerator is null or numerator >= 0 and numerator <= denominator",
            "Invariant I6: the numerator counts some of what the denominator counts.",
        ),
        holds(
            "rate_is_the_quotient",
            "rate is null or denominator = 0 or "
            + same("rate", "numerator::numeric / nullif(denominator, 0)::numeric"),
            "A BI tool averages numerators and denominators, a letter prints the rate: they "
            "must say the same.",
        ),
    )
