"""The records that wait in quarantine to be mended, by where they lie in the landing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import class_row

# Records are read so many at a time; each has 1 MiB at most, but for a few that are refused.
_FETCHED_RECORDS = 100


class Waiting(NamedTuple):
    """A record in quarantine. What its gate refused as a whole batch is not mended one by one."""

    record_id: int
    feed: str
    landed_file: str
    landed_line: int
    landed_at: datetime
    rule: str
    reason: str
    body: bytes
    is_sample: bool
    is_resolved: bool
    is_of_refused_batch: bool


_SELECT = """
select
    q.record_id, q.feed, q.landed_file, q.landed_line, q.landed_at, q.rule, q.reason, q.body,
    b.is_sample,
    q.resolved_at is not null as is_resolved,
    b.status = 'refused' as is_of_refused_batch
from quarantine.record as q
inner join ops.batch as b on q.batch_id = b.batch_id
"""


def of_rule(
    connection: psycopg.Connection, rule: str, feed: str | None = None
) -> Iterator[Waiting]:
    """The records that wait because `rule` refused them (of one feed), as they were landed."""
    with connection.cursor(name="waiting_of_rule", row_factory=class_row(Waiting)) as cursor:
        cursor.itersize = _FETCHED_RECORDS
        cursor.execute(
            sql.SQL(_SELECT)
            + sql.SQL(
                """
                where
                    q.rule = %(rule)s
                    and q.feed = coalesce(%(feed)s, q.feed)
                    and q.resolved_at is null
                    and b.status <> 'refused'
                order by q.feed, q.landed_at, q.landed_file, q.landed_line
                """
            ),
            {"rule": rule, "feed": feed},
        )
        yield from cursor


def find(
    connection: psycopg.Connection, feed: str, landed_file: str, landed_line: int
) -> Waiting | None:
    """The record that was landed there and went into quarantine, resolved or not."""
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(
            sql.SQL(_SELECT)
            + sql.SQL("where q.feed = %s and q.landed_file = %s and q.landed_line = %s"),
            [feed, landed_file, landed_line],
        ).fetchone()
