"""Alerts under the real scheduler: a late release, a task that fails for good, a killed one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service_index.warehouse import migrate
from service_index.warehouse.connection import connect
from simulator.faults import WrongTotal
from simulator.server import SampleSource
from tests.integration import late_batch
from tests.integration.alert_support import Duty, Message, duty_officer
from tests.pipeline import open_pipeline
from tests.scheduler.real_airflow import RealAirflow, airflow_up

LATE = "(late_release.2025-03)"
LAND = "(ingest_daily.land)"
LOOK = "(watch.look)"
TRIES = 3
WEEK = {"window_from": "2025-03-01", "window_to": "2025-03-08"}


@pytest.fixture(scope="module")
def duty() -> Iterator[Duty]:
    with duty_officer() as officer:
        yield officer


@pytest.fixture(scope="module")
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records(late_batch.FEEDS) as serving:
        yield serving


@pytest.fixture(scope="module")
def airflow(duty: Duty, source: SampleSource) -> Iterator[RealAirflow]:
    # Not pytest's own folder: any session that begins closes it to the database's user.
    home = Path(tempfile.mkdtemp(prefix="si-alerts-"))
    home.chmod(0o755)
    (home / "alerts.urls").write_text(duty.addresses, encoding="utf-8")
    # The source of the tests fell silent in 2025; that is not what is tried here.
    settings = {"SERVICE_INDEX_STALE_HOURS": "720", "SERVICE_INDEX_RETRY_SECONDS": "10"}
    with airflow_up(home, source.connection_uri, **settings) as running:
        migrate.upgrade(running.warehouse_dsn)
        running.switch("watch", on=True)
        running.wait_for_all("watch")
        yield running
    shutil.rmtree(home, ignore_errors=True)


def until(found: Callable[[], Any], seconds: float = 300) -> Any:
    """What is found, once it is."""
    deadline = time.monotonic() + seconds
    while not (thing := found()):
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(0.5)
    return thing


def told_of(duty: Duty, key: str) -> list[Message]:
    """What came of a trouble since it was last asked for; of others more may have come."""
    mails, posts = (
        [message for message in channel if message.subject.endswith(key)]
        for channel in (duty.mails, duty.posts)
    )
    if len(mails) != len(posts):
        return []
    for message in mails:
        duty.mails.remove(message)
        duty.posts.remove(message)
    return mails


def is_end_of(message: Message, beginning: Message) -> bool:
    headline = beginning.subject.removeprefix("Service index: ")
    return message.subject == f"Service index: over: {headline}"


def test_a_month_without_a_release_at_its_deadline(
    airflow: RealAirflow,
    duty: Duty,
    source: SampleSource,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The deadline of a run for March 2025 is long over when the run is made."""
    airflow.switch("await_release", on=True)
    made = airflow.call("POST", "dags/await_release/dagRuns", logical_date="2025-03-31T17:30:00Z")
    awaiting = f"dags/await_release/dagRuns/{made['dag_run_id']}"
    (told,) = until(lambda: told_of(duty, LATE))
    assert told.subject == f"Service index: 2025-03 has no release {LATE}"
    assert told.part("What").startswith("2025-03 has no release, and day 10 of the next is past")
    assert told.part("It blocks") == (
        "The province's score and ranking of the month are not public."
    )
    assert told.part("To mend it") == (
        "`service-index status` shows what is in the way. When it is gone: "
        "`service-index publish --month 2025-03`."
    )
    assert told.part("More") == "docs/runbook.md#a-month-has-no-release"
    until(lambda: airflow.tasks(awaiting)["wait"]["state"] == "up_for_reschedule")
    # The hourly look takes it for over no sooner than it is.
    airflow.trigger("watch")
    assert told_of(duty, LATE) == []

    pipeline = open_pipeline(monkeypatch, tmp_path, airflow.warehouse_dsn, source.connection_uri)
    pipeline.ingest("2025-03-01", "2025-04-01")
    pipeline.score("2025-03")
    pipeline.publish("2025-03")
    airflow.trigger("watch")
    (end,) = until(lambda: told_of(duty, LATE))
    assert is_end_of(end, told)
    # Not to wait an hour until it looks again.
    airflow.call(
        "POST",
        "dags/await_release/clearTaskInstances",
        dag_run_id=made["dag_run_id"],
        dry_run=False,
        only_failed=False,
        reset_dag_runs=False,
    )
    assert airflow.end(awaiting)["state"] == "success"
    assert told_of(duty, LATE) == []


def test_a_task_is_told_when_it_has_failed_for_good(
    airflow: RealAirflow, duty: Duty, source: SampleSource
) -> None:
    source.faults.append(WrongTotal(feed="dossiers", times=None, by=1))
    airflow.switch("ingest_daily", on=True)
    until(lambda: airflow.runs("ingest_daily"))
    first = f"dags/ingest_daily/dagRuns/{airflow.runs('ingest_daily')[0]['dag_run_id']}"
    # It tries again in ten seconds, and nobody is called for that.
    until(lambda: airflow.tasks(first)["land"]["state"] == "up_for_retry")
    assert told_of(duty, LAND) == []
    assert airflow.end(first)["state"] == "failed"
    assert airflow.tasks(first)["land"]["try_number"] == 3
    (told,) = until(lambda: told_of(duty, LAND))
    assert told.subject == f"Service index: the source's answers are not whole {LAND}"
    assert "not whole after 3 readings" in told.part("What")
    # The days of the run's own window, which is yesterday.
    day = r"20\d\d-\d\d-\d\d"
    assert re.search(rf"`service-index backfill --from {day} --to {day}`", told.text)
    assert airflow.trigger("ingest_daily", **WEEK)["state"] == "failed"
    source.faults.clear()
    assert airflow.trigger("ingest_daily", **WEEK)["state"] == "success"
    (end,) = until(lambda: told_of(duty, LAND))
    assert is_end_of(end, told)
    assert "It was met 2 times." in end.text


def test_a_task_that_is_killed_is_told_by_its_run(airflow: RealAirflow, duty: Duty) -> None:
    """It has no time to say anything itself."""
    killed: set[int] = set()

    def process() -> Any:
        looking = airflow.tasks(path)["look"]
        return looking["state"] == "running" and {looking["pid"]} - killed - {None}

    with connect(airflow.warehouse_dsn) as holder:
        holder.execute("lock table ops.watermark in access exclusive mode")
        path = airflow.start("watch")
        for _ in range(TRIES):
            (pid,) = until(process)
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        assert airflow.end(path)["state"] == "failed"
    (told,) = until(lambda: told_of(duty, LOOK))
    assert told.subject == f"Service index: nobody watches the source {LOOK}"
    assert told.part("What") == (
        "the task was ended before it could say why (memory, a restart); see its log"
    )
    assert airflow.trigger("watch")["state"] == "success"
    (end,) = until(lambda: told_of(duty, LOOK))
    assert is_end_of(end, told)
