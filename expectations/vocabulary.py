"""The words in which a suite is written: checks over one relation, each with its reason.

A check names a class of `great_expectations.expectations` and its arguments. A rule that spans
several columns or relations is an SQL predicate: the suite's query computes it as one more
column, so that Great Expectations answers all checks of a suite in one scan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

# fail: nothing downstream may read the data; warn: goes on, and stands in the report.
Severity = Literal["fail", "warn"]
# What a suite is restricted to: batches by their id, months by their first day, or the periods of
# the statistical form by their name.
ScopeItem = int | date | str


@dataclass(frozen=True)
class Check:
    """One expectation: the name of its Great Expectations class, and its arguments.

    `rule` is the SQL predicate of the column it looks at, if that is computed; `counts_scope`
    adds `min_value`, the number of batches or months that the suite runs on. `names` is SQL for a
    text array: of a row that breaks the rule, what to look for (keys, days, codes of units: never
    a value of a record).
    """

    name: str
    expectation: str
    arguments: Mapping[str, Any]
    severity: Severity
    reason: str
    rule: str | None = None
    counts_scope: bool = False
    names: str | None = None

    def arguments_for(self, scope: Sequence[ScopeItem] | None) -> dict[str, Any]:
        """The arguments of the expectation class when the suite runs on `scope`."""
        least = {"min_value": len(scope) if scope else 1} if self.counts_scope else {}
        return {**self.arguments, **least}


@dataclass(frozen=True)
class Suite:
    """Checks over one relation; `relation` is what stands after `from`, read as `r`."""

    name: str
    relation: str
    scope_column: str
    checks: tuple[Check, ...] = field(default=())

    def query(self, scope: Sequence[ScopeItem] | None) -> str:
        """The rows to check (scope None: all), with a column per rule, null where it is broken.

        The scope is written as literals: behind a subquery PostgreSQL would scan the history.
        The driver reads `%` and `:name` as placeholders, so no rule may hold them.
        """
        rules = (f"nullif(({c.rule}) is true, false) as {c.name}" for c in self.checks if c.rule)
        columns = ["r.*", *rules]
        text = f"select {', '.join(columns)} from {self.relation} as r"  # noqa: S608 - own text
        if scope is None:
            return text
        return f"{text} where r.{self.scope_column} in ({', '.join(map(_literal, scope))})"

    def names_query(self, check: Check, scope: Sequence[ScopeItem] | None) -> str:
        """What to look for in the rows that break `check`, which has a rule and `names`."""
        return (
            f"select distinct unnest({check.names}) as name from ({self.query(scope)}) as r "  # noqa: S608
            f"where r.{check.name} is null order by name"
        )


def _literal(item: ScopeItem) -> str:
    if isinstance(item, str):
        if not item.isalnum():
            raise ValueError(f"'{item}' does not name a period")
        return f"'{item}'"
    return f"date '{item.isoformat()}'" if isinstance(item, date) else str(int(item))


def holds(
    name: str,
    predicate: str,
    reason: str,
    *,
    severity: Severity = "fail",
    mostly: Decimal = Decimal(1),
    names: str | None = None,
) -> Check:
    """`predicate` is true on every row (unknown counts as broken), or on the share `mostly`.

    The computed column is null where the rule is broken: asking for "not null" costs one
    evaluation a row, asking for "in {true}" three.
    """
    return Check(
        name,
        "ExpectColumnValuesToNotBeNull",
        {"column": name, "mostly": float(mostly)},
        severity,
        reason,
        rule=predicate,
        names=names,
    )


def in_set(
    column: str, values: Sequence[str | int], reason: str, *, severity: Severity = "fail"
) -> Check:
    """`column` holds one of `values`; null passes (see `not_null`)."""
    return Check(
        f"{column}_is_allowed",
        "ExpectColumnValuesToBeInSet",
        {"column": column, "value_set": list(values)},
        severity,
        reason,
    )


def between(
    column: str,
    low: int | None,
    high: int | None,
    reason: str,
    *,
    severity: Severity = "fail",
) -> Check:
    """`low` ≤ `column` ≤ `high`, either end open when None; null passes."""
    return Check(
        f"{column}_is_in_range",
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high},
        severity,
        reason,
    )


def not_null(
    column: str, reason: str, *, severity: Severity = "fail", mostly: Decimal = Decimal(1)
) -> Check:
    """`column` is present on every row, or on the share `mostly` of the rows."""
    return Check(
        f"{column}_is_present",
        "ExpectColumnValuesToNotBeNull",
        {"column": column, "mostly": float(mostly)},
        severity,
        reason,
    )


def unique(name: str, columns: Sequence[str], reason: str, *, severity: Severity = "fail") -> Check:
    """No two rows share the values of `columns` (two at least, none of them null)."""
    return Check(
        name,
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": list(columns)},
        severity,
        reason,
    )


def every_month_has_rows(reason: str, *, severity: Severity = "fail") -> Check:
    """Each month of the suite's scope has a row (without a scope: there is a row at all)."""
    return Check(
        "every_month_has_rows",
        "ExpectColumnUniqueValueCountToBeBetween",
        {"column": "period_month"},
        severity,
        reason,
        counts_scope=True,
    )


def every_period_has_rows(reason: str, *, severity: Severity = "fail") -> Check:
    """As `every_month_has_rows`, for a suite whose scope are periods of the form."""
    return Check(
        "every_period_has_rows",
        "ExpectColumnUniqueValueCountToBeBetween",
        {"column": "period"},
        severity,
        reason,
        counts_scope=True,
    )
