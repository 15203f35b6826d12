"""What the tasks of the DAGs do: each stage takes and gives plain values (counts, codes, dates).

No record and no personal data passes between tasks or into a log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from service_index import kill_points
from service_index import settings as settings_module
from service_index.orchestration import (
    connections,
    coverage,
    dbt_build,
    dbt_project,
    failures,
    lineage,
    metrics,
)
from service_index.orchestration import transform as transforming
from service_index.orchestration.progress import counting, say
from service_index.orchestration.windows import Window, parse_month
from service_index.settings import Settings
from service_index.warehouse import migrate
from service_index.warehouse.access import LOADER, PUBLISHER, TRANSFORMER, as_role, assert_role
from service_index.warehouse.clock import assert_clocks_agree
from service_index.warehouse.connection import connect
from service_index.warehouse.locks import marts_shared

if TYPE_CHECKING:
    from service_index.loading import LoadReport
    from service_index.quality.results import GateResult


class StageError(Exception):
    """A stage cannot go on; the message is one line with the way out."""


@contextmanager
def open_warehouse(role: str | None = None) -> Iterator[tuple[psycopg.Connection, str, Settings]]:
    """The migrated warehouse: an open connection, its dsn, and the settings. Connection and dsn
    have the privileges of `role`, and no others."""
    settings = settings_module.load()
    dsn = connections.warehouse_dsn(settings)
    migrate.upgrade(dsn)
    if role:
        dsn = as_role(dsn, role)
    with connect(dsn) as connection:
        if role:
            assert_role(connection, role)
        yield connection, dsn, settings


@metrics.around("land")
@kill_points.around("land")
@failures.quoting_no_record()
def land(
    window: Window,
    *,
    overlap: timedelta,
    snapshots: bool = True,
    skip_loaded: bool = False,
    fresh_from: datetime | None = None,
) -> dict[str, int]:
    """Fetch the window of every feed, and the snapshots; give the records landed by feed.

    `overlap` reaches back before the window, for records that were stamped before its end and
    committed after it. With `skip_loaded` only what no landing covers is fetched; with
    `fresh_from` too, and what is missing before it apart, a day at a time.
    """
    from service_index.landing.store import LandingStore
    from service_index.loading import request_window
    from service_index.sources.client import SourceClient
    from service_index.sources.extract import Extraction, extract_many
    from service_index.sources.feeds import FEEDS
    from service_index.sources.inbox import take_files

    skip_loaded = skip_loaded or fresh_from is not None
    asked = window if skip_loaded else Window(window.start - overlap, window.end)
    started = time.monotonic()
    with open_warehouse(LOADER) as (connection, _, settings):
        assert_clocks_agree(connection)
        store = LandingStore(settings.landing_url)
        endpoint = connections.dossier_api()
        client = SourceClient(endpoint)
        wanted = [
            Extraction(feed, (asked.start, asked.end) if feed.kind == "incremental" else None)
            for feed in FEEDS.values()
            if snapshots or feed.kind == "incremental"
        ]
        if skip_loaded:
            wanted = coverage.not_yet_landed(connection, wanted, store, overlap, fresh_from)
        for extraction in wanted:
            if extraction.window is not None:
                request_window(connection, extraction.feed.name, *extraction.window)
        connection.commit()
        for outcome in take_files(settings.inbox, store):
            told = f"inbox: {outcome.name} {outcome.outcome} {outcome.reason or ''}".rstrip()
            say(told, file=outcome.name, outcome=outcome.outcome)
        with client, counting("fetch") as tell:
            manifests = extract_many(client, wanted, store, on_progress=tell)
    landed: dict[str, int] = {}
    for manifest in manifests:
        landed[manifest.feed] = landed.get(manifest.feed, 0) + manifest.delivered
    paths = {feed: FEEDS[feed].path for feed in landed}
    lineage.landed(paths, endpoint.base_url, settings.landing_url)
    metrics.count("landed", "feed", landed)
    told = _closing("landed", landed, started) if landed else "landed: nothing new to fetch"
    say(told, landed=landed, window_from=asked.start, window_to=asked.end)
    return landed


@metrics.around("load")
@kill_points.around("load")
@failures.quoting_no_record()
def load() -> dict[str, Any]:
    """Load everything that was landed and is not in the warehouse yet; give the counts."""
    from service_index.landing.store import LandingStore
    from service_index.loading import load_landed

    started = time.monotonic()
    with open_warehouse(LOADER) as (connection, dsn, settings):
        store = LandingStore(settings.landing_url)
        with counting("load") as tell:
            reports = load_landed(connection, store, tell)
    loaded: dict[str, int] = {}
    for report in reports:
        loaded[report.feed] = loaded.get(report.feed, 0) + report.loaded
    duplicates = sum(report.duplicates for report in reports)
    quarantined = sum(report.quarantined for report in reports)
    tell_loaded(reports, settings.landing_url, dsn)
    counts = {"loaded": loaded, "duplicates": duplicates, "quarantined": quarantined}
    told = (
        _closing("loaded", loaded, started)
        + f"; {duplicates:,} exact duplicates, {quarantined:,} quarantined"
    )
    batch_ids = [report.batch_id for report in reports]
    say(told if reports else "loaded: nothing new", batch_ids=batch_ids, **counts)
    return counts


def tell_loaded(reports: Sequence[LoadReport], landing_url: str, dsn: str) -> None:
    """Metrics and lineage of what was loaded, by feed."""
    for name in ("loaded", "quarantined"):
        by_feed: dict[str, int] = {}
        for report in reports:
            by_feed[report.feed] = by_feed.get(report.feed, 0) + getattr(report, name)
        metrics.count(name, "feed", by_feed)
    lineage.loaded(dict.fromkeys(report.feed for report in reports), landing_url, dsn)


@metrics.around("gate_batches")
@kill_points.around("gate_batches")
def gate_batches() -> dict[str, Any]:
    """Hold every batch that has not been through its gate against it; fail when one is refused."""
    with open_warehouse(LOADER) as (connection, dsn, settings):
        waiting = [
            int(row[0])
            for row in connection.execute(
                "select batch_id from ops.batch where status = 'loaded' order by batch_id"
            )
        ]
        is_sample = holds_sample_data(connection)
        connection.commit()
        if not waiting:
            say("gate 1: no batch is waiting")
            return {"batches": 0}
        from service_index.quality.gate import run_batch_gate

        started = time.monotonic()
        result = run_batch_gate(dsn, waiting, settings.reports, is_sample=is_sample)
    failed = [check for check in result.checks if check.refuses]
    say(
        f"gate 1: {len(waiting)} batches, {len(result.checks)} checks, {len(failed)} failed, "
        f"{sum(check.warns for check in result.checks)} warnings "
        f"({time.monotonic() - started:.1f} s; report: {result.report_path})",
        gate_run_id=result.gate_run_id,
        batch_ids=waiting,
        refused=result.refused,
    )
    _tell_checks(result)
    if result.refused:
        raise StageError(
            f"{len(result.refused)} batches were refused, first check: {failed[0].told()}; "
            f"report: {result.report_path}"
        )
    return {"batches": len(waiting), "checks": len(result.checks)}


@metrics.around("transform")
@kill_points.around("transform")
def transform(
    *months: str, on_model: Callable[[dbt_build.ModelResult], None] = lambda result: None
) -> transforming.TransformReport:
    """Bring the marts up to everything that passed its gate; months that are named are scored.

    `on_model` is called with each dbt node's result as it ends.
    """

    def tell(result: dbt_build.ModelResult) -> None:
        tell_node(result)
        on_model(result)

    started = time.monotonic()
    with open_warehouse(TRANSFORMER) as (connection, dsn, settings):
        for month in months:
            connection.execute(
                "insert into ops.requested_month (period_month) values (%s) on conflict do nothing",
                [parse_month(month)],
            )
        connection.commit()
        for refused in transforming.refused_tables(connection):
            say(
                f"national results: the table of {refused:%Y-%m} was refused by its gate and is "
                f"not used; `service-index import-national --month {refused:%Y-%m}` fetches it "
                "again, `--override-gate CHECK --because …` takes it as it is"
            )
        connection.commit()
        if not failures.is_attended():
            transforming.await_gates(connection)
        report = transforming.transform(connection, dsn, settings, on_model=tell)
    if report.transform_run_id is None:
        say("dbt: the marts are up to date")
    else:
        how = "full refresh" if report.is_full_refresh else "incremental"
        say(
            f"dbt: {len(report.models)} nodes, {how} ({time.monotonic() - started:.1f} s)",
            transform_run_id=report.transform_run_id,
            is_full_refresh=report.is_full_refresh,
        )
    return report


def tell_node(result: dbt_build.ModelResult) -> None:
    """Say what became of a dbt node, unless it is a test that passed or a seed."""
    if result.resource_type == "model" or result.failed:
        say(
            f"  dbt {result.resource_type} {result.name}: {result.status} {result.seconds} s",
            node=result.name,
            status=result.status,
            seconds=float(result.seconds),
            rows=result.rows_affected,
        )


@metrics.around("gate_marts")
@kill_points.around("gate_marts")
def gate_marts(month: str) -> dict[str, Any]:
    """Hold the marts of a month against their gate, unless they passed it as they now are."""
    period_month = parse_month(month)
    with open_warehouse(TRANSFORMER) as (connection, dsn, settings), marts_shared(connection):
        if marts_passed(connection, "months", period_month.isoformat()):
            say(f"gate 2: {month} passed before and has not changed", month=month)
            return {"checks": 0}
        is_sample = holds_sample_data(connection)
        connection.commit()
        from service_index.quality.gate import run_marts_gate

        started = time.monotonic()
        result = run_marts_gate(dsn, [period_month], settings.reports, is_sample=is_sample)
    failed = [check for check in result.checks if check.refuses]
    say(
        f"gate 2: {month}, {len(result.checks)} checks, {len(failed)} failed "
        f"({time.monotonic() - started:.1f} s; report: {result.report_path})",
        gate_run_id=result.gate_run_id,
        month=month,
    )
    _tell_checks(result)
    if failed:
        raise StageError(
            f"the marts of {month} failed {failed[0].told()}; nothing is published; report: "
            f"{result.report_path}; if it is right as it is: `service-index publish --month "
            f"{month} --override-gate {failed[0].name} --because …`"
        )
    return {"checks": len(result.checks)}


@metrics.around("publish")
@kill_points.around("publish")
def publish(month: str, *, wanted: bool, reason: str | None) -> dict[str, Any]:
    """Publish a month whose marts passed their gate; the same numbers make no new release."""
    if not wanted:
        return {"release_id": None}
    from service_index.orchestration import release_files
    from service_index.publishing.monthly import publish_month
    from service_index.publishing.relations import MONTHLY_RELATIONS

    period_month = parse_month(month)
    with open_warehouse(PUBLISHER) as (connection, dsn, settings):
        with marts_shared(connection):
            if not marts_passed(connection, "months", period_month.isoformat()):
                raise StageError(
                    f"the marts of {month} have not passed their gate as they now are: "
                    f"run `service-index score --month {month}`"
                )
            is_sample = holds_sample_data(connection)
            connection.commit()
            result = publish_month(
                connection,
                period_month,
                code_revision=dbt_project.project_revision(settings.dbt_project),
                is_sample=is_sample,
                reason=reason,
                province_code=settings.province_code,
            )
        lineage.published(MONTHLY_RELATIONS, result.release_id, dsn)
        release_files.lay_out(connection, result, settings)
    return {"release_id": result.release_id, "is_new": result.is_new, "status": result.status}


def marts_passed(connection: psycopg.Connection, scope: str, item: str) -> bool:
    """Whether the last gate on these marts passed and no transform came after it.

    `scope` and `item` as in the gate's subject: `months` and a first day, `periods` and a name.
    """
    row = connection.execute(
        """
        select
            gate_run.status = 'passed'
            and gate_run.ran_at > (select max(started_at) from ops.transform_run)
        from ops.gate_run
        where gate = 'marts' and subject -> %s::text ? %s
        order by gate_run_id desc
        limit 1
        """,
        [scope, item],
    ).fetchone()
    return bool(row and row[0])


def holds_sample_data(connection: psycopg.Connection) -> bool:
    """Whether anything in the warehouse came from the sample source."""
    row = connection.execute("select exists (select from ops.batch where is_sample)").fetchone()
    return bool(row and row[0])


def _tell_checks(result: GateResult) -> None:
    count_failed_checks(result)
    for check in result.warnings:
        if check.names:
            say(f"  warning: {check.told()}", gate_run_id=result.gate_run_id, check=check.name)


def count_failed_checks(result: GateResult) -> None:
    """A metric by gate; 0 where all passed."""
    metrics.count("gate_checks_failed", "gate", {result.gate: len(result.failures)})


def _closing(verb: str, by_feed: dict[str, int], started: float) -> str:
    seconds = time.monotonic() - started
    counts = ", ".join(f"{count:,} {feed}" for feed, count in by_feed.items())
    return f"{verb}: {counts} ({seconds:.1f} s)"
