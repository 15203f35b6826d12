"""Keys that are wrong, and keys that are changed, as docs/security.md says of each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg.conninfo import make_conninfo

from service_index.warehouse import embedded
from service_index.warehouse.connection import sqlalchemy_url

COMMAND = Path(sys.executable).with_name("service-index")
# Fits no key here: what is said must not repeat it.
WRONG, FIRST, SECOND = "wrong and never shown", "the first of two", "the second one"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    # Not pytest's own folder: a Unix socket's path may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="si-keys-"))
    folder.chmod(0o755)
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[str]:
    """A warehouse of `app`, on a server that asks everybody but its own user for a password."""
    server = embedded.ensure_running(home)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create role app login createrole password '{FIRST}'")
        admin.execute("create database of_app owner app")
        (place,) = admin.execute("show hba_file").fetchone() or ("",)
        trusting = Path(place).read_text(encoding="utf-8")
        trusted = "local all postgres trust\n"
        asking = f"{trusted}local all all scram-sha-256\n"
        Path(place).write_text(asking + trusting, encoding="utf-8")
        admin.execute("select pg_reload_conf()")
    uri = sqlalchemy_url(make_conninfo(server, dbname="of_app", user="app")).replace("+psycopg", "")
    assert service_index(home, "migrate", warehouse=keyed(uri, FIRST)).returncode == 0
    return uri


def keyed(uri: str, password: str, user: str = "app") -> str:
    return uri.replace("app@", f"{user}:{quote(password)}@")


def service_index(
    home: Path, *arguments: str, warehouse: str = "", said: str = "", fernet: str = ""
) -> subprocess.CompletedProcess[str]:
    variables = {
        "SERVICE_INDEX_HOME": str(home),
        "AIRFLOW_CONN_WAREHOUSE": warehouse,
        "AIRFLOW__CORE__FERNET_KEY": fernet,
    }
    return subprocess.run(
        [COMMAND, *arguments],
        env=os.environ | variables,
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )


def databases_called_warehouse(home: Path) -> list[tuple[object, ...]]:
    """On the embedded server."""
    with psycopg.connect(embedded.ensure_running(home)) as admin:
        found = admin.execute("select datname from pg_database where datname = 'warehouse'")
        return found.fetchall()


def is_let_in(uri: str) -> bool:
    try:
        psycopg.connect(uri).close()
    except psycopg.OperationalError as error:
        assert "password authentication failed" in str(error)
        return False
    return True


def test_the_warehouses_password_is_changed_and_the_old_one_is_told_of(
    home: Path, warehouse: str
) -> None:
    wrong = service_index(home, "status", warehouse=keyed(warehouse, WRONG))
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: ")
    assert 'password authentication failed for user "app"' in wrong.stderr
    assert len(wrong.stderr.strip().splitlines()) == 1
    assert WRONG not in wrong.stderr

    with psycopg.connect(keyed(warehouse, FIRST), autocommit=True) as connection:
        connection.execute(f"alter role app password '{SECOND}'")
    assert service_index(home, "status", warehouse=keyed(warehouse, FIRST)).returncode == 1
    assert service_index(home, "status", warehouse=keyed(warehouse, SECOND)).returncode == 0
    # No other warehouse was begun in its place.
    assert databases_called_warehouse(home) == []


def test_a_readers_password_is_changed_and_the_old_one_lets_nobody_in(
    home: Path, warehouse: str
) -> None:
    owner = warehouse.replace("app@", "postgres@")
    for password, before in ((FIRST, WRONG), (SECOND, FIRST)):
        added = service_index(home, "access", "add", "analyst", warehouse=owner, said=password)
        assert added.returncode == 0, added.stderr
        assert password not in added.stdout + added.stderr
        assert is_let_in(keyed(warehouse, password, user="analyst"))
        assert not is_let_in(keyed(warehouse, before, user="analyst"))


def test_what_airflow_encrypted_is_read_by_no_other_key_and_by_the_new_one_after_a_change(
    home: Path, warehouse: str
) -> None:
    """In the metadata that `migrate` made beside the warehouse."""
    old, new, wrong = (Fernet.generate_key().decode() for _ in range(3))
    source = "http://client:what-airflow-encrypts@source.example/api"

    def airflow(fernet: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return service_index(home, "airflow", *arguments, fernet=fernet)

    def is_read_by(fernet: str) -> bool:
        asked = airflow(fernet, "connections", "get", "dossier_api", "--output", "json")
        # By another key a connection counts as none.
        assert asked.returncode == 0 or "Connection not found" in asked.stderr
        return asked.returncode == 0 and "what-airflow-encrypts" in asked.stdout

    added = airflow(old, "connections", "add", "dossier_api", "--conn-uri", source)
    assert added.returncode == 0, added.stderr
    assert not is_read_by(wrong)
    # As docs/runbook.md has it: both, the new one first; then the new one alone.
    rotated = airflow(f"{new},{old}", "rotate-fernet-key")
    assert rotated.returncode == 0, rotated.stderr
    assert is_read_by(new)


@pytest.mark.usefixtures("warehouse")
def test_a_warehouse_that_was_entered_in_pages_is_not_replaced_by_an_empty_one(home: Path) -> None:
    entered = service_index(
        home, "airflow", "connections", "add", "warehouse", "--conn-uri", "postgresql://host/its"
    )
    assert entered.returncode == 0, entered.stderr
    asked = service_index(home, "status")
    assert asked.returncode == 1
    assert asked.stderr.startswith("error: the connection `warehouse` was entered in Airflow's")
    assert databases_called_warehouse(home) == []
