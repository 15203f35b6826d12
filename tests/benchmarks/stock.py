"""Warehouses that hold a history of so many months, loaded and scored; made once."""

from __future__ import annotations

import shutil

import psycopg

from tests.benchmarks import history
from tests.benchmarks.bench import Bench, environment, new_database
from tests.benchmarks.measuring import Trial, run_trial

# About 250,000 dossiers in a month's days 1 to 28, and 5,000 changed ones in a day of the open one.
MONTHS = {1_000_000: 4, 5_000_000: 20, 10_000_000: 40}
MONTH, CHANGED = 260_000, 5_000
SMALL_MONTHS = {40_000: 2, 60_000: 3}
SMALL_MONTH, SMALL_CHANGED = 20_000, 500


def sizes(bench: Bench) -> dict[int, int]:
    """Dossiers of a history, about → its months."""
    return MONTHS if bench.full else SMALL_MONTHS


def changed(bench: Bench) -> int:
    """How many dossiers a day changes."""
    return CHANGED if bench.full else SMALL_CHANGED


def template(bench: Bench) -> str:
    """The August that every month is like."""
    return str(bench.dataset(MONTH if bench.full else SMALL_MONTH))


def of(bench: Bench, server: str, size: int) -> tuple[dict[str, str], Trial | None]:
    """The environment of the warehouse with a history of `size`, and its first full transform
    where it is made now: from the next smaller one, which has the same last months."""
    name = f"history_{size}"
    dsn = server.replace("/postgres?", f"/{name}?")
    places = environment(bench.work / name, dsn)
    with psycopg.connect(server) as admin:
        found = admin.execute("select from pg_database where datname = %s", [name])
        if found.rowcount:
            return places, None
    smaller = max((other for other in sizes(bench) if other < size), default=None)
    known = 0
    if smaller is None:
        new_database(server, name)
        shutil.rmtree(bench.installation(name).home)
        bench.installation(name)
    else:
        of(bench, server, smaller)
        copy(bench, server, f"history_{smaller}", name)
        known = sizes(bench)[smaller]
    days = map(str, history.months(sizes(bench)[size])[known:])
    parts = str(bench.work / name / "parts")
    run_trial("steps:load_months", template(bench), parts, *days, environment=places)
    return places, run_trial("steps:transform", "anew", environment=places)


def copy(bench: Bench, server: str, name: str, target: str) -> dict[str, str]:
    """A warehouse and its landings once more; its environment."""
    dsn = new_database(server, target, name)
    shutil.rmtree(bench.work / target, ignore_errors=True)
    shutil.copytree(bench.work / name, bench.work / target)
    return environment(bench.work / target, dsn)
