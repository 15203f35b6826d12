"""Streams judged records into a temporary table, chunk by chunk, and sets the bad ones aside."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import Any, Self

import psycopg
from psycopg import sql

from service_index.loading.contract import Contract
from service_index.loading.converters import FALSE, TRUE
from service_index.loading.judging import Refusal

# Refused records are kept back and copied together, because one connection copies into one table
# at a time.
KEPT_RECORDS = 5_000
KEPT_BYTES = 8 * 1024 * 1024

_COPIED_LINEAGE = ("landed_file", "landed_line", "content_hash")


class Stage:
    """The temporary table of a load: as the raw table, and gone with the transaction.

    Columns that are the same for all rows (batch, landing time, a snapshot's version) are
    defaults of the table. As a context manager it ends, or breaks off, a COPY under way.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        contract: Contract,
        batch_id: int,
        landed_at: datetime,
    ) -> None:
        self._connection = connection
        self.table = sql.Identifier("pg_temp", f"stage_{contract.feed}")
        self._copying = ExitStack()
        self._copy: psycopg.Copy | None = None
        self._statement = sql.SQL("copy {} ({}) from stdin").format(
            self.table,
            sql.SQL(", ").join(map(sql.Identifier, (*contract.columns, *_COPIED_LINEAGE))),
        )
        defaults: dict[str, object] = {"batch_id": batch_id, "landed_at": landed_at}
        if contract.is_snapshot:
            defaults |= {"version_at": landed_at, "is_removed": False}
        create = "create temporary table {} (like raw.{}) on commit drop"
        connection.execute(
            sql.SQL(create).format(
                sql.Identifier(f"stage_{contract.feed}"), sql.Identifier(contract.feed)
            )
        )
        changes = (
            sql.SQL("alter column {} set default {}").format(
                sql.Identifier(column), sql.Literal(value)
            )
            for column, value in defaults.items()
        )
        connection.execute(
            sql.SQL("alter table {} {}").format(self.table, sql.SQL(", ").join(changes))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._copying.__exit__(*error)

    def add(self, lines: bytes) -> None:
        """Send lines made by `judge`; they are all there after `flush`."""
        if lines:
            if self._copy is None:
                self._copy = self._copying.enter_context(
                    self._connection.cursor().copy(self._statement)
                )
            self._copy.write(lines)

    def flush(self) -> None:
        """End the COPY, so that the connection is free for other statements."""
        self._copying.close()
        self._copy = None

    def drop(self) -> None:
        """Make room for another stage in the same transaction."""
        self._connection.execute(sql.SQL("drop table {}").format(self.table))


_QUARANTINE = """
copy quarantine.record (
    feed, batch_id, landed_at, landed_file, landed_line,
    record_key, record_version, rule, reason, is_retryable, body
) from stdin
"""


class Quarantine:
    """Where a batch's refused records go, whole."""

    def __init__(
        self, connection: psycopg.Connection, feed: str, batch_id: int, landed_at: datetime
    ) -> None:
        self._connection = connection
        self._feed = feed
        self._batch_id = batch_id
        self._landed_at = landed_at
        self._kept: list[Refusal] = []
        self._kept_bytes = 0

    def add(self, refusals: list[Refusal], stage: Stage) -> None:
        """Keep refused records; write them when there are many, after flushing `stage`."""
        self._kept += refusals
        self._kept_bytes += sum(len(refusal.record.body) for refusal in refusals)
        if len(self._kept) >= KEPT_RECORDS or self._kept_bytes >= KEPT_BYTES:
            stage.flush()
            self.flush()

    def flush(self) -> None:
        """Write what is kept."""
        if self._kept:
            with self._connection.cursor().copy(_QUARANTINE) as copy:
                for refusal in self._kept:
                    copy.write("\t".join(self._values(refusal)) + "\n")
        self._kept = []
        self._kept_bytes = 0

    def _values(self, refusal: Refusal) -> tuple[str, ...]:
        record = refusal.record
        return (
            self._feed,
            str(self._batch_id),
            self._landed_at.isoformat(),
            record.file,
            str(record.line),
            refusal.identity.key,
            refusal.identity.version_at,
            refusal.rule,
            refusal.reason,
            TRUE if refusal.is_retryable else FALSE,
            rf"\\x{record.body.hex()}",
        )
