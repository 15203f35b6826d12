"""What a release can be of: a month's scores, or a period's statistical form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from service_index.publishing.relations import FORM_RELATIONS, MONTHLY_RELATIONS, Relation

RELATIONS_OF_KIND = {"monthly": MONTHLY_RELATIONS, "statistical_form": FORM_RELATIONS}


@dataclass(frozen=True)
class Subject:
    """`period` names it in its releases; the marts hold it in the rows `column` = `value`."""

    kind: str
    period: str
    column: str
    value: date | str

    @property
    def relations(self) -> tuple[Relation, ...]:
        return RELATIONS_OF_KIND[self.kind]


def of_month(month: date) -> Subject:
    """The scores of the month that begins on `month`; ValueError when no month does."""
    if month.day != 1:
        raise ValueError(f"{month} is not the first day of a month")
    return Subject("monthly", f"{month:%Y-%m}", "period_month", month)


def of_form(period: str) -> Subject:
    """The statistical form of `period`: `2025Q3`, `2025H1` or `2025`."""
    return Subject("statistical_form", period, "period", period)
