"""Where the connections come from: the environment, or a file that Airflow knows of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

# In a process of its own, as the command line is: Airflow reads its settings once.
ASK = """
import json
from service_index import settings
from service_index.orchestration import connections
portal = connections.national_portal()
source = connections.dossier_api()
print(json.dumps([
    connections.warehouse_dsn(settings.load()), source.name, source.client_secret.reveal(),
    portal and portal.name,
]))
"""


IN_STORE = (
    "warehouse=postgresql://someone:hu%2Fsh@host:5433/warehouse",
    "dossier_api=https://client:se%40cret@source.example/api",
)


def ask(
    home: Path, in_store: Sequence[str] = IN_STORE, **variables: str
) -> subprocess.CompletedProcess[str]:
    file = home / "connections.env"
    lines = ["# warehouse=postgresql://nobody@nowhere/nothing", *in_store, ""]
    file.write_text("\n".join(lines), encoding="utf-8")
    store = {
        "SERVICE_INDEX_HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(file)}),
    }
    return subprocess.run(
        [sys.executable, "-c", ASK],
        env=os.environ | store | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("portal", [None, "portal.example"])
def test_a_file_of_connections_is_read_without_a_task(tmp_path: Path, portal: str | None) -> None:
    variables = {"AIRFLOW_CONN_NATIONAL_PORTAL": f"https://{portal}"} if portal else {}
    asked = ask(tmp_path, **variables)

    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout.splitlines()[-1]) == [
        "postgres://someone:hu%2Fsh@host:5433/warehouse",
        "source.example/api",
        "se@cret",
        portal,
    ]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    asked = ask(tmp_path, AIRFLOW_CONN_DOSSIER_API="http://other:word@elsewhere.example/api")

    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout.splitlines()[-1])[1:3] == ["elsewhere.example/api", "word"]


def test_a_store_without_a_warehouse_is_no_reason_to_begin_an_empty_one(tmp_path: Path) -> None:
    asked = ask(tmp_path, IN_STORE[1:])

    assert asked.returncode == 1
    assert asked.stderr.splitlines()[-1].startswith(
        "service_index.settings.SettingsError: no warehouse is set: give AIRFLOW_CONN_WAREHOUSE="
    )
    assert not (tmp_path / "postgres").exists()
