"""What `service-index status` shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row
from rich.console import Group, RenderableType
from rich.text import Text

from service_index.orchestration.tables import table
from service_index.settings import ICT

Rows = Sequence[dict[str, Any]]

_FEEDS = """
    select
        feed,
        (select loaded_until from ops.watermark as w where w.feed = b.feed) as loaded_until,
        max(landed_at) filter (where kind = 'snapshot' and status = 'passed') as snapshot_at,
        max(loaded_at) as last_batch,
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
_INCIDENTS = """
    select key, headline, what, cure, occurrences, opened_at, last_seen_at, told_at, runbook_section
    from ops.incident
    where closed_at is null
    order by opened_at
"""


_RUNS = """
    select step, ended_at, outcome from (
        (
            select 'land' as step, max(landed_at) as ended_at, 'done' as outcome, 1 as place
            from ops.batch
        )
        union all
        (select 'load', max(loaded_at), 'done', 2 from ops.batch)
        union all
        (
            select 'gate ' || gate, ran_at, status, case gate when 'batch' then 3 else 5 end
            from ops.gate_run
            where gate_run_id in (select max(gate_run_id) from ops.gate_run group by gate)
        )
        union all
        (
            select 'transform', finished_at, status, 4 from ops.transform_run
            order by transform_run_id desc limit 1
        )
        union all
        (
            select 'publish ' || release_id, created_at, status, 6 from published.release
            order by created_at desc limit 1
        )
    ) as run
    where ended_at is not null
    order by place
"""


@dataclass(frozen=True)
class Overview:
    """The state of the warehouse at an instant, as rows to show."""

    at: datetime
    incidents: Rows
    runs: Rows
    feeds: Rows
    quarantine: Rows
    waiting: Rows
    failed_checks: Rows
    transform: Rows
    releases: Rows

    def lag(self, feed: dict[str, Any]) -> timedelta | None:
        """How far the warehouse is behind the source of a row of `feeds`: since the end of what is
        loaded, or since the last snapshot that passed. None where neither is known."""
        known_at: datetime | None = feed["loaded_until"] or feed["snapshot_at"]
        return None if known_at is None else max(self.at - known_at, timedelta(0))

    def as_json(self) -> str:
        """The same for programs: instants in ISO 8601; of each feed its lag in seconds, too."""
        told = asdict(self)
        for feed in told["feeds"]:
            lag = self.lag(feed)
            feed["lag_seconds"] = None if lag is None else round(lag.total_seconds())
        return json.dumps(told, default=_as_text, ensure_ascii=False, indent=2)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def read(connection: psycopg.Connection) -> Overview:
    """Read everything in one snapshot."""
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        queries = (
            _INCIDENTS,
            _RUNS,
            _FEEDS,
            _QUARANTINE,
            _WAITING,
            _FAILED_CHECKS,
            _TRANSFORM,
            _RELEASES,
        )
        found = [cursor.execute(query).fetchall() for query in queries]
        return Overview(datetime.now(UTC), *found)


def render(overview: Overview) -> RenderableType:
    """The overview as tables of 80 columns; empty ones are left out."""
    parts: list[RenderableType] = []
    if overview.incidents:
        parts.append(Text("What is wrong (times in ICT)", style="italic"))
        parts += [_incident(row) for row in overview.incidents]
    if not overview.feeds:
        return Group(
            *parts,
            Text("Nothing is loaded yet: try `service-index demo` or `service-index ingest`."),
        )
    parts += [
        table("Last steps (times in ICT)", overview.runs),
        table("Loaded", [_feed(row, overview.lag(row)) for row in overview.feeds]),
    ]
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


def _feed(row: dict[str, Any], lag: timedelta | None) -> dict[str, Any]:
    """What fits into a line; the rest is in the JSON."""
    return {
        "feed": row["feed"],
        "loaded_until": row["loaded_until"],
        "lag": None if lag is None else in_words(lag),
        **{name: row[name] for name in ("loaded", "duplicates", "waiting")},
    }


def in_words(duration: timedelta) -> str:
    """As one tells it: `45 min`, `2 h`, `3 d`; from two days on in days."""
    minutes = int(duration.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"


def _incident(row: dict[str, Any]) -> Text:
    """As lines, for what is wrong and what mends it fit into no column."""
    told = "told" if row["told_at"] else "nobody was told"
    since = f"{row['opened_at'].astimezone(ICT):%m-%d %H:%M}"
    lines = (
        f"  {row['headline']} ({row['key']}), since {since}, {row['occurrences']} times, {told}",
        f"    {row['what']}",
        f"    To mend it: {row['cure']}",
        f"    More: docs/runbook.md#{row['runbook_section']}",
    )
    return Text("\n".join(lines))


def _failed_check(row: dict[str, Any]) -> Text:
    """As lines: a reason and a path fit into no column."""
    return Text(
        f"  {row['gate']} gate {row['gate_run_id']}: {row['suite']}.{row['check_name']}: "
        f"{row['reason']}\n  report: {row['report_path'] or '–'}"
    )
