"""What of a failure leaves the house: why, and nobody's data."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from service_index import settings
from service_index.orchestration import dbt_build, failures, model_tasks, troubles
from service_index.orchestration.dbt_build import ModelResult, TransformError
from service_index.orchestration.stages import StageError

PERSON = "Nguyễn Văn A"


def test_of_the_database_no_row_is_told(warehouse: psycopg.Connection) -> None:
    warehouse.execute("create table person (name text unique, born int)")
    statements = {
        f"insert into person values ('{PERSON}', 1), ('{PERSON}', 2)": (
            "UniqueViolation (SQLSTATE 23505); see the task's log"
        ),
        f"select '{PERSON}'::int": (
            "InvalidTextRepresentation (SQLSTATE 22P02); see the task's log"
        ),
        "set local statement_timeout = 10; select pg_sleep(1)": (
            "canceling statement due to statement timeout; see the task's log"
        ),
    }
    for statement, told in statements.items():
        with pytest.raises(psycopg.Error) as raised, warehouse.transaction():
            warehouse.execute(statement)
        assert failures.public_reason(raised.value) == told


def test_of_dbt_the_node_is_told_and_not_what_the_database_said() -> None:
    failed = ModelResult("stg_dossiers", "model", "error", Decimal(1), None, f"DETAIL: {PERSON}")
    with pytest.raises(TransformError, match=PERSON) as raised:
        dbt_build.raise_failures([failed], Path("state"))
    assert failures.public_reason(raised.value) == (
        "dbt: 1 of 1 nodes failed, first stg_dossiers (log: state/logs/dbt.log)"
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StageError("the marts of\n2025-03 failed"), "the marts of 2025-03 failed"),
        (StageError(), "StageError"),
        (ValueError(PERSON), "ValueError; see the task's log"),
        (
            OSError(28, "No space left on device", PERSON),
            "OSError: No space left on device; see the task's log",
        ),
        (None, "the task was ended before it could say why (memory, a restart); see its log"),
    ],
)
def test_of_other_errors_the_kind_is_told_unless_they_are_our_own(
    error: Exception | None, told: str
) -> None:
    assert failures.public_reason(error) == told


def test_a_trouble_takes_days_month_and_command_from_its_task() -> None:
    # Instants in UTC are days of Indochina Time; the last day is a part of one.
    window = {
        "window_from": "2025-03-31T17:00:00+00:00",
        "window_to": "2025-04-02T01:00:00+07:00",
    }
    trouble = troubles.of_task("ingest_daily.land", StageError("x"), {"window": window})
    assert trouble.key == "ingest_daily.land"
    assert "`service-index backfill --from 2025-04-01 --to 2025-04-03`" in trouble.cure
    error = StageError("not whole: run `service-index score --month 2025-03`")
    trouble = troubles.of_task(
        "score_monthly.month.publish", error, {"plan": {"month": "2025-03", "publish": True}}
    )
    assert trouble.key == "score_monthly.month.publish.2025-03"
    assert trouble.cure == (
        "Mend what the reason names, then `service-index publish --month 2025-03`. "
        "The failure itself names `service-index score --month 2025-03`."
    )
    with pytest.raises(LookupError, match=r"ingest_daily\.dance does not stand in the table"):
        troubles.of_task("ingest_daily.dance", None, {})


@pytest.mark.parametrize("dag", ["score_monthly", "report_period"])
def test_a_model_that_failed_last_is_the_transforms_trouble(dag: str) -> None:
    assert model_tasks.GROUP == "dbt_models"
    shown = troubles.of_task(f"{dag}.dbt_models.marts.fct_dossier", None, {})
    assert shown == troubles.of_task(f"{dag}.transform", None, {})
    assert shown.key == f"{dag}.transform"


def test_settings_of_alerts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SERVICE_INDEX_HOME", str(tmp_path))
    nightly = settings.load()
    assert (nightly.stale_hours, nightly.release_deadline_day) == (36, 10)
    assert nightly.alerts_file == tmp_path / "alerts.urls"
    monkeypatch.setenv("SERVICE_INDEX_INGEST_MINUTES", "15")
    assert settings.load().stale_hours == 3
    monkeypatch.setenv("SERVICE_INDEX_STALE_HOURS", "8")
    monkeypatch.setenv("SERVICE_INDEX_RELEASE_DEADLINE_DAY", "15")
    monkeypatch.setenv("SERVICE_INDEX_ALERTS_FILE", str(tmp_path / "who"))
    own = settings.load()
    assert (own.stale_hours, own.release_deadline_day) == (8, 15)
    assert own.alerts_file == tmp_path / "who"
    monkeypatch.setenv("SERVICE_INDEX_RELEASE_DEADLINE_DAY", "31")
    with pytest.raises(ValueError, match="is '31': it is a number from 1 to 28, or not set"):
        settings.load()
