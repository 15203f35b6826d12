"""Troubles that no task's failure tells of: records out of date, a silent source, a late release.

What several tasks meet (refused batches) ends here too, when its cause is gone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from service_index.orchestration import incidents, metrics, transform, troubles
from service_index.orchestration.incidents import Send, Trouble
from service_index.orchestration.progress import say
from service_index.orchestration.trouble_table import (
    LATE,
    REFUSED_BATCHES,
    REFUSED_TABLES,
    SILENT,
    STALE,
    WAREHOUSE,
)
from service_index.orchestration.windows import business_month, ict_midnight
from service_index.settings import ICT, Settings
from service_index.sources.feeds import FEEDS

# Offices work Monday to Friday; people hand in dossiers online on any day. Three days on which the
# offices of a whole province enter nothing, in no feed, are no chance.
SILENT_WORKING_DAYS = 3
ALL_FEEDS = "all_feeds"


def look(
    connection: psycopg.Connection, settings: Settings, send: Send, now: datetime | None = None
) -> list[str]:
    """Open what is wrong now, close what is over, tell of what could not be told; give the keys of
    what is wrong now."""
    now = now or datetime.now(UTC)
    found = [*_stale(connection, settings, now), *_silent(connection, settings)]
    connection.commit()
    for trouble in found:
        incidents.met(connection, trouble, send)
    close_mended(connection, settings, send, now=now)
    incidents.tell_untold(connection, send)
    return [trouble.key for trouble in found]


@metrics.around("watch")
def look_again() -> list[str]:
    """What the task of the DAG `watch` does."""
    from functools import partial

    from service_index.orchestration import messenger
    from service_index.orchestration.stages import open_warehouse

    with open_warehouse() as (connection, _, settings):
        found = look(connection, settings, partial(messenger.to_all, settings))
    say(f"watch: {', '.join(found) or 'nothing is wrong'}")
    return found


def close_mended(
    connection: psycopg.Connection,
    settings: Settings,
    send: Send,
    *,
    mended: Collection[str] = (),
    now: datetime | None = None,
) -> None:
    """Close the incidents whose keys are `mended`, and those whose cause is gone; an incident of
    several periods goes on with those that are left."""
    incidents.warehouse_answers(connection, settings, send, WAREHOUSE.key)
    for key in incidents.open_keys(connection):
        task, parts = troubles.parts_of(key)
        left = [part for part in parts if f"{task}.{part}" not in mended]
        if left and left != parts:
            left = _whole_periods(connection, left)
            is_over = not (left and incidents.narrow(connection, key, f"{task}.{'+'.join(left)}"))
        else:
            is_over = not left or _is_over(connection, settings, key, now or datetime.now(UTC))
        connection.commit()
        if is_over:
            incidents.over(connection, key, send)


def _whole_periods(connection: psycopg.Connection, periods: list[str]) -> list[str]:
    """Those that can have a form: one whose months are not all scored is left out by the task,
    too, and its incident would never end."""
    rows = connection.execute(
        "select distinct period from marts.mart_form_period "
        "where period = any(%s) and missing_months is null order by 1",
        [periods],
    )
    return [period for (period,) in rows]


def _is_over(connection: psycopg.Connection, settings: Settings, key: str, now: datetime) -> bool:
    """Whether the cause of an incident is gone; false for one that ends with its task's success."""
    kind, _, of_what = key.partition(".")
    causes: dict[str, Callable[[], bool]] = {
        STALE.key: lambda: not _is_stale(connection, settings, of_what, now),
        SILENT.key: lambda: not list(_silent(connection, settings)),
        LATE.key: lambda: has_release(connection, of_what),
        REFUSED_BATCHES: lambda: not _a_refused_batch_is_in_the_way(connection),
        REFUSED_TABLES: lambda: not transform.refused_tables(connection),
    }
    return kind in causes and causes[kind]()


def _a_refused_batch_is_in_the_way(connection: psycopg.Connection) -> bool:
    batch = transform.batch_in_the_way(connection)
    return batch is not None and batch[2] == "refused"


def _reaches(connection: psycopg.Connection) -> dict[str, datetime]:
    """Up to when each feed that is read by windows is complete; where nothing of it has come, when
    it was first asked for. A feed that nobody ever asked for is left out."""
    rows = connection.execute(
        """
        select feed, coalesce(w.loaded_until, asked.first_at)
        from (
            select feed, min(requested_at) as first_at from ops.requested_window group by feed
        ) as asked
        full join ops.watermark as w using (feed)
        """
    ).fetchall()
    return {
        feed: reach for feed, reach in rows if feed in FEEDS and FEEDS[feed].kind == "incremental"
    }


def _behind(
    connection: psycopg.Connection, settings: Settings, now: datetime
) -> tuple[dict[str, datetime], bool]:
    """The feeds that are out of date, and whether all are."""
    reaches = _reaches(connection)
    bound = now - timedelta(hours=settings.stale_hours)
    behind = {feed: reach for feed, reach in reaches.items() if reach < bound}
    return behind, len(behind) == len(reaches)


def _stale(connection: psycopg.Connection, settings: Settings, now: datetime) -> list[Trouble]:
    """One trouble where all feeds are out of date, for they have one cause; else one a feed."""
    behind, are_all = _behind(connection, settings, now)
    if not behind:
        return []
    groups = {ALL_FEEDS: behind} if are_all else {feed: {feed: behind[feed]} for feed in behind}
    return [
        troubles.of_line(
            STALE,
            "; ".join(
                f"{feed} end at {reach.astimezone(ICT):%Y-%m-%d %H:%M}"
                for feed, reach in sorted(group.items())
            )
            + f" (more than {settings.stale_hours} hours ago)",
            f"{STALE.key}.{name}",
            **troubles.days_of(min(group.values()), now),
        )
        for name, group in groups.items()
    ]


def _is_stale(connection: psycopg.Connection, settings: Settings, name: str, now: datetime) -> bool:
    behind, are_all = _behind(connection, settings, now)
    return bool(behind) and are_all if name == ALL_FEEDS else name in behind


def _silent(connection: psycopg.Connection, settings: Settings) -> list[Trouble]:
    """Whether windows were read, and held no record, for working days on end."""
    row = connection.execute(
        """
        select
            (
                select max(window_to) from ops.batch
                where kind = 'window' and feed = any(%(feeds)s) and delivered > 0
            ),
            (select min(loaded_until) from ops.watermark where feed = any(%(feeds)s))
        """,
        {"feeds": [feed.name for feed in FEEDS.values() if feed.kind == "incremental"]},
    ).fetchone()
    last, until = row or (None, None)
    if last is None or until is None or last >= until:
        return []
    days = _working_days(settings, last, until)
    if days < SILENT_WORKING_DAYS:
        return []
    what = (
        f"no feed has brought a record since {last.astimezone(ICT):%Y-%m-%d %H:%M}: "
        f"{days} working days, all read"
    )
    return [troubles.of_line(SILENT, what, **troubles.days_of(last, until))]


def _working_days(settings: Settings, start: datetime, end: datetime) -> int:
    """How many whole ICT working days lie between; the office calendar is a seed."""
    path = settings.dbt_project / "seeds" / "office_calendar.csv"
    with path.open(encoding="utf-8", newline="") as file:
        off = [
            (date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"]))
            for row in csv.DictReader(file)
            if row["kind"] in {"holiday", "quiet"}
        ]
    count = 0
    day = start.astimezone(ICT).date()
    while ict_midnight(day + timedelta(days=1)) <= end:
        is_whole = ict_midnight(day) >= start
        is_off = any(first <= day <= last for first, last in off)
        count += is_whole and day.weekday() < 5 and not is_off
        day += timedelta(days=1)
    return count


def awaited_month(at: datetime) -> str:
    """The month that had ended at an instant, as `YYYY-MM`."""
    first = at.astimezone(ICT).replace(day=1, hour=0, minute=0)
    return f"{business_month(first - timedelta(days=1)):%Y-%m}"


def has_release(connection: psycopg.Connection, month: str) -> bool:
    """Whether a month has a current release that is not provisional."""
    row = connection.execute(
        "select exists (select from published.release where kind = 'monthly' and period = %s "
        "and is_current and status <> 'provisional')",
        [month],
    ).fetchone()
    return bool(row and row[0])


def late_release(settings: Settings, month: str, others: Sequence[str] = ()) -> Trouble:
    """That a month has no release after its deadline; `others` is what is wrong besides."""
    what = f"{month} has no release, and day {settings.release_deadline_day} of the next is past"
    if others:
        what += f"; what is wrong besides: {', '.join(others)}"
    return troubles.of_line(LATE, what, f"{LATE.key}.{month}", month=month)


def open_headlines(connection: psycopg.Connection) -> list[str]:
    """What is wrong and open, the oldest first."""
    return [row[0] for row in connection.execute(_OPEN_HEADLINES).fetchall()]


_OPEN_HEADLINES = """
    select headline || ' (' || key || ')' from ops.incident
    where closed_at is null
    order by opened_at
    limit 5
"""


def released(params: dict[str, Any], logical_date: datetime | None) -> bool:
    """What the task of the DAG `await_release` asks: has the month of the run its release?"""
    from service_index.orchestration.stages import StageError, open_warehouse

    month = params.get("month") or (logical_date and awaited_month(logical_date))
    if not month:
        raise StageError("the run has no logical date: name its month")
    with open_warehouse() as (connection, _, _settings):
        return has_release(connection, month)
