"""Ingest, API to raw, beside its floor and beside dlt."""

from __future__ import annotations

from functools import partial

from service_index.warehouse import embedded
from tests.benchmarks.bench import Bench, Row, Verdict, at_least, at_most, environment, new_database, within
from tests.benchmarks.measuring import Trial, run_trial
from tests.benchmarks.results import Results, side_by_side

SIZES = (200_000, 1_000_000)
# Where memory alone is asked about, and the curve's further points.
MEMORY_SIZES = (100_000, 500_000, 2_000_000)
SMALL_SIZES = (20_000, 40_000)


def measure(bench: Bench) -> None:
    """Ours, floor and dlt in turn, each into an empty database on the same server."""
    with bench.server() as server:
        for size in SIZES if bench.full else SMALL_SIZES:
            _compare(bench, server, size)
        for size in MEMORY_SIZES if bench.full else ():
            with bench.source(bench.dataset(size)) as uri:
                trials = [_ours(bench, server, uri) for _ in range(bench.rounds(3))]
            bench.results.keep("ours", size, trials)


def _compare(bench: Bench, server: str, size: int) -> None:
    rows = bench.work / f"rows-{size}.copy"
    with bench.source(bench.dataset(size)) as uri:
        if not rows.exists():
            _ours(bench, server, uri)
            run_trial("ingest.floor:ready_rows", server.replace("/postgres?", "/ingest?"), rows)
        trials = side_by_side(
            {
                "ours": partial(_ours, bench, server, uri),
                "floor": partial(_floor, server, uri, str(rows)),
                "dlt": partial(_dlt, server, uri),
            },
            bench.rounds(),
            f"ingest of {size:,}",
        )
    for contestant, found in trials.items():
        bench.results.keep(contestant, size, found)
