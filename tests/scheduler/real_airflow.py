"""A real Airflow, as `service-index up` starts it, and its API."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from service_index.warehouse import embedded

PROGRAM = Path(sys.executable).with_name("service-index")
ENDED = ("success", "failed")


class RunFailedError(AssertionError):
    """A DAG run did not end well, or not in time."""


@dataclass
class RealAirflow:
    """The installation in `home`, its scheduler and its API."""

    home: Path
    address: str

    def __post_init__(self) -> None:
        token = requests.get(f"{self.address}/auth/token", timeout=10).json()["access_token"]
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    @property
    def warehouse_dsn(self) -> str:
        return embedded.database_dsn(self.home, "warehouse")

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
        self._wait(lambda: self.call("GET", f"backfills/{made['id']}")["completed_at"], 3600)
        self.wait_for_all(dag_id)

    def trigger(self, dag_id: str, **conf: Any) -> dict[str, Any]:
        """One run by hand; waits for its end and gives it."""
        made = self.call("POST", f"dags/{dag_id}/dagRuns", logical_date=None, conf=conf)
        path = f"dags/{dag_id}/dagRuns/{made['dag_run_id']}"
        self._wait(lambda: self.call("GET", path)["state"] in ENDED, 600)
        return self.call("GET", path)

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

        self._wait(is_over, seconds)
        failed = [run["dag_run_id"] for run in self.runs(dag_id) if run["state"] == "failed"]
        if failed:
            raise RunFailedError(f"{dag_id}: {failed}")

    def wait_for(
        self, dag_id: str, wanted: Callable[[dict[str, Any]], bool], seconds: float = 600
    ) -> None:
        """Until such a run has ended."""
        self._wait(
            lambda: any(wanted(run) and run["state"] in ENDED for run in self.runs(dag_id)),
            seconds,
        )

    def _wait(self, is_over: Any, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not is_over():
            if time.monotonic() > deadline:
                raise RunFailedError(f"not over within {seconds} s")
            time.sleep(1)


@contextmanager
def airflow_up(home: Path, source_uri: str, **settings: str) -> Iterator[RealAirflow]:
    """Airflow on an installation in `home`, stopped afterwards with all it started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if "AIRFLOW" not in name},
        "SERVICE_INDEX_HOME": str(home),
        "AIRFLOW_CONN_DOSSIER_API": source_uri,
        **settings,
    }

    def run(*arguments: str) -> None:
        ran = subprocess.run(
            [str(PROGRAM), *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr

    try:
        run("up", "--port", str(port))
        yield RealAirflow(home, f"http://127.0.0.1:{port}")
    finally:
        run("down")
