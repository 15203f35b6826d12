"""Airflow's pages, scheduler, DAG processor and triggerer on this machine, in the background."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import requests

from service_index.orchestration import (
    background,
    connections,
    local_airflow,
    sample_source,
    superset,
)
from service_index.orchestration.background import ServiceError
from service_index.orchestration.progress import say
from service_index.settings import Settings
from service_index.warehouse import embedded

HEALTHY_WITHIN_SECONDS = 180


def start(settings: Settings, port: int) -> None:
    """Start Airflow and wait until it is healthy; a running one is left as it is."""
    pid_file = _pid_file(settings)
    if background.is_running(pid_file):
        say("Airflow is running already (stop it by `make down`)")
        return
    background.refuse_taken(port, "up")
    (settings.home / "logs").mkdir(parents=True, exist_ok=True)
    started: list[int] = []
    is_entered = "dossier_api" in connections.entered_in_pages(settings)
    if not (is_entered or connections.has_source()):
        say("No source is set, so the sample source is served (DỮ LIỆU MẪU).")
        process, uri = sample_source.serve(settings, sample_source.generate(settings))
        os.environ["AIRFLOW_CONN_DOSSIER_API"] = uri
        os.environ.setdefault(
            "AIRFLOW_CONN_NATIONAL_PORTAL", sample_source.national_portal_uri(uri)
        )
        started.append(process.pid)
    say("Airflow is starting (about a minute) …")
    programs = Path(sys.executable).parent
    environment = os.environ | local_airflow.environment(settings) | _local_only(port)
    local_airflow.prepare(settings)
    # Airflow starts its own parts by name.
    environment["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    log = settings.home / "logs" / "airflow-standalone.log"
    airflow = background.launch([str(programs / "airflow"), "standalone"], environment, log)
    background.record(pid_file, [*started, airflow.pid])
    if not background.wait_until(lambda: _is_healthy(port), airflow, HEALTHY_WITHIN_SECONDS):
        background.stop(pid_file)
        if not superset.is_running(settings):
            embedded.stop(settings.home)
        raise ServiceError(f"Airflow did not become healthy, see {log}")
    say(f"Airflow: http://localhost:{port}, open to this machine only, without a password")
    say("Its DAGs are paused; trigger one with its parameters, or switch it on. Stop: `make down`")


def stop(settings: Settings) -> None:
    """Stop Airflow with the sample source, Superset, and the embedded PostgreSQL; what is not
    there is fine."""
    if superset.stop(settings):
        say("Superset is stopped")
    if background.stop(_pid_file(settings)):
        say("Airflow is stopped")
    if embedded.stop(settings.home):
        say("The embedded PostgreSQL is stopped; data stay in " + str(settings.home))


def _local_only(port: int) -> dict[str, str]:
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "true",
        "AIRFLOW__CORE__PARALLELISM": "4",
    }


def _is_healthy(port: int) -> bool:
    try:
        health = requests.get(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5).json()
    except (requests.RequestException, ValueError):
        return False
    parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
    return all(health.get(part, {}).get("status") == "healthy" for part in parts)


def _pid_file(settings: Settings) -> Path:
    return settings.home / "airflow-standalone.pids"
