"""Gate 1 on the dossiers of a month, beside one hand-written scan for the same checks."""

from __future__ import annotations

import shutil
from functools import partial

import psycopg

from tests.benchmarks.bench import Bench, Row, Verdict, at_most, environment, new_database
from tests.benchmarks.gates import spoil
from tests.benchmarks.measuring import run_trial
from tests.benchmarks.results import Results, side_by_side

SIZE, SMALL_SIZE = 1_000_000, 40_000
SPOILT_SIZE = 20_000


def measure(bench: Bench) -> None:
    """First that both count the same, of spoilt batches; then their times, of good ones."""
    size = SIZE if bench.full else SMALL_SIZE
    with bench.server() as server:
        small = _loaded(bench, server, SPOILT_SIZE)
        spoilt = new_database(server, "gates_spoilt", template=small)
        spoil.break_all(spoilt)
        compared = run_trial("gates.checks:compare", spoilt)
        assert compared.figures["checks broken"] > len(spoil.EVERY_CHECK), compared.figures
        good = _loaded(bench, server, size)
        failing = new_database(server, "gates_failing", template=good)
        spoil.break_three(failing)
        passing = server.replace("/postgres?", f"/{good}?")
        for dsn in (passing, failing):
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("vacuum analyze")
        contestants = {
            "gate": partial(run_trial, "gates.checks:gate", passing),
            "gate, failing": partial(run_trial, "gates.checks:gate", failing),
            "by hand": partial(run_trial, "gates.checks:by_hand", passing),
        }
        trials = side_by_side(contestants, bench.rounds(), f"gate of {size:,}")
    bench.results.keep_all(size, trials)


def judge(results: Results) -> list[Verdict]:
    """What the gate takes above its start-up, in times the hand-written scan."""
    verdicts = []
    for size in results.sizes("gate"):
        start_up = results.median("gate", size, "start-up")
        ratio = results.median("gate", size, "checking") / results.median("by hand", size)
        what = f"{size:,} dossiers, all checks pass, without the start-up of {start_up:.1f} s"
        verdicts.append(at_most(what, ratio, 3))
    return verdicts


ROW = Row("gates", "Gate on a batch", measure, judge)


def _loaded(bench: Bench, server: str, size: int) -> str:
    """The name of a database that holds so many dossiers, not gated yet; it is kept."""
    name = f"gates_{size}"
    dsn = server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as admin:
        known = admin.execute("select from pg_database where datname = %s", [name]).fetchone()
    if known is not None and _dossiers(dsn) == size:
        return name
    home = bench.installation(name).home
    new_database(server, name)
    with bench.source(bench.dataset(size)) as uri:
        run_trial("ingest.ours:dossiers", environment=environment(home, dsn, uri))
    shutil.rmtree(home)
    return name


def _dossiers(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select coalesce(sum(loaded), 0) from ops.batch where feed = 'dossiers'"
        ).fetchone()
    assert row is not None
    return int(row[0])
