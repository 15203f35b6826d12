"""What the tasks of the national import do; the gate is the one that every batch goes through.

Without a portal, or without its rows for the month, the province is scored and published all the
same; only an import that someone asked for (`required`) fails then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import psycopg

from service_index.loading import LoadError
from service_index.orchestration import connections, lineage, metrics, stages
from service_index.orchestration.dbt_build import ModelResult
from service_index.orchestration.progress import say
from service_index.orchestration.stages import StageError, open_warehouse
from service_index.orchestration.windows import parse_month
from service_index.warehouse.access import LOADER
from service_index.warehouse.clock import assert_clocks_agree


@metrics.around("land_national")
def land(month: str, *, skip_landed: bool, required: bool) -> dict[str, int]:
    """Fetch the portal's rows of a month (`YYYY-MM`); give how many were landed.

    With `skip_landed` a month that was landed once is not asked for again. With `required` it is
    a failure that no portal is set, or that it has no rows; else both are told.
    """
    from service_index.landing.store import LandingStore
    from service_index.loading import landing_alone
    from service_index.sources.national_portal import FEED, FORM_PATH, extract_month

    period_month = parse_month(month)
    endpoint = connections.national_portal()
    if endpoint is None:
        return _without_rows(
            f"none for {month}, for no portal is set (AIRFLOW_CONN_NATIONAL_PORTAL)", required
        )
    started = time.monotonic()
    with open_warehouse(LOADER) as (connection, _, settings):
        assert_clocks_agree(connection)
        store = LandingStore(settings.landing_url)
        landed = (manifest.period_month for _, manifest in store.manifests(FEED))
        if skip_landed and period_month in landed:
            say(f"national results: nothing new to fetch for {month}")
            return {"rows": 0}
        with landing_alone(connection):
            manifest = extract_month(endpoint, period_month, store)
    if manifest is None:
        return _without_rows(f"the portal has no rows for {month}", required)
    lineage.landed({FEED: FORM_PATH}, endpoint.base_url, settings.landing_url)
    metrics.count("landed", "feed", {FEED: manifest.delivered})
    say(
        f"landed: {manifest.delivered} provinces of {month} ({time.monotonic() - started:.1f} s)",
        feed=FEED,
        month=month,
    )
    return {"rows": manifest.delivered}


def _without_rows(why: str, required: bool) -> dict[str, int]:
    if required:
        raise StageError(f"national results: {why}")
    say(f"national results: {why}; scores and releases go on without")
    return {"rows": 0}


@metrics.around("load_national")
def load(month: str) -> dict[str, Any]:
    """Load every national table that was landed and is not loaded yet; give the counts.

    Fails when the table of `month` cannot be loaded; that of another month is only told of.
    """
    counts, failures = load_landed()
    failure = failures.pop(parse_month(month), None)
    tell_failures(failures)
    if failure is not None:
        raise StageError(str(failure))
    return counts


def tell_failures(failures: Mapping[date, Exception]) -> None:
    """Say which national tables could not be loaded."""
    for failure in failures.values():
        say(f"not loaded: {failure}")


def load_landed() -> tuple[dict[str, int], dict[date, LoadError]]:
    """Load every national table that waits; the counts, and why a month's could not be loaded."""
    from service_index.landing.store import LandingStore
    from service_index.loading import load_national

    with open_warehouse(LOADER) as (connection, dsn, settings):
        store = LandingStore(settings.landing_url)
        done = load_national(connection, store, settings.dbt_project / "seeds")
    counts = {
        name: sum(getattr(report, name) for report in done.reports)
        for name in ("loaded", "duplicates", "quarantined")
    }
    for report in done.reports:
        if missing := report.warnings.get("provinces_missing"):
            say(f"national results: {missing} provinces are missing in {report.landed_path}")
    stages.tell_loaded(done.reports, settings.landing_url, dsn)
    if done.reports:
        say(
            f"loaded: {counts['loaded']} provinces new or changed; "
            f"{counts['duplicates']} unchanged, {counts['quarantined']} quarantined",
            batch_ids=[report.batch_id for report in done.reports],
            **counts,
        )
    else:
        say("loaded: nothing new")
    return counts, done.failures


def restate(
    month: str, on_model: Callable[[ModelResult], None] = lambda result: None, *, wanted: bool
) -> dict[str, Any]:
    """Publish a month again that was published before its national results were known.

    As every publishing: the same numbers make no new release, others the next revision
    (`late_data`). `on_model` is called with each dbt node's result as it ends.
    """
    nothing = {"release_id": None, "is_new": False}
    if not wanted:
        return nothing
    with open_warehouse() as (connection, _, _):
        why_not = _no_restatement(connection, parse_month(month))
    if why_not is not None:
        say(f"not published again: {why_not}")
        return nothing
    stages.transform(month, on_model=on_model)
    stages.gate_marts(month)
    return stages.publish(month, wanted=True, reason=None)


def _no_restatement(connection: psycopg.Connection, period_month: date) -> str | None:
    """Why the national results make no new release of a month; None where they may."""
    row = connection.execute(
        """
        select
            exists (
                select from ops.batch
                where feed = 'national_scores' and period_month = %s and status = 'passed'
            ),
            exists (
                select from published.current_release where kind = 'monthly' and period = %s
            )
        """,
        [period_month, f"{period_month:%Y-%m}"],
    ).fetchone()
    assert row is not None  # noqa: S101 - a select without a from gives a row
    has_results, is_published = row
    if not has_results:
        return f"no national results of {period_month:%Y-%m} are loaded"
    if not is_published:
        return f"{period_month:%Y-%m} has no release yet; its first takes the national results in"
    return None
