"""Loads landings: from landed bytes to typed rows in `raw`, one transaction per batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import psycopg
from psycopg import sql

from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.loading import knowledge, ledger
from service_index.loading.contract import Contract
from service_index.loading.contracts import CONTRACTS
from service_index.loading.ledger import LoadReport, warning_counts
from service_index.loading.merging import merge, standing_good_versions
from service_index.loading.reader import Reader
from service_index.loading.retry import retry_quarantined
from service_index.loading.snapshots import keep_later_state, remove_vanished
from service_index.loading.staging import KeySampler, Quarantine, Stage, judge
from service_index.loading.windows import lock_feed, move_watermark

# Called with a name, how many records are done, and of how many.
Tell = Callable[[str, int, int | None], None]


class LoadError(Exception):
    """A landing cannot be loaded; the message is one line and holds no record content."""


def load_landed(
    connection: psycopg.Connection,
    store: LandingStore,
    tell: Tell = lambda name, done, total: None,
) -> list[LoadReport]:
    """Load every landing that is not loaded yet, then try the records that wait in quarantine.

    In the order of landing, but units first and procedures next, because the others name them.
    Into an empty warehouse this rebuilds `raw` from the landing alone. Each batch is committed by
    itself: after an error the earlier ones stand, and the next call goes on.

    Raises LoadError, LandingCorruptError and psycopg.Error.
    """
    loaded = ledger.landings_loaded(connection)
    reports: list[LoadReport] = []
    for feed in CONTRACTS:
        waiting = [item for item in store.manifests(feed) if item[0] not in loaded]
        progress = _Progress(tell, feed, sum(manifest.delivered for _, manifest in waiting))
        for path, manifest in waiting:
            reports.append(load_batch(connection, store, path, manifest, progress.advance))
    reports += retry_quarantined(connection)
    _refresh_statistics(connection, [report.feed for report in reports if report.loaded])
    return reports


def load_batch(
    connection: psycopg.Connection,
    store: LandingStore,
    path: str,
    manifest: Manifest,
    advance: Callable[[int], None] = lambda records: None,
) -> LoadReport:
    """Load one landing in one transaction and commit it; one that is loaded already is left alone.

    Waits for another load of the same feed. Records are streamed: memory does not grow with the
    landing. `advance` is called with the number of records of each chunk.

    Raises KeyError for a feed without a contract, and what `load_landed` raises; nothing of the
    landing is then in the warehouse.
    """
    contract = CONTRACTS[manifest.feed]
    with connection.transaction():
        lock_feed(connection, contract.feed)
        report = ledger.find_batch(connection, path)
        if report is None:
            report = _load(connection, store, contract, path, manifest, advance)
            move_watermark(connection, contract.feed)
    connection.commit()
    return report


def _load(
    connection: psycopg.Connection,
    store: LandingStore,
    contract: Contract,
    path: str,
    manifest: Manifest,
    advance: Callable[[int], None],
) -> LoadReport:
    batch_id = ledger.open_batch(connection, path, manifest)
    # A file has no window; it tells of the time before it was landed.
    bound = None if contract.is_snapshot else manifest.window_to or manifest.landed_at
    reader = Reader(contract, knowledge.gather(connection, contract, bound))
    quarantine = Quarantine(connection, reader, batch_id, manifest.landed_at)
    sampler = KeySampler()
    staged = 0
    refusals: Counter[str] = Counter()
    with Stage(connection, contract, batch_id, manifest.landed_at) as stage:
        for chunk in judge(sampler.watch(store.records(path, manifest)), reader):
            stage.add(chunk.rows)
            quarantine.add(chunk.refusals, stage)
            staged += len(chunk.rows)
            refusals.update(refusal.rule for refusal in chunk.refusals)
            advance(len(chunk.rows) + len(chunk.refusals))
    quarantine.flush()
    delivered = staged + refusals.total()
    if delivered != manifest.delivered:
        raise LoadError(f"{path}: {delivered} records, but its manifest says {manifest.delivered}")
    merged = merge(connection, contract, stage)
    removed = 0
    if contract.is_snapshot:
        if manifest.kind == "snapshot":  # what a file lacks may still be there
            removed = remove_vanished(
                connection, contract, stage, batch_id, path, manifest.landed_at
            )
        keep_later_state(connection, contract, batch_id, manifest.landed_at)
    report = LoadReport(
        batch_id=batch_id,
        feed=contract.feed,
        kind=manifest.kind,
        landed_path=path,
        delivered=delivered,
        loaded=merged.loaded,
        duplicates=merged.duplicates,
        quarantined=refusals.total(),
        removed=removed,
        warnings=warning_counts(
            reader.warnings,
            equal_version_differs=merged.contradictions,
            earlier_version_stands=standing_good_versions(connection, contract, batch_id),
        ),
        refusals=dict(refusals),
    )
    ledger.close_batch(connection, report, sampler.keys)
    return report


def _refresh_statistics(connection: psycopg.Connection, feeds: Iterable[str]) -> None:
    """Transforms plan well on what was just loaded, without waiting for autovacuum."""
    for feed in dict.fromkeys(feeds):
        connection.execute(sql.SQL("analyze raw.{}").format(sql.Identifier(feed)))
    connection.commit()


class _Progress:
    """Counts the records of a feed's waiting landings."""

    def __init__(self, tell: Tell, feed: str, total: int) -> None:
        self._tell = tell
        self._feed = feed
        self._total = total
        self._done = 0

    def advance(self, records: int) -> None:
        self._done += records
        self._tell(self._feed, self._done, self._total)
