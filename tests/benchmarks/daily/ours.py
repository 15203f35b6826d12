"""A daily run: the commands as they are typed, what Airflow takes of them, and the work alone."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.benchmarks.measuring import Work

_PROGRAM = str(Path(sys.executable).with_name("service-index"))


class _Clock:
    """What has passed since the last lap, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._at = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = self.laps.get(name, 0) + now - self._at
        self._at = now


def commands(first: str, after_last: str, month: str) -> Work:
    """The day's two commands, each a process of its own."""

    def work() -> Mapping[str, float]:
        clock = _Clock()
        _command("ingest", "--from", first, "--to", after_last)
        clock.lap("ingest")
        _command("score", "--month", month)
        clock.lap("score")
        return clock.laps

    return work


def _command(*arguments: str) -> None:
    ran = subprocess.run([_PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def dag(dag_id: str, conf: str) -> Work:
    """What a command does once it has read its arguments (`conf` is JSON), part by part."""

    def work() -> Mapping[str, float]:
        clock = _Clock()
        from service_index import cli, settings  # noqa: F401
        from service_index.orchestration.local_airflow import LocalAirflow

        clock.lap("command line, imported")
        airflow = LocalAirflow(settings.load())
        clock.lap("Airflow, imported and set up")
        with airflow._quietly():
            airflow._dag(dag_id)
        clock.lap("DAG file, read")
        airflow.run(dag_id, json.loads(conf))
        clock.lap("run")
        whole = clock.laps.pop("run")
        tasks = _tasks(dag_id)
        around = {"Airflow, around the tasks": whole - sum(tasks.values())}
        return clock.laps | around | {f"task {name}": value for name, value in tasks.items()}

    return work


def _tasks(dag_id: str) -> dict[str, float]:
    """Task → seconds, of the last run, from Airflow's own database."""
    metadata = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    dsn = urlsplit(metadata)._replace(scheme="postgresql").geturl()
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select task_id, extract(epoch from end_date - start_date)::float from task_instance "
            "where run_id = (select run_id from dag_run where dag_id = %s order by id desc limit 1)"
            " and dag_id = %s",
            [dag_id, dag_id],
        )
        return dict(rows.fetchall())


def stages(first: str, after_last: str, month: str) -> Work:
    """The stages without Airflow, in a process that has imported all and started each once.

    What that takes is told beside: `tasks: …`.
    """
    from service_index.orchestration import stages as product
    from service_index.orchestration.windows import days_window

    starts = _start_all(product)
    window = days_window(first, after_last)
    steps: dict[str, Callable[[], object]] = {
        "land": lambda: product.land(window, overlap=timedelta(0)),
        "load": product.load,
        "gate_batches": product.gate_batches,
        "transform": lambda: product.transform(month),
        "gate_marts": lambda: product.gate_marts(month),
    }

    def work() -> Mapping[str, float]:
        clock = _Clock()
        for name, step in steps.items():
            step()
            clock.lap(name)
        return clock.laps | starts

    return work


def _start_all(product: object) -> dict[str, float]:
    """Import what the stages import when they are called; dbt reads its project once."""
    clock = _Clock()
    logging.disable(logging.INFO)
    from service_index import settings as settings_module
    from service_index.orchestration import connections, dbt_build
    from service_index.warehouse import migrate

    settings = settings_module.load()
    dsn = connections.warehouse_dsn(settings)
    migrate.upgrade(dsn)
    clock.lap("tasks: the warehouse's schema, compared")
    import service_index.landing.store
    import service_index.loading
    import service_index.sources.client
    import service_index.sources.extract
    import service_index.sources.inbox  # noqa: F401

    clock.lap("tasks: client and loader, imported")
    from service_index.quality import gate  # noqa: F401
    from service_index.quality.validation import open_validator

    with open_validator(dsn):
        pass
    clock.lap("tasks: Great Expectations, imported")
    from dbt.cli.main import dbtRunner

    clock.lap("tasks: dbt, imported")
    folders = ("--project-dir", str(settings.dbt_project), "--profiles-dir")
    target = ("--target-path", str(settings.home / "dbt" / "target"))
    logs = ("--log-path", str(settings.home / "dbt" / "logs"))
    with dbt_build.dbt_variables(dbt_build.dbt_environment(dsn)):
        dbtRunner().invoke(
            ["--quiet", "parse", *folders, str(settings.dbt_project), *target, *logs]
        )
    clock.lap("tasks: dbt's project, read")
    return clock.laps
