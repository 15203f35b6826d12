"""Steps of the product as work to be timed, in the installation that the environment names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

# Imported here, so that they are not in the timed part; the stages import them where needed.
from service_index.landing.store import LandingStore
from service_index.orchestration import as_of, connections, dbt_build, sample_source, stages
from service_index.orchestration import transform as transforming
from service_index.settings import load as load_settings
from service_index.sources.client import SourceClient
from service_index.sources.extract import Extraction, extract_many
from service_index.sources.feeds import FEEDS
from tests.benchmarks import history
from tests.benchmarks.measuring import Work


def land(part: history.Part) -> None:
    """Serve a part of the history and land its window of every feed, and the snapshots."""
    settings = load_settings()
    process, uri = sample_source.serve(settings, part.folder)
    os.environ["AIRFLOW_CONN_DOSSIER_API"] = uri
    try:
        with SourceClient(connections.dossier_api()) as client:
            extract_many(
                client,
                [
                    Extraction(feed, (part.start, part.end) if feed.kind == "incremental" else None)
                    for feed in FEEDS.values()
                ],
                LandingStore(settings.landing_url),
            )
    finally:
        process.terminate()
        process.wait(timeout=10)


def pass_gates() -> None:
    """Every loaded batch counts as good, as after its gate."""
    with stages.open_warehouse() as (connection, _, _):
        connection.execute("update ops.batch set status = 'passed' where status = 'loaded'")
        connection.commit()


def load_months(template: str, folder: str, *first_days: str) -> Work:
    """Land and load months of the history, one made while the one before is loaded."""

    def made(maker: ProcessPoolExecutor) -> Iterator[history.Part]:
        waiting = list(first_days)
        making = None
        while waiting or making:
            part = making.result() if making else None
            day = waiting.pop(0) if waiting else None
            making = day and maker.submit(
                history.month, Path(template), Path(folder) / day, date.fromisoformat(day)
            )
            if part:
                yield part

    def work() -> None:
        with ProcessPoolExecutor(1) as maker:
            for part in made(maker):
                land(part)
                stages.load()
                pass_gates()
                history.remove(part)

    return work


def load_part(folder: str, start: str, end: str) -> Work:
    """Land and load a dataset's window."""
    part = history.Part(Path(folder), datetime.fromisoformat(start), datetime.fromisoformat(end))

    def work() -> None:
        land(part)
        stages.load()
        pass_gates()

    return work


def load_day(template: str, folder: str, day: str, changed: str) -> Work:
    """Load a day of changes, landed before."""
    part = history.changed_day(Path(template), Path(folder) / day, int(day), int(changed))
    land(part)
    history.remove(part)

    def work() -> None:
        stages.load()

    return work


def seed() -> Work:
    """Load the catalogue's seeds."""
    return _build("resource_type:seed")


def start_dbt() -> Work:
    """The least that dbt does: its imports, the project read, one small view made."""
    return _build("stg_readable_batch")


def _build(selection: str) -> Work:
    def work() -> None:
        with stages.open_warehouse() as (connection, dsn, settings):
            connection.commit()
            state = settings.home / "dbt"
            dbt_build.build(dsn, settings.dbt_project, state, "--select", selection)

    return work


def transform(anew: str = "") -> Work:
    """One transform of what was loaded, as good as its gates would find it; dbt is imported and
    reads the project within."""
    pass_gates()

    def work() -> None:
        with stages.open_warehouse() as (connection, dsn, settings):
            transforming.transform(connection, dsn, settings, full_refresh=bool(anew))

    return work


def month_anew(month: str) -> Work:
    """One transform as when everything that was read of a month's days has just arrived."""
    with stages.open_warehouse() as (connection, _, _):
        connection.execute(
            "update ops.batch set transformed_at = null "
            "where date_trunc('month', window_from at time zone 'Asia/Ho_Chi_Minh') = %s",
            [date.fromisoformat(month)],
        )
        connection.commit()
    return transform()


def month_as_of(month: str, since: str) -> Work:
    """The marts of a month and its year as known now, beside the live ones."""

    def work() -> None:
        with stages.open_warehouse() as (connection, dsn, settings):
            as_of.build(
                connection,
                dsn,
                settings,
                datetime.now(UTC),
                month=date.fromisoformat(month),
                since=date.fromisoformat(since),
            )

    return work
