"""Runs the DAGs in this process, without a scheduler: what the command line does."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from service_index.orchestration import connections, failures, progress
from service_index.orchestration.connections import METADATA_VARIABLE, SERVICES
from service_index.settings import Settings
from service_index.warehouse import embedded
from service_index.warehouse.connection import ensure_database, sqlalchemy_url

# The address itself, a command that prints it, or its name in a store of secrets.
_METADATA_VARIABLES = (METADATA_VARIABLE, f"{METADATA_VARIABLE}_CMD", f"{METADATA_VARIABLE}_SECRET")

# A scheduler takes part in every run that it finds in its metadata, those of a terminal too.
TERMINAL_SUFFIX = "_terminal"


class RunFailedError(Exception):
    """A DAG run did not succeed; the message is the first failed task's own one-line reason.

    `public` is the same without what a database quotes of a row.
    """

    def __init__(self, reason: str, public: str | None = None) -> None:
        super().__init__(reason)
        self.public = public or reason


def environment(settings: Settings, database: str = SERVICES) -> dict[str, str]:
    """Airflow's settings for this installation; a variable that is set already wins.

    `database` is that of the embedded server which holds Airflow's metadata.
    """
    variables = {
        "AIRFLOW_HOME": str(settings.home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project_root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.project_root / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Ho_Chi_Minh",
        "SERVICE_INDEX_HOME": str(settings.home),
    }
    if not _has_metadata_setting():
        variables[METADATA_VARIABLE] = sqlalchemy_url(
            embedded.database_dsn(settings.home, database), driver="psycopg2"
        )
        variables |= _embedded_is_meant()
    return {name: os.environ.get(name, value) for name, value in variables.items()}


def _has_metadata_setting() -> bool:
    return any(os.environ.get(name) for name in _METADATA_VARIABLES)


def prepare(settings: Settings, *, is_new: bool = False) -> None:
    """Bring the metadata of Airflow's services to this version's schema.

    Quick when this version did so before; with `is_new` the database is asked all the same.
    """
    with _quietly(settings):
        os.environ.update(environment(settings))
        address = next(os.environ[name] for name in _METADATA_VARIABLES if os.environ.get(name))
        _make_schema(settings.home / "airflow" / "metadata-made-for", address, is_new=is_new)


def _prepare_terminal(settings: Settings) -> None:
    """Set Airflow's environment in this process, with a metadata database of the terminal's own."""
    is_given = _has_metadata_setting()
    if not is_given:
        with psycopg.connect(embedded.database_dsn(settings.home, SERVICES)) as connection:
            _refuse_connections_of_pages(connection)
    os.environ.update(environment(settings, SERVICES + TERMINAL_SUFFIX))
    if is_given:
        _move_beside()
    # What was entered in pages was refused.
    os.environ.update(_embedded_is_meant())
    marker = settings.home / "airflow" / f"metadata-made-for{TERMINAL_SUFFIX}"
    _make_schema(marker, os.environ[METADATA_VARIABLE])


def _move_beside() -> None:
    """From the metadata database that is set to the terminal's on the same server."""
    from airflow import settings as orm
    from airflow.configuration import conf
    from sqlalchemy.engine import make_url

    services = make_url(conf.get("database", "sql_alchemy_conn"))
    if str(services.database).endswith(TERMINAL_SUFFIX):
        return
    if services.get_backend_name() != "postgresql":
        raise RunFailedError("Airflow's metadata have to be in a PostgreSQL")
    terminal = services.set(database=f"{services.database}{TERMINAL_SUFFIX}")
    with psycopg.connect(
        services.set(drivername="postgresql").render_as_string(hide_password=False),
        autocommit=True,
    ) as connection:
        _refuse_connections_of_pages(connection)
        try:
            ensure_database(connection, str(terminal.database))
        except psycopg.errors.InsufficientPrivilege:
            raise RunFailedError(
                "runs of a terminal keep their metadata in a database of their own, and Airflow's "
                f"user may make none: have one made, `create database {terminal.database} owner "
                f"{services.username}`"
            ) from None
    for name in _METADATA_VARIABLES:
        os.environ.pop(name, None)
    os.environ[METADATA_VARIABLE] = terminal.render_as_string(hide_password=False)
    orm.configure_vars()
    orm.reconfigure_orm()


def _refuse_connections_of_pages(connection: psycopg.Connection) -> None:
    """A terminal does not see what was entered in Airflow's pages: rather none than another one."""
    entered = sorted(connections.entered_in(connection))
    if entered and not os.environ.get(connections.STORE_VARIABLE):
        raise RunFailedError(
            f"{', '.join(entered)}: entered in Airflow's pages, where a terminal does not look: "
            "give them by AIRFLOW_CONN_… or in a file of Airflow's own store"
        )


def _embedded_is_meant() -> dict[str, str]:
    """Without a store and a connection the embedded PostgreSQL is the warehouse; said to tasks."""
    name = connections.WAREHOUSE_VARIABLE
    has_store = bool(os.environ.get(connections.STORE_VARIABLE))
    return {} if has_store else {name: os.environ.get(name, connections.EMBEDDED)}


def _make_schema(marker: Path, address: str, *, is_new: bool = False) -> None:
    """Tables and pool, unless `marker` says that this version made them at this address."""
    # The address may hold a password.
    hashed = hashlib.sha256(address.encode()).hexdigest()
    made_for = f"{version('apache-airflow-core')} {hashed}"
    if not is_new and marker.exists() and marker.read_text(encoding="utf-8") == made_for:
        return
    # Ten seconds of imports.
    from airflow.utils import db

    logging.getLogger("alembic").setLevel(logging.ERROR)
    db.initdb()
    _make_pool()
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(made_for, encoding="utf-8")


def _make_pool() -> None:
    from airflow.models.pool import Pool

    from service_index.orchestration import schedules

    Pool.create_or_update_pool(
        schedules.SOURCE_POOL,
        slots=1,
        description="Tasks that ask the dossier source or the portal",
        include_deferred=False,
    )


def _switch_metrics_on() -> None:
    """Where Airflow's settings say so: its task runner does it, which is not in between here."""
    from airflow.sdk.configuration import conf
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

    stats.initialize(
        factory=get_stats_factory(),
        export_legacy_names=conf.getboolean("metrics", "legacy_names_on"),
    )


def log_path(settings: Settings) -> Path:
    """Where it is kept what Airflow and libraries say; it is too much for a terminal. dbt has a log
    of its own."""
    return settings.home / "logs" / "airflow.log"


@contextmanager
def _quietly(settings: Settings) -> Iterator[None]:
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    path = log_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("a", encoding="utf-8", buffering=1) as log,
        redirect_stdout(log),
        redirect_stderr(log),
    ):
        yield


class LocalAirflow:
    """Airflow in this process, its database and pool made; DAG files are read once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._dags: dict[str, Any] = {}
        progress.at_terminal(settings.home)
        with self._quietly():
            _prepare_terminal(settings)
            _switch_metrics_on()

    def _quietly(self) -> AbstractContextManager[None]:
        return _quietly(self._settings)

    def run(self, dag_id: str, conf: dict[str, Any]) -> None:
        """Run one DAG to its end with `conf` as its parameters.

        Raises RunFailedError with the reason that the first failed task gave.
        """
        failures.attend()
        with self._quietly():
            dag_run = self._dag(dag_id).test(run_conf=conf)
        if dag_run is None or str(dag_run.state) != "success":
            raise RunFailedError(*(failures.first() or [f"{dag_id} failed without saying why"]))

    def _dag(self, dag_id: str) -> Any:
        if dag_id not in self._dags:
            from airflow.dag_processing.dagbag import DagBag

            path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / f"{dag_id}.py"
            bag = DagBag(str(path))
            if bag.import_errors:
                raise RunFailedError(f"{path.name} cannot be read: {bag.import_errors}")
            from service_index.orchestration.model_tasks import without_models

            for whole_dag in bag.dags.values():
                dag = self._dags[whole_dag.dag_id] = without_models(whole_dag)
                for task in dag.tasks:
                    # Whoever waits at a terminal wants the reason now, not after a pause; the
                    # retries that help (of a page) are inside the task.
                    task.retries = 0
        return self._dags[dag_id]
