"""A worker and the database killed in mid-run, under the real scheduler: the run ends well."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.airflow_api import AirflowApi, wait_until
from tests.compose.installation import Installation
from tests.compose.support import load, release_ids, transforming

# The process of a task, and the worker that watches over it. Not an idle worker: one of those holds
# the lock of the executor's queue, and no process gets a task any more if it dies with it.
BUSY_WORKER = r"airflow worker -- (LocalExecutor: )?[0-9a-f]{8}-"


@pytest.fixture(scope="module")
def airflow(installation: Installation) -> AirflowApi:
    """With records loaded, and nothing under way that was not asked for."""
    api = installation.airflow()
    load(api)
    api.switch("score_monthly", on=True)
    api.wait_for_all("score_monthly")
    return api


def recovers(
    installation: Installation, airflow: AirflowApi, month: str, kill: Callable[[], None]
) -> None:
    """A month's run, hit while dbt works, ends in its release by a second try."""
    run = airflow.start("score_monthly", month=month)
    wait_until(lambda: transforming(installation), 120, every=0.5)
    kill()
    assert airflow.end(run, 600)["state"] == "success"
    assert airflow.tasks(run)["transform"]["try_number"] == 2
    assert release_ids(installation, month) == [f"{month}.r1"]
    installation.transcript.say(f"{month}.r1 is published by a second try of transform")


def test_a_killed_worker(installation: Installation, airflow: AirflowApi) -> None:
    def kill() -> None:
        assert installation.kill("scheduler", BUSY_WORKER) == 2

    recovers(installation, airflow, "2025-07", kill)


def test_a_killed_database(installation: Installation, airflow: AirflowApi) -> None:
    before = installation.containers()["warehouse"]["RestartCount"]

    def kill() -> None:
        # From within, as a crash: the engine restarts what `docker kill` ended no more.
        installation.execute("warehouse", "sh", "-c", "kill -9 $(head -1 $PGDATA/postmaster.pid)")

    recovers(installation, airflow, "2025-08", kill)
    assert installation.containers()["warehouse"]["RestartCount"] > before
    assert installation.unwell() == []
