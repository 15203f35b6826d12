"""A month made again as known at an instant, beside the live one, on histories of two sizes."""

from __future__ import annotations

from functools import partial

from service_index.orchestration.as_of import first_month_of
from tests.benchmarks import history, stock
from tests.benchmarks.bench import Bench, Row, Verdict, at_most
from tests.benchmarks.measuring import run_trial
from tests.benchmarks.results import Results, side_by_side


def measure(bench: Bench) -> None:
    """The last whole month of a copy of the warehouse: live, as when all its records have just
    arrived, and as of now, beside it, from the year's beginning on."""
    _, month = history.months(2)
    with bench.server() as server:
        for size in sorted({min(stock.sizes(bench)), max(stock.sizes(bench))}):
            stock.of(bench, server, size)
            places = stock.copy(bench, server, f"history_{size}", "as_of")
            contestants = {
                "live": partial(run_trial, "steps:month_anew", str(month), environment=places),
                "as-of": partial(
                    run_trial,
                    "steps:month_as_of",
                    str(month),
                    str(first_month_of(month)),
                    environment=places,
                ),
            }
            trials = side_by_side(contestants, bench.rounds(3), f"a month in {size:,}")
            bench.results.keep_all(size, trials)


def judge(results: Results) -> list[Verdict]:
    """On the longest history."""
    size = max(results.sizes("live"))
    ratio = results.median("as-of", size) / results.median("live", size)
    return [at_most(f"a month in {size:,} dossiers as of an instant, of the live one", ratio, 2)]


ROW = Row("as_of", "A month as known at an instant", measure, judge)
