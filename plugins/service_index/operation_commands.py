"""Commands of whoever runs an installation: start and stop, upgrade, backup and restore."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from service_index import settings as settings_module

app = typer.Typer()

Folder = Annotated[Path, typer.Argument(metavar="FOLDER")]


@app.command()
def backup(folder: Folder) -> None:
    """Write the warehouse, the landed files and the releases to a folder, to be kept elsewhere.

    Into the folder of an earlier backup only new files are copied. The scheduler may go on.
    """
    from service_index.orchestration import recovery

    recovery.backup(folder)


@app.command()
def restore(folder: Folder) -> None:
    """Fill an empty installation (SERVICE_INDEX_HOME, AIRFLOW_CONN_WAREHOUSE) from a backup."""
    from service_index.orchestration import recovery

    recovery.restore(folder)


@app.command()
def reload() -> None:
    """Load all landed files that the warehouse lacks: an empty one is made again from them alone.

    What every delivery held is there again; releases, overrides and windows that were asked for
    and never came are in a backup alone.
    """
    from service_index.orchestration import recovery

    recovery.reload_landing()


@app.command()
def migrate() -> None:
    """Bring Airflow's metadata and the warehouse to this version's schema. Again: nothing to do."""
    from service_index.orchestration import preparation

    preparation.migrate(settings_module.load())


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def airflow(context: typer.Context) -> None:
    """Airflow's own command line on this installation: `airflow dags list`, `airflow --help`."""
    from service_index.orchestration import local_airflow

    program = Path(sys.executable).with_name("airflow")
    environment = os.environ | local_airflow.environment(settings_module.load())
    os.execve(program, [program.name, *context.args], environment)  # noqa: S606 - no shell is meant


@app.command()
def up(
    port: Annotated[
        int, typer.Option(help="Port of Airflow's pages.", envvar="SERVICE_INDEX_AIRFLOW_PORT")
    ] = 8080,
) -> None:
    """Start Airflow (pages, scheduler) and, where no source is set, the sample source."""
    from service_index.orchestration import standalone

    standalone.start(settings_module.load(), port)


@app.command()
def superset(
    port: Annotated[
        int, typer.Option(help="Port of Superset's pages.", envvar="SERVICE_INDEX_SUPERSET_PORT")
    ] = 8088,
    new_key: Annotated[
        bool,
        typer.Option(
            help="Have another secret key; passwords that were entered in Superset are forgotten."
        ),
    ] = False,
) -> None:
    """Start Apache Superset with the dashboards of dashboards/, as a reader of the marts.

    Needs the environment that `make superset` installs.
    """
    from service_index.orchestration import superset as dashboards

    dashboards.start(settings_module.load(), port, new_key=new_key)


@app.command()
def down() -> None:
    """Stop what `up` and `superset` started, and the embedded PostgreSQL. Data stay."""
    from service_index.orchestration import standalone

    standalone.stop(settings_module.load())
