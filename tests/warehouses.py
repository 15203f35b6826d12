"""Throw-away servers, and fresh warehouses on them, cloned from a migrated template."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from service_index.warehouse import embedded, migrate

TEMPLATE = "warehouse_template"
# Names, in the environment, a server with that template which runs on after the session.
KEPT_SERVER = "TEST_POSTGRES_DSN"
# Numbers of databases that are in use: dbt reads its whole project anew for one of another name.
_taken: set[int] = set()


@contextmanager
def throw_away_server() -> Iterator[str]:
    """The dsn of an embedded server that holds a migrated template database, while it is needed."""
    # Not in a folder of the tests' own: a Unix socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="si-"))
    home.chmod(0o755)
    try:
        migrate.upgrade(embedded.database_dsn(home, TEMPLATE))
        dsn = embedded.ensure_running(home)
        with psycopg.connect(dsn, autocommit=True) as admin:
            # No test cuts the power: what a killed server has written, the system has.
            admin.execute("alter system set fsync = off")
            admin.execute("select pg_reload_conf()")
        yield dsn
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh_warehouse(server_dsn: str, template: str = TEMPLATE) -> Iterator[str]:
    """The dsn of a fresh, migrated, empty warehouse on the session's server, or of a copy of
    another that nobody is connected to."""
    number = next(number for number in itertools.count(1) if number not in _taken)
    # The process in its name: one server may serve several, one of which was killed.
    name = f"warehouse_{os.getpid()}_{number}"
    _taken.add(number)
    try:
        with psycopg.connect(server_dsn, autocommit=True) as admin:
            admin.execute(f"drop database if exists {name} with (force)")
            admin.execute(f"create database {name} template {template}")
            yield server_dsn.replace("/postgres?", f"/{name}?")
            admin.execute(f"drop database {name} with (force)")
    finally:
        _taken.remove(number)
