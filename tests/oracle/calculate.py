"""Everything, from deliveries to the rows of the marts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.oracle.balance import Balance, balances
from tests.oracle.compliance import Compliance, ComplianceCause, compliance_causes, compliances
from tests.oracle.facts import Facts
from tests.oracle.policy import Policy
from tests.oracle.scores import (
    CriterionScore,
    MonthlyScore,
    criterion_scores,
    monthly_scores,
    with_previous_ranks,
)
from tests.oracle.units import Month
from tests.oracle.versions import Delivery, read


@dataclass
class OracleResult:
    """The rows that the marts must hold for `months`; `refused`: records refused, by feed."""

    months: list[date]
    criterion_scores: list[CriterionScore] = field(default_factory=list)
    monthly_scores: list[MonthlyScore] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    compliances: list[Compliance] = field(default_factory=list)
    causes: list[ComplianceCause] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def calculate(
    deliveries: Iterable[Delivery], months: Iterable[date], cutoff: datetime, policy: Policy
) -> OracleResult:
    """The marts' rows for some months (their first days), from everything that was delivered.

    `cutoff` is the data cut-off: the end of the last window that every feed has loaded.
    """
    records = read(deliveries)
    facts = Facts(records)
    result = OracleResult(sorted(months), refused=records.refused)
    for first_day in result.months:
        of_month = facts.in_month(Month.of(first_day, cutoff))
        scores = criterion_scores(of_month)
        result.criterion_scores += scores
        result.monthly_scores += monthly_scores(scores)
        result.balances += balances(of_month)
        result.compliances += compliances(of_month, policy)
        result.causes += compliance_causes(of_month)
    result.monthly_scores = with_previous_ranks(result.monthly_scores)
    return result
