"""Fresh warehouses, cloned from a migrated template."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

TEMPLATE = "warehouse_template"
# Names, in the environment, a server with that template which runs on after the session.
KEPT_SERVER = "TEST_POSTGRES_DSN"
_number = itertools.count(1)


@contextmanager
def fresh_warehouse(server_dsn: str, template: str = TEMPLATE) -> Iterator[str]:
    """The dsn of a fresh, migrated, empty warehouse on the session's server, or of a copy of
    another that nobody is connected to."""
    # The process in its name: one server may serve several, one of which was killed.
    name = f"warehouse_{os.getpid()}_{next(_number)}"
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        admin.execute(f"create database {name} template {template}")
        yield server_dsn.replace("/postgres?", f"/{name}?")
        admin.execute(f"drop database {name} with (force)")
