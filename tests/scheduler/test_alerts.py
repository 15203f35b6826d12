"""Alerts under the real scheduler: a deadline that passes, a task that fails for good, or is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service_index.orchestration import watching
from service_index.warehouse import migrate
from service_index.warehouse.connection import connect
from simulator.faults import WrongTotal
from simulator.server import SampleSource
from tests.integration import late_batch
from tests.integration.alert_support import Duty, Message, duty_officer
from tests.scheduler.real_airflow import RealAirflow, airflow_up


@pytest.fixture(scope="module")
def duty() -> Iterator[Duty]:
    with duty_officer() as officer:
        yield officer


@pytest.fixture(scope="module")
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records(late_batch.FEEDS) as serving:
        yield serving


@pytest.fixture(scope="module")
def airflow(
    duty: Duty, source: SampleSource, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealAirflow]:
    home = tmp_path_factory.mktemp("alerts")
    (home / "alerts.urls").write_text(duty.addresses, encoding="utf-8")
    with airflow_up(home, source.connection_uri) as running:
        migrate.upgrade(running.warehouse_dsn)
        yield running


def until(found: Callable[[], Any], seconds: float = 120) -> Any:
    """What is found, once it is."""
    deadline = time.monotonic() + seconds
    while not (thing := found()):
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(1)
    return thing


def begin(airflow: RealAirflow, dag: str, **body: Any) -> str:
    """Start a run by hand; the path of it."""
    made = airflow.call("POST", f"dags/{dag}/dagRuns", **({"logical_date": None} | body))
    return f"dags/{dag}/dagRuns/{made['dag_run_id']}"


def test_a_month_without_a_release_at_its_deadline(airflow: RealAirflow, duty: Duty) -> None:
    """The deadline of a run for March 2025 is long over when the run is made."""
    begin(airflow, "await_release", logical_date="2025-03-31T17:30:00Z")

    told = until(lambda: duty.mails and duty.told_once())
    assert told.subject == "Service index: 2025-03 has no release (late_release.2025-03)"
    assert told.part("What") == "2025-03 has no release, and day 10 of the next is past"
    assert told.part("It blocks") == (
        "The province's score and ranking of the month are not public."
    )
    assert told.part("To mend it") == (
        "`service-index status` shows what is in the way. When it is gone: "
        "`service-index publish --month 2025-03`."
    )
    assert told.part("More") == "docs/runbook.md#a-month-has-no-release"
    # Airflow asks no more after a deadline; until the release comes, the incident stays.
    airflow.switch("watch", on=True)
    airflow.trigger("watch")
    assert duty.told() == []

    airflow.switch("ingest_daily", on=True)
    airflow.switch("score_monthly", on=True)
    print(airflow.trigger("ingest_daily", window_from="2025-03-01", window_to="2025-04-02"))
    print(airflow.trigger("score_monthly", month="2025-03"))
    airflow.trigger("watch")
    duty_told = duty.told()
    print(duty_told)


def test_killed(airflow: RealAirflow, duty: Duty) -> None:
    airflow.switch("watch", on=True)
    with connect(airflow.warehouse_dsn) as holder:
        holder.execute("lock table ops.watermark in access exclusive mode")
        path = begin(airflow, "watch")

        def running() -> Any:
            tis = airflow.call("GET", "dags/watch/dagRuns/~/taskInstances")["task_instances"]
            return next((ti for ti in tis if ti["state"] == "running" and ti["pid"]), None)

        ti = until(running)
        print(ti)
        time.sleep(5)
        print(os.popen(f"ps -o pid,ppid,args -p {ti['pid']}; pgrep -fa 'airflow'").read())
        os.kill(ti["pid"], signal.SIGKILL)
        t = time.monotonic()
        until(lambda: airflow.runs("watch")[0]["state"] == "failed")
        print("failed after", time.monotonic() - t)
    time.sleep(20)
    print(duty.told())
    assert 0
