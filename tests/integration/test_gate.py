"""Both gates against a real PostgreSQL: what they let pass, refuse, keep and show."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest
from gate_support import BATCHES, MONTHS, change, fill, rows, status_of

from expectations.registry import FEED_SUITES
from expectations.vocabulary import Suite, holds
from service_index.quality import gate
from service_index.quality.gate import run_batch_gate, run_marts_gate
from service_index.quality.results import GateError
from service_index.quality.validation import open_validator

SECOND_DOSSIER_BATCH = """
insert into ops.batch (
    batch_id, feed, kind, source, window_from, window_to, landed_path, landed_at,
    manifest_sha256, source_total, distinct_keys, delivered, loaded, duplicates, quarantined
)
overriding system value
values (7, 'dossiers', 'window', 'test', '2025-04-01', '2025-04-02', 'dossiers/b',
    '2025-04-03', 'x', 1, 1, 1, 1, 0, 0);
insert into raw.dossiers (dossier_id, version_at, is_deleted, fee_due, document_count,
    reused_document_count, supplement_count, result_count, electronic_result_count,
    shared_databases, batch_id, landed_at, landed_file, landed_line, content_hash)
values ('H99', '2025-04-01', true, 0, 0, 0, 0, 0, 0, '{}', 7, '2025-04-03', 'dossiers/b/1', 1,
    md5('')::uuid)
"""


@pytest.fixture
def loaded(warehouse: psycopg.Connection) -> psycopg.Connection:
    fill(warehouse, "gate_batches.sql")
    return warehouse


@pytest.fixture
def marts(warehouse: psycopg.Connection) -> psycopg.Connection:
    fill(warehouse, "gate_marts.sql")
    return warehouse


def test_good_batches_pass_and_the_run_is_kept(
    loaded: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    result = run_batch_gate(warehouse_dsn, BATCHES, tmp_path)

    assert result.passed
    assert result.refused == ()
    assert status_of(loaded) == dict.fromkeys(BATCHES, "passed")
    (run,) = rows(loaded, "select * from ops.gate_run")
    assert (run["gate"], run["status"], run["subject"]) == (
        "batch",
        "passed",
        {"batch_ids": BATCHES},
    )
    assert run["report_path"] == str(tmp_path / "batch" / f"{result.gate_run_id}.html")
    assert Path(run["report_path"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    kept = rows(loaded, "select * from ops.check")
    assert len(kept) == len(result.checks)
    assert {check["suite"] for check in kept} == {
        "ledger",
        *(suite.name for suite in FEED_SUITES.values()),
    }
    assert all(check["passed"] and check["observed"] == {} for check in kept)


def test_only_the_batch_with_the_bad_rows_is_refused(
    loaded: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    change(loaded, SECOND_DOSSIER_BATCH)
    change(loaded, "update raw.dossiers set state = 11 where dossier_id in ('H12', 'H13')")

    result = run_batch_gate(warehouse_dsn, [3, 7], tmp_path)

    assert not result.passed
    assert result.refused == (3,)
    assert {k: v for k, v in status_of(loaded).items() if k in (3, 7)} == {
        3: "refused",
        7: "passed",
    }
    (check,) = rows(loaded, "select * from ops.check where not passed")
    assert (check["suite"], check["check_name"]) == ("raw_dossiers", "state_is_allowed")
    assert check["observed"] == {"rows": 31, "violations": 2, "violations_by_item": {"3": 2}}
    (run,) = rows(loaded, "select status from ops.gate_run")
    assert run["status"] == "failed"


def test_a_ledger_that_does_not_add_up_refuses_its_batch_only(
    loaded: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    change(loaded, "delete from raw.payments where payment_id = 'T1'")
    assert run_batch_gate(warehouse_dsn, BATCHES, tmp_path).refused == (4,)


def test_a_breach_that_takes_two_batches_refuses_both(
    loaded: psycopg.Connection,
    warehouse_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = holds("is_alone", "count(*) over () = 1", "Broken only by the batches together.")
    monkeypatch.setattr(gate, "LEDGER", Suite("pair", "ops.batch", "batch_id", (alone,)))

    result = run_batch_gate(warehouse_dsn, [1, 2], tmp_path)

    assert result.failures[0].violations_by_item == {}
    assert result.refused == (1, 2)


def test_a_warning_goes_on(loaded: psycopg.Connection, warehouse_dsn: str, tmp_path: Path) -> None:
    change(loaded, "update raw.units set parent_unit_code = 'X9' where unit_code = 'X1'")

    result = run_batch_gate(warehouse_dsn, [1], tmp_path)

    assert result.passed
    assert [check.name for check in result.warnings] == ["parent_is_known"]
    assert status_of(loaded)[1] == "passed"


def test_a_batch_may_be_empty(
    loaded: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    change(loaded, "delete from raw.petitions")
    change(
        loaded,
        "update ops.batch set source_total = 0, distinct_keys = 0, delivered = 0, loaded = 0 "
        "where batch_id = 5",
    )
    assert run_batch_gate(warehouse_dsn, [5], tmp_path).checks[0].passed
    assert status_of(loaded)[5] == "passed"


def test_no_value_of_the_data_is_kept_or_shown(
    loaded: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    change(loaded, "update raw.dossiers set unit_code = 'SECRET', field_name = 'SECRET'")
    change(loaded, "update raw.petitions set satisfaction = 'SECRET'")

    result = run_batch_gate(warehouse_dsn, BATCHES, tmp_path)

    assert {check.name for check in result.failures} == {
        "unit_is_known",
        "satisfaction_is_allowed",
    }
    assert "SECRET" not in result.report_path.read_text(encoding="utf-8")
    stored = rows(loaded, "select to_jsonb(c)::text as c from ops.check as c")
    stored += rows(loaded, "select to_jsonb(r)::text as c from ops.gate_run as r")
    assert not any("SECRET" in row["c"] for row in stored)


@pytest.mark.fault(23, "a column is gone while Great Expectations looks at it")
def test_an_error_inside_the_gate_lets_nothing_pass(
    loaded: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    change(loaded, "alter table raw.ratings drop column satisfaction")

    with pytest.raises(GateError, match=r"^batch gate could not be run: .*satisfaction"):
        run_batch_gate(warehouse_dsn, BATCHES, tmp_path)

    assert status_of(loaded) == dict.fromkeys(BATCHES, "loaded")
    (run,) = rows(loaded, "select status, subject ->> 'error' as error from ops.gate_run")
    assert run["status"] == "error"
    assert "satisfaction" in run["error"]
    assert rows(loaded, "select * from ops.check") == []


@pytest.mark.fault(23, "the report of the gate cannot be written")
def test_a_report_that_cannot_be_written_lets_nothing_pass(
    loaded: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    (tmp_path / "batch").write_text("a file where the folder should be")

    with pytest.raises(GateError):
        run_batch_gate(warehouse_dsn, BATCHES, tmp_path)

    assert status_of(loaded) == dict.fromkeys(BATCHES, "loaded")
    assert [row["status"] for row in rows(loaded, "select status from ops.gate_run")] == ["error"]


@pytest.mark.parametrize("batch_ids", [[], [99], [3, 99]])
def test_no_batch_and_unknown_batches_are_refused(
    batch_ids: list[int], loaded: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"no batch|unknown batches: 99"):
        run_batch_gate(warehouse_dsn, batch_ids, tmp_path)
    assert status_of(loaded) == dict.fromkeys(BATCHES, "loaded")


@pytest.mark.parametrize("months", [MONTHS, None])
def test_good_marts_pass(
    months: list[date] | None, marts: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    result = run_marts_gate(warehouse_dsn, months, tmp_path, is_sample=True)

    assert result.passed
    assert result.warnings == ()
    (run,) = rows(marts, "select gate, status, subject from ops.gate_run")
    assert (run["gate"], run["status"]) == ("marts", "passed")
    assert run["subject"] == {
        "months": ["2025-02-01", "2025-03-01"] if months is not None else None
    }
    page = result.report_path.read_text(encoding="utf-8")
    assert result.report_path == tmp_path / "marts" / f"{result.gate_run_id}.html"
    assert "DỮ LIỆU MẪU" in page


def test_a_failed_mart_names_its_month(
    marts: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    change(
        marts,
        "update marts.mart_dossier_balance set stopped = stopped + 1 "
        "where period_month = '2025-03-01' and unit_code = 'X3'",
    )

    result = run_marts_gate(warehouse_dsn, MONTHS, tmp_path)

    (failure,) = result.failures
    assert failure.name == "balance_closes"
    assert (failure.rows, failure.violations) == (14, 1)
    assert failure.violations_by_item == {date(2025, 3, 1): 1}
    assert "03/2025 (1)" in result.report_path.read_text(encoding="utf-8")
    # A month that is not asked for does not count.
    assert run_marts_gate(warehouse_dsn, MONTHS[:1], tmp_path).passed


def test_a_month_without_rows_fails(
    marts: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    result = run_marts_gate(warehouse_dsn, [*MONTHS, date(2025, 4, 1)], tmp_path)
    assert {check.name for check in result.failures} == {"every_month_has_rows"}
    assert result.failures[0].violations_by_item == {date(2025, 4, 1): 1}


@pytest.mark.fault(23, "the marts are not there")
def test_marts_that_are_not_there_are_an_error(warehouse_dsn: str, tmp_path: Path) -> None:
    with pytest.raises(GateError, match="marts gate could not be run"):
        run_marts_gate(warehouse_dsn, MONTHS, tmp_path)
    with pytest.raises(ValueError, match="no month"):
        run_marts_gate(warehouse_dsn, [], tmp_path)


def test_a_passing_suite_costs_three_queries_and_fetches_no_row(
    loaded: psycopg.Connection, warehouse_dsn: str
) -> None:
    import sqlalchemy as sa

    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(" ".join(statement.lower().split()))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        with open_validator(warehouse_dsn) as validator:
            validator.validate(FEED_SUITES["dossiers"], [3])
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)

    columns, *others = statements
    assert columns.endswith("limit 0")
    assert len(others) == 2
    assert all(s.startswith(("select count(", "select sum(")) for s in others)


def test_a_gate_cannot_write(loaded: psycopg.Connection, warehouse_dsn: str) -> None:
    change(loaded, "create sequence written")
    writing = Suite(
        "writing",
        "(select nextval('written') as n, 1 as batch_id)",
        "batch_id",
        (holds("is_one", "n = 1", "A rule that writes."),),
    )
    with (
        open_validator(warehouse_dsn) as validator,
        pytest.raises(GateError, match="read-only transaction"),
    ):
        validator.validate(writing, [1])
