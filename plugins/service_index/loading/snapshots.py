"""What a snapshot says beside its records: which keys have vanished, and from when on.

Snapshots are normally loaded in the order of their landing. One that is loaded after a later one
(two runs at once, records back from quarantine) must not change what the later one said; so
where it alters a key that the later one left unmentioned, the later state is written down first.
Such rows, and those of vanished keys, lie in no page: their line is 0 of the manifest that tells.
"""

from __future__ import annotations

from datetime import datetime

import psycopg
from psycopg import sql

from service_index.landing.manifest import MANIFEST_NAME
from service_index.loading.contract import Contract
from service_index.loading.merging import (
    NEWEST_FIRST,
    columns,
    key_text,
    refused_batches,
    same_key,
)
from service_index.loading.staging import Stage

# A key that the snapshot delivers in a record that is refused has not vanished: its earlier good
# row stands.
_VANISHED = """
insert into raw.{feed} ({columns})
select {values}
from (
    select distinct on ({key}) r.*
    from raw.{feed} as r
    where r.version_at <= %(snapshot_at)s and r.batch_id <> all(%(refused)s)
    order by {key}, {newest_first}
) as standing
where
    not standing.is_removed
    and not exists (select from {stage} as s where {staged})
    and not exists (
        select from quarantine.record as q
        where q.batch_id = %(batch_id)s and q.record_key = {key_text}
    )
"""

# For each row that this load added as of `snapshot_at`: the first later snapshot that did not
# refuse the key's record found what stood before the row (its content, or that it was gone),
# unless there is a row since. Up to that snapshot, what is new now stands.
_LATER = """
insert into raw.{feed} ({columns})
select {values}
from (
    select distinct on ({key}) r.*
    from raw.{feed} as r
    where r.batch_id = %(batch_id)s and r.version_at = %(snapshot_at)s
    order by {key}, {newest_first}
) as added
cross join lateral (
    select b.landed_at, b.landed_path
    from ops.batch as b
    where
        b.feed = %(feed)s
        and b.kind = 'snapshot'
        and b.status <> 'refused'
        and b.landed_at > %(snapshot_at)s
        and not exists (
            select from quarantine.record as q
            where
                q.batch_id = b.batch_id
                and q.record_key = {key_text}
                and q.resolved_at is null
        )
    order by b.landed_at
    limit 1
) as later
left join lateral (
    select r.*
    from raw.{feed} as r
    where {same_key} and r.version_at < added.version_at and r.batch_id <> all(%(refused)s)
    order by {newest_first}
    limit 1
) as before on true
where
    not exists (
        select from raw.{feed} as r
        where
            {same_key}
            and r.version_at > added.version_at
            and r.version_at <= later.landed_at
            and r.batch_id <> all(%(refused)s)
    )
"""


def remove_vanished(
    connection: psycopg.Connection,
    contract: Contract,
    stage: Stage,
    landed_path: str,
    batch_id: int,
    snapshot_at: datetime,
) -> int:
    """Write a removal for each standing key that the staged snapshot lacks; how many there are."""
    told_by = {
        "version_at": snapshot_at,
        "is_removed": True,
        "batch_id": batch_id,
        "landed_at": snapshot_at,
        "landed_file": f"{landed_path}/{MANIFEST_NAME}",
        "landed_line": 0,
    }
    values = [
        sql.Literal(told_by[name]) if name in told_by else sql.Identifier("standing", name)
        for name in contract.raw_columns
    ]
    statement = sql.SQL(_VANISHED).format(
        feed=sql.Identifier(contract.feed),
        columns=columns(contract.raw_columns),
        values=sql.SQL(", ").join(values),
        key=columns(contract.key, "r"),
        newest_first=NEWEST_FIRST,
        stage=stage.table,
        staged=same_key(contract, "s", "standing"),
        key_text=key_text(contract, "standing"),
    )
    return connection.execute(
        statement,
        {
            "snapshot_at": snapshot_at,
            "batch_id": batch_id,
            "refused": refused_batches(connection, contract.feed),
        },
    ).rowcount


def keep_later_state(
    connection: psycopg.Connection, contract: Contract, batch_id: int, snapshot_at: datetime
) -> None:
    """After rows were added as of `snapshot_at`, restore what later loaded snapshots said."""
    parameters = {
        "feed": contract.feed,
        "batch_id": batch_id,
        "snapshot_at": snapshot_at,
        "refused": refused_batches(connection, contract.feed),
    }
    later = connection.execute(
        "select from ops.batch "
        "where feed = %(feed)s and kind = 'snapshot' and landed_at > %(snapshot_at)s limit 1",
        parameters,
    ).fetchone()
    if later is None:
        return
    statement = sql.SQL(_LATER).format(
        feed=sql.Identifier(contract.feed),
        columns=columns(contract.raw_columns),
        values=sql.SQL(", ").join(_later_value(name) for name in contract.raw_columns),
        key=columns(contract.key, "r"),
        newest_first=NEWEST_FIRST,
        same_key=same_key(contract, "r", "added"),
        key_text=key_text(contract, "added"),
    )
    connection.execute(statement, parameters)


_TOLD_BY_LATER = {
    "version_at": "later.landed_at",
    "landed_at": "later.landed_at",
    "landed_file": f"later.landed_path || '/{MANIFEST_NAME}'",
    "landed_line": "0",
    "batch_id": "%(batch_id)s",
    "is_removed": "coalesce(before.is_removed, true)",
}


def _later_value(name: str) -> sql.Composable:
    if name in _TOLD_BY_LATER:
        return sql.SQL(_TOLD_BY_LATER[name])
    return sql.SQL("case when before.batch_id is null then {} else {} end").format(
        sql.Identifier("added", name), sql.Identifier("before", name)
    )
