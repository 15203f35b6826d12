"""Servers of other people's, where the warehouse's user is no superuser."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service_index.warehouse import access, embedded, migrate
from service_index.warehouse.connection import connect


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """One whose databases belong to users of their own, and which has none of the roles."""
    # Not pytest's own folder: a Unix socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="si-roles-"))
    home.chmod(0o755)
    dsn = embedded.ensure_running(home)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for user, may in (("makes_roles", "createrole"), ("makes_none", "nocreaterole")):
            connection.execute(f"create role {user} login {may}")
            connection.execute(f"create database of_{user} owner {user}")
    yield dsn
    embedded.stop(home)
    shutil.rmtree(home, ignore_errors=True)


def of(server: str, user: str) -> str:
    return server.replace("postgres:@/postgres?", f"{user}:@/of_{user}?")


def test_who_may_make_no_role_is_told_what_to_ask_for_and_goes_on_with_it(server: str) -> None:
    dsn = of(server, "makes_none")
    with pytest.raises(access.RolesError, match="have whoever runs the server make") as refusal:
        migrate.upgrade(dsn)
    assert all(role in str(refusal.value) for role in access.ROLES)
    assert "\n" not in str(refusal.value)

    migrate.upgrade(of(server, "makes_roles"))
    with pytest.raises(access.RolesError):
        migrate.upgrade(dsn)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"grant {', '.join(access.PIPELINE)} to makes_none")
    assert migrate.upgrade(dsn)
    with connect(dsn) as connection:
        assert access.differences(connection) == []


def test_an_owner_who_may_make_roles_needs_no_more(server: str) -> None:
    dsn = of(server, "makes_roles")
    migrate.upgrade(dsn)
    for role in access.PIPELINE:
        with psycopg.connect(access.as_role(dsn, role)) as connection:
            assert connection.execute("select current_user").fetchone() == (role,)
    with connect(dsn) as connection:
        assert access.differences(connection) == []
