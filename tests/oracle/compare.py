"""Hold an oracle's result against the marts, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.oracle.calculate import OracleResult
from tests.oracle.form import FormRow
from tests.oracle.policy import GROUPS
from tests.oracle.scores import MonthlyScore

# Numeric division in PostgreSQL keeps at least 16 significant digits.
TOLERANCE = Fraction(1, 10**15)
SHOWN = 25

Row = Mapping[str, Any]
Key = tuple[Any, ...]
# Whether a column of an expected row is settled by the contract, and so must agree.
Settled = Callable[[Row, str], bool]


def _always(_row: Row, _column: str) -> bool:
    return True


@dataclass(frozen=True)
class Relation:
    """A mart: its key, the columns to compare, and which rows may be there or not."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    is_settled: Settled = _always
    is_optional: Callable[[Row], bool] = lambda row: False
    tolerance: Fraction = TOLERANCE


CRITERION_SCORE = Relation(
    "marts.fct_criterion_score",
    ("period_month", "unit_code", "criterion_code"),
    (
        "province_code",
        "unit_type",
        "group_code",
        "numerator",
        "denominator",
        "rate",
        "max_points",
        "score",
        "status",
    ),
)
MONTHLY_SCORE = Relation(
    "marts.mart_monthly_score",
    ("period_month", "unit_code"),
    (
        "province_code",
        "unit_type",
        *GROUPS,
        *(f"{group}_max" for group in GROUPS),
        "raw_points",
        "applicable_max_points",
        "total_score",
        "band",
        "rank",
        "rank_out_of",
        "previous_rank",
        "is_series_break",
    ),
    # The contract does not say what `rank_out_of` is where there is no rank.
    is_settled=lambda row, column: column != "rank_out_of" or row["rank"] is not None,
)
BALANCE = Relation(
    "marts.mart_dossier_balance",
    ("period_month", "unit_code"),
    (
        "carried_over",
        "received_online",
        "received_in_person",
        "received_by_post",
        "resolved_early",
        "resolved_on_the_day",
        "resolved_late",
        "withdrawn",
        "stopped",
        "open_on_time",
        "open_overdue",
    ),
)
COMPLIANCE = Relation(
    "marts.mart_target_compliance",
    ("period_month", "basis", "metric_code", "unit_code", "field_code"),
    ("numerator", "denominator", "rate", "target_rate", "is_compliant", "shortfall"),
    # A shortfall is settled where something was resolved and a target is set.
    is_settled=lambda row, column: column != "shortfall" or row["is_compliant"] is not None,
    # A field in which nothing was resolved may have its row or not.
    is_optional=lambda row: row["field_code"] != "*" and row["denominator"] == 0,
)
CAUSE = Relation(
    "marts.mart_compliance_cause",
    ("period_month", "unit_code", "cause"),
    ("dossiers_failing", "dossiers_failing_only"),
    # A cause for which no dossier fails may have its row or not.
    is_optional=lambda row: row["dossiers_failing"] == 0,
)
FORM = Relation(
    "marts.mart_statistical_form",
    ("period", "province_code", "row_code"),
    ("value",),
    # The rate of a computed row to one that is entered by hand may have its row or not.
    is_optional=lambda row: row["row_code"] == "DVC.3.1",
    tolerance=100 * TOLERANCE,  # percent
)


def compare(result: OracleResult, connection: psycopg.Connection[Any]) -> None:
    """Raise AssertionError with the first differing rows, if a mart differs from the oracle.

    Only the oracle's months are looked at; in those the marts must hold the same rows, counts
    equal, rates and points within `TOLERANCE`.
    """
    monthly = MONTHLY_SCORE
    if result.months:
        monthly = _without_ranks_before(MONTHLY_SCORE, set(result.months))
    pairs: list[tuple[Relation, Iterable[object]]] = [
        (CRITERION_SCORE, result.criterion_scores),
        (monthly, result.monthly_scores),
        (BALANCE, result.balances),
        (COMPLIANCE, result.compliances),
        (CAUSE, result.causes),
    ]
    differences = [
        difference
        for relation, rows in pairs
        for difference in differences_in(relation, rows, read(relation, result, connection))
    ]
    _fail_on(differences)


def compare_form(rows: Sequence[FormRow], connection: psycopg.Connection[Any]) -> None:
    """As `compare`, for the computed rows of the statistical forms that the oracle knows."""
    forms = {(row.period, row.province_code) for row in rows}
    columns = ", ".join((*FORM.key, *FORM.columns))
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(f"select {columns} from {FORM.name} where origin = 'computed'")
        found = [row for row in cursor if (row["period"], row["province_code"]) in forms]
    _fail_on(differences_in(FORM, rows, found))


def _fail_on(differences: Sequence[str]) -> None:
    if differences:
        shown = "\n".join(differences[:SHOWN])
        raise AssertionError(f"{len(differences)} differences, oracle != mart:\n{shown}")


def _without_ranks_before(relation: Relation, months: set[date]) -> Relation:
    """A previous rank can be held against the oracle only where it knows the month before."""

    def is_settled(row: Row, column: str) -> bool:
        if column == "previous_rank":
            return (row["period_month"] - timedelta(days=1)).replace(day=1) in months
        return relation.is_settled(row, column)

    return replace(relation, is_settled=is_settled)


def read(
    relation: Relation, result: OracleResult, connection: psycopg.Connection[Any]
) -> list[Row]:
    """The mart's rows of the oracle's months."""
    columns = ", ".join((*relation.key, *relation.columns))
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            f"select {columns} from {relation.name} where period_month = any(%s)",
            [result.months],
        )
        return list(cursor.fetchall())


def differences_in(
    relation: Relation, expected: Iterable[object], found: Sequence[Row]
) -> list[str]:
    """A line for every missing, unexpected or differing row."""
    wanted = {_key(relation, row): row for row in map(as_row, expected)}
    present = {_key(relation, row): row for row in found}
    lines = []
    if len(present) < len(found):
        lines.append(f"{relation.name}: {len(found) - len(present)} rows repeat a key")
    for key in sorted(wanted.keys() | present.keys(), key=str):
        name = f"{relation.name} {' '.join(map(str, key))}"
        if key not in present:
            if not relation.is_optional(wanted[key]):
                lines.append(f"{name}: missing; expected {_show(relation, wanted[key])}")
        elif key not in wanted:
            if not relation.is_optional(present[key]):
                lines.append(f"{name}: unexpected; {_show(relation, present[key])}")
        else:
            lines += _row_difference(relation, name, wanted[key], present[key])
    return lines


def as_row(row: object) -> Row:
    """A row of the oracle by the mart's column names."""
    columns = dict(vars(row))
    if isinstance(row, MonthlyScore):
        columns |= row.group_points
        columns |= {f"{group}_max": points for group, points in row.group_maxima.items()}
    return columns


def _key(relation: Relation, row: Row) -> Key:
    return tuple(row[column] for column in relation.key)


def _row_difference(relation: Relation, name: str, wanted: Row, present: Row) -> list[str]:
    parts = [
        f"{column} {_text(wanted[column])} != {_text(present[column])}"
        for column in relation.columns
        if relation.is_settled(wanted, column)
        and not agree(wanted[column], present[column], relation.tolerance)
    ]
    return [f"{name}: {', '.join(parts)}"] if parts else []


def agree(wanted: object, present: object, tolerance: Fraction = TOLERANCE) -> bool:
    """Whether a value of the mart is the oracle's: exact, but for fractions cut by `numeric`."""
    if isinstance(wanted, Fraction) and isinstance(present, Decimal):
        return present.is_finite() and abs(wanted - Fraction(present)) <= tolerance
    return wanted == present


def _show(relation: Relation, row: Row) -> str:
    return ", ".join(f"{column}={_text(row[column])}" for column in relation.columns)


def _text(value: object) -> str:
    if isinstance(value, Fraction):
        return f"{value} ({float(value):.12g})"
    return str(value)
