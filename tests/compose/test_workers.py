"""Tasks on workers in containers of their own, by settings alone; one is killed in mid-task."""

from __future__ import annotations

from tests.airflow_api import wait_until
from tests.compose.installation import Installation
from tests.compose.support import load, release_ids, transforming

MONTH = "2025-09"


def test_another_worker_takes_over(installation: Installation) -> None:
    installation.set(SERVICE_INDEX_EXECUTOR="CeleryExecutor", COMPOSE_PROFILES="sample,celery")
    installation.up("--scale", "worker=2")
    assert {"broker", "worker", "worker-2"} <= set(installation.containers())
    airflow = installation.airflow()
    load(airflow)

    run = airflow.start("score_monthly", month=MONTH)
    airflow.switch("score_monthly", on=True)
    wait_until(lambda: transforming(installation), 180, every=0.5)
    first = airflow.tasks(run)["transform"]["hostname"]
    installation.transcript.run("docker", "kill", first)

    assert airflow.end(run, 600)["state"] == "success"
    transform = airflow.tasks(run)["transform"]
    assert transform["try_number"] == 2
    hosts = {
        container["Config"]["Hostname"]
        for service, container in installation.containers().items()
        if service.startswith("worker")
    }
    assert {first, transform["hostname"]} == hosts
    assert release_ids(installation, MONTH) == [f"{MONTH}.r1"]
    installation.transcript.say(
        f"{MONTH}.r1 is published; the second worker ended what the first began"
    )
