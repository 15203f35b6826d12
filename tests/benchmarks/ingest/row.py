"""Ingest, API to raw, beside its floor and beside dlt."""

from __future__ import annotations

import shutil
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
    within,
)
from tests.benchmarks.measuring import Trial, run_trial
from tests.benchmarks.results import Results, side_by_side

SIZES = (200_000, 1_000_000)
SMALL_SIZES = (20_000,)
# Further points of the curve, and the memory's ends.
OTHER_SIZES = (100_000, 500_000, 2_000_000)
MOST_MEGABYTES = 300


def measure(bench: Bench) -> None:
    """Ours, floor and dlt in turn, each into an empty database on the same server."""
    with bench.server() as server:
        for size in SIZES if bench.full else SMALL_SIZES:
            _compare(bench, server, size)
        for size in OTHER_SIZES if bench.full else ():
            with bench.source(bench.dataset(size)) as uri:
                ours = {"ours": partial(_ours, bench, server, uri)}
                trials = side_by_side(ours, bench.rounds(), f"ingest of {size:,}")
            bench.results.keep_all(size, trials)


def judge(results: Results) -> list[Verdict]:
    """Ratios at the sizes that all were measured at; memory at all."""
    verdicts = []
    for size in results.sizes("dlt"):
        ours, floor, dlt = (results.median(name, size) for name in ("ours", "floor", "dlt"))
        verdicts += [
            at_most(f"{size:,} dossiers, of the floor's time", ours / floor, 2),
            at_least(f"{size:,} dossiers, dlt's time to ours", dlt / ours, 8),
        ]
    for size in results.sizes("ours"):
        megabytes = max(results.all("ours", size, "bytes")) / 1e6
        what = f"{size:,} dossiers, memory above the imports"
        verdicts.append(within(what, megabytes, MOST_MEGABYTES, "MB"))
    return verdicts


ROW = Row("ingest", "Ingest, API to raw", measure, judge)


def _compare(bench: Bench, server: str, size: int) -> None:
    rows = bench.work / f"rows-{size}.copy"
    with bench.source(bench.dataset(size)) as uri:
        if not rows.exists():
            _ours(bench, server, uri)
            run_trial("ingest.floor:ready_rows", _dsn(server), str(rows))
        contestants = {
            "ours": partial(_ours, bench, server, uri),
            "floor": partial(_floor, server, uri, rows),
            "dlt": partial(_dlt, server, uri),
        }
        trials = side_by_side(contestants, bench.rounds(), f"ingest of {size:,}")
    bench.results.keep_all(size, trials)


def _dsn(server: str) -> str:
    return server.replace("/postgres?", "/ingest?")


def _ours(bench: Bench, server: str, uri: str) -> Trial:
    home = bench.installation("ingest").home
    shutil.rmtree(home)
    dsn = new_database(server, "ingest")
    return run_trial("ingest.ours:dossiers", environment=environment(home, dsn, uri))


def _floor(server: str, uri: str, rows: Path) -> Trial:
    return run_trial("ingest.floor:dossiers", new_database(server, "ingest"), uri, str(rows))


def _dlt(server: str, uri: str) -> Trial:
    return run_trial("ingest.dlt_load:dossiers", new_database(server, "ingest"), uri)
