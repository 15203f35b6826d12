"""What `quarantine list`, `inspect` and `mend` show: counts, places and shapes, nobody's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row
from rich.console import Group, RenderableType
from rich.text import Text

from service_index.loading.contracts import CONTRACTS
from service_index.loading.disclosure import shown_fields, shown_text
from service_index.loading.mending import MendReport
from service_index.orchestration.tables import instant, table

# An operator reads a screen of them, not a thousand.
PROBLEMS_SHOWN = 20

_LIST = """
    select
        q.feed,
        q.rule || case when q.is_retryable then ' (tried again)' else '' end
        || e'\\n' || q.reason as "rule: reason",
        count(*) as records,
        min(q.record_id) || case when count(*) > 1 then '–' || max(q.record_id) else '' end as ids,
        to_char(min(q.landed_at) at time zone 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD') as oldest,
        to_char(max(q.landed_at) at time zone 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD') as newest
    from quarantine.record as q
    where
        q.resolved_at is null
        and q.feed = coalesce(%(feed)s, q.feed)
        and q.rule = coalesce(%(rule)s, q.rule)
    group by q.feed, q.rule, q.reason, q.is_retryable
    order by q.feed, records desc, q.rule, q.reason
"""
_RECORDS = """
    select
        q.record_id, q.feed, q.record_key, q.record_version, q.rule, q.reason, q.is_retryable,
        q.landed_file, q.landed_line, q.landed_at, q.batch_id, b.kind as batch_kind,
        b.status as batch_status, q.body, q.resolved_at, q.resolved_by_batch_id,
        m.mended_by, m.because
    from quarantine.record as q
    inner join ops.batch as b on q.batch_id = b.batch_id
    left join ops.mend as m on q.resolved_by_batch_id = m.batch_id
    where
        (q.record_id = %(record_id)s or %(record_id)s::bigint is null and q.resolved_at is null)
        and q.feed = coalesce(%(feed)s, q.feed)
        and q.rule = coalesce(%(rule)s, q.rule)
    order by q.record_id
    limit %(limit)s
"""


@dataclass(frozen=True)
class Inspected:
    """A record in quarantine with all that is known of it; its body is never shown as it is."""

    record_id: int
    feed: str
    record_key: str | None
    record_version: datetime | None
    rule: str
    reason: str
    is_retryable: bool
    landed_file: str
    landed_line: int
    landed_at: datetime
    batch_id: int
    batch_kind: str
    batch_status: str
    body: bytes
    resolved_at: datetime | None
    resolved_by_batch_id: int | None
    mended_by: str | None
    because: str | None


def render_list(
    connection: psycopg.Connection, feed: str | None = None, rule: str | None = None
) -> RenderableType:
    """The unresolved records (of a feed, of a rule), counted by feed, rule and reason."""
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        rows = cursor.execute(_LIST, {"feed": feed, "rule": rule}).fetchall()
    return table("In quarantine", rows) if rows else Text("Nothing of that is in quarantine.")


def read_records(
    connection: psycopg.Connection,
    record_id: int | None = None,
    *,
    feed: str | None = None,
    rule: str | None = None,
    limit: int = 1,
) -> list[Inspected]:
    """The record of that id, resolved or not; else the first unresolved ones, `limit` at most."""
    with connection.cursor(row_factory=class_row(Inspected)) as cursor:
        return cursor.execute(
            _RECORDS, {"record_id": record_id, "feed": feed, "rule": rule, "limit": limit}
        ).fetchall()


def render_record(record: Inspected) -> RenderableType:
    """Where the record lies, why it was refused, what became of it, and its fields' shapes."""
    version = instant(record.record_version) if record.record_version else "–"
    facts = {
        "feed": record.feed,
        "key": shown_text(record.record_key),
        "version": version,
        "rule": record.rule + (" (tried again at every load)" if record.is_retryable else ""),
        "reason": record.reason,
        "landed": instant(record.landed_at),
        "lies in": f"{record.landed_file}:{record.landed_line}",
        "batch": f"{record.batch_id} ({record.batch_kind}, {record.batch_status})",
        "resolved": _resolution(record),
    }
    lines = [Text(f"Record {record.record_id}", style="bold")]
    lines += [Text(f"  {name:<9} {value}") for name, value in facts.items()]
    rows = [
        {"field": field.name, "what it holds": field.shown, "personal data": field.kind or ""}
        for field in shown_fields(record.body, CONTRACTS.get(record.feed))
    ]
    return Group(*lines, table("", rows) if rows else Text("  (no fields)"))


def _resolution(record: Inspected) -> str:
    if record.resolved_at is None:
        return "no, it waits"
    told = f"{instant(record.resolved_at)} by batch {record.resolved_by_batch_id}"
    return f"{told}, mended by {record.mended_by}: {record.because}" if record.because else told


def mend_lines(report: MendReport) -> Sequence[str]:
    """What a mend did, a line each; of many problems the first."""
    lines = [
        f"{batch.feed}: {batch.loaded:,} records mended and loaded as batch {batch.batch_id}"
        + (f", {batch.duplicates:,} were there already" if batch.duplicates else "")
        + (f", {batch.quarantined:,} are still refused" if batch.quarantined else "")
        for batch in report.batches
    ]
    if report.already:
        lines.append(f"{report.already:,} records were mended before, or came in by themselves")
    lines += [f"{problem.where}: {problem.reason}" for problem in report.problems[:PROBLEMS_SHOWN]]
    if len(report.problems) > PROBLEMS_SHOWN:
        lines.append(f"… and {len(report.problems) - PROBLEMS_SHOWN:,} more")
    return lines or ["nothing to mend: no waiting record is concerned"]
