"""Airflow's API as tests use it: switch a DAG on, run it, wait for what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests

ENDED = ("success", "failed")


class RunFailedError(AssertionError):
    """A DAG run did not end well, or not in time."""


def token_without_password(address: str) -> str:
    """Where everyone is let in, as by `service-index up`."""
    return str(requests.get(f"{address}/auth/token", timeout=10).json()["access_token"])


def token(address: str, user: str, password: str) -> str:
    """Sign in by name; raises when the answer is a refusal."""
    answer = requests.post(
        f"{address}/auth/token", json={"username": user, "password": password}, timeout=30
    )
    assert answer.status_code == 201, f"{answer.status_code} {answer.text}"
    return str(answer.json()["access_token"])


class AirflowApi:
    """A running Airflow's API at `address`, signed in."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """One call of the API; raises for a status that is none of success."""
        answer = self._session.request(
            method, f"{self.address}/api/v2/{path}", json=body or None, timeout=30
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    def switch(self, dag_id: str, *, on: bool) -> None:
        self.call("PATCH", f"dags/{dag_id}", is_paused=not on)

    def pretend_success(self, dag_id: str, logical_date: datetime) -> None:
        """Have the run of that date count as done, so that the scheduler makes none of it."""
        made = self.call(
            "POST", f"dags/{dag_id}/dagRuns", logical_date=logical_date.isoformat(), conf={}
        )
        self.call("PATCH", f"dags/{dag_id}/dagRuns/{made['dag_run_id']}", state="success")

    def backfill(self, dag_id: str, first: datetime, last: datetime) -> None:
        """Every interval from `first` to `last`, in order; waits for the end."""
        made = self.call(
            "POST",
            "backfills",
            dag_id=dag_id,
            from_date=first.isoformat(),
            to_date=last.isoformat(),
            max_active_runs=1,
        )
        wait_until(lambda: self.call("GET", f"backfills/{made['id']}")["completed_at"], 3600)
        self.wait_for_all(dag_id)

    def start(self, dag_id: str, **conf: Any) -> str:
        """Begin one run by hand; its path in the API."""
        made = self.call("POST", f"dags/{dag_id}/dagRuns", logical_date=None, conf=conf)
        return f"dags/{dag_id}/dagRuns/{made['dag_run_id']}"

    def end(self, run: str, seconds: float = 600) -> dict[str, Any]:
        """Wait for a run's end and give it."""
        wait_until(lambda: self.call("GET", run)["state"] in ENDED, seconds)
        return self.call("GET", run)

    def trigger(self, dag_id: str, **conf: Any) -> dict[str, Any]:
        """One run by hand; waits for its end and gives it."""
        return self.end(self.start(dag_id, **conf))

    def tasks(self, run: str) -> dict[str, dict[str, Any]]:
        """The task instances of a run by their ids; of mapped ones the last."""
        found = self.call("GET", f"{run}/taskInstances?limit=500")["task_instances"]
        return {task["task_id"]: task for task in found}

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """All runs, the oldest first."""
        found = self.call("GET", f"dags/{dag_id}/dagRuns?limit=100&order_by=run_after")
        return list(found["dag_runs"])

    def states(self, dag_id: str, run_id: str, group: str) -> dict[str, str]:
        """The state of every task in a group of a run, by the task's name."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found = self.call("GET", f"{path}?limit=100&task_group_id={group}")
        return {task["task_id"]: task["state"] for task in found["task_instances"]}

    def wait_for_all(self, dag_id: str, *, at_least: int = 1, seconds: float = 600) -> None:
        """Until so many runs have ended and none is under way; raises where one failed."""

        def is_over() -> bool:
            runs = self.runs(dag_id)
            return len(runs) >= at_least and all(run["state"] in ENDED for run in runs)

        wait_until(is_over, seconds)
        failed = [run["dag_run_id"] for run in self.runs(dag_id) if run["state"] == "failed"]
        if failed:
            raise RunFailedError(f"{dag_id}: {failed}")

    def wait_for(
        self, dag_id: str, wanted: Callable[[dict[str, Any]], bool], seconds: float = 600
    ) -> None:
        """Until such a run has ended."""
        wait_until(
            lambda: any(wanted(run) and run["state"] in ENDED for run in self.runs(dag_id)),
            seconds,
        )


def wait_until(is_over: Callable[[], Any], seconds: float, *, every: float = 1) -> None:
    """Raises RunFailedError when it is not over in time."""
    deadline = time.monotonic() + seconds
    while not is_over():
        if time.monotonic() > deadline:
            raise RunFailedError(f"not over within {seconds} s")
        time.sleep(every)
