"""Superset's secrets on this machine: its administrator's password, and the key by which it signs
sessions and encrypts the passwords of databases in its own database.

A comment on that database's table `dbs` says, as a hash, which key encrypted it, so that it is
known whether the two go together wherever they come from.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import psycopg
from psycopg import sql

from service_index.orchestration.background import ServiceError
from service_index.orchestration.progress import say

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
    """Have Superset's own database (at `own`, with its tables) and the key go together.

    With `renew` there is another key afterwards, and what was encrypted is forgotten: Superset
    6.1.0 finds nothing to encrypt anew (`re-encrypt-secrets`, its issue 39391). Raises ServiceError
    where the key is not the one of the database, and `renew` is not said.
    """
    if renew:
        _forget(own)
        (folder / KEY).unlink(missing_ok=True)
        record_key(secret(folder, KEY), own)
        say("Superset has a new key: sign in again; databases that you added need their passwords")
    elif not _encrypts(secret(folder, KEY), own):
        raise ServiceError(
            f"{folder / KEY} is not the key by which Superset's own database was encrypted: put "
            "that one back; if it is lost, `service-index superset --new-key` goes on without the "
            "passwords that were entered in Superset"
        )


def record_key(key: str, own: str) -> None:
    """Say in Superset's own database which key encrypts what is in it."""
    with _connect(own) as connection:
        mark = sql.Literal(_mark(key))
        connection.execute(sql.SQL("comment on table dbs is {}").format(mark))


def _encrypts(key: str, own: str) -> bool:
    with _connect(own) as connection:
        mark = connection.execute("select obj_description('dbs'::regclass)").fetchone()
    return mark == (_mark(key),)


def _mark(key: str) -> str:
    return f"sha256 of the key: {hashlib.sha256(key.encode()).hexdigest()}"


def _forget(own: str) -> None:
    with _connect(own) as connection:
        for table, columns in _ENCRYPTED.items():
            nothing = [sql.SQL("{} = null").format(sql.Identifier(column)) for column in columns]
            statement = sql.SQL("update {} set {}")
            connection.execute(statement.format(sql.Identifier(table), sql.SQL(", ").join(nothing)))


def _connect(own: str) -> psycopg.Connection:
    return psycopg.connect(own.replace("+psycopg2", "", 1))
