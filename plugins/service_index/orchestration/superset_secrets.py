"""Superset's secrets on this machine: its administrator's password, and the key by which it signs
sessions and encrypts the passwords of databases in its own database.

A comment on that database's table `dbs` says, as a hash, which key encrypted it, so that it is
known whether the two go together wherever they come from.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from service_index.orchestration.background import ServiceError
from service_index.orchestration.progress import say
from service_index.warehouse.connection import checked_dsn

KEY = "secret-key"
PASSWORD = "admin-password"  # noqa: S105 - a file's name
# Of Superset's own database: all that its key encrypts.
_ENCRYPTED = {
    "dbs": ("password", "encrypted_extra", "server_cert"),
    "ssh_tunnels": ("username", "password", "private_key", "private_key_password"),
    "database_user_oauth2_tokens": ("access_token", "refresh_token"),
}


def secret(folder: Path, name: str) -> str:
    """A secret of this installation, made when it is first asked for; its owner alone reads it."""
    path = folder / name
    if not path.exists():
        half = path.with_suffix(".half")
        half.touch(mode=0o600)
        half.write_text(secrets.token_urlsafe(32), encoding="utf-8")
        half.rename(path)
    return path.read_text(encoding="utf-8").strip()


def settle_key(folder: Path, own: str, *, renew: bool) -> None:
    """Have the key and Superset's own database (at `own`) go together; raises ServiceError if not.

    With `renew` there is another key afterwards, and what was encrypted is forgotten: Superset
    6.1.0 finds nothing to encrypt anew (`re-encrypt-secrets`, its issue 39391).
    """
    with connect(own) as connection:
        has_tables = _exists(connection, "dbs")
        key = folder / KEY
        if renew:
            if has_tables:
                _forget(connection)
                connection.commit()
            key.unlink(missing_ok=True)
            say("Superset has a new key: sign in again; databases you added need their passwords")
        elif has_tables and not (key.exists() and _may_be_of(connection, secret(folder, KEY))):
            raise ServiceError(
                f"{key} is not the key by which Superset's own database was encrypted: "
                "put that one back; if it is lost, `service-index superset --new-key` goes on "
                "without the passwords that were entered in Superset"
            )
        if has_tables:
            _record(connection, secret(folder, KEY))


def record_key(folder: Path, own: str) -> None:
    """Say in Superset's own database which key encrypts what is in it."""
    with connect(own) as connection:
        _record(connection, secret(folder, KEY))


def has_tables(own: str) -> bool:
    """Whether Superset's own database is made, or its making was begun."""
    with connect(own) as connection:
        return _exists(connection, "alembic_version")


@contextmanager
def connect(own: str) -> Iterator[psycopg.Connection]:
    """Superset's own database, at an address as SQLAlchemy writes it."""
    scheme, _, rest = own.partition("://")
    plain = f"{scheme.partition('+')[0]}://{rest}"
    dsn = checked_dsn(plain, "SERVICE_INDEX_SUPERSET_DATABASE without its driver")
    try:
        with psycopg.connect(dsn) as connection:
            yield connection
    except psycopg.Error as error:
        raise ServiceError(f"Superset's own database cannot be used: {error}") from None


def _exists(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute("select to_regclass(%s)", [table]).fetchone() != (None,)


def _may_be_of(connection: psycopg.Connection, key: str) -> bool:
    """A database whose first start was broken off says nothing of a key."""
    mark = connection.execute("select obj_description('dbs'::regclass)").fetchone()
    return mark in {(None,), (_mark(key),)}


def _mark(key: str) -> str:
    return f"sha256 of the key: {hashlib.sha256(key.encode()).hexdigest()}"


def _record(connection: psycopg.Connection, key: str) -> None:
    statement = sql.SQL("comment on table dbs is {}").format(sql.Literal(_mark(key)))
    connection.execute(statement)


def _forget(connection: psycopg.Connection) -> None:
    for table, columns in _ENCRYPTED.items():
        if not _exists(connection, table):
            continue
        nothing = [sql.SQL("{} = null").format(sql.Identifier(column)) for column in columns]
        statement = sql.SQL("update {} set {}")
        connection.execute(statement.format(sql.Identifier(table), sql.SQL(", ").join(nothing)))
