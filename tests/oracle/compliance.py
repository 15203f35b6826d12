"""Targets and the causes of missing them, over a unit and everything under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil

from tests.oracle.facts import MonthFacts, is_online
from tests.oracle.policy import Policy
from tests.oracle.records import Dossier

ALL_FIELDS = "*"
CAUSES = (
    "not_submitted_online",
    "not_paid_online",
    "no_electronic_result",
    "not_returned_online",
    "in_person_step",
)


@dataclass(frozen=True)
class Compliance:
    """A row of `mart_target_compliance`."""

    period_month: date
    basis: str
    metric_code: str
    unit_code: str
    field_code: str
    numerator: int
    denominator: int
    rate: Fraction | None
    target_rate: Fraction | None
    is_compliant: bool | None
    shortfall: int | None


@dataclass(frozen=True)
class ComplianceCause:
    """A row of `mart_compliance_cause`: of the dossiers resolved in the month, how many fail."""

    period_month: date
    unit_code: str
    cause: str
    dossiers_failing: int
    dossiers_failing_only: int


def failed_causes(facts: MonthFacts, dossier: Dossier) -> tuple[str, ...]:
    """Why a resolved dossier was not handled end to end online; none if it was."""
    failed = (
        not is_online(dossier),
        dossier.has_fee and not facts.is_paid_online(dossier),
        not dossier.has_electronic_result,
        dossier.return_mode not in ("1", "2"),
        dossier.in_person_step != "0",
    )
    return tuple(cause for cause, fails in zip(CAUSES, failed, strict=True) if fails)


def _end_to_end_online(
    facts: MonthFacts, resolved: Iterable[Dossier]
) -> Iterable[tuple[Dossier, bool]]:
    for dossier in resolved:
        yield dossier, not failed_causes(facts, dossier)


def _result_in_vault(
    facts: MonthFacts, resolved: Iterable[Dossier]
) -> Iterable[tuple[Dossier, bool]]:
    for dossier in resolved:
        if dossier.has_electronic_result:
            yield dossier, facts.is_by_end(dossier.synced_to_vault_at)


METRICS: dict[str, Callable[[MonthFacts, Iterable[Dossier]], Iterable[tuple[Dossier, bool]]]] = {
    "end_to_end_online": _end_to_end_online,
    "result_in_vault": _result_in_vault,
}


def compliances(facts: MonthFacts, policy: Policy) -> list[Compliance]:
    """For every unit a row over all fields, and one for each field with a dossier that counts."""
    rows = []
    bases = {"month": facts.resolved, "year_to_date": facts.resolved_in_year}
    for basis, resolved in bases.items():
        for metric_code, outcomes in METRICS.items():
            tallies = _tally(facts, outcomes(facts, resolved))
            for (code, field_code), (numerator, denominator) in tallies.items():
                unit_type = facts.units.valid[code].unit_type
                target_rate = policy.target_rate(
                    metric_code, unit_type, field_code, facts.month.first_day
                )
                row = Compliance(
                    period_month=facts.month.first_day,
                    basis=basis,
                    metric_code=metric_code,
                    unit_code=code,
                    field_code=field_code,
                    numerator=numerator,
                    denominator=denominator,
                    rate=Fraction(numerator, denominator) if denominator else None,
                    target_rate=target_rate,
                    is_compliant=_is_compliant(numerator, denominator, target_rate),
                    shortfall=_shortfall(numerator, denominator, target_rate),
                )
                rows.append(row)
    return rows


def _tally(
    facts: MonthFacts, outcomes: Iterable[tuple[Dossier, bool]]
) -> dict[tuple[str, str], tuple[int, int]]:
    recorded = Counter(
        (dossier.unit_code, facts.field_code(dossier), is_met) for dossier, is_met in outcomes
    )
    tallies = {(code, ALL_FIELDS): (0, 0) for code in facts.units.valid}
    for (unit_code, field_code, is_met), dossiers in recorded.items():
        for code in facts.units.ancestors(facts.units.place(unit_code)):
            for key in (ALL_FIELDS,) if field_code is None else (ALL_FIELDS, field_code):
                met, counted = tallies.get((code, key), (0, 0))
                tallies[code, key] = (met + (dossiers if is_met else 0), counted + dossiers)
    return tallies


def _is_compliant(numerator: int, denominator: int, target: Fraction | None) -> bool | None:
    if target is None or denominator == 0:
        return None
    return Fraction(numerator, denominator) >= target


def _shortfall(numerator: int, denominator: int, target: Fraction | None) -> int | None:
    """How many more would have had to count; none can be missing where nothing was resolved."""
    if target is None or denominator == 0:
        return None
    return max(0, ceil(target * denominator) - numerator)


def compliance_causes(facts: MonthFacts) -> list[ComplianceCause]:
    """For every unit and cause a row, zeros where no dossier fails it."""
    recorded = Counter(
        (dossier.unit_code, failed_causes(facts, dossier)) for dossier in facts.resolved
    )
    failing: Counter[tuple[str, str]] = Counter()
    failing_only: Counter[tuple[str, str]] = Counter()
    for (unit_code, causes), dossiers in recorded.items():
        for code in facts.units.ancestors(facts.units.place(unit_code)):
            for cause in causes:
                failing[code, cause] += dossiers
                failing_only[code, cause] += dossiers if len(causes) == 1 else 0
    return [
        ComplianceCause(
            facts.month.first_day, code, cause, failing[code, cause], failing_only[code, cause]
        )
        for code in facts.units.valid
        for cause in CAUSES
    ]
