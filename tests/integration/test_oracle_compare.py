"""The comparison reads real PostgreSQL tables, and stands the precision of `numeric`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

import psycopg
import pytest

from tests.oracle import OracleResult, calculate
from tests.oracle.compare import (
    BALANCE,
    CAUSE,
    COMPLIANCE,
    CRITERION_SCORE,
    MONTHLY_SCORE,
    Relation,
    as_row,
    compare,
)
from tests.oracle.generate import generate
from tests.oracle.policy import Policy

Connection = psycopg.Connection[Any]
SQL_TYPES = {date: "date", bool: "boolean", int: "bigint", str: "text", Fraction: "numeric"}


@pytest.fixture
def result() -> OracleResult:
    """An oracle's result of two months of a generated province."""
    province = generate(1)
    policy = Policy(province.civil_status_field)
    return calculate(province.deliveries(), province.months[-2:], province.cutoff, policy)


@pytest.fixture
def marts(warehouse: Connection, result: OracleResult) -> Connection:
    """A warehouse whose marts hold that result, fractions divided by PostgreSQL."""
    warehouse.execute("create schema if not exists marts")
    store(warehouse, CRITERION_SCORE, result.criterion_scores)
    store(warehouse, MONTHLY_SCORE, result.monthly_scores)
    store(warehouse, BALANCE, result.balances)
    store(warehouse, COMPLIANCE, result.compliances)
    store(warehouse, CAUSE, result.causes)
    return warehouse


def store(connection: Connection, relation: Relation, expected: Iterable[object]) -> None:
    """Make a mart of an oracle's rows."""
    rows = [as_row(row) for row in expected]
    columns = (*relation.key, *relation.columns)
    types = {}
    for column in columns:
        kinds = {type(row[column]) for row in rows} - {type(None)}
        types[column] = "text" if not kinds else SQL_TYPES[kinds.pop()]
    listed = ", ".join(f"{column} {types[column]}" for column in columns)
    connection.execute(f"create table {relation.name} ({listed})")
    places = ", ".join(
        "%s::numeric / %s::numeric" if types[column] == "numeric" else "%s" for column in columns
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            f"insert into {relation.name} values ({places})",
            [
                [part for column in columns for part in parts(row[column], types[column])]
                for row in rows
            ],
        )


def parts(value: Any, sql_type: str) -> list[Any]:
    """The parameters of a value: numerator and denominator of a number."""
    if sql_type != "numeric":
        return [value]
    return [None, None] if value is None else [value.numerator, value.denominator]


def test_equal_marts_pass(result: OracleResult, marts: Connection) -> None:
    compare(result, marts)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            "update marts.fct_criterion_score set numerator = numerator + 1 "
            "where unit_code = '33' and criterion_code = '05'",
            "fct_criterion_score 2025-07-01 33 05: numerator",
        ),
        (
            "update marts.mart_monthly_score set total_score = total_score + 1e-14 "
            "where unit_code = '33'",
            "mart_monthly_score 2025-07-01 33: total_score",
        ),
        (
            "delete from marts.mart_dossier_balance where unit_code = '33.S1'",
            "mart_dossier_balance 2025-08-01 33.S1: missing",
        ),
        (
            "insert into marts.mart_dossier_balance (period_month, unit_code) "
            "values ('2025-08-01', 'X')",
            "mart_dossier_balance 2025-08-01 X: unexpected",
        ),
        (
            "update marts.mart_target_compliance set is_compliant = not is_compliant "
            "where unit_code = '33' and field_code = '*'",
            "mart_target_compliance 2025-07-01 month end_to_end_online 33 *: is_compliant",
        ),
        (
            "update marts.mart_compliance_cause "
            "set dossiers_failing_only = dossiers_failing_only + 1 where unit_code = '33'",
            "mart_compliance_cause 2025-07-01 33 in_person_step: dossiers_failing_only",
        ),
    ],
)
def test_any_difference_is_named(
    result: OracleResult, marts: Connection, change: str, named: str
) -> None:
    marts.execute(change)
    with pytest.raises(AssertionError, match="differences, oracle != mart") as raised:
        compare(result, marts)
    assert named in str(raised.value)


def test_months_that_the_oracle_does_not_know_are_left_alone(
    result: OracleResult, marts: Connection
) -> None:
    marts.execute(
        "insert into marts.mart_dossier_balance (period_month, unit_code) "
        "values ('2025-01-01', '33')"
    )
    compare(result, marts)
