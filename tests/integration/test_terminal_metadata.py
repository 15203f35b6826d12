"""Runs of a terminal stay out of the metadata of Airflow's services, which a scheduler reads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service_index.warehouse import embedded
from service_index.warehouse.connection import sqlalchemy_url

PROGRAM = Path(sys.executable).with_name("service-index")
COMMAND_VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    # Not pytest's own folder: a Unix socket's path may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="si-meta-"))
    folder.chmod(0o755)
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


def import_national(home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A short run: its first task finds that no portal is set."""
    ended = subprocess.run(
        [str(PROGRAM), "import-national", "--month", "2025-03"],
        env=os.environ | {"SERVICE_INDEX_HOME": str(home)} | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    return ended


def runs(home: Path, database: str) -> int | None:
    """How many runs the metadata has; None where Airflow has not made its tables."""
    with psycopg.connect(embedded.database_dsn(home, database)) as connection:
        try:
            row = connection.execute("select count(*) from dag_run").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return int(row[0]) if row else 0


def test_on_the_embedded_server(home: Path) -> None:
    assert "portal" in import_national(home).stderr
    assert runs(home, "airflow_terminal") == 1
    assert runs(home, "airflow") is None


def test_beside_the_database_that_is_set(home: Path) -> None:
    """As containers have it: a command prints the address."""
    services = sqlalchemy_url(embedded.database_dsn(home, "elsewhere"), driver="psycopg2")
    for times in (1, 2):
        import_national(home, **{COMMAND_VARIABLE: f"echo {services}"})
        assert runs(home, "elsewhere_terminal") == times
    assert runs(home, "elsewhere") is None


def test_a_connection_that_is_kept_in_the_pages_alone_is_not_passed_over(home: Path) -> None:
    """Without it the command would go to another source, or to another warehouse."""
    with psycopg.connect(embedded.database_dsn(home, "with_pages"), autocommit=True) as connection:
        connection.execute("create table connection (conn_id text)")
        connection.execute("insert into connection values ('warehouse'), ('of_others')")
    services = sqlalchemy_url(embedded.database_dsn(home, "with_pages"), driver="psycopg2")
    ended = import_national(home, **{COMMAND_VARIABLE: f"echo {services}"})
    assert ended.stderr.startswith("error: warehouse: entered in Airflow's pages")
    warehouse = embedded.database_dsn(home, "warehouse")
    ended = import_national(
        home, AIRFLOW_CONN_WAREHOUSE=warehouse, **{COMMAND_VARIABLE: f"echo {services}"}
    )
    assert "entered" not in ended.stderr


def test_who_may_make_no_database_is_told_what_to_ask_for(home: Path) -> None:
    with psycopg.connect(embedded.database_dsn(home, "narrow"), autocommit=True) as connection:
        connection.execute("create role narrow login")
    dsn = embedded.database_dsn(home, "narrow").replace("postgres:@", "narrow:@")
    ended = import_national(
        home, **{COMMAND_VARIABLE: f"echo {sqlalchemy_url(dsn, driver='psycopg2')}"}
    )
    assert "`create database narrow_terminal owner narrow`" in " ".join(ended.stderr.split())
