"""Second try: records that were refused only for what the warehouse did not know yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import psycopg
from psycopg import sql
from psycopg.rows import args_row

from service_index.landing.store import LandedRecord
from service_index.loading import knowledge, ledger
from service_index.loading.contract import Contract
from service_index.loading.contracts import CONTRACTS
from service_index.loading.judging import Refusal, judge
from service_index.loading.ledger import LoadReport, warning_counts
from service_index.loading.merging import Merged, merge
from service_index.loading.reader import Reader
from service_index.loading.snapshots import keep_later_state
from service_index.loading.staging import Stage
from service_index.loading.windows import lock_feed

# Waiting records are read so many at a time; each has 1 MiB at most.
_FETCHED_RECORDS = 100


_RESOLVE = """
update quarantine.record as q
set resolved_at = now(), resolved_by_batch_id = %(batch_id)s
from {stage} as s
where
    q.batch_id = %(origin_id)s
    and q.resolved_at is null
    and q.landed_file = s.landed_file
    and q.landed_line = s.landed_line
"""


class WaitingRecord(LandedRecord, frozen=True, gc=False):
    """A record in quarantine, with its row's id and the rule that it broke."""

    record_id: int
    rule: str


def retry_quarantined(connection: psycopg.Connection) -> list[LoadReport]:
    """Judge every retryable, unresolved record again and load those that are good now.

    Those of a feed become rows of one new batch of the kind `retry`, each with its own landed
    file, line and time; its `delivered` are the records that left quarantine. Where none is good
    now, there is no batch. Records of batches that a gate refused are left where they are. Each
    feed is committed by itself.
    """
    reports = []
    for contract in CONTRACTS.values():
        with connection.transaction():
            lock_feed(connection, contract.feed)
            report = _Retry(connection, contract).run()
        connection.commit()
        if report is not None:
            reports.append(report)
    return reports


class _Retry:
    """One feed's second try, in one transaction."""

    def __init__(self, connection: psycopg.Connection, contract: Contract) -> None:
        self._connection = connection
        self._contract = contract
        self._batch_id: int | None = None
        self._merged: list[Merged] = []

    def run(self) -> LoadReport | None:
        """Take the batches with waiting records one by one, in the order of their landing."""
        waiting = self._batches_with_waiting()
        if not waiting:
            return None
        bound = ledger.horizon(self._connection, self._contract.feed)
        reader = Reader(self._contract, knowledge.gather(self._connection, self._contract, bound))
        for origin_id, landed_at in waiting:
            self._retry(reader, origin_id, landed_at)
        if self._batch_id is None:
            return None
        report = self._report(self._batch_id, reader)
        ledger.close_batch(self._connection, report)
        ledger.describe_retry_batch(self._connection, self._batch_id)
        return report

    def _retry(self, reader: Reader, origin_id: int, landed_at: datetime) -> None:
        stage: Stage | None = None
        for chunk in judge(self._waiting_records(origin_id), reader):
            if chunk.staged:
                stage = stage or self._stage(landed_at)
                stage.add(chunk.lines)
                stage.flush()  # the cursor's next records come over the same connection
            self._restate(chunk.refusals)
        if stage is None:
            return
        assert self._batch_id is not None  # noqa: S101 - it came with the stage
        self._merged.append(merge(self._connection, self._contract, stage))
        self._connection.execute(
            sql.SQL(_RESOLVE).format(stage=stage.table),
            {"batch_id": self._batch_id, "origin_id": origin_id},
        )
        if self._contract.is_snapshot:
            keep_later_state(self._connection, self._contract, self._batch_id, landed_at)
        stage.drop()

    def _stage(self, landed_at: datetime) -> Stage:
        if self._batch_id is None:
            self._batch_id = ledger.open_retry_batch(self._connection, self._contract.feed)
        return Stage(self._connection, self._contract, self._batch_id, landed_at)

    def _batches_with_waiting(self) -> list[tuple[int, datetime]]:
        rows = self._connection.execute(
            """
            select distinct b.batch_id, b.landed_at
            from quarantine.record as q
            inner join ops.batch as b on q.batch_id = b.batch_id
            where
                q.feed = %s
                and q.is_retryable
                and q.resolved_at is null
                and b.status <> 'refused'
            order by b.landed_at, b.batch_id
            """,
            [self._contract.feed],
        )
        return rows.fetchall()

    def _waiting_records(self, origin_id: int) -> Iterator[WaitingRecord]:
        with self._connection.cursor(
            name="waiting_records", row_factory=args_row(WaitingRecord)
        ) as cursor:
            cursor.itersize = _FETCHED_RECORDS
            cursor.execute(
                """
                select landed_file, landed_line, body, record_id, rule
                from quarantine.record
                where batch_id = %s and is_retryable and resolved_at is null
                order by landed_file, landed_line
                """,
                [origin_id],
            )
            yield from cursor

    def _restate(self, refusals: list[Refusal]) -> None:
        """Keep the rule that a record breaks now, where it is another one."""
        changed = [
            (refusal.rule, refusal.reason, refusal.is_retryable, refusal.record.record_id)
            for refusal in refusals
            if isinstance(refusal.record, WaitingRecord) and refusal.rule != refusal.record.rule
        ]
        if changed:
            self._connection.cursor().executemany(
                "update quarantine.record set rule = %s, reason = %s, is_retryable = %s "
                "where record_id = %s",
                changed,
            )

    def _report(self, batch_id: int, reader: Reader) -> LoadReport:
        loaded = sum(merged.loaded for merged in self._merged)
        duplicates = sum(merged.duplicates for merged in self._merged)
        contradictions = sum(merged.contradictions for merged in self._merged)
        return LoadReport(
            batch_id=batch_id,
            feed=self._contract.feed,
            kind="retry",
            landed_path=None,
            delivered=loaded + duplicates,
            loaded=loaded,
            duplicates=duplicates,
            quarantined=0,
            warnings=warning_counts(reader.warnings, equal_version_differs=contradictions),
        )
