"""Batches in `ops.batch`: what a load leaves behind, and what it reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from service_index.landing.manifest import Manifest


@dataclass(frozen=True)
class LoadReport:
    """One batch as it was loaded: `delivered` = `loaded` + `duplicates` + `quarantined`.

    landed_path   the landing's folder; None for a batch of records taken out of quarantine
    removed       keys of a snapshot feed that vanished with this snapshot
    warnings      rule → number of records
    refusals      rule → number of records that went into quarantine
    """

    batch_id: int
    feed: str
    kind: str
    landed_path: str | None
    delivered: int
    loaded: int
    duplicates: int
    quarantined: int
    removed: int = 0
    warnings: Mapping[str, int] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)


def warning_counts(of_rules: Counter[str], **others: int) -> dict[str, int]:
    """All warnings of a load that occurred, by rule."""
    return {rule: count for rule, count in (of_rules + Counter(others)).items() if count}


def open_batch(connection: psycopg.Connection, path: str, manifest: Manifest) -> int:
    """A new batch for a landing, its counts still zero; its id."""
    row = connection.execute(
        """
        insert into ops.batch (
            feed, kind, source, window_from, window_to, period_month, landed_path, landed_at,
            manifest_sha256, source_total, distinct_keys, is_sample, delivered, loaded, duplicates,
            quarantined
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0, 0, 0)
        returning batch_id
        """,
        [
            manifest.feed,
            manifest.kind,
            manifest.source,
            manifest.window_from,
            manifest.window_to,
            manifest.period_month or None,
            path,
            manifest.landed_at,
            manifest.sha256,
            manifest.source_total,
            manifest.distinct_keys,
            manifest.is_sample,
        ],
    ).fetchone()
    return _id(row)


def open_retry_batch(connection: psycopg.Connection, feed: str) -> int:
    """A new batch for records that come out of quarantine, its counts still zero; its id."""
    row = connection.execute(
        """
        insert into ops.batch (
            feed, kind, source, landed_at, distinct_keys, delivered, loaded, duplicates, quarantined
        )
        values (%s, 'retry', 'quarantine', now(), 0, 0, 0, 0, 0)
        returning batch_id
        """,
        [feed],
    ).fetchone()
    return _id(row)


def close_batch(
    connection: psycopg.Connection,
    report: LoadReport,
    key_profile: Mapping[str, object] | None = None,
) -> None:
    """Enter what the load counted, and the profile of the keys that its records carried."""
    connection.execute(
        """
        update ops.batch
        set
            delivered = %s, loaded = %s, duplicates = %s, quarantined = %s,
            warnings = %s, key_profile = %s
        where batch_id = %s
        """,
        [
            report.delivered,
            report.loaded,
            report.duplicates,
            report.quarantined,
            Jsonb(dict(report.warnings)),
            Jsonb(dict(key_profile or {})),
            report.batch_id,
        ],
    )


def describe_retry_batch(connection: psycopg.Connection, batch_id: int) -> None:
    """Enter what follows from the records that the batch took out of quarantine."""
    connection.execute(
        """
        update ops.batch as b
        set distinct_keys = resolved.distinct_keys, is_sample = resolved.is_sample
        from (
            select
                count(distinct q.record_key) as distinct_keys,
                bool_or(origin.is_sample) as is_sample
            from quarantine.record as q
            inner join ops.batch as origin on q.batch_id = origin.batch_id
            where q.resolved_by_batch_id = %(batch_id)s
        ) as resolved
        where b.batch_id = %(batch_id)s
        """,
        {"batch_id": batch_id},
    )


def find_batch(connection: psycopg.Connection, path: str) -> LoadReport | None:
    """The batch of a landing that is loaded already."""
    with connection.cursor(row_factory=class_row(LoadReport)) as cursor:
        return cursor.execute(
            "select batch_id, feed, kind, landed_path, delivered, loaded, duplicates, "
            "quarantined, warnings from ops.batch where landed_path = %s",
            [path],
        ).fetchone()


def landings_loaded(connection: psycopg.Connection) -> set[str]:
    """The landings that need not be loaded again."""
    rows = connection.execute("select landed_path from ops.batch where landed_path is not null")
    return {path for (path,) in rows}


def horizon(connection: psycopg.Connection, feed: str) -> datetime | None:
    """The instant up to which the feed's deliveries reach: versions before it are of the past."""
    row = connection.execute(
        "select max(coalesce(window_to, landed_at)) from ops.batch "
        "where feed = %s and kind in ('window', 'file')",
        [feed],
    ).fetchone()
    return row[0] if row else None


def _id(row: tuple[int] | None) -> int:
    assert row is not None  # noqa: S101 - an insert returns its row
    return row[0]
