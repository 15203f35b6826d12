"""Planned work, by the commands of docs/runbook.md as they stand there, in their order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service_index.settings import PROJECT_ROOT
from simulator.server import SampleSource
from tests.integration.late_batch import FEEDS
from tests.scheduler.real_airflow import airflow_up, free_port

RUN_HERE = re.compile(
    r"^```\n([^`]*?)^```\n<!-- run by: tests/scheduler/test_runbook.py -->$", re.MULTILINE
)
BLOCKS = RUN_HERE.findall((PROJECT_ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Each command and what it said. The first that fails ends it."""
    home = tmp_path_factory.mktemp("runbook")
    elsewhere = {
        "/mnt/backup": str(home / "backup"),
        "/srv/service-index-92": str(tmp_path_factory.mktemp("province")),
    }
    said: dict[str, str] = {}
    with SampleSource.from_records(FEEDS) as source, airflow_up(home, source.connection_uri):
        environment = {
            **{name: value for name, value in os.environ.items() if "AIRFLOW" not in name},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SERVICE_INDEX_HOME": str(home),
            "SERVICE_INDEX_AIRFLOW_PORT": str(free_port()),
            "AIRFLOW_CONN_DOSSIER_API": source.connection_uri,
        }
        for command in (line for block in BLOCKS for line in block.splitlines()):
            here = command
            for there, instead in elsewhere.items():
                here = here.replace(there, instead)
            ran = subprocess.run(
                ["bash", "-c", here],
                env=environment,
                cwd=PROJECT_ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            said[command] = said.get(command, "") + ran.stdout + ran.stderr
            assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"[-2000:]
        yield said
        for folder in (str(home), elsewhere["/srv/service-index-92"]):
            subprocess.run(
                ["service-index", "down"],
                env=environment | {"SERVICE_INDEX_HOME": folder},
                check=True,
            )


def saying(outcomes: dict[str, str], beginning: str) -> str:
    """What the commands that begin so said."""
    return "".join(said for command, said in outcomes.items() if command.startswith(beginning))


def test_every_dag_is_switched_on(outcomes: dict[str, str]) -> None:
    switched = {command.split()[-1] for command in outcomes if "dags unpause" in command}
    assert switched == {file.stem for file in (PROJECT_ROOT / "dags").glob("*.py")}


def test_a_day_is_loaded_and_stays_through_backup_upgrade_and_restore(
    outcomes: dict[str, str],
) -> None:
    assert "dossiers" in saying(outcomes, "service-index status")
    assert "files new or changed" in saying(outcomes, "service-index backup")
    assert "warehouse restored" in saying(outcomes, "service-index restore")
    assert "its schema is the newest" in saying(outcomes, "service-index migrate")


def test_a_second_province_is_an_installation_of_its_own(outcomes: dict[str, str]) -> None:
    assert "its schema is renewed" in saying(outcomes, "SERVICE_INDEX_HOME=")
    assert "Nothing is loaded yet" in saying(outcomes, "SERVICE_INDEX_HOME=")
