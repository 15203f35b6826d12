"""Loads what people mended: each record takes the place in time of the one that was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby

import psycopg

from service_index.landing.manifest import Manifest, MendNote
from service_index.landing.store import LandingStore, MendedRecord
from service_index.loading import knowledge, ledger
from service_index.loading.contract import Contract
from service_index.loading.judging import judge
from service_index.loading.ledger import LoadReport, warning_counts
from service_index.loading.merging import Merged, merge, standing_good_versions
from service_index.loading.reader import Reader
from service_index.loading.snapshots import keep_later_state
from service_index.loading.staging import Quarantine, Stage

Advance = Callable[[int], None]

# A record that was refused under what was known then may be good from the start in a warehouse
# that is rebuilt: then there is none to resolve.
_RESOLVE = """
update quarantine.record as q
set resolved_at = now(), resolved_by_batch_id = %(batch_id)s
from unnest(%(files)s::text[], %(lines)s::integer[]) as mended (landed_file, landed_line)
where
    q.landed_file = mended.landed_file
    and q.landed_line = mended.landed_line
    and q.feed = %(feed)s
    and q.resolved_at is null
"""
_NOTE = """
insert into ops.mend (
    batch_id, mended_at, mended_by, because, refused_rule, field, from_value, to_value
)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""


class MendedLoad:
    """One landing of mended records on its way into the warehouse, in one transaction.

    A mended record stands in for the one that was refused wherever it goes: into raw, or, should
    it be refused too, into quarantine. Its row has the landing time of the one that it replaces, so
    that what the source itself said since is the newer.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        store: LandingStore,
        contract: Contract,
        path: str,
        manifest: Manifest,
    ) -> None:
        self._connection = connection
        self._store = store
        self._contract = contract
        self._path = path
        self._manifest = manifest
        self._batch_id = ledger.open_batch(connection, path, manifest)
        self._reader = mended_reader(connection, contract, manifest.landed_at)
        self._quarantine = Quarantine(connection, contract.feed, self._batch_id, manifest.landed_at)
        self._merged: list[Merged] = []
        self._refusals: Counter[str] = Counter()

    def run(self, advance: Advance) -> LoadReport:
        for landed_at, records in groupby(self._records(), key=lambda r: r.origin_landed_at):
            self._load(landed_at, records, advance)
        if isinstance(self._manifest.mend, MendNote):
            self._note(self._manifest.mend)
        report = self._report()
        ledger.close_batch(self._connection, report)
        return report

    def _records(self) -> Iterator[MendedRecord]:
        for record in self._store.records(self._path, self._manifest):
            if isinstance(record, MendedRecord):
                yield record

    def _load(self, landed_at: datetime, records: Iterable[MendedRecord], advance: Advance) -> None:
        """Those records that take the place of some that were landed at one instant."""
        origins: list[tuple[str, int]] = []

        def remembered() -> Iterator[MendedRecord]:
            for record in records:
                origins.append((record.origin_file, record.origin_line))
                yield record

        with Stage(self._connection, self._contract, self._batch_id, landed_at) as stage:
            for chunk in judge(remembered(), self._reader):
                stage.add(chunk.lines)
                self._quarantine.add(chunk.refusals, stage)
                self._refusals.update(refusal.rule for refusal in chunk.refusals)
                advance(chunk.records)
            stage.flush()
            self._quarantine.flush()
        self._merged.append(merge(self._connection, self._contract, stage))
        self._resolve(origins)
        if self._contract.is_snapshot:
            keep_later_state(self._connection, self._contract, self._batch_id, landed_at)
        stage.drop()

    def _resolve(self, origins: list[tuple[str, int]]) -> None:
        self._connection.execute(
            _RESOLVE,
            {
                "batch_id": self._batch_id,
                "feed": self._contract.feed,
                "files": [file for file, _ in origins],
                "lines": [line for _, line in origins],
            },
        )

    def _note(self, note: MendNote) -> None:
        rule = note.rule
        of_rule = (
            (rule.refused_rule, rule.field, rule.from_value, rule.to_value) if rule else (None,) * 4
        )
        self._connection.execute(
            _NOTE,
            [self._batch_id, self._manifest.landed_at, note.mended_by, note.because, *of_rule],
        )

    def _report(self) -> LoadReport:
        loaded = sum(merged.loaded for merged in self._merged)
        duplicates = sum(merged.duplicates for merged in self._merged)
        quarantined = self._refusals.total()
        return LoadReport(
            batch_id=self._batch_id,
            feed=self._contract.feed,
            kind=self._manifest.kind,
            landed_path=self._path,
            delivered=loaded + duplicates + quarantined,
            loaded=loaded,
            duplicates=duplicates,
            quarantined=quarantined,
            warnings=warning_counts(
                self._reader.warnings,
                equal_version_differs=sum(merged.contradictions for merged in self._merged),
                earlier_version_stands=standing_good_versions(
                    self._connection, self._contract, self._batch_id
                ),
            ),
            refusals=dict(self._refusals),
        )


def mended_reader(
    connection: psycopg.Connection, contract: Contract, mended_at: datetime
) -> Reader:
    """Judges mended records: as files, they tell of the time before they came."""
    bound = None if contract.is_snapshot else mended_at
    return Reader(contract, knowledge.gather(connection, contract, bound))
