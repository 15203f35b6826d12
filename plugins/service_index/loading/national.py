"""Loads the national results: a landing is the portal's table of all provinces in one month.

A table is a snapshot of its month. A row is written when it differs from what stands; a province
that the newer table lacks is written as removed. Landings are made one at a time, so that they are
loaded in the order in which they were read, and the one landed last tells what stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from service_index.landing.errors import LandingCorruptError
from service_index.landing.manifest import MANIFEST_NAME, Manifest
from service_index.landing.store import LandingStore
from service_index.loading import ledger
from service_index.loading.catalogue import read_national
from service_index.loading.ledger import LoadReport
from service_index.loading.load import LoadError
from service_index.loading.merging import NEWEST_FIRST, refused_batches
from service_index.loading.national_rows import (
    SCORE_FIELDS,
    Judged,
    MappingError,
    NationalRefusal,
    judge,
)
from service_index.loading.windows import lock_feed

FEED = "national_scores"

_CONTENT = ("rank", *(name.lower() for name in SCORE_FIELDS), "content_hash")
_COLUMNS = (
    *("period_month", "province_code", "version_at", "is_removed", *_CONTENT),
    *("batch_id", "landed_at", "landed_file", "landed_line"),
)
# Values of a row, by column.
_Values = dict[str, object]


@dataclass
class NationalLoad:
    """What was loaded, and the months whose newest landing could not be."""

    reports: list[LoadReport] = field(default_factory=list)
    failures: dict[date, LoadError] = field(default_factory=dict)


@contextmanager
def landing_alone(connection: psycopg.Connection) -> Iterator[None]:
    """Keep other landings and loads of the feed out: of two tables of a month, the one that was
    landed later must not be loaded first. Ends the transaction that it needs for that."""
    with connection.transaction():
        lock_feed(connection, FEED)
        yield


def load_national(connection: psycopg.Connection, store: LandingStore, seeds: Path) -> NationalLoad:
    """Load every landing of national results that is not loaded yet, each in one transaction.

    `seeds` is dbt's folder of the catalogue. A landing that cannot be loaded does not hold up the
    others; once a later one of its month is loaded, it is past. Raises LandingCorruptError and
    psycopg.Error.
    """
    done = NationalLoad()
    for path, manifest in store.manifests(FEED):
        month = _month_of(path, manifest)
        try:
            with connection.transaction():
                lock_feed(connection, FEED)
                if not _is_past(connection, path, manifest):
                    done.reports.append(_load(connection, store, path, manifest, seeds))
                    done.failures.pop(month, None)
            connection.commit()
        except LoadError as error:
            done.failures[month] = error
    return done


def _month_of(path: str, manifest: Manifest) -> date:
    if isinstance(manifest.period_month, date):
        return manifest.period_month
    raise LandingCorruptError(f"{path}: its manifest names no month")


def _is_past(connection: psycopg.Connection, path: str, manifest: Manifest) -> bool:
    """Whether the landing is loaded, or a later one of its month is."""
    row = connection.execute(
        "select exists (select from ops.batch where landed_path = %s "
        "or feed = %s and period_month = %s and landed_at > %s)",
        [path, FEED, _month_of(path, manifest), manifest.landed_at],
    ).fetchone()
    return bool(row and row[0])


def _load(
    connection: psycopg.Connection,
    store: LandingStore,
    path: str,
    manifest: Manifest,
    seeds: Path,
) -> LoadReport:
    month = _month_of(path, manifest)
    catalogue = read_national(seeds, month)
    try:
        judged = judge(store.records(path, manifest), catalogue)
    except MappingError as error:
        raise LoadError(f"{FEED} {month:%Y-%m}: {error}") from None
    if judged.delivered != manifest.delivered:
        raise LoadError(
            f"{path}: {judged.delivered} records, but its manifest says {manifest.delivered}"
        )
    batch_id = ledger.open_batch(connection, path, manifest)
    report = _Month(connection, batch_id, path, manifest, month).take(
        judged, catalogue.provinces.codes
    )
    ledger.close_batch(connection, report)
    return report


class _Month:
    """The table of one month, on its way into raw and quarantine."""

    def __init__(
        self,
        connection: psycopg.Connection,
        batch_id: int,
        path: str,
        manifest: Manifest,
        month: date,
    ) -> None:
        self._connection = connection
        self._batch_id = batch_id
        self._path = path
        self._manifest = manifest
        self._month = month

    def take(self, judged: Judged, provinces: frozenset[str]) -> LoadReport:
        """Write what is new, and count which of the month's `provinces` do not stand then."""
        standing = self._standing()
        news = [
            row
            for row in judged.rows
            if standing.get(row.province_code, {}).get("content_hash") != row.content_hash
        ]
        vanished = _vanished(standing, judged)
        stand = standing.keys() - {values["province_code"] for values in vanished}
        stand |= {row.province_code for row in judged.rows}
        self._insert(
            self._values(
                {"province_code": row.province_code, "is_removed": False}
                | dict(zip(_CONTENT, (row.rank, *row.scores, row.content_hash), strict=True)),
                row.record.file,
                row.record.line,
            )
            for row in news
        )
        self._insert(
            self._values(values | {"is_removed": True}, f"{self._path}/{MANIFEST_NAME}", 0)
            for values in vanished
        )
        self._set_aside(judged.refusals)
        return LoadReport(
            batch_id=self._batch_id,
            feed=FEED,
            kind=self._manifest.kind,
            landed_path=self._path,
            delivered=judged.delivered,
            loaded=len(news),
            duplicates=len(judged.rows) - len(news) + judged.duplicates,
            quarantined=len(judged.refusals),
            removed=len(vanished),
            warnings=ledger.warning_counts(
                Counter(),
                earlier_version_stands=sum(
                    refusal.province_code in standing for refusal in judged.refusals
                ),
                provinces_missing=len(provinces - stand),
            ),
            refusals=dict(Counter(refusal.rule for refusal in judged.refusals)),
        )

    def _standing(self) -> dict[str, _Values]:
        """Province → the values that stand for it in the month; what was removed does not."""
        statement = sql.SQL(
            "select distinct on (province_code) province_code, is_removed, {content} "
            "from raw.national_scores where period_month = %s and batch_id <> all(%s) "
            "order by province_code, {newest_first}"
        ).format(content=_identifiers(_CONTENT), newest_first=NEWEST_FIRST)
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                statement, [self._month, refused_batches(self._connection, FEED)]
            ).fetchall()
        return {
            row["province_code"]: row | {"content_hash": row["content_hash"].hex}
            for row in rows
            if not row["is_removed"]
        }

    def _values(self, values: _Values, landed_file: str, landed_line: int) -> _Values:
        landed_at = self._manifest.landed_at
        return values | {
            "period_month": self._month,
            "version_at": landed_at,
            "batch_id": self._batch_id,
            "landed_at": landed_at,
            "landed_file": landed_file,
            "landed_line": landed_line,
        }

    def _insert(self, rows: Iterable[_Values]) -> None:
        statement = sql.SQL("insert into raw.national_scores ({}) values ({})").format(
            _identifiers(_COLUMNS), sql.SQL(", ").join(map(sql.Placeholder, _COLUMNS))
        )
        self._connection.cursor().executemany(statement, rows)

    def _set_aside(self, refusals: list[NationalRefusal]) -> None:
        """Keep refused rows whole. None is tried again by itself: what mends one is an edit of the
        provinces, or the portal's next table; both come with an import."""
        self._connection.cursor().executemany(
            "insert into quarantine.record (feed, batch_id, landed_at, landed_file, landed_line, "
            "record_key, rule, reason, is_retryable, body) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, false, %s)",
            [
                (
                    *(FEED, self._batch_id, self._manifest.landed_at),
                    *(refusal.record.file, refusal.record.line, refusal.province_code),
                    *(refusal.rule, refusal.reason, refusal.record.body),
                )
                for refusal in refusals
            ],
        )


def _vanished(standing: dict[str, _Values], judged: Judged) -> list[_Values]:
    """What stands for provinces that the table lacks.

    A province in a refused row has not vanished: what stood before stands; and a row that does not
    tell its province could be any of them.
    """
    refused = {refusal.province_code for refusal in judged.refusals}
    if None in refused:
        return []
    present = {row.province_code for row in judged.rows} | refused
    return [values for code, values in standing.items() if code not in present]


def _identifiers(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
