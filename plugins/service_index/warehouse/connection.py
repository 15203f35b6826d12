"""Connections to the warehouse."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import psycopg
from psycopg import sql
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict

from service_index.settings import SettingsError
from service_index.warehouse.errors import conceal

if TYPE_CHECKING:
    from sqlalchemy import Engine

_Out = TypeVar("_Out")


class WarehouseConnection(psycopg.Connection):
    """A connection whose errors quote no row: every answer of the server passes through `wait`."""

    def wait(self, gen: PQGen[_Out], *arguments: Any, **options: Any) -> _Out:
        """As psycopg's; what it raises is concealed."""
        try:
            return super().wait(gen, *arguments, **options)
        except psycopg.Error as error:
            conceal(error)
            raise


def conceal_errors_of(engine: Engine) -> Engine:
    """Have SQLAlchemy's psycopg connections raise errors that quote no row; the same engine."""
    from sqlalchemy import event

    @event.listens_for(engine, "do_connect")
    def open_one(_dialect: Any, _record: Any, arguments: Any, options: Any) -> WarehouseConnection:
        return WarehouseConnection.connect(*arguments, **options)

    return engine


def checked_dsn(uri: str, whose: str = "the warehouse's connection") -> str:
    """An Airflow connection's URI as libpq takes it.

    Airflow writes the scheme as `postgres`, which libpq knows too, and may append its own
    `__extra__` parameter, which libpq refuses. Raises SettingsError, which does not repeat the
    address, for another kind of address and for a password whose special signs are not encoded:
    libpq would take its end for a host, and name it in its own error.
    """
    try:
        scheme = urlsplit(uri).scheme
        address, _, options = uri.partition("?")
        query = [pair for pair in parse_qsl(options) if not pair[0].startswith("__")]
        dsn = f"{address}?{urlencode(query)}" if query else address
        is_plain = scheme in {"postgres", "postgresql"} and _is_plain(conninfo_to_dict(dsn))
    except (ValueError, psycopg.ProgrammingError):
        is_plain = False
    if not is_plain:
        raise SettingsError(
            f"{whose} is not a PostgreSQL URI: write it as "
            "postgresql://user:password@host:port/database, special signs of user and password "
            "percent-encoded (%40 for @)"
        )
    return dsn


def _is_plain(part: Mapping[str, Any]) -> bool:
    """Whether host and port are what they are called; a socket's folder may hold any sign."""
    hosts, ports = str(part.get("host") or ""), str(part.get("port") or "")
    are_hosts = hosts.startswith("/") or not set(hosts) & set("@/?#")
    return are_hosts and all(not port or port.isdecimal() for port in ports.split(","))


def connect(dsn: str, **options: Any) -> psycopg.Connection:
    """Open a connection whose session has one time zone and one way to write dates.

    The server's own may be others: UTC stands for the host's, and the driver reads instants in
    ISO style alone. Its errors quote no row.
    """
    connection = WarehouseConnection.connect(dsn, application_name="service-index", **options)
    connection.execute("set time zone 'UTC'")
    connection.execute("set datestyle = 'ISO, MDY'")
    connection.commit()
    return connection


def ensure_database(connection: psycopg.Connection, name: str) -> None:
    """Make the database unless it is there; `connection` is to its server, with autocommit."""
    if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        return
    try:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        logging.getLogger(__name__).debug("another process made %s first", name)


def sqlalchemy_url(dsn: str, driver: str = "psycopg") -> str:
    """The same address as an SQLAlchemy URL; a Unix socket goes into the query part."""
    part = conninfo_to_dict(dsn)
    user = quote(str(part.pop("user", "postgres")), safe="")
    password = part.pop("password", None)
    credentials = f"{user}:{quote(str(password), safe='')}" if password else user
    database = part.pop("dbname", "postgres")
    host = str(part.pop("host", "") or "")
    port = part.pop("port", None)
    if host.startswith("/"):
        authority = ""
        part["host"] = host
        if port:
            part["port"] = port
    else:
        authority = f"{host}:{port}" if port else host
    query = f"?{urlencode(part)}" if part else ""
    return f"postgresql+{driver}://{credentials}@{authority}/{database}{query}"
