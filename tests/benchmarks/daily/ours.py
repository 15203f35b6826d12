"""A daily run: as commands, with what each part of them takes, and the stages' work alone."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.measuring import Work

_PROGRAM = str(Path(sys.executable).with_name("service-index"))


def commands(first: str, after_last: str, month: str) -> Work:
    """The two commands of a day, each a process of its own, as they are typed."""

    def work() -> dict[str, float]:
        started = time.perf_counter()
        _command("ingest", "--from", first, "--to", after_last)
        ingested = time.perf_counter()
        _command("score", "--month", month)
        return {"ingest": ingested - started, "score": time.perf_counter() - ingested}

    return work


def _command(*arguments: str) -> None:
    ran = subprocess.run([_PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def dag(dag_id: str, **conf: object) -> Work:
    def work() -> dict[str, float]:
        clock = _Clock()
        from service_index import cli, settings  # noqa: F401
        from service_index.orchestration.local_airflow import LocalAirflow

        clock.lap("command line")
        airflow = LocalAirflow(settings.load())
        clock.lap("Airflow")
        with airflow._quietly():
            airflow._dag(dag_id)
        clock.lap("DAG file")
        airflow.run(dag_id, conf)
        clock.lap("run")
        return clock.laps

    return work


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._at = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self._at = now - self._at, now
