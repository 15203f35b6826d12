"""Which windows were asked for, which are loaded, and up to when a feed is complete."""

from __future__ import annotations

from datetime import datetime

import psycopg

from service_index.warehouse.locks import LOADING_LOCK

_COVERED = """
    select coalesce(range_agg(tstzrange(window_from, window_to)), '{}') as spans
    from ops.batch
    where feed = %(feed)s and kind = 'window'
"""

# The end of the last loaded piece before the first instant that was asked for and is not loaded.
# What was never asked for does not hold it back. (Loaded and uncovered pieces do not overlap, so
# a piece that begins before that instant also ends before it.)
_LOADED_UNTIL = f"""
with covered as ({_COVERED}),
uncovered as (
    select requested.spans - covered.spans as spans
    from covered, (
        select coalesce(range_agg(tstzrange(window_from, window_to)), '{{}}') as spans
        from ops.requested_window
        where feed = %(feed)s
    ) as requested
)
select max(upper(piece))
from covered, uncovered, unnest(covered.spans) as piece
where isempty(uncovered.spans) or lower(piece) < lower(uncovered.spans)
"""  # noqa: S608 - own text


def request_window(
    connection: psycopg.Connection, feed: str, window_from: datetime, window_to: datetime
) -> None:
    """Remember that the half-open window was asked for; until it is loaded, the feed's watermark
    does not pass its beginning. The caller commits.

    Raises psycopg.errors.CheckViolation for a window that ends before it begins.
    """
    lock_feed(connection, feed)
    connection.execute(
        "insert into ops.requested_window (feed, window_from, window_to) values (%s, %s, %s) "
        "on conflict do nothing",
        [feed, window_from, window_to],
    )
    move_watermark(connection, feed)


def is_loaded(
    connection: psycopg.Connection, feed: str, window_from: datetime, window_to: datetime
) -> bool:
    """Whether loaded windows cover the half-open window without a gap."""
    row = connection.execute(
        f"with covered as ({_COVERED}) "  # noqa: S608 - own text
        "select spans @> tstzrange(%(window_from)s, %(window_to)s) from covered",
        {"feed": feed, "window_from": window_from, "window_to": window_to},
    ).fetchone()
    return row is not None and bool(row[0])


def move_watermark(connection: psycopg.Connection, feed: str) -> None:
    """Set the feed's watermark from the loaded and the requested windows; none: no row."""
    row = connection.execute(_LOADED_UNTIL, {"feed": feed}).fetchone()
    loaded_until = row[0] if row else None
    if loaded_until is None:
        connection.execute("delete from ops.watermark where feed = %s", [feed])
    else:
        connection.execute(
            "insert into ops.watermark (feed, loaded_until) values (%s, %s) "
            "on conflict (feed) do update set loaded_until = excluded.loaded_until",
            [feed, loaded_until],
        )


def lock_feed(connection: psycopg.Connection, feed: str) -> None:
    """Wait until no other load of the feed runs; the lock goes with the transaction."""
    connection.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [LOADING_LOCK, feed])
