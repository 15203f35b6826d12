"""Landed files to marts, beside the scripts that an analyst would write with pandas and DuckDB."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import (
    Bench,
    Row,
    Verdict,
    at_least,
    at_most,
    environment,
    new_database,
)
from tests.benchmarks.marts.equality import assert_equal
from tests.benchmarks.measuring import Trial, run_trial
from tests.benchmarks.results import Results, side_by_side
from tests.benchmarks.server_memory import ServerMemory

SIZES = (100_000, 1_000_000)
SMALL_SIZES = (20_000,)
# Contestant → its work, and what it writes.
PEERS = {
    "pandas": ("marts.pandas_script:marts", "marts-pandas"),
    "pandas-by-page": ("marts.pandas_script:marts_by_page", "marts-pandas-by-page"),
    "duckdb": ("marts.duckdb_script:marts", "marts.duckdb"),
}


def measure(bench: Bench) -> None:
    """Ours and the scripts in turn over the same landed files.

    A script whose numbers are not the warehouse's is no peer: that is looked at on a small
    landing first, and at every size before its figures are kept.
    """
    with bench.server() as server:
        if bench.full:
            _compare(bench, server, SMALL_SIZES[0], rounds=1)
        for size in SIZES if bench.full else SMALL_SIZES:
            bench.results.keep_all(size, _compare(bench, server, size, bench.rounds()))


def judge(results: Results) -> list[Verdict]:
    """At the largest size; dbt's start, which does not grow, is told apart."""
    size = results.sizes("ours")[-1]
    pandas, duckdb = (results.median(name, size) for name in ("pandas", "duckdb"))
    start = results.median("ours", size, "dbt's start")
    ours = results.median("ours", size) - start
    own, server = (results.median("ours", size, kind) for kind in ("bytes", "server bytes"))
    whole = results.median("pandas", size, "bytes")
    return [
        at_least(f"{size:,} dossiers, pandas' time to ours but dbt's start", pandas / ours, 2),
        Verdict(
            f"{size:,} dossiers, memory above the imports, of pandas'",
            f"{own / whole:.2f} × ({own / 1e6:.0f} MB of {whole / 1e6:.0f} MB; the server beside "
            f"it holds {server / 1e6:.0f} MB)",
            "≤ 0.1 ×",
            own <= 0.1 * whole,
        ),
        at_most(f"{size:,} dossiers, ours but dbt's start, of DuckDB's time", ours / duckdb, 5),
    ]


ROW = Row("marts", "Landed files to marts", measure, judge)


def _compare(bench: Bench, server: str, size: int, rounds: int) -> dict[str, list[Trial]]:
    landing = _landed(bench, server, size)
    contestants = {"ours": partial(_ours, bench, server, landing)} | {
        name: partial(_peer, work, landing, bench.work / target)
        for name, (work, target) in PEERS.items()
    }
    trials = side_by_side(contestants, rounds, f"marts of {size:,}")
    for _, target in PEERS.values():
        assert_equal(_dsn(server), bench.work / target)
    return trials


def _landed(bench: Bench, server: str, size: int) -> Path:
    """August of every feed as landed; made once."""
    landing = bench.work / f"landed-{size}"
    if not landing.exists():
        home = bench.installation("landing").home
        with bench.source(bench.dataset(size)) as uri:
            shutil.rmtree(home)
            dsn = new_database(server, "landing")
            run_trial("marts.ours:land", environment=environment(home, dsn, uri))
        (home / "landing").rename(landing)
    return landing


def _dsn(server: str) -> str:
    return server.replace("/postgres?", "/marts?")


def _ours(bench: Bench, server: str, landing: Path) -> Trial:
    home = bench.installation("marts").home
    shutil.rmtree(home)
    dsn = new_database(server, "marts")
    places = environment(home, dsn) | {"SERVICE_INDEX_LANDING": str(landing)}
    with ServerMemory(dsn) as memory:
        trial = run_trial("marts.ours:marts", environment=places)
    return _with_start(trial, {"server bytes": memory.peak_bytes})


def _peer(work: str, landing: Path, target: Path) -> Trial:
    return _with_start(run_trial(work, str(landing), str(target)), {})


def _with_start(trial: Trial, figures: dict[str, float]) -> Trial:
    """With the seconds of interpreter, imports and connections as a figure."""
    return replace(trial, figures={**trial.figures, **figures, "start": trial.start_seconds})
