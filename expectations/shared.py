"""Checks and values that several feeds have in common."""

from __future__ import annotations

from decimal import Decimal

from expectations.vocabulary import Check, Severity, holds

# Very satisfied, satisfied, neutral, unsatisfied, very unsatisfied.
SATISFACTION = ("RHL", "HL", "BT", "KHL", "RKHL")
UNIT_TYPES = ("province", "department", "district", "commune", "vertical_agency")

# A criterion's printed score has one decimal; the heaviest criterion has 20 points. One record
# in a hundred that is wrong moves it by 0.2: visible in the letter, so worth a warning.
WARN_SHARE = Decimal("0.99")


def version_is_past() -> Check:
    return holds(
        "version_is_past",
        # Not the time of landing: a record may wait in quarantine until its version is past.
        "version_at <= now()",
        "A version from a clock in the future would win over every true version to come. The "
        "loader quarantines it.",
    )


def known(column: str, relation: str, key: str) -> str:
    """SQL: `column` is a `key` of `relation`."""
    return f"{column} in (select known.{key} from {relation} as known)"  # noqa: S608 - own text


def unit_is_known(live: str) -> Check:
    return holds(
        "unit_is_known",
        f"not ({live}) or unit_code is null or {known('unit_code', 'raw.units', 'unit_code')}",
        "A record of an unknown unit would count for nobody; the loader keeps it in quarantine "
        "until the unit is known.",
    )


def present(column: str, live: str, reason: str, *, severity: Severity = "fail") -> Check:
    """`column` is present wherever `live` is true (a tombstone carries its key only)."""
    return holds(
        f"{column}_is_present", f"not ({live}) or {column} is not null", reason, severity=severity
    )
