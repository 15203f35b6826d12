"""The five roles of the warehouse, and work in the name of one."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

LOADER = "service_index_loader"
TRANSFORMER = "service_index_transformer"
PUBLISHER = "service_index_publisher"
BI_READER = "bi_reader"
UNIT_READER = "unit_reader"

PIPELINE = (LOADER, TRANSFORMER, PUBLISHER)
READERS = (BI_READER, UNIT_READER)
ROLES = (*PIPELINE, *READERS)

# A reader's query that runs longer, or a transaction left open, would hold up a table's swap.
READER_SETTINGS = {
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "10s",
}
READER_CONNECTIONS = 20


class RolesError(Exception):
    """The server does not let us make the roles; the message is one line with the way out."""


def create_roles(connection: psycopg.Connection) -> None:
    """Make those that the server lacks (they belong to the server, not to one database), and have
    the present user be able to work as each of the pipeline's.

    The readers may sign in once somebody gives them a password. Raises RolesError where the user
    may not; whoever runs the server can make them instead (docs/deployment.md).
    """
    for role in ROLES:
        if _is_role(connection, role):
            continue
        try:
            with connection.transaction():
                login = "login" if role in READERS else "nologin"
                connection.execute(
                    sql.SQL("create role {} {}").format(sql.Identifier(role), sql.SQL(login))
                )
                if role in READERS:
                    limit_reader(connection, role)
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            pass  # another warehouse's migration on this server was first
        except psycopg.errors.InsufficientPrivilege:
            raise RolesError(_BY_THE_SERVER) from None
    for role in PIPELINE:
        _join(connection, role)


_BY_THE_SERVER = (
    "the warehouse's user may not make roles: have whoever runs the server make "
    f"{', '.join(ROLES)} and grant it the first three (docs/deployment.md)"
)


def limit_reader(connection: psycopg.Connection, role: str) -> None:
    """What holds for every session of a login that reads."""
    name = sql.Identifier(role)
    connection.execute(
        sql.SQL("alter role {} connection limit {}").format(name, READER_CONNECTIONS)
    )
    for setting, value in READER_SETTINGS.items():
        connection.execute(
            sql.SQL("alter role {} set {} = {}").format(name, sql.Identifier(setting), value)
        )


def _is_role(connection: psycopg.Connection, role: str) -> bool:
    found = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    return found is not None


def _join(connection: psycopg.Connection, role: str) -> None:
    """Membership: to work as the role, and to change later what it owns."""
    # Before PostgreSQL 16 every member may.
    to_work_as_it = "set" if connection.info.server_version >= 160_000 else "member"
    row = connection.execute(
        "select pg_has_role(current_user, %s, 'usage') and pg_has_role(current_user, %s, %s)",
        [role, role, to_work_as_it],
    ).fetchone()
    if row and row[0]:
        return
    try:
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))
    except psycopg.errors.InsufficientPrivilege:
        raise RolesError(_BY_THE_SERVER) from None


def assert_role(connection: psycopg.Connection, role: str) -> None:
    """Raises RolesError where the session is not the role's: a pooler may drop what asks for it."""
    row = connection.execute("select current_user").fetchone()
    connection.rollback()
    if row != (role,):
        raise RolesError(
            f"the session is not {role}'s: connect to the server itself, or have the pooler pass "
            "on the option `role`"
        )


def as_role(dsn: str, role: str) -> str:
    """The same address (a URI), whose sessions have the role's privileges and no others."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    query["options"] = f"{query.get('options', '')} -c role={role}".strip()
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))
