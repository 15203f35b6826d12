"""From the stage into the raw table, set-based: exact duplicates are dropped, the rest is kept.

Rows of batches that a gate refused do not stand: nobody reads them, so what is delivered again
must be loaded again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import psycopg
from psycopg import sql

from service_index.loading.contract import KEY_SEPARATOR, Contract
from service_index.loading.staging import Stage

# The order that decides between rows of one key; the newest stands.
NEWEST_FIRST = sql.SQL("version_at desc, landed_at desc, landed_file desc, landed_line desc")


class Merged(NamedTuple):
    """Counts of staged rows: loaded, not loaded because they are exact duplicates, and loaded
    although another content is already there under the same key and version."""

    loaded: int
    duplicates: int
    contradictions: int


def columns(names: Iterable[str], alias: str = "") -> sql.Composed:
    """Column names, separated by commas."""
    qualified = (sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names)
    return sql.SQL(", ").join(qualified)


def same_key(contract: Contract, first: str, second: str) -> sql.Composed:
    """The condition that two aliased rows have the same key."""
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(first, name), sql.Identifier(second, name))
        for name in contract.key
    )


def key_text(contract: Contract, alias: str) -> sql.Composed:
    """A row's key as one text, as quarantine.record.record_key has it."""
    parts = (sql.SQL("{}::text").format(sql.Identifier(alias, name)) for name in contract.key)
    return sql.SQL(f" || '{KEY_SEPARATOR}' || ").join(parts)


def refused_batches(connection: psycopg.Connection, feed: str) -> list[int]:
    """The feed's batches whose rows do not stand."""
    rows = connection.execute(
        "select batch_id from ops.batch where feed = %s and status = 'refused'", [feed]
    )
    return [batch_id for (batch_id,) in rows]


# A staged row is an exact duplicate when its content is that of the row of its key and version
# that stands before it: the one above it in the stage, else the newest in raw. A version of a
# snapshot feed is the snapshot, so there the row stands that earlier snapshots left.
# Rows are compared without their other columns (`place` is where they lie in the stage), so that a
# month of them is sorted in memory; those that are loaded keep the order of their delivery.
_COMPARE = """
create temporary table {compared} on commit drop as
with compared as materialized (
    select
        s.ctid as place,
        {key},
        s.version_at as staged_version_at,
        s.content_hash,
        lag(s.content_hash) over (
            partition by {key}, s.version_at order by s.landed_file, s.landed_line
        ) as staged_hash
    from {stage} as s
),
standing as (
    select distinct on (c.place) c.place, {standing_hash} as content_hash
    from compared as c
    join raw.{feed} as r on {same_key} and {same_version}
    where c.staged_hash is null and r.batch_id <> all(%(refused)s)
    order by c.place, {newest_first}
),
judged as (
    select
        c.place,
        coalesce(c.staged_hash, standing.content_hash) = c.content_hash as is_duplicate,
        coalesce(c.staged_hash, {same_version_hash}) <> c.content_hash as is_contradiction
    from compared as c
    left join standing on standing.place = c.place
)
select place, coalesce(is_duplicate, false) as is_duplicate, is_contradiction
from judged
where is_duplicate or is_contradiction
"""

_INSERT = """
insert into raw.{feed} ({columns})
select {columns}
from {stage} as s
where not exists (select from {compared} as c where c.is_duplicate and c.place = s.ctid)
"""

_COUNT = """
select count(*) filter (where is_duplicate), count(*) filter (where is_contradiction)
from {compared}
"""


def merge(connection: psycopg.Connection, contract: Contract, stage: Stage) -> Merged:
    """Insert the staged rows that are no exact duplicates into the raw table."""
    if contract.is_snapshot:
        # What was removed stands no more; and another content in a later snapshot is news.
        standing_hash = "case when not r.is_removed then r.content_hash end"
        same_version, same_version_hash = "r.version_at <= c.staged_version_at", "null"
    else:
        standing_hash = "r.content_hash"
        same_version = "r.version_at = c.staged_version_at"
        same_version_hash = "standing.content_hash"
    feed = sql.Identifier(contract.feed)
    name = f"compared_{contract.feed}"
    compare = sql.SQL(_COMPARE).format(
        compared=sql.Identifier(name),
        key=columns(contract.key, "s"),
        stage=stage.table,
        feed=feed,
        standing_hash=sql.SQL(standing_hash),
        same_key=same_key(contract, "r", "c"),
        same_version=sql.SQL(same_version),
        same_version_hash=sql.SQL(same_version_hash),
        newest_first=NEWEST_FIRST,
    )
    refused = refused_batches(connection, contract.feed)
    # A statement that creates a table takes no parameters of its own.
    psycopg.ClientCursor(connection).execute(compare, {"refused": refused})
    compared = sql.Identifier("pg_temp", name)
    inserted = connection.execute(
        sql.SQL(_INSERT).format(
            feed=feed,
            columns=columns(contract.raw_columns),
            stage=stage.table,
            compared=compared,
        )
    ).rowcount
    row = connection.execute(sql.SQL(_COUNT).format(compared=compared)).fetchone()
    connection.execute(sql.SQL("drop table {}").format(compared))
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    return Merged(inserted, *row)


def standing_good_versions(
    connection: psycopg.Connection, contract: Contract, batch_id: int
) -> int:
    """How many of the batch's refused records have an earlier good version, which stands."""
    statement = sql.SQL(
        """
        select count(*)
        from quarantine.record as q
        where
            q.batch_id = %s
            and exists (
                select from raw.{feed} as r
                where {key_text} = q.record_key and r.batch_id <> all(%s)
            )
        """
    ).format(feed=sql.Identifier(contract.feed), key_text=key_text(contract, "r"))
    row = connection.execute(
        statement, [batch_id, refused_batches(connection, contract.feed)]
    ).fetchone()
    return int(row[0]) if row else 0
