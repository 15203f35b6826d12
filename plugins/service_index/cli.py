"""The command line: the DAGs in a terminal, and a look at what they made."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from service_index import (
    access_commands,
    alert_commands,
    operation_commands,
    personal_data_commands,
    quarantine_commands,
)
from service_index import settings as settings_module
from service_index.orchestration import failures
from service_index.orchestration.progress import at_terminal, console, keep, say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The Public Service Index Warehouse: from the source's records to published rankings.\n\n"
    "Try `service-index demo`. For a source of your own set AIRFLOW_CONN_DOSSIER_API="
    "http://client_id:client_secret@host:port/base/path, then run `ingest`, `score`, `publish`.",
)
app.add_typer(quarantine_commands.app, name="quarantine")
app.add_typer(alert_commands.app, name="alerts")
app.add_typer(access_commands.app, name="access")
app.add_typer(personal_data_commands.app, name="personal-data")
app.add_typer(operation_commands.app)

# Bound before Airflow's talk is sent to its log file.
out = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())

Month = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="An ICT month.")]
First = Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="The first ICT day.")]
AfterLast = Annotated[
    str, typer.Option("--to", metavar="YYYY-MM-DD", help="The day after the last one.")
]


def main() -> None:
    """Entry point: exit status 0 only when what was asked is done, else a one-line reason."""
    try:
        app()
    except KeyboardInterrupt:
        console.print("interrupted; run the same command again to go on", style="yellow")
        sys.exit(130)
    except Exception as error:
        if os.environ.get("SERVICE_INDEX_DEBUG"):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        console.print(f"error: {reason}", style="red", markup=False)
        keep(failures.public_reason(error), "error")
        sys.exit(1)


def _airflow() -> Any:
    from service_index.orchestration.local_airflow import LocalAirflow

    return LocalAirflow(settings_module.load())


@contextmanager
def _warehouse() -> Iterator[Any]:
    from service_index.orchestration.stages import open_warehouse

    with open_warehouse() as (connection, _, _settings):
        yield connection


@app.command()
def demo() -> None:
    """Sample source, ingest, score and publish, in one go. Run again: it goes on or is done."""
    from service_index.orchestration import demonstration

    demonstration.run(settings_module.load(), out)


@app.command()
def ingest(first: First, after_last: AfterLast) -> None:
    """Fetch a window of every feed and the snapshots, load them, hold them against their gate.

    The window is fetched again even where it was before; records that are there already are
    recognised. To fill a long stretch and go on where it stopped, use `backfill`.
    """
    _ingest(first, after_last, skip_loaded=False)


@app.command()
def backfill(first: First, after_last: AfterLast) -> None:
    """As `ingest`, but fetch only what was never landed: resumes after any interruption."""
    _ingest(first, after_last, skip_loaded=True)


def _ingest(first: str, after_last: str, *, skip_loaded: bool) -> None:
    from service_index.orchestration.windows import days_window

    days_window(first, after_last)
    # A window named by hand is taken as it was named, without the nightly run's overlap.
    conf = {
        "window_from": first,
        "window_to": after_last,
        "overlap_minutes": 0,
        "skip_loaded": skip_loaded,
    }
    _airflow().run("ingest_daily", conf)


@app.command(name="import-national")
def import_national(month: Month) -> None:
    """Fetch what the national portal shows of a month: ranks, averages, other provinces' scores.

    The marts take it in with the next `score` or `publish`. Without a portal, or without its rows
    for the month, scoring and publishing go on.
    """
    from service_index.orchestration.windows import parse_month

    parse_month(month)
    _airflow().run("import_national", {"month": month, "required": True, "restate": False})


OverrideGate = Annotated[
    str | None,
    typer.Option(metavar="CHECK", help="Go on in spite of this failed check; needs --because."),
]
Because = Annotated[str | None, typer.Option(help="The reason for an override; it is kept.")]


@app.command()
def score(
    month: Month,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT",
            help="Score it as it was known then (2025-08-01T09:00, ICT unless it has an offset), "
            "beside the live marts, in schema as_of_marts.",
        ),
    ] = None,
    override_gate: OverrideGate = None,
    because: Because = None,
) -> None:
    """Bring the marts up to all loaded data, this month included, and check them."""
    if as_of is None:
        _run_month(month, {"publish": False}, override_gate, because)
    elif override_gate or because:
        raise ValueError("--as-of only looks back: no gate stands before it")
    else:
        _score_as_of(month, as_of)


def _score_as_of(month: str, instant: str) -> None:
    from service_index.orchestration import as_of, as_of_view
    from service_index.orchestration.stages import open_warehouse, tell_node
    from service_index.orchestration.windows import parse_instant, parse_month

    period_month, known_at = parse_month(month), parse_instant(instant)
    with open_warehouse() as (connection, dsn, settings):
        since = as_of.first_month_of(period_month)
        as_of.build(
            connection,
            dsn,
            settings,
            known_at,
            month=period_month,
            since=since,
            on_model=tell_node,
        )
        as_of_view.show_month(connection, period_month, known_at, since, out)


@app.command()
def publish(
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The scores of an ICT month …")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(metavar="PERIOD", help="… or the statistical form: 2025Q3, 2025H1, 2025."),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(help="Why: late_data, source_correction, method or our_error."),
    ] = None,
    override_gate: OverrideGate = None,
    because: Because = None,
) -> None:
    """Publish a month or a form; its numbers are checked first. Same numbers: no new release."""
    if (month is None) == (period is None):
        raise ValueError("name what to publish: --month YYYY-MM, or --period such as 2025Q3")
    if month is not None:
        _run_month(month, {"publish": True, "reason": reason}, override_gate, because)
        _show(month)
    elif period is not None:
        if override_gate or because:
            raise ValueError("--override-gate goes with --month: it is for a month's marts")
        _publish_form(period, reason)


def _publish_form(period: str, reason: str | None) -> None:
    from service_index.orchestration.periods import parse_period
    from service_index.publishing.form_view import show_form

    parse_period(period)
    _airflow().run("report_period", {"period": period, "reason": reason})
    with _warehouse() as connection:
        show_form(connection, period, settings_module.load().releases, out)


def _run_month(
    month: str, conf: dict[str, Any], override_gate: str | None, because: str | None
) -> None:
    from service_index.orchestration.windows import parse_month

    period_month = parse_month(month)
    if bool(override_gate) != bool(because):
        raise ValueError("--override-gate CHECK and --because REASON go together")
    if override_gate and because:
        from service_index.orchestration.overriding import override_check

        with _warehouse() as connection:
            override_check(connection, period_month, override_gate, because)
        say(f"{override_gate} is overridden: {because}")
    _airflow().run("score_monthly", {"month": month, **conf})


@app.command()
def show(month: Month) -> None:
    """Print a published month: scores, ranking, units below the target."""
    _show(month)


def _show(month: str) -> None:
    from service_index.orchestration.windows import parse_month
    from service_index.publishing.terminal import show_month

    with _warehouse() as connection:
        show_month(connection, parse_month(month), settings_module.load().releases, out)


@app.command()
def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="RELEASE_FOLDER", help="Such as releases/2025-08/r1.")
    ],
) -> None:
    """Hold a release's folder against its checksums, its manifest and the database.

    Tells of every file that was altered, is missing or was added; exit status 1 if anything is.
    """
    from service_index.publishing.verification import verify as problems_of

    with _warehouse() as connection:
        connection.commit()
        problems = problems_of(connection, folder)
    for problem in problems:
        out.print(problem, markup=False)
    if problems:
        raise ValueError(f"{folder}: {len(problems)} problems, named above")
    out.print(f"{folder} is what was published", markup=False)


@app.command()
def rebuild(
    release: Annotated[str, typer.Option(metavar="RELEASE", help="Such as 2025-03.r1.")],
) -> None:
    """Make a release again from the records as they were known then, and compare every number.

    By the dbt project that it was made with, which the warehouse keeps. Nothing live is touched.
    Exit status 1, with what differs, when it is not equal.
    """
    from service_index.orchestration import as_of, as_of_view
    from service_index.orchestration.stages import open_warehouse, tell_node

    with open_warehouse() as (connection, dsn, settings):
        rebuilt = as_of.rebuild(connection, dsn, settings, release, on_model=tell_node)
    as_of_view.show_rebuild(rebuilt, out)
    if not rebuilt.is_equal:
        count = len(rebuilt.differences)
        raise ValueError(f"{release} is not what its records give: {count} values differ, above")


Release = Annotated[str, typer.Argument(metavar="RELEASE", help="Such as 2025-08.r1.")]


@app.command()
def suspend(
    release: Release,
    because: Annotated[str, typer.Option(help="The reason; it is shown to the public.")],
) -> None:
    """Take a release back from the public: the home page shows its numbers no more.

    Nothing of it is deleted. `resume` gives it back; other numbers make the next revision.
    """
    from service_index.publishing import suspension

    _change_status(release, lambda connection: suspension.suspend(connection, release, because))
    out.print(f"{release} is suspended: {because}", markup=False)


@app.command()
def resume(release: Release) -> None:
    """End the suspension of a release; it has the status again that it had before."""
    from service_index.publishing import suspension

    _change_status(release, lambda connection: suspension.resume(connection, release))
    out.print(f"{release} is published again")


def _change_status(release: str, change: Callable[[Any], object]) -> None:
    """Apply it, and tell of it wherever statuses are told."""
    from service_index.orchestration import release_files

    with _warehouse() as connection:
        connection.commit()
        change(connection)
        release_files.tell_status(connection, release, settings_module.load())


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """How far the data reach, what waits, what is published."""
    from service_index.orchestration import overview

    with _warehouse() as connection:
        found = overview.read(connection)
    if as_json:
        typer.echo(found.as_json())
    else:
        out.print(overview.render(found))


@app.callback()
def _common(
    home: Annotated[
        Path | None,
        typer.Option(help="Where data lie (SERVICE_INDEX_HOME; default .service-index/)."),
    ] = None,
) -> None:
    if home is not None:
        os.environ["SERVICE_INDEX_HOME"] = str(home)
    at_terminal(settings_module.load().home)
