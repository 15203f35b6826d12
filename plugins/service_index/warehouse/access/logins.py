"""Logins that read: BI tools and people of a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import sql

from service_index.warehouse.access.roles import (
    BI_READER,
    READERS,
    ROLES,
    UNIT_READER,
    limit_reader,
)


class LoginError(Exception):
    """A login cannot be added or removed; the message is one line with the way out."""


@dataclass(frozen=True)
class Login:
    """A login that reads, its role, and the units whose dossiers it sees with those below them."""

    name: str
    role: str
    unit_codes: tuple[str, ...]


def add_login(
    connection: psycopg.Connection, name: str, password: str, unit_codes: Sequence[str] = ()
) -> Login:
    """Make a login, or give one that reads another password and other units. The caller commits.

    With units it is a `unit_reader`, without a `bi_reader`. The password leaves this process as a
    SCRAM verifier only. Raises LoginError for a name that is no reader's, an unknown unit or a
    short password.
    """
    _refuse_foreign(connection, name)
    units = [(code, _valid_from(connection, code)) for code in dict.fromkeys(unit_codes)]
    if len(password) < 12:
        raise LoginError("a password has at least 12 characters")
    role = UNIT_READER if units else BI_READER
    try:
        with connection.transaction():
            _make(connection, name, password, role)
    except psycopg.errors.InsufficientPrivilege:
        raise LoginError(
            "the warehouse's user may not make or change logins: have whoever runs the server "
            "allow it (docs/deployment.md)"
        ) from None
    connection.execute("delete from access.unit_reader where reader = %s", [name])
    for code, valid_from in units:
        connection.execute(
            "insert into access.unit_reader (reader, unit_code, valid_from) values (%s, %s, %s)",
            [name, code, valid_from],
        )
    return Login(name, role, tuple(sorted({*unit_codes})))


def _make(connection: psycopg.Connection, name: str, password: str, role: str) -> None:
    login = sql.Identifier(name)
    if not _exists(connection, name):
        connection.execute(sql.SQL("create role {} login").format(login))
    encoding = connection.info.encoding
    verifier = connection.pgconn.encrypt_password(
        password.encode(encoding), name.encode(encoding), b"scram-sha-256"
    ).decode()
    connection.execute(sql.SQL("alter role {} password {}").format(login, verifier))
    limit_reader(connection, name)
    for other in READERS:
        statement = "grant {} to {}" if other == role else "revoke {} from {}"
        connection.execute(sql.SQL(statement).format(sql.Identifier(other), login))


def remove_login(connection: psycopg.Connection, name: str) -> None:
    """Take a login away. The caller commits. Raises LoginError for a name that is no reader's."""
    if not _exists(connection, name):
        raise LoginError(f"there is no login {name}: `service-index access list` names them")
    _refuse_foreign(connection, name)
    connection.execute("delete from access.unit_reader where reader = %s", [name])
    connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def logins(connection: psycopg.Connection) -> list[Login]:
    """Every login that reads, by its name."""
    rows = connection.execute(
        """
        select
            member.rolname, min(role.rolname),
            array(
                select unit_code from access.unit_reader
                where reader = member.rolname order by unit_code
            )
        from pg_auth_members as m
        inner join pg_roles as role on role.oid = m.roleid
        inner join pg_roles as member on member.oid = m.member
        where role.rolname = any(%(readers)s) and member.rolcanlogin and not member.rolsuper
        group by member.rolname
        order by member.rolname
        """,
        {"readers": list(READERS)},
    )
    return [Login(name, role, tuple(codes)) for name, role, codes in rows]


def _exists(connection: psycopg.Connection, name: str) -> bool:
    found = connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone()
    return found is not None


def _valid_from(connection: psycopg.Connection, code: str) -> date:
    """The first day of the code's present version."""
    found = connection.execute(
        "select valid_from from marts.dim_unit where unit_code = %s and is_current", [code]
    ).fetchone()
    if found is None:
        raise LoginError(f"there is no unit {code} now: `dim_unit` has the codes")
    return found[0]  # type: ignore[no-any-return] # a date column


def _refuse_foreign(connection: psycopg.Connection, name: str) -> None:
    """A role that is there and reads nothing here belongs to somebody else."""
    is_reader = name in {login.name for login in logins(connection)}
    if name in ROLES or (_exists(connection, name) and not is_reader):
        raise LoginError(f"{name} is a role of the server already, and no login that reads")
