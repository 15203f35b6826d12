"""Which windows were asked for, which are loaded, and up to when a feed is complete."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import psycopg
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from service_index.warehouse.locks import LOADING_LOCK

_COVERED = """
    select coalesce(range_agg(tstzrange(window_from, window_to)), '{}') as spans
    from ops.batch
    where
        feed = %(feed)s
        and kind = 'window'
        and (%(known_at)s::timestamptz is null or landed_at <= %(known_at)s)
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
        where
            feed = %(feed)s
            and (%(known_at)s::timestamptz is null or requested_at <= %(known_at)s)
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
        {"feed": feed, "window_from": window_from, "window_to": window_to, "known_at": None},
    ).fetchone()
    return row is not None and bool(row[0])


def not_loaded(
    connection: psycopg.Connection,
    feed: str,
    window_from: datetime,
    window_to: datetime,
    landed: Iterable[tuple[datetime, datetime]] = (),
) -> list[tuple[datetime, datetime]]:
    """The stretches of the half-open window that neither loaded windows nor `landed` cover."""
    landed_spans = Multirange([Range(start, end) for start, end in landed])
    return connection.execute(
        f"with covered as ({_COVERED}) "  # noqa: S608 - own text
        "select lower(gap), upper(gap) "
        "from covered, unnest(tstzmultirange(tstzrange(%(window_from)s, %(window_to)s)) "
        "- spans - %(landed)s::tstzmultirange) as gap order by gap",
        {
            "feed": feed,
            "window_from": window_from,
            "window_to": window_to,
            "landed": landed_spans,
            "known_at": None,
        },
    ).fetchall()


def loaded_until(
    connection: psycopg.Connection, feed: str, known_at: datetime | None = None
) -> datetime | None:
    """Up to when the feed is complete, by its loaded and requested windows; None: not at all.

    With `known_at`, by what was landed and requested up to that instant.
    """
    row = connection.execute(_LOADED_UNTIL, {"feed": feed, "known_at": known_at}).fetchone()
    return row[0] if row else None


def move_watermark(connection: psycopg.Connection, feed: str) -> None:
    """Set the feed's watermark from the loaded and the requested windows; none: no row."""
    complete_until = loaded_until(connection, feed)
    if complete_until is None:
        connection.execute("delete from ops.watermark where feed = %s", [feed])
    else:
        connection.execute(
            "insert into ops.watermark (feed, loaded_until) values (%s, %s) "
            "on conflict (feed) do update set loaded_until = excluded.loaded_until",
            [feed, complete_until],
        )


def lock_feed(connection: psycopg.Connection, feed: str) -> None:
    """Wait until no other load of the feed runs; the lock goes with the transaction."""
    connection.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [LOADING_LOCK, feed])
