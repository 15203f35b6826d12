"""The gate on the dossiers' batches, the same checks in one statement."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from expectations.registry import FEED_SUITES, LEDGER
from expectations.vocabulary import Suite
from service_index.quality.gate import run_batch_gate
from service_index.quality.validation import open_validator
from tests.benchmarks.measuring import Work

_SCAN = Path(__file__).with_name("scan.sql").read_text(encoding="utf-8")
# No check: what the scan joins and counts by.
_NOT_CHECKS = {"batch_id", "record_rows"}
# Only a snapshot removes keys.
_NOT_OF_WINDOWS = {"snapshot_keeps_its_keys"}


def gate(dsn: str) -> Work:
    """Gate 1 as a run does it; its start-up (the import of Great Expectations, a context) apart."""
    batches = _batches(dsn)

    def work() -> dict[str, float]:
        started = time.perf_counter()
        with open_validator(dsn):
            pass
        ready = time.perf_counter()
        run_batch_gate(dsn, batches, Path(tempfile.mkdtemp()))
        return {
            "start-up": ready - started,
            "checking": time.perf_counter() - ready,
        }

    return work


def by_hand(dsn: str) -> Work:
    """The same checks in one statement."""
    batches = _batches(dsn)
    connection = psycopg.connect(dsn)

    def work() -> None:
        _scan(connection, batches)

    return work


def compare(dsn: str) -> Work:
    """Both must count the same rows for every check, of a batch that breaks each of them."""

    def work() -> dict[str, float]:
        batches = _batches(dsn)
        with psycopg.connect(dsn) as connection:
            found = _scan(connection, batches)
        with open_validator(dsn) as validator:
            told = {
                check.name: check.violations or 0
                for suite in (LEDGER, FEED_SUITES["dossiers"])
                for check in validator.validate(_strict(suite), batches)
                if check.name not in _NOT_OF_WINDOWS
            }
        assert told == found, json.dumps({"suite": told, "by hand": found}, indent=1)
        return {"checks compared": len(found), "checks broken": sum(map(bool, found.values()))}

    return work


def _strict(suite: Suite) -> Suite:
    """The suite with no row forgiven, so that all of them are counted."""
    return replace(
        suite,
        checks=tuple(
            replace(check, arguments={**check.arguments, "mostly": 1.0})
            if "mostly" in check.arguments
            else check
            for check in suite.checks
        ),
    )


def _batches(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("select batch_id from ops.batch where feed = 'dossiers'")
        return [int(row[0]) for row in found]


def _scan(connection: psycopg.Connection, batches: list[int]) -> dict[str, int]:
    """Check → rows, or batches, that break it."""
    query = sql.SQL(_SCAN).format(batch_ids=sql.SQL(", ").join(batches))
    total: Counter[str] = Counter()
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(query):
            total.update({name: count or 0 for name, count in row.items()})
    return {name: count for name, count in total.items() if name not in _NOT_CHECKS}
