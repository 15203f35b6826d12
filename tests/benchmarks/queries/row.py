"""Twenty questions of a dashboard to the marts, with the longest history behind them."""

from __future__ import annotations

import statistics
import time

import psycopg

from tests.benchmarks import stock
from tests.benchmarks.bench import Bench, Row, Verdict, within
from tests.benchmarks.measuring import Work, run_trial
from tests.benchmarks.queries.listed import QUERIES
from tests.benchmarks.results import Results

MOST_MILLISECONDS = 200
TIMES = 5


def measure(bench: Bench) -> None:
    """Every query some times over in one session, its median kept; then anew in another."""
    size = max(stock.sizes(bench))
    with bench.server() as server:
        places, _ = stock.of(bench, server, size)
        dsn = places["AIRFLOW_CONN_WAREHOUSE"]
        trials = [run_trial("queries.row:ask", dsn) for _ in range(bench.rounds())]
    bench.results.keep("queries", size, trials)


def judge(results: Results) -> list[Verdict]:
    """Each query by itself."""
    size = max(results.sizes("queries"))
    return [
        within(
            f"{name}, {size:,} dossiers behind",
            results.median("queries", size, name) * 1000,
            MOST_MILLISECONDS,
            "ms",
        )
        for name in QUERIES
    ]


ROW = Row("queries", "Questions of a dashboard to the marts", measure, judge)


def ask(dsn: str) -> Work:
    """All queries, some times over; the median seconds of each."""
    connection = psycopg.connect(dsn, autocommit=True)

    def seconds(query: str) -> float:
        started = time.perf_counter()
        rows = connection.execute(query.encode()).fetchall()
        assert rows, query
        return time.perf_counter() - started

    def work() -> dict[str, float]:
        return {
            name: statistics.median(seconds(query) for _ in range(TIMES))
            for name, query in QUERIES.items()
        }

    return work
