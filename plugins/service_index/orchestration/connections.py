"""Airflow's connections, as the rooms want them."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

from service_index.settings import Settings, SettingsError
from service_index.sources.endpoint import Endpoint, SourceEndpoint
from service_index.warehouse import connection, embedded

# Airflow's setting of where connections are kept, beside the environment and its database.
STORE_VARIABLE = "AIRFLOW__SECRETS__BACKEND"


def _airflow_uri(connection_id: str) -> str | None:
    """The URI of an Airflow connection: from the environment, else from Airflow's own store.

    Outside tasks Airflow is not loaded, and not for this, unless connections are kept in a store
    of the installation's own: a file, a vault.
    """
    from_environment = os.environ.get(f"AIRFLOW_CONN_{connection_id.upper()}")
    if from_environment and from_environment.lstrip().startswith("{"):
        from airflow.models.connection import Connection as JsonConnection

        return str(JsonConnection.from_json(from_environment).get_uri())
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
    # What Airflow keeps beside an address (its extras) is no part of it.
    return SourceEndpoint.from_uri(urlsplit(uri)._replace(query="").geturl())


def national_portal() -> Endpoint | None:
    """The national portal's form service, which asks for no credentials; None: none is set."""
    uri = _airflow_uri("national_portal")
    if uri is None:
        return None
    try:
        return Endpoint(urlsplit(uri)._replace(query="").geturl().rstrip("/"))
    except SettingsError:
        raise SettingsError(
            "the national portal's connection is no plain address: "
            "give AIRFLOW_CONN_NATIONAL_PORTAL=https://host/base/path"
        ) from None


def warehouse_dsn(settings: Settings) -> str:
    """The warehouse: the Airflow connection `warehouse`, else the embedded PostgreSQL.

    Where Airflow has a store, an embedded server has to be there already: what the store cannot
    read (another Fernet key, a file that was put aside) counts as not there, and work would go on
    in an empty warehouse. Raises SettingsError then.
    """
    uri = _airflow_uri("warehouse")
    if uri is not None:
        return connection.checked_dsn(uri)
    if _has_store() and not embedded.is_made(settings.home):
        raise SettingsError(
            "no warehouse is set: give AIRFLOW_CONN_WAREHOUSE=postgresql://user:password@host:port"
            "/database or the connection `warehouse` in Airflow's store; one that was entered in "
            "Airflow's pages is found by the Fernet key alone that it was entered with"
        )
    return embedded.database_dsn(settings.home, "warehouse")
