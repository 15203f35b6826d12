"""What the scheduler's tasks tell: metrics to Prometheus' own exporter, structured log lines."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from service_index.settings import PROJECT_ROOT
from service_index.warehouse import embedded
from service_index.warehouse.connection import connect
from simulator.server import SampleSource
from tests.integration.late_batch import FEEDS
from tests.scheduler.real_airflow import airflow_up

# A Go program that neither wheels nor Debian 12 bring; also in the image prom/statsd-exporter.
EXPORTER = shutil.which("statsd_exporter") or shutil.which("prometheus-statsd-exporter")


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass(frozen=True)
class Exporter:
    """Receives StatsD on `port`; shows it to Prometheus at `page`."""

    port: int
    page: str

    def metrics(self) -> dict[str, float]:
        """Each series with its labels, as Prometheus would read it."""
        lines = requests.get(self.page, timeout=10).text.splitlines()
        parted = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {series: float(number) for series, _, number in parted}


@contextmanager
def exporting() -> Iterator[Exporter]:
    """The exporter, where there is one; else the port stays deaf."""
    port, page = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    exporter = Exporter(port, f"http://127.0.0.1:{page}/metrics")
    if EXPORTER is None:
        yield exporter
        return
    process = subprocess.Popen(
        [
            EXPORTER,
            f"--statsd.mapping-config={PROJECT_ROOT / 'deploy' / 'statsd-mapping.yml'}",
            f"--statsd.listen-udp=127.0.0.1:{port}",
            "--statsd.listen-tcp=",
            f"--web.listen-address=127.0.0.1:{page}",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        yield exporter
    finally:
        process.terminate()
        process.wait()


def log_lines(home: Path, task: str) -> list[dict[str, Any]]:
    """What the task of a run by hand wrote, of our own."""
    logs = home / "airflow" / "logs" / "dag_id=ingest_daily"
    (log,) = logs.glob(f"run_id=manual__*/task_id={task}/attempt=1.log")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line.get("logger") == "service_index"]


@dataclass(frozen=True)
class Observed:
    """What one run by hand left: series at the exporter, lines of its tasks, ids of its batches."""

    metrics: dict[str, float]
    landed: list[dict[str, Any]]
    loaded: list[dict[str, Any]]
    batch_ids: set[int]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """March, by hand; the nightly run of the present goes on beside it."""
    home = tmp_path_factory.mktemp("told")
    with SampleSource.from_records(FEEDS) as source, exporting() as exporter:
        settings = {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(exporter.port),
        }
        with airflow_up(home, source.connection_uri, **settings) as airflow:
            airflow.switch("ingest_daily", on=True)
            run = airflow.trigger("ingest_daily", window_from="2025-03-01", window_to="2025-04-01")
            assert run["state"] == "success"
            airflow.wait_for_all("ingest_daily")
            with connect(airflow.warehouse_dsn) as connection:
                batches = {row[0] for row in connection.execute("select batch_id from ops.batch")}
            metrics = exporter.metrics() if EXPORTER else {}
    yield Observed(metrics, log_lines(home, "land"), log_lines(home, "load"), batches)
    embedded.stop(home)


@pytest.mark.skipif(EXPORTER is None, reason="Prometheus' statsd_exporter is not on the PATH")
def test_prometheus_reads_the_state_of_warehouse_and_scheduler(observed: Observed) -> None:
    found = observed.metrics
    assert found['service_index_records_loaded_total{feed="dossiers"}'] == 100
    assert found['service_index_feed_lag_seconds{feed="units"}'] < 3600
    assert found['service_index_quarantine_records{feed="dossiers"}'] == 0
    assert found["service_index_open_incidents"] == 0
    assert abs(found["service_index_state_told_at_seconds"] - time.time()) < 600
    assert found['service_index_stage_duration_seconds_count{stage="load"}'] >= 1
    assert found['service_index_stage_duration_seconds_sum{stage="load"}'] < 600
    for part in ("scheduler", "dag_processor", "triggerer"):
        assert found[f"airflow_{part}_heartbeats_total"] > 1
    ended = 'airflow_dag_run_duration_seconds_count{dag_id="ingest_daily",state="success"}'
    assert found[ended] >= 1
    loads = 'airflow_tasks_finished_total{dag_id="ingest_daily",state="success",task_id="load"}'
    assert found[loads] >= 1
    assert found["airflow_dag_import_errors"] == 0


def test_log_lines_of_a_task_have_fields(observed: Observed) -> None:
    (landed,), (loaded,) = observed.landed, observed.loaded
    assert (loaded["level"], loaded["dag_id"], loaded["task_id"]) == (
        "info", "ingest_daily", "load",
    )  # fmt: skip
    assert loaded["run_id"].startswith("manual__")
    assert loaded["batch_ids"]
    assert set(loaded["batch_ids"]) <= observed.batch_ids
    assert landed["landed"]["dossiers"] == 100
    assert landed["window_from"].startswith("2025-0")
