"""What a row of the table is given to measure with, and what it says of the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from service_index import settings
from service_index.orchestration import sample_source
from service_index.warehouse import embedded, migrate
from tests.benchmarks import volume
from tests.benchmarks.results import Results


class Verdict(NamedTuple):
    """A figure that the table wants: what was compared, what came out, whether it is met."""

    what: str
    found: str
    wanted: str
    is_met: bool


@dataclass(frozen=True)
class Bench:
    """`work` holds data sets and installations, which may be gigabytes; `full` asks for the
    sizes of the table, else for small ones that take minutes."""

    work: Path
    results: Results
    full: bool

    def rounds(self, in_full: int = 5) -> int:
        """How often everything is measured."""
        return in_full if self.full else 1

    def dataset(self, dossiers: int) -> Path:
        """August with so many dossiers, as the simulator serves it."""
        sample = sample_source.generate(self.installation("sample"))
        return volume.multiply(sample, self.work / f"august-{dossiers}", dossiers)

    def installation(self, name: str) -> settings.Settings:
        """The settings of an installation of that name in the work folder."""
        home = self.work / name
        (home / "logs").mkdir(parents=True, exist_ok=True)
        return settings.Settings(home=home, landing_url=str(home / "landing"))

    @contextmanager
    def server(self) -> Iterator[str]:
        """The maintenance dsn of an embedded PostgreSQL that keeps its databases in `work`."""
        home = self.work / "server"
        try:
            yield embedded.ensure_running(home)
        finally:
            embedded.stop(home)

    @contextmanager
    def source(self, dataset: Path) -> Iterator[str]:
        """Serve a data set over HTTP from a process of its own; its connection URI."""
        process, uri = sample_source.serve(self.installation("source"), dataset)
        try:
            yield uri
        finally:
            process.terminate()
            process.wait(timeout=10)


def new_database(server: str, name: str, template: str | None = None) -> str:
    """The dsn of a migrated, empty warehouse, or of a copy of `template`; one that has the name
    is dropped before."""
    target, source = sql.Identifier(name), sql.Identifier(template or "template1")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(target))
        # A copy file by file: without a log of what is copied, and without its checkpoints' wait.
        admin.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(target, source)
        )
    dsn = server.replace("/postgres?", f"/{name}?")
    migrate.upgrade(dsn)
    return dsn


def environment(home: Path, dsn: str, source_uri: str = "") -> dict[str, str]:
    """What the product reads its places from."""
    return {
        "SERVICE_INDEX_HOME": str(home),
        "SERVICE_INDEX_LANDING": str(home / "landing"),
        "AIRFLOW_CONN_WAREHOUSE": dsn,
        "AIRFLOW_CONN_DOSSIER_API": source_uri,
    }


@dataclass(frozen=True)
class Row:
    """A row of the table. `measure` fills the results, `judge` reads them."""

    name: str
    title: str
    measure: Callable[[Bench], None]
    judge: Callable[[Results], list[Verdict]]


def at_most(what: str, ratio: float, limit: float) -> Verdict:
    """A ratio that may not be larger than a limit."""
    return Verdict(what, f"{ratio:.2f} ×", f"≤ {limit:g} ×", ratio <= limit)


def at_least(what: str, ratio: float, limit: float) -> Verdict:
    """A ratio that may not be smaller than a limit."""
    return Verdict(what, f"{ratio:.1f} ×", f"≥ {limit:g} ×", ratio >= limit)


def within(what: str, value: float, limit: float, unit: str) -> Verdict:
    """A figure that may not be larger than a limit."""
    return Verdict(what, f"{value:.1f} {unit}", f"≤ {limit:g} {unit}", value <= limit)
