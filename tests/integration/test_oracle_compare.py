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
    compare_form,
)
from tests.oracle.form import FormRow, calculate_form
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


@pytest.fixture
def form_rows() -> list[FormRow]:
    """The forms of both provinces of a generated source."""
    province = generate(1)
    return calculate_form(province.deliveries(), ["2025Q2"], ["33", "34"], province.cutoff)


@pytest.fixture
def forms(warehouse: Connection, form_rows: list[FormRow]) -> Connection:
    """A warehouse whose statistical forms hold those rows, and some that are entered by hand."""
    warehouse.execute("create schema if not exists marts")
    warehouse.execute(
        "create table marts.mart_statistical_form "
        "(period text, province_code text, row_code text, value numeric, origin text)"
    )
    with warehouse.cursor() as cursor:
        cursor.executemany(
            "insert into marts.mart_statistical_form "
            "values (%s, %s, %s, %s::numeric / %s, 'computed')",
            [
                (row.period, row.province_code, row.row_code, *parts(row.value, "numeric"))
                for row in form_rows
            ],
        )
    warehouse.execute(
        """
        insert into marts.mart_statistical_form values
            ('2025Q2', '33', '1.1', 6, 'by_hand'),
            ('2025Q2', '33', 'DVC.3.1', 93.89, 'computed'),
            ('2025Q1', '33', '1.4', 1, 'computed'),
            ('2025Q2', '01', '1.4', 1, 'computed')
        """
    )
    return warehouse


def test_equal_forms_pass(form_rows: list[FormRow], forms: Connection) -> None:
    assert any(row.value for row in form_rows if row.province_code == "34")
    compare_form(form_rows, forms)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("set value = value + 1e-12 where row_code = '3.1'", "2025Q2 33 3.1: value"),
        ("set value = coalesce(value, 0) + 1 where row_code = '1.4'", "2025Q2 34 1.4: value"),
        ("set origin = 'by_hand' where row_code = '3.3'", "2025Q2 33 3.3: missing"),
        ("set origin = 'computed' where row_code = '1.1'", "2025Q2 33 1.1: unexpected"),
    ],
)
def test_a_difference_of_forms_is_named(
    form_rows: list[FormRow], forms: Connection, change: str, named: str
) -> None:
    forms.execute(f"update marts.mart_statistical_form {change}")
    with pytest.raises(AssertionError, match="differences, oracle != mart") as raised:
        compare_form(form_rows, forms)
    assert f"mart_statistical_form {named}" in str(raised.value)
