"""What marts were made of: enough to make them again from raw, and to see that it is the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row


@dataclass(frozen=True)
class Origin:
    """`source_batches` has a row a feed; `known_at` is when the last of the batches was landed.

    Raw as it was known at that instant, with the dbt project and the figures entered by hand of
    these hashes, gives the same marts.
    """

    source_batches: list[dict[str, Any]]
    known_at: datetime | None
    by_hand_sha256: str | None


def read(connection: psycopg.Connection) -> Origin:
    """The origin of the live marts."""
    known_at = connection.execute(
        "select max(landed_at) from ops.batch "
        "where status = 'passed' and transformed_at is not null"
    ).fetchone()
    by_hand = connection.execute(
        "select by_hand_sha256 from ops.transform_run where status = 'succeeded' "
        "order by transform_run_id desc limit 1"
    ).fetchone()
    return Origin(
        source_batches(connection),
        known_at[0] if known_at else None,
        by_hand[0] if by_hand else None,
    )


def source_batches(connection: psycopg.Connection, ops: str = "ops") -> list[dict[str, Any]]:
    """The batches that marts stand on, a row a feed: their list would outgrow the release.

    `ops` is the schema of their ledger. The hash tells sets of landings apart, not their order.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                """
                select
                    feed,
                    count(*) as batches,
                    sum(loaded)::bigint as records,
                    to_char(
                        max(window_to) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
                    ) as loaded_until,
                    encode(
                        sha256(
                            string_agg(
                                manifest_sha256, ',' order by manifest_sha256 collate "C"
                            )::bytea
                        ),
                        'hex'
                    ) as sha256
                from {}.batch
                where status = 'passed' and transformed_at is not null
                group by feed
                order by feed collate "C"
                """
            ).format(sql.Identifier(ops))
        ).fetchall()
