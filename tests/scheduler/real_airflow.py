"""A real Airflow, as `service-index up` starts it, and its API."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service_index.warehouse import embedded
from tests.airflow_api import AirflowApi, token_without_password

PROGRAM = Path(sys.executable).with_name("service-index")


class RealAirflow(AirflowApi):
    """The installation in `home`, its scheduler and its API."""

    def __init__(self, home: Path, address: str) -> None:
        super().__init__(address, token_without_password(address))
        self.home = home

    @property
    def warehouse_dsn(self) -> str:
        return embedded.database_dsn(self.home, "warehouse")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def airflow_up(home: Path, source_uri: str, **settings: str) -> Iterator[RealAirflow]:
    """Airflow on an installation in `home`, stopped afterwards with all it started."""
    port = free_port()
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
