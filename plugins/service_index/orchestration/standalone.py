"""Airflow's pages, scheduler, DAG processor and triggerer on this machine, in the background."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from service_index.orchestration import local_airflow, sample_source
from service_index.orchestration.progress import say
from service_index.settings import Settings
from service_index.warehouse import embedded

HEALTHY_WITHIN_SECONDS = 180


class StandaloneError(Exception):
    """Airflow did not come up; the message is one line."""


def start(settings: Settings, port: int) -> None:
    """Start Airflow and wait until it is healthy; a running one is left as it is."""
    pids = _pid_file(settings)
    if pids.exists() and any(map(_is_alive, _started(pids))):
        say("Airflow is running already (stop it by `make down`)")
        return
    _refuse_taken(port)
    (settings.home / "logs").mkdir(parents=True, exist_ok=True)
    started: list[int] = []
    if "AIRFLOW_CONN_DOSSIER_API" not in os.environ:
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
    log = (settings.home / "logs" / "airflow-standalone.log").open("ab")
    airflow = subprocess.Popen(
        [str(programs / "airflow"), "standalone"],
        env=environment,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    started.append(airflow.pid)
    pids.write_text("\n".join(map(str, started)), encoding="utf-8")
    if not _wait_until_healthy(port, airflow):
        stop(settings)
        raise StandaloneError(f"Airflow did not become healthy, see {log.name}")
    say(f"Airflow: http://localhost:{port}, open to this machine only, without a password")
    say("Its DAGs are paused; trigger one with its parameters, or switch it on. Stop: `make down`")


def stop(settings: Settings) -> None:
    """Stop Airflow, the sample source and the embedded PostgreSQL; what is not there is fine."""
    pids = _pid_file(settings)
    if pids.exists():
        for pid in _started(pids):
            _end_group(pid)
        pids.unlink()
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


def _wait_until_healthy(port: int, airflow: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    while time.monotonic() < deadline and airflow.poll() is None:
        try:
            health = requests.get(
                f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5
            ).json()
        except (requests.RequestException, ValueError):
            health = {}
        parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        if all(health.get(part, {}).get("status") == "healthy" for part in parts):
            return True
        time.sleep(1)
    return False


def _refuse_taken(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            raise StandaloneError(
                f"port {port} is taken by another program: name a free one, `service-index up "
                f"--port {port + 1}`"
            ) from None


def _started(pids: Path) -> list[int]:
    return [int(pid) for pid in pids.read_text(encoding="utf-8").split()]


def _is_alive(group: int) -> bool:
    """Whether there is such a process group of ours; another user's has got its number since."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _end_group(pid: int) -> None:
    """Ask the process group to end, then make it."""
    for sign, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
        try:
            os.killpg(pid, sign)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _is_alive(pid):
                return
            time.sleep(0.1)


def _pid_file(settings: Settings) -> Path:
    return settings.home / "airflow-standalone.pids"
