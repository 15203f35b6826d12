"""Airflow's connections, as the rooms want them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import psycopg

from service_index.settings import Settings, SettingsError
from service_index.sources.endpoint import Endpoint, SourceEndpoint
from service_index.warehouse import connection, embedded

# Airflow's connections that the project asks for.
CONNECTIONS = ("dossier_api", "national_portal", "warehouse")
# Airflow's own database: its address, or its name on the embedded server.
METADATA_VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
SERVICES = "airflow"
# Airflow's setting of where connections are kept, beside the environment and its database.
STORE_VARIABLE = "AIRFLOW__SECRETS__BACKEND"
# `EMBEDDED`: where Airflow finds no connection `warehouse`, the embedded PostgreSQL is meant.
WAREHOUSE_VARIABLE = "SERVICE_INDEX_WAREHOUSE"
EMBEDDED = "embedded"


def _airflow_uri(connection_id: str) -> str | None:
    """The URI of an Airflow connection: from the environment, else from Airflow's own store.

    Outside tasks Airflow is not loaded, and not for this, unless connections are kept in a store
    of the installation's own: a file, a vault.
    """
    from_environment = os.environ.get(f"AIRFLOW_CONN_{connection_id.upper()}") or None
    if from_environment and from_environment.lstrip().startswith("{"):
        from airflow.models.connection import Connection as JsonConnection

        try:
            return str(JsonConnection.from_json(from_environment).get_uri())
        except (TypeError, ValueError, AttributeError):
            raise SettingsError(
                f"AIRFLOW_CONN_{connection_id.upper()} is no connection as Airflow writes it in "
                "JSON: give its address as a URI"
            ) from None
    if from_environment or not _has_store():
        return from_environment
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return str(Connection.get(connection_id).get_uri())
    except AirflowNotFoundException:
        return None


def _has_store() -> bool:
    return "airflow" in sys.modules or bool(os.environ.get(STORE_VARIABLE))


def has_source() -> bool:
    """Whether a source of the dossiers is set."""
    return _airflow_uri("dossier_api") is not None


def dossier_api() -> SourceEndpoint:
    """The source of the dossiers; raises SettingsError when it is not set."""
    uri = _airflow_uri("dossier_api")
    if uri is None:
        raise SettingsError(
            "no source is set: give AIRFLOW_CONN_DOSSIER_API="
            "http://client_id:client_secret@host:port/base/path, or try `service-index demo`"
        )
    return SourceEndpoint.from_uri(_without_extras(uri))


def national_portal() -> Endpoint | None:
    """The national portal's form service, which asks for no credentials; None: none is set."""
    uri = _airflow_uri("national_portal")
    if uri is None:
        return None
    try:
        return Endpoint(_without_extras(uri).rstrip("/"))
    except SettingsError:
        raise SettingsError(
            "the national portal's connection is no plain address: "
            "give AIRFLOW_CONN_NATIONAL_PORTAL=https://host/base/path"
        ) from None


def _without_extras(uri: str) -> str:
    """What Airflow keeps beside an address is no part of it."""
    return uri.partition("?")[0]


def warehouse_dsn(settings: Settings) -> str:
    """The warehouse: the Airflow connection `warehouse`, else the embedded PostgreSQL.

    Where Airflow's store was asked, the embedded one has to be meant, and nowhere another may have
    been entered: to Airflow a connection that it cannot read (another Fernet key, a file that was
    put aside) is not there, and work would go on in an empty warehouse. Raises SettingsError then.
    """
    uri = _airflow_uri("warehouse")
    if uri is not None:
        return connection.checked_dsn(uri)
    if _has_store() and os.environ.get(WAREHOUSE_VARIABLE) != EMBEDDED:
        raise SettingsError(
            "no warehouse is set: give AIRFLOW_CONN_WAREHOUSE=postgresql://user:password@host:port"
            "/database, the connection `warehouse` in Airflow's store (one entered in its pages is "
            "found by the Fernet key alone that it was entered with), or "
            f"{WAREHOUSE_VARIABLE}={EMBEDDED}"
        )
    if "warehouse" in entered_in_pages(settings):
        raise SettingsError(
            "the connection `warehouse` was entered in Airflow's pages, where a terminal does not "
            "look and a task needs the Fernet key that it was entered with: give "
            "AIRFLOW_CONN_WAREHOUSE"
        )
    return embedded.database_dsn(settings.home, "warehouse")


def entered_in_pages(settings: Settings) -> list[str]:
    """Connections that Airflow's pages were given and the environment is not, as far as Airflow's
    metadata can be read from here."""
    found: set[str] = set()
    for address in _metadata_addresses(settings):
        try:
            with psycopg.connect(address, connect_timeout=10) as metadata:
                found |= entered_in(metadata)
        except psycopg.Error:
            continue  # not made yet, or not for us: then its tasks tell
    return sorted(found)


def entered_in(metadata: psycopg.Connection) -> set[str]:
    """Of this metadata database: what its pages were given and the environment is not."""
    if metadata.execute("select to_regclass('connection')").fetchone() == (None,):
        return set()
    rows = metadata.execute(
        "select conn_id from connection where conn_id = any(%s)", [list(CONNECTIONS)]
    )
    return {name for (name,) in rows if not os.environ.get(f"AIRFLOW_CONN_{name.upper()}")}


def _metadata_addresses(settings: Settings) -> Iterator[str]:
    if embedded.is_made(settings.home):
        yield embedded.ensure_running(settings.home).replace("/postgres?", f"/{SERVICES}?")
    scheme, _, rest = os.environ.get(METADATA_VARIABLE, "").partition("://")
    if scheme.partition("+")[0] == "postgresql":
        yield f"postgresql://{rest}"
