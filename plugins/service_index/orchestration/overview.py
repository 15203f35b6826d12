"""What `service-index status` shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row
from rich.console import Group, RenderableType
from rich.text import Text

from service_index.orchestration.tables import table

Rows = Sequence[dict[str, Any]]

_FEEDS = """
    select
        feed,
        (select loaded_until from ops.watermark as w where w.feed = b.feed) as loaded_until,
        to_char(max(loaded_at) at time zone 'Asia/Ho_Chi_Minh', 'MM-DD HH24:MI') as last_batch,
        sum(loaded)::bigint as loaded,
        sum(duplicates)::bigint as duplicates,
        (
            select count(*) from quarantine.record as q
            where q.feed = b.feed and q.resolved_at is null
        ) as waiting
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
    select g.gate_run_id, g.gate, c.suite, c.check_name, c.reason, g.report_path
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
    select started_at, finished_at, status, is_full_refresh as is_full, data_cutoff
    from ops.transform_run
    order by transform_run_id desc
    limit 1
"""
_QUARANTINE = """
    select
        feed, rule,
        case when bool_or(is_retryable) then 'by itself' else 'once mended' end as comes_in,
        count(*) as records,
        min(landed_at) as oldest
    from quarantine.record
    where resolved_at is null
    group by feed, rule
    order by feed, records desc, rule
"""


@dataclass(frozen=True)
class Overview:
    """The state of the warehouse, as rows to show."""

    feeds: Rows
    quarantine: Rows
    waiting: Rows
    failed_checks: Rows
    transform: Rows
    releases: Rows


def read(connection: psycopg.Connection) -> Overview:
    """Read everything in one snapshot."""
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        feeds, quarantine, waiting, failed, transform, releases = (
            cursor.execute(query).fetchall()
            for query in (_FEEDS, _QUARANTINE, _WAITING, _FAILED_CHECKS, _TRANSFORM, _RELEASES)
        )
        return Overview(feeds, quarantine, waiting, failed, transform, releases)


def render(overview: Overview) -> RenderableType:
    """The overview as tables of 80 columns; empty ones are left out."""
    if not overview.feeds:
        return Text("Nothing is loaded yet: try `service-index demo` or `service-index ingest`.")
    parts: list[RenderableType] = [table("Loaded (times in ICT)", overview.feeds)]
    if overview.quarantine:
        parts.append(table("In quarantine (see `quarantine list`)", overview.quarantine))
    if overview.waiting:
        parts.append(table("Batches that have not passed their gate", overview.waiting))
    if overview.failed_checks:
        parts.append(Text("Failed checks", style="italic"))
        parts += [_failed_check(row) for row in overview.failed_checks]
    if overview.transform:
        parts.append(table("Last transform", overview.transform))
    if overview.releases:
        parts.append(table("Current releases", overview.releases))
    return Group(*parts)


def _failed_check(row: dict[str, Any]) -> Text:
    """As lines: a reason and a path fit into no column."""
    return Text(
        f"  {row['gate']} gate {row['gate_run_id']}: {row['suite']}.{row['check_name']}: "
        f"{row['reason']}\n  report: {row['report_path'] or '–'}"
    )
