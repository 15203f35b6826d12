"""What was in quarantine when a release was made: records that none of its numbers counts."""

from __future__ import annotations

from typing import TypedDict

import psycopg

from service_index.publishing.labels import Label


class Quarantined(TypedDict):
    """How many records of a feed a rule refused."""

    feed: str
    rule: str
    records: int


def keep(connection: psycopg.Connection, release_id: str) -> None:
    """Count what is in quarantine now, for good: in the transaction that makes the release."""
    connection.execute(
        """
        insert into published.release_quarantine (release_id, records)
        select
            %s,
            coalesce(
                jsonb_agg(
                    jsonb_build_object('feed', feed, 'rule', rule, 'records', records)
                    order by feed collate "C", rule collate "C"
                ),
                '[]'
            )
        from (
            select feed, rule, count(*) as records
            from quarantine.record
            where resolved_at is null
            group by feed, rule
        ) as counted
        """,
        [release_id],
    )


def sentence(quarantine: list[Quarantined]) -> Label:
    """The counts as a line in both languages."""
    total = sum(row["records"] for row in quarantine)
    if not total:
        return Label(
            "Không có bản ghi nào bị loại khi công bố.",
            "No record was in quarantine when it was published.",
        )
    parts = "; ".join(f"{row['feed']}, {row['rule']}: {row['records']}" for row in quarantine)
    return Label(
        f"Số bản ghi bị loại khi công bố, không có trong số liệu: {total} ({parts}).",
        f"Records in quarantine when it was published, in none of the numbers: {total} ({parts}).",
    )
