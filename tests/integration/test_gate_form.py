"""The gate of the statistical form: good forms pass, and one change breaks one check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from gate_support import fill, rows

from expectations.registry import FORM_SUITES
from service_index.quality.gate import run_form_gate
from service_index.quality.validation import Validator, open_validator
from service_index.warehouse import connection

PERIODS = ["2025Q2", "2025Q3"]
SUITES = {suite.name: suite for suite in FORM_SUITES}

_FORM = "update marts.mart_statistical_form set"
_CHECK = "update marts.mart_form_check set"
_OF_Q3 = "where period = '2025Q3' and"
MUTATIONS = {
    "mart_statistical_form": {
        "every_period_has_rows": "delete from marts.mart_statistical_form where period = '2025Q2'",
        "key_is_unique": f"{_FORM} row_code = '3.1.1' {_OF_Q3} row_code = '3.1.2'",
        "key_is_complete": f"{_FORM} row_code = null {_OF_Q3} row_code = '1.2'",
        "every_row_is_there": "delete from marts.mart_statistical_form where row_code = 'CD.2.1'",
        "origin_is_allowed": f"{_FORM} origin = 'guessed' {_OF_Q3} row_code = '1.2'",
        "computed_counts_are_present": f"""
            {_FORM} value = null, printed_value = null {_OF_Q3} row_code = '3.1.1'""",
        "values_are_not_negative": f"{_FORM} value = -1 {_OF_Q3} row_code = '3.1.2'",
        "printed_stands_beside_value": f"{_FORM} printed_value = null {_OF_Q3} row_code = '3.1'",
        "rates_are_within_100_percent": f"{_FORM} value = 100.1 {_OF_Q3} row_code = '3.1'",
        "rows_by_hand_are_entered": f"""
            {_FORM} value = null, printed_value = null {_OF_Q3} row_code = 'CD.1'""",
    },
    "mart_form_check": {
        "every_period_has_rows": "delete from marts.mart_form_check where period = '2025Q2'",
        "key_is_unique": f"{_CHECK} identity = 'tasks_within_assigned' {_OF_Q3} position = 4",
        "key_is_complete": f"{_CHECK} identity = null {_OF_Q3} position = 4",
        "verdict_needs_both_sides": f"{_CHECK} holds = true {_OF_Q3} position = 4",
        "equal_sides_hold": f"""
            {_CHECK} left_value = 12, difference = 0, holds = false {_OF_Q3} position = 3""",
        "difference_is_left_minus_right": f"{_CHECK} difference = 9 {_OF_Q3} position = 3",
        "counted_balance_closes": f"""
            {_CHECK} left_value = 41, difference = 1, holds = false {_OF_Q3} position = 1""",
        "counted_twice_the_same": f"""
            {_CHECK} left_value = 41, difference = 1, holds = false {_OF_Q3} position = 2""",
        "identities_hold": f"{_CHECK} holds = false {_OF_Q3} position = 3",
    },
}
# An identity that must hold is an identity, too.
ALSO_BROKEN = {
    name: {"identities_hold"}
    for name in ("equal_sides_hold", "counted_balance_closes", "counted_twice_the_same")
}
CASES = [(suite, check) for suite, checks in MUTATIONS.items() for check in checks]


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[str]:
    """One database for all cases: each starts from the same good data, far faster than anew."""
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute("create database form_cases template warehouse_template")
        yield postgres_server.replace("/postgres?", "/form_cases?")
        admin.execute("drop database form_cases with (force)")


@pytest.fixture(scope="module")
def validator(database: str) -> Iterator[Validator]:
    with open_validator(database) as opened:
        yield opened


@pytest.fixture
def good_data(database: str) -> Iterator[psycopg.Connection]:
    with connection.connect(database, autocommit=True) as opened:
        fill(opened, "marts_form.sql")
        yield opened


def broken_checks(validator: Validator, suite_name: str) -> set[str]:
    results = validator.validate(SUITES[suite_name], PERIODS)
    return {check.name for check in results if not check.passed}


def test_every_check_has_its_case() -> None:
    assert set(CASES) == {(s.name, check.name) for s in FORM_SUITES for check in s.checks}


@pytest.mark.parametrize("suite", SUITES)
def test_good_forms_pass(suite: str, validator: Validator, good_data: psycopg.Connection) -> None:
    assert broken_checks(validator, suite) == set()


@pytest.mark.parametrize(("suite", "check"), CASES, ids=[".".join(case) for case in CASES])
def test_one_change_breaks_one_check(
    suite: str, check: str, validator: Validator, good_data: psycopg.Connection
) -> None:
    good_data.execute(MUTATIONS[suite][check])
    assert broken_checks(validator, suite) == {check} | ALSO_BROKEN.get(check, set())


@pytest.mark.parametrize(
    "edit",
    [
        "valid_to = '2025-06-30' where row_code = 'until Q2'",
        "valid_from = '2025-09-15' where row_code = 'after Q3'",
        "kind = 'flag' where row_code = 'II'",
        "valid_to = '2025-09-14' where row_code = 'CD.1'",
        "valid_from = '2025-07-01' where row_code = 'CD.1'",
    ],
)
def test_a_form_has_the_rows_that_are_valid_on_its_last_day(
    edit: str, validator: Validator, good_data: psycopg.Connection
) -> None:
    good_data.execute(f"update catalogue.form_rows set {edit}")
    assert broken_checks(validator, "mart_statistical_form") == {"every_row_is_there"}


def test_the_gate_keeps_the_periods_and_lets_warnings_pass(
    database: str, good_data: psycopg.Connection, tmp_path: Path
) -> None:
    good_data.execute(MUTATIONS["mart_form_check"]["identities_hold"])
    result = run_form_gate(database, ["2025Q3"], tmp_path)
    assert result.passed
    assert [check.name for check in result.warnings] == ["identities_hold"]
    run = rows(good_data, "select * from ops.gate_run order by gate_run_id desc limit 1")[0]
    assert (run["gate"], run["status"], run["subject"]) == (
        "marts",
        "passed",
        {"periods": ["2025Q3"]},
    )
    assert "2025Q3" in Path(run["report_path"]).read_text(encoding="utf-8")


def test_a_gate_without_a_period_is_refused(database: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no period"):
        run_form_gate(database, [], tmp_path)
