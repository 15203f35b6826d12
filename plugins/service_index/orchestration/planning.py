"""What a run of a DAG takes on: windows to fetch, months to score and publish.

A run by hand or a backfill does what it is asked for. A scheduled one does what is not done yet:
after an outage the first one catches up.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, TypedDict

import psycopg

from service_index.orchestration.progress import say
from service_index.orchestration.stages import StageError, open_warehouse
from service_index.orchestration.watching import has_release
from service_index.orchestration.windows import (
    Window,
    business_day,
    business_month,
    days_window,
    ict_midnight,
    next_month,
    parse_month,
)
from service_index.settings import ICT

Interval = tuple[datetime, datetime]


class IngestPlan(TypedDict):
    """A window as ISO instants, and whether the snapshots are due. Of a scheduled run, also where
    its own interval begins: before it, and in it, it fetches only what is missing."""

    window_from: str
    window_to: str
    snapshots: bool
    fresh_from: str | None


class MonthPlan(TypedDict):
    """A month (`YYYY-MM`), and whether it is published when it passes its gate."""

    month: str
    publish: bool


def plan_ingest(
    params: dict[str, Any], interval: Interval | None, *, is_scheduled: bool = False
) -> IngestPlan:
    """The window of an ingest run: as named by its parameters, else its data interval's.

    That of a scheduled run reaches back to what is loaded already, however long that is ago.
    """
    first, after_last = params.get("window_from"), params.get("window_to")
    if first and after_last:
        return _ingest_plan(days_window(first, after_last))
    if first or after_last:
        raise StageError("name both ends of the window: window_from and window_to")
    if interval is None:
        raise StageError("the run has no data interval: name window_from and window_to")
    with open_warehouse() as (connection, _, settings):
        often = settings.ingest_minutes is not None
        own = window = Window(*interval) if often else business_day(interval[0])
        if is_scheduled:
            overlap = timedelta(minutes=params.get("overlap_minutes") or 0)
            window = _from_where_it_ended(connection, own, overlap)
        snapshots = not often or _snapshots_are_due(connection, window)
        return _ingest_plan(window, snapshots, own.start if is_scheduled else None)


def window_of(plan: IngestPlan) -> Window:
    """The window that was planned."""
    return Window(
        datetime.fromisoformat(plan["window_from"]), datetime.fromisoformat(plan["window_to"])
    )


def fresh_from(plan: IngestPlan) -> datetime | None:
    """Where a scheduled run's own interval begins."""
    return datetime.fromisoformat(plan["fresh_from"]) if plan["fresh_from"] else None


def _ingest_plan(
    window: Window, snapshots: bool = True, fresh_from: datetime | None = None
) -> IngestPlan:
    return {
        "window_from": window.start.isoformat(),
        "window_to": window.end.isoformat(),
        "snapshots": snapshots,
        "fresh_from": fresh_from.isoformat() if fresh_from else None,
    }


def _from_where_it_ended(
    connection: psycopg.Connection, window: Window, overlap: timedelta
) -> Window:
    """From where the first feed that is read by windows is no more complete; where nothing of it
    has come, from where it was first asked for (whose overlap is not taken twice)."""
    row = connection.execute(
        """
        select min(coalesce(w.loaded_until, asked.first_from + %s))
        from (
            select feed, min(window_from) as first_from from ops.requested_window group by feed
        ) as asked
        full join ops.watermark as w using (feed)
        """,
        [overlap],
    ).fetchone()
    ended: datetime | None = row[0] if row else None
    if ended is None or ended >= window.start:
        return window
    say(f"catching up from {ended.astimezone(ICT):%Y-%m-%d %H:%M}")
    return Window(ended, window.end)


def _snapshots_are_due(connection: psycopg.Connection, window: Window) -> bool:
    """Once a day, by the first run that ends in it."""
    row = connection.execute(
        "select max(landed_at) from ops.batch where kind = 'snapshot'"
    ).fetchone()
    last: datetime | None = row[0] if row else None
    return last is None or last.astimezone(ICT).date() < window.end.astimezone(ICT).date()


def months_to_score(ingested: IngestPlan) -> list[MonthPlan]:
    """What the marts can tell of after an ingest: every month that waits for its release, and the
    open one, which is not published."""
    until = datetime.fromisoformat(ingested["window_to"])
    with open_warehouse() as (connection, _, settings):
        due = _months_due(connection, until, settings.cutoff_day)
    open_month = business_month(until - timedelta(microseconds=1))
    plans: list[MonthPlan] = [{"month": f"{month:%Y-%m}", "publish": True} for month in due]
    if open_month not in due:
        plans.append({"month": f"{open_month:%Y-%m}", "publish": False})
    return plans


def plan_months(
    params: dict[str, Any], announced: Iterable[dict[str, Any]], interval: Interval | None
) -> list[MonthPlan]:
    """The months of a scoring run: as named; else as announced by ingest runs (`months` of each
    event, as `months_to_score` gave them); else that of the data interval, where it is loaded and
    has no release."""
    may_publish = bool(params.get("publish", True))
    if params.get("month"):
        return [{"month": plan_month(params, None), "publish": may_publish}]
    wanted: dict[str, bool] = {}
    for event in announced:
        for plan in event["months"]:
            wanted[plan["month"]] = wanted.get(plan["month"], False) or plan["publish"]
    if wanted:
        return [
            {"month": month, "publish": wanted[month] and may_publish} for month in sorted(wanted)
        ]
    month = plan_month(params, interval[0] if interval else None)
    with open_warehouse() as (connection, _, _settings):
        if has_release(connection, month):
            say(f"{month} has its release: a revision is made by hand")
        elif _is_loaded(connection, parse_month(month)):
            return [{"month": month, "publish": may_publish}]
        else:
            say(f"{month} is not loaded from end to end: the run that loads the rest has it scored")
    return []


def plan_month(params: dict[str, Any], interval_start: datetime | None) -> str:
    """The month of a run that takes one (`YYYY-MM`): as named, else that of its data interval."""
    if params.get("month"):
        return f"{parse_month(params['month']):%Y-%m}"
    if interval_start is None:
        raise StageError("the run has no data interval: name its month")
    return f"{business_month(interval_start):%Y-%m}"


def _months_due(connection: psycopg.Connection, until: datetime, cutoff_day: int) -> list[date]:
    """Loaded months whose cut-off day has come, after the last one that was published complete;
    where none was, the last one alone."""
    last_day = until.astimezone(ICT).date() - timedelta(days=cutoff_day - 1)
    last = (last_day.replace(day=1) - timedelta(days=1)).replace(day=1)
    row = connection.execute(
        "select max(period) from published.release "
        "where kind = 'monthly' and is_current and status <> 'provisional'"
    ).fetchone()
    month = next_month(parse_month(row[0])) if row and row[0] else last
    due = []
    while month <= last:
        if _is_loaded(connection, month):
            due.append(month)
        month = next_month(month)
    return due


def _is_loaded(connection: psycopg.Connection, month: date) -> bool:
    """Whether every feed that is read by windows has been read from the month's first instant to
    its last, and passed its gate."""
    from service_index.sources.feeds import FEEDS

    row = connection.execute(
        """
        select count(*)
        from (
            select feed
            from ops.batch
            where kind = 'window' and status = 'passed'
            group by feed
            having range_agg(tstzrange(window_from, window_to)) @> tstzrange(%s, %s)
        ) as loaded
        """,
        [ict_midnight(month), ict_midnight(next_month(month))],
    ).fetchone()
    return bool(row and row[0] == sum(feed.kind == "incremental" for feed in FEEDS.values()))
