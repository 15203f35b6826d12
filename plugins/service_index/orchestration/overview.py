"""What `service-index status` and `quarantine list` show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from service_index.settings import ICT

Rows = Sequence[dict[str, Any]]

_FEEDS = """
    select
        feed,
        (select loaded_until from ops.watermark as w where w.feed = b.feed) as loaded_until,
        max(loaded_at) as last_batch_at,
        sum(delivered) as delivered,
        sum(loaded) as loaded,
        sum(duplicates) as duplicates,
        (
            select count(*) from quarantine.record as q
            where q.feed = b.feed and q.resolved_at is null
        ) as in_quarantine
    from ops.batch as b
    group by feed
    order by feed
"""
_WAITING = """
    select batch_id, feed, window_from, window_to, status from ops.batch
    where status <> 'passed'
    order by batch_id
"""
_FAILED_CHECKS = """
    select g.gate_run_id, g.gate, g.subject, c.suite, c.check_name, c.reason, g.report_path
    from ops.check as c
    join ops.gate_run as g using (gate_run_id)
    where not c.passed and c.severity = 'fail' and c.overridden_because is null
        and not exists (
            select from ops.gate_run as later
            where later.gate = g.gate and later.subject = g.subject
                and later.gate_run_id > g.gate_run_id
        )
    order by g.gate_run_id
"""
_RELEASES = """
    select release_id, status, reason, data_cutoff, created_at from published.release
    where is_current
    order by period
"""
_TRANSFORM = """
    select started_at, finished_at, status, is_full_refresh, data_cutoff from ops.transform_run
    order by transform_run_id desc
    limit 1
"""
_QUARANTINE = """
    select feed, rule, reason, is_retryable, count(*) as records, min(landed_file) as first_file
    from quarantine.record
    where resolved_at is null
    group by feed, rule, reason, is_retryable
    order by feed, records desc
"""


@dataclass(frozen=True)
class Overview:
    """The state of the warehouse, as rows to show."""

    feeds: Rows
    waiting: Rows
    failed_checks: Rows
    transform: Rows
    releases: Rows


def read(connection: psycopg.Connection) -> Overview:
    """Read everything in one snapshot."""
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        feeds, waiting, failed, transform, releases = (
            cursor.execute(query).fetchall()
            for query in (_FEEDS, _WAITING, _FAILED_CHECKS, _TRANSFORM, _RELEASES)
        )
        return Overview(feeds, waiting, failed, transform, releases)


def read_quarantine(connection: psycopg.Connection) -> Rows:
    """Unresolved quarantined records, counted by feed, rule and reason."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUARANTINE).fetchall()


def render(overview: Overview) -> RenderableType:
    """The overview as tables; empty ones are left out."""
    if not overview.feeds:
        return Text("Nothing is loaded yet: try `service-index demo` or `service-index ingest`.")
    parts: list[RenderableType] = [_table("Loaded (times in ICT)", overview.feeds)]
    if overview.waiting:
        parts.append(_table("Batches that have not passed their gate", overview.waiting))
    if overview.failed_checks:
        parts.append(_table("Failed checks", overview.failed_checks))
    if overview.transform:
        parts.append(_table("Last transform", overview.transform))
    if overview.releases:
        parts.append(_table("Current releases", overview.releases))
    return Group(*parts)


def render_quarantine(rows: Rows) -> RenderableType:
    """The quarantine as a table, or a line that it is empty."""
    return _table("In quarantine", rows) if rows else Text("Nothing is in quarantine.")


def _table(title: str, rows: Rows) -> Table:
    table = Table(title=title, title_justify="left")
    for name, value in rows[0].items():
        table.add_column(
            name.replace("_", " "), justify="right" if isinstance(value, int) else "left"
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: Any) -> Text:
    if value is None:
        return Text("–")
    if isinstance(value, datetime):
        return Text(f"{value.astimezone(ICT):%Y-%m-%d %H:%M}")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    return Text(f"{value:,}" if isinstance(value, int) else str(value))
