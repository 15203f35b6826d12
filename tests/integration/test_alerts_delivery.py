"""Who is told and who is not: addresses, a terminal, a warehouse that does not answer, `status`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service_index import settings
from service_index.orchestration import alerts, messenger
from service_index.warehouse import embedded
from simulator.faults import WrongTotal
from simulator.server import SampleSource
from tests.integration import late_batch
from tests.integration.alert_support import Duty, Unattended
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import throw_away_server

WINDOW = {"window_from": "2025-03-01", "window_to": "2025-03-08", "overlap_minutes": 0}
APRIL = {"dag_run": {"logical_date": "2025-03-31T17:30:00Z"}}


@pytest.fixture
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records(late_batch.FEEDS) as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: SampleSource, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    return open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)


def tell_to(home: Path, addresses: str) -> None:
    (home / "alerts.urls").write_text(addresses, encoding="utf-8")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The program, as at a terminal."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("service-index")), *arguments],
        env=os.environ | {"COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_addresses_an_incident_is_kept_and_told_when_there_are_some(
    airflow: Unattended, duty: Duty, source: SampleSource, pipeline: Pipeline
) -> None:
    source.faults.append(WrongTotal(feed="dossiers", times=None, by=1))
    assert airflow.run("ingest_daily", **WINDOW)
    shown = run("status")
    assert shown.returncode == 0, shown.stderr
    for text in (
        "the source's answers are not whole (ingest_daily.land), since ",
        "1 times, nobody was told",
        "not whole after 3 readings",
        "To mend it: Tell the source's operator which window it is.",
        "More: docs/runbook.md#the-sources-answers-are-not-whole",
    ):
        assert text in shown.stdout
    (incident,) = json.loads(run("status", "--json").stdout)["incidents"]
    assert (incident["key"], incident["occurrences"]) == ("ingest_daily.land", 1)

    tell_to(pipeline.home, duty.addresses)
    assert airflow.run("ingest_daily", **WINDOW)
    told = duty.told_once()
    assert "told" in run("status").stdout
    source.faults.clear()
    assert airflow.run("ingest_daily", **WINDOW) is None
    duty.assert_told_the_end_of(told)
    assert json.loads(run("status", "--json").stdout)["incidents"] == []
    with pipeline.connect() as connection:
        rows = connection.execute(
            "select occurrences, closed_at > opened_at, end_told_at is not null from ops.incident"
        ).fetchall()
    assert rows == [(2, True, True)]


def test_at_a_terminal_nobody_is_called_but_what_is_mended_there_is_over(
    airflow: Unattended, duty: Duty, source: SampleSource, pipeline: Pipeline
) -> None:
    tell_to(pipeline.home, duty.addresses)
    source.faults.append(WrongTotal(feed="dossiers", times=None, by=1))
    assert "not whole" in str(airflow.run("ingest_daily", is_attended=True, **WINDOW))
    assert duty.told() == []
    assert airflow.run("ingest_daily", **WINDOW)
    told = duty.told_once()
    source.faults.clear()
    assert airflow.run("ingest_daily", is_attended=True, **WINDOW) is None
    duty.assert_told_the_end_of(told)


def test_a_warehouse_that_does_not_answer_is_told_once_and_hides_no_late_release(
    airflow: Unattended,
    duty: Duty,
    source: SampleSource,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell_to(tmp_path, duty.addresses)
    with throw_away_server() as server:
        home = Path(server.partition("host=")[2]).parent
        dsn = server.replace("/postgres?", "/warehouse?")
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute("create database warehouse template warehouse_template")
        pipeline = open_pipeline(monkeypatch, tmp_path, dsn, source.connection_uri)
        embedded.stop(home)
        for dag, conf in (("ingest_daily", WINDOW), ("watch", {}), ("ingest_daily", WINDOW)):
            assert airflow.run(dag, **conf)
        told = duty.told_once()
        assert told.subject == "Service index: the warehouse does not answer (warehouse)"
        assert "failed: No such file or directory" in told.part("What")
        assert told.part("It blocks") == (
            "Nothing is fetched, scored or published. Pages and files that are published stay."
        )
        assert told.part("To mend it").startswith("Start PostgreSQL")
        assert told.part("More") == "docs/runbook.md#the-warehouse-does-not-answer"
        asyncio.run(alerts.release_is_late(APRIL))
        asyncio.run(alerts.release_is_late(APRIL))
        late = duty.told_once()
        assert late.subject == "Service index: 2025-03 has no release (late_release.2025-03)"

        embedded.ensure_running(home)
        assert airflow.run("watch") is None
        duty.assert_told_the_end_of(told)
        with pipeline.connect() as connection:
            rows = connection.execute(
                "select key, told_at is not null, closed_at from ops.incident"
            ).fetchall()
        assert rows == [("late_release.2025-03", True, None)]
        assert list((tmp_path / "incidents").iterdir()) == []


def test_a_warehouse_that_cannot_be_asked_for_is_told_too(
    airflow: Unattended, duty: Duty, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_to(pipeline.home, duty.addresses)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "mysql://someone@host/warehouse")
    assert airflow.run("ingest_daily", **WINDOW)
    told = duty.told_once()
    assert told.subject == "Service index: the warehouse does not answer (warehouse)"
    assert "the warehouse's connection is not a PostgreSQL URI" in told.part("What")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", pipeline.dsn)
    assert airflow.run("ingest_daily", **WINDOW) is None
    duty.assert_told_the_end_of(told)


def test_addresses_that_fail_hold_up_no_other_and_show_no_secret(
    duty: Duty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SERVICE_INDEX_HOME", str(tmp_path))
    nobody = run("alerts", "test")
    assert nobody.returncode == 1
    assert "error: nobody would be told: write addresses into" in nobody.stderr

    secrets = ("secret-word", "secret-path", "T1JJ3T3L2", "secret-nonsense")
    broken = (
        "jsonx://secret-word@127.0.0.1/secret-path\n"
        "secret-nonsense\n"
        "json://user:secret-word@127.0.0.1:1/secret-path\n"
    )
    elsewhere = tmp_path / "elsewhere.urls"
    elsewhere.write_text(broken + duty.addresses, encoding="utf-8")
    monkeypatch.setenv("SERVICE_INDEX_ALERTS_FILE", str(elsewhere))
    tested = run("alerts", "test")
    assert tested.returncode == 1
    assert tested.stdout.splitlines() == [
        "line 1: jsonx://… did not take it: it is no address that Apprise understands",
        "line 2: … did not take it: it is no address that Apprise understands",
        "line 3: json://127.0.0.1… did not take it: it did not take the message",
        "line 5: mailto://127.0.0.1… took it",
        "line 7: json://127.0.0.1… took it",
    ]
    assert "error: 3 of 5 addresses did not take the message" in tested.stderr
    assert duty.told_once().subject == "Service index: a test, nothing is wrong"

    assert messenger.to_all(settings.load(), "subject", "text")
    assert duty.told_once().text == "text"
    assert [record.name for record in caplog.records].count(messenger.logger.name) == 3
    said = tested.stdout + tested.stderr + caplog.text
    assert not [secret for secret in secrets if secret in said]

    elsewhere.write_text(duty.addresses, encoding="utf-8")
    assert run("alerts", "test").returncode == 0
    elsewhere.write_bytes(b"\xff\xfe")
    assert not messenger.to_all(settings.load(), "subject", "text")


def test_what_nobody_could_be_told_is_told_by_the_next_watch(
    airflow: Unattended, duty: Duty, source: SampleSource, pipeline: Pipeline
) -> None:
    tell_to(pipeline.home, "json://127.0.0.1:1/\n")
    asyncio.run(alerts.release_is_late(APRIL))
    assert duty.told() == []
    assert airflow.run("watch") is None
    tell_to(pipeline.home, duty.addresses)
    assert airflow.run("watch") is None
    late = duty.told_once()
    assert late.subject == "Service index: 2025-03 has no release (late_release.2025-03)"
    assert airflow.run("watch") is None
    assert duty.told() == []
