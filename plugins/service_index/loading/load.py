"""Loads landings: from landed bytes to typed rows in `raw`, one transaction per batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime

import psycopg
from psycopg import sql

from service_index import kill_points
from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.loading import knowledge, ledger
from service_index.loading.contract import Contract
from service_index.loading.contracts import CONTRACTS
from service_index.loading.judging import JudgedLanding, LandingJudge
from service_index.loading.judging_ahead import JudgingAhead, processes
from service_index.loading.ledger import LoadReport, warning_counts
from service_index.loading.mended import MendedLoad
from service_index.loading.merging import Merged, merge, standing_good_versions
from service_index.loading.reader import Reader
from service_index.loading.retry import retry_quarantined
from service_index.loading.snapshots import keep_later_state, remove_vanished
from service_index.loading.staging import Quarantine, Stage
from service_index.loading.windows import lock_feed, move_watermark

# Fewer records are judged before other processes have begun to.
JUDGED_AHEAD_FROM = 20_000

# Of the rows that a table was last known to hold.
SHARE_THAT_CHANGES_PLANS = 0.05

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

    Raises LoadError, JudgingError, LandingCorruptError and psycopg.Error.
    """
    loaded = ledger.landings_loaded(connection)
    reports: list[LoadReport] = []
    for feed, contract in CONTRACTS.items():
        waiting = list(store.manifests(feed, without=loaded))
        records = sum(manifest.delivered for _, manifest in waiting)
        progress = _Progress(tell, feed, records)
        with ExitStack() as closing:
            ahead = None
            if records >= JUDGED_AHEAD_FROM and processes() > 1:
                ahead = closing.enter_context(_judging_ahead(connection, store, contract, waiting))
            for path, manifest in waiting:
                reports.append(
                    load_batch(connection, store, path, manifest, progress.advance, ahead)
                )
    reports += retry_quarantined(connection)
    _refresh_statistics(connection, reports)
    return reports


def load_batch(
    connection: psycopg.Connection,
    store: LandingStore,
    path: str,
    manifest: Manifest,
    advance: Callable[[int], None] = lambda records: None,
    ahead: JudgingAhead | None = None,
) -> LoadReport:
    """Load one landing in one transaction and commit it; one that is loaded already is left alone.

    Waits for another load of the same feed. Records are streamed: memory does not grow with the
    landing. `advance` is called with the number of records of each chunk. `ahead` judges this
    landing, and others after it, in other processes.

    Raises KeyError for a feed without a contract, and what `load_landed` raises; nothing of the
    landing is then in the warehouse.
    """
    with connection.transaction():
        report = load_within(connection, store, path, manifest, advance, ahead)
        kill_points.reached("load.before_commit")
    connection.commit()
    kill_points.reached("load.after_commit")
    return report


def load_within(
    connection: psycopg.Connection,
    store: LandingStore,
    path: str,
    manifest: Manifest,
    advance: Callable[[int], None] = lambda records: None,
    ahead: JudgingAhead | None = None,
) -> LoadReport:
    """As `load_batch`, within the caller's transaction, with which the feed's lock goes."""
    contract = CONTRACTS[manifest.feed]
    lock_feed(connection, contract.feed)
    report = ledger.find_batch(connection, path)
    if report is not None:
        return report
    if manifest.kind == "mend":
        report = MendedLoad(connection, store, contract, path, manifest).run(advance)
    else:
        judged = ahead.of(path) if ahead else _judge_here(connection, store, path, manifest)
        report = _Load(connection, contract, path, manifest, judged).run(advance)
    if report.delivered != manifest.delivered:
        raise LoadError(
            f"{path}: {report.delivered} records, but its manifest says {manifest.delivered}"
        )
    move_watermark(connection, contract.feed)
    return report


def _judge_here(
    connection: psycopg.Connection, store: LandingStore, path: str, manifest: Manifest
) -> JudgedLanding:
    contract = CONTRACTS[manifest.feed]
    known = knowledge.gather(connection, contract, _version_bound(contract, manifest))
    return LandingJudge(Reader(contract, known), store, path, manifest)


def _judging_ahead(
    connection: psycopg.Connection,
    store: LandingStore,
    contract: Contract,
    landings: Iterable[tuple[str, Manifest]],
) -> JudgingAhead:
    known = knowledge.gather(connection, contract, None)
    connection.commit()
    return JudgingAhead(
        store,
        contract.feed,
        known,
        [
            (path, manifest, knowledge.bound_text(_version_bound(contract, manifest)))
            for path, manifest in landings
            if manifest.kind != "mend"
        ],
    )


def _version_bound(contract: Contract, manifest: Manifest) -> datetime | None:
    # A file has no window; it tells of the time before it was landed.
    return None if contract.is_snapshot else manifest.window_to or manifest.landed_at


class _Load:
    """One landing on its way into the warehouse, in one transaction."""

    def __init__(
        self,
        connection: psycopg.Connection,
        contract: Contract,
        path: str,
        manifest: Manifest,
        judged: JudgedLanding,
    ) -> None:
        self._connection = connection
        self._contract = contract
        self._path = path
        self._manifest = manifest
        self._batch_id = ledger.open_batch(connection, path, manifest)
        self._judged = judged
        self._refusals: Counter[str] = Counter()

    def run(self, advance: Callable[[int], None]) -> LoadReport:
        with Stage(
            self._connection, self._contract, self._batch_id, self._manifest.landed_at
        ) as stage:
            staged = self._judge_into(stage, advance)
        delivered = staged + self._refusals.total()
        merged = merge(self._connection, self._contract, stage)
        removed = self._follow_snapshot(stage) if self._contract.is_snapshot else 0
        report = self._report(delivered, merged, removed)
        ledger.close_batch(self._connection, report, self._judged.sampler.profile())
        return report

    def _judge_into(self, stage: Stage, advance: Callable[[int], None]) -> int:
        """Send every record to the stage or into quarantine; how many are staged."""
        where = (self._contract.feed, self._batch_id, self._manifest.landed_at)
        quarantine = Quarantine(self._connection, *where)
        staged = 0
        for chunk in self._judged:
            stage.add(chunk.lines)
            quarantine.add(chunk.refusals, stage)
            staged += chunk.staged
            self._refusals.update(refusal.rule for refusal in chunk.refusals)
            advance(chunk.records)
        stage.flush()
        quarantine.flush()
        return staged

    def _follow_snapshot(self, stage: Stage) -> int:
        """What the snapshot says beside its records; how many keys have vanished."""
        where = (self._batch_id, self._manifest.landed_at)
        removed = 0
        if self._manifest.kind == "snapshot":  # what a file lacks may still be there
            removed = remove_vanished(self._connection, self._contract, stage, self._path, *where)
        keep_later_state(self._connection, self._contract, *where)
        return removed

    def _report(self, delivered: int, merged: Merged, removed: int) -> LoadReport:
        standing = standing_good_versions(self._connection, self._contract, self._batch_id)
        return LoadReport(
            batch_id=self._batch_id,
            feed=self._contract.feed,
            kind=self._manifest.kind,
            landed_path=self._path,
            delivered=delivered,
            loaded=merged.loaded,
            duplicates=merged.duplicates,
            quarantined=self._refusals.total(),
            removed=removed,
            warnings=warning_counts(
                self._judged.warnings,
                equal_version_differs=merged.contradictions,
                earlier_version_stands=standing,
            ),
            refusals=dict(self._refusals),
        )


def _refresh_statistics(connection: psycopg.Connection, reports: Iterable[LoadReport]) -> None:
    """Transforms plan well on what was just loaded, without waiting for autovacuum.

    A day's share of a long history changes no plan, and to sample that history takes longer than
    to load the day.
    """
    loaded: Counter[str] = Counter()
    for report in reports:
        loaded[report.feed] += report.loaded
    for feed, rows in loaded.items():
        known = connection.execute(
            "select reltuples from pg_class where oid = ('raw.' || %s)::regclass", [feed]
        ).fetchone()
        if rows and (known is None or rows >= known[0] * SHARE_THAT_CHANGES_PLANS):
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
