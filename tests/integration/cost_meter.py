"""Counts what a stage costs the database: numbers that are the same on every machine."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import psycopg

from tests.warehouses import throw_away_server

# Else a worker of the server, or its turn to write whole pages, decides what a run costs.
_STEADY = {
    "autovacuum": "off",
    "full_page_writes": "off",
    "max_parallel_workers_per_gather": "0",
    "log_checkpoints": "off",
    # As of tables that are too large to be read whole where an index leads to what is wanted.
    "enable_seqscan": "off",
}
_COUNTS = """
    select
        (select sessions from pg_stat_database where datname = current_database()),
        (
            select tup_inserted + tup_updated + tup_deleted
            from pg_stat_database where datname = current_database()
        ),
        (select wal_bytes from pg_stat_wal),
        (select count(*) from ops.gate_run)
"""
_TABLES = """
    select
        relid::bigint,
        schemaname || '.' || relname,
        coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
    from pg_stat_user_tables
"""
_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+): ")
_DBT_START = "Running with dbt="


# Tables that have a row for every dossier.
_RECORDS = ("raw.dossiers", "marts.fct_dossier")


@dataclass(frozen=True)
class Costs:
    """Of a stage, or of a whole run.

    queries        statements sent to the server
    connections    sessions opened
    records_read   of the tables that have a row for every dossier, by scans and by indexes
    rows_read      of all tables that were there before and are there after
    rows_written   of all tables, temporary ones too: inserted, updated, deleted
    bytes_written  to the log of the server
    gates          runs of Great Expectations
    dbt            starts of dbt
    """

    queries: int
    connections: int
    records_read: int
    rows_read: int
    rows_written: int
    bytes_written: int
    gates: int
    dbt: int

    def __add__(self, other: Costs) -> Costs:
        return Costs(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: Costs) -> Costs:
        return Costs(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def times(self, **factors: float) -> Costs:
        """With the counts that are named multiplied."""
        return replace(self, **{f: int(getattr(self, f) * by) for f, by in factors.items()})

    def above(self, most: Costs) -> dict[str, tuple[int, int]]:
        """The counts that are larger than those of `most`, each beside it."""
        pairs = {f.name: (getattr(self, f.name), getattr(most, f.name)) for f in fields(self)}
        return {name: pair for name, pair in pairs.items() if pair[0] > pair[1]}


@contextmanager
def steady_server() -> Iterator[str]:
    """The dsn of a throw-away server that does nothing of its own accord."""
    with throw_away_server() as server:
        with psycopg.connect(server, autocommit=True) as admin:
            for name, value in _STEADY.items():
                admin.execute(f"alter system set {name} = {value}")
            admin.execute("select pg_reload_conf()")
        yield server


class Meter:
    """Reads the counters of a warehouse; one at a time on a server, for its log is the server's."""

    def __init__(self, server: str, dsn: str, home: Path) -> None:
        self._dsn = dsn
        self._dbt_log = home / "dbt" / "logs" / "dbt.log"
        with psycopg.connect(server, autocommit=True) as admin:
            name = dsn.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
            admin.execute(f"alter database {name} set log_statement = 'all'")

    @contextmanager
    def counting(self, into: dict[str, Costs], name: str) -> Iterator[None]:
        """Enter into `into` what the block costs."""
        (start, _), (before, tables) = self._read(), self._read()
        reading = before - start
        yield
        after, tables_after = self._read()
        read = {
            table: count - tables[table]
            for table, count in tables_after.items()
            # dbt makes some anew, and what has gone took its counts along.
            if table in tables
        }
        records = sum(count for (_, table), count in read.items() if table in _RECORDS)
        found = replace(after - before - reading, records_read=records)
        into[name] = replace(found, rows_read=sum(read.values()))

    def _read(self) -> tuple[Costs, dict[tuple[int, str], int]]:
        """The counts so far, those of this reading included but for its queries; the rows read of
        each table."""
        options = {"autocommit": True, "options": "-c log_statement=none"}
        with psycopg.connect(self._dsn, **options) as connection:
            _wait_until_alone(connection)
            log = connection.execute(
                "select pg_read_file(current_setting('data_directory') || '/log')"
            ).fetchone()
            counts = connection.execute(_COUNTS).fetchone()
            rows = connection.execute(_TABLES).fetchall()
        assert log is not None and counts is not None
        connections, written, wal, gates = map(int, counts)
        dbt_log = self._dbt_log.read_text("utf-8") if self._dbt_log.exists() else ""
        costs = Costs(
            queries=len(_STATEMENT.findall(log[0])),
            connections=connections,
            records_read=0,
            rows_read=0,
            rows_written=written,
            bytes_written=wal,
            gates=gates,
            dbt=dbt_log.count(_DBT_START),
        )
        return costs, {(oid, table): count for oid, table, count in rows}


def _wait_until_alone(connection: psycopg.Connection) -> None:
    """A session tells of its counts when it ends, at the latest; dbt leaves some open."""
    deadline = time.monotonic() + 30
    while True:
        others = connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        ).fetchall()
        if not others:
            return
        assert time.monotonic() < deadline, "sessions are left open"
        time.sleep(0.05)
