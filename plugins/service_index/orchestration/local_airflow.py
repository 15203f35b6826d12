"""Runs the DAGs in this process, without a scheduler: what the command line does."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from service_index.orchestration import failures, progress
from service_index.settings import Settings
from service_index.warehouse import embedded
from service_index.warehouse.connection import sqlalchemy_url

METADATA_VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
# The address itself, a command that prints it, or its name in a store of secrets.
_METADATA_VARIABLES = (METADATA_VARIABLE, f"{METADATA_VARIABLE}_CMD", f"{METADATA_VARIABLE}_SECRET")


class RunFailedError(Exception):
    """A DAG run did not succeed; the message is the first failed task's own one-line reason.

    `public` is the same without what a database quotes of a row.
    """

    def __init__(self, reason: str, public: str | None = None) -> None:
        super().__init__(reason)
        self.public = public or reason


def environment(settings: Settings) -> dict[str, str]:
    """Airflow's settings for this installation; a variable that is set already wins."""
    variables = {
        "AIRFLOW_HOME": str(settings.home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project_root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.project_root / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Ho_Chi_Minh",
        "SERVICE_INDEX_HOME": str(settings.home),
    }
    if _metadata_setting() is None:
        variables[METADATA_VARIABLE] = sqlalchemy_url(
            embedded.database_dsn(settings.home, "airflow"), driver="psycopg2"
        )
    return {name: os.environ.get(name, value) for name, value in variables.items()}


def _metadata_setting() -> str | None:
    return next((os.environ[name] for name in _METADATA_VARIABLES if os.environ.get(name)), None)


def prepare(settings: Settings, *, is_new: bool = False) -> None:
    """Set Airflow's environment and bring its metadata database up.

    Quick when this version did so before; with `is_new` the database is asked all the same.
    """
    os.environ.update(environment(settings))
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    import airflow

    # Asking the database whether its schema is the newest takes ten seconds of imports.
    marker = settings.home / "airflow" / "metadata-made-for"
    # The database's address may hold its password.
    address = hashlib.sha256(str(_metadata_setting()).encode()).hexdigest()
    made_for = f"{airflow.__version__} {address}"
    if is_new or not marker.exists() or marker.read_text(encoding="utf-8") != made_for:
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


class LocalAirflow:
    """Airflow in this process, its database and pool made; DAG files are read once."""

    def __init__(self, settings: Settings, *, is_new: bool = False) -> None:
        # Airflow, dbt and their libraries talk much; it is kept, but not in the terminal.
        self.log_path = settings.home / "logs" / "airflow.log"
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log = self.log_path.open("a", encoding="utf-8", buffering=1)
        self._dags: dict[str, Any] = {}
        progress.at_terminal(settings.home)
        with self._quietly():
            prepare(settings, is_new=is_new)
            _switch_metrics_on()

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        with redirect_stdout(self._log), redirect_stderr(self._log):
            yield

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
