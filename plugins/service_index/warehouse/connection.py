"""Connections to the warehouse."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from service_index import settings as settings_module
from service_index.warehouse import embedded

CONNECTION_VARIABLE = "AIRFLOW_CONN_WAREHOUSE"


def warehouse_dsn(settings: settings_module.Settings) -> str:
    """The warehouse's libpq URI: `AIRFLOW_CONN_WAREHOUSE`, or the embedded server's (started).

    Airflow writes a connection as a URI whose scheme names its own type (`postgres://…`);
    libpq takes that scheme too.
    """
    given = os.environ.get(CONNECTION_VARIABLE)
    if given:
        if urlsplit(given).scheme not in {"postgres", "postgresql"}:
            raise ValueError(
                f"{CONNECTION_VARIABLE} is not a PostgreSQL URI: "
                "write it as postgresql://user:password@host:port/database"
            )
        return given
    return embedded.database_dsn(settings.home, "warehouse")


def connect(dsn: str, **options: Any) -> psycopg.Connection:
    """Open a connection whose session time zone is UTC, whatever the host's."""
    connection = psycopg.connect(dsn, application_name="service-index", **options)
    connection.execute("set time zone 'UTC'")
    connection.commit()
    return connection


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
