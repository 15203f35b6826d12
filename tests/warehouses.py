"""Fresh warehouses, cloned from a migrated template."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

TEMPLATE = "warehouse_template"
_number = itertools.count(1)


@contextmanager
def fresh_warehouse(server_dsn: str, template: str = TEMPLATE) -> Iterator[str]:
    """The dsn of a fresh, migrated, empty warehouse on the session's server, or of a copy of
    another that nobody is connected to."""
    name = f"warehouse_{next(_number)}"
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        admin.execute(f"create database {name} template {template}")
        yield server_dsn.replace("/postgres?", f"/{name}?")
        admin.execute(f"drop database {name} with (force)")
