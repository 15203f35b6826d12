"""A worker and the database killed in mid-run, under the real scheduler: the run ends well."""

from __future__ import annotations

import pytest

from tests.airflow_api import AirflowApi, wait_until
from tests.compose.installation import Installation
from tests.compose.support import load, release_ids, transforming

# The process of a task, and the worker that watches over it. Not an idle worker: one of those holds
# the lock of the executor's queue, and no process gets a task any more if it dies with it.
BUSY_WORKER = r"airflow worker -- (LocalExecutor: )?[0-9a-f]{8}-"
# From within, as a crash: the engine does not restart what it was itself told to kill.
KILL_DATABASE_AT_WORK = """
count="select count(*) from pg_stat_activity where application_name = 'service-index'"
until psql -U service_index -d warehouse -Atc "$count" | grep -q '^[1-9]'; do sleep 0.1; done
kill -9 $(head -1 "$PGDATA/postmaster.pid")
"""


@pytest.fixture(scope="module")
def airflow(installation: Installation) -> AirflowApi:
    """With records loaded, and nothing under way that was not asked for."""
    api = installation.airflow()
    load(api)
    api.switch("score_monthly", on=True)
    api.wait_for_all("score_monthly")
    return api


def assert_published(
    installation: Installation, airflow: AirflowApi, run: str, month: str, tried_again: set[str]
) -> None:
    """The run ends with the month's one release, after a second try of one of these tasks."""
    assert airflow.end(run, 600)["state"] == "success"
    tries = {name: task["try_number"] for name, task in airflow.tasks(run).items()}
    again = {name for name, number in tries.items() if number == 2}
    assert again and again <= tried_again
    assert release_ids(installation, month) == [f"{month}.r1"]
    installation.transcript.say(f"{month}.r1 is published, {', '.join(again)} by a second try")


def test_a_killed_worker(installation: Installation, airflow: AirflowApi) -> None:
    month = "2025-07"
    run = airflow.start("score_monthly", month=month)
    wait_until(lambda: transforming(installation), 120, every=0.5)
    assert installation.kill("scheduler", BUSY_WORKER) == 2

    assert_published(installation, airflow, run, month, {"transform"})


def test_a_killed_database(installation: Installation, airflow: AirflowApi) -> None:
    month = "2025-08"
    before = installation.containers()["warehouse"]["RestartCount"]
    run = airflow.start("score_monthly", month=month)
    wait_until(lambda: airflow.tasks(run)["month.gate"]["state"] == "running", 120, every=0.5)
    installation.execute("warehouse", "sh", "-c", KILL_DATABASE_AT_WORK)

    assert_published(installation, airflow, run, month, {"month.gate", "month.publish"})
    assert installation.containers()["warehouse"]["RestartCount"] > before
    wait_until(lambda: not installation.unwell(), 120)
