"""A daily run as it is typed, `ingest` and `score`, and where its time goes, line by line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

from service_index.warehouse import embedded
from tests.benchmarks.bench import Bench, Row, Verdict, environment, within
from tests.benchmarks.daily.changes import MONTH, add_days, day
from tests.benchmarks.measuring import Trial, run_trial
from tests.benchmarks.results import Results, side_by_side

# Dossiers before the day, and changed on it; the size in the middle is the table's.
HISTORY, SIZES = 200_000, (500, 5_000, 50_000)
SMALL_HISTORY, SMALL_SIZES = 20_000, (100, 500, 1_000)
MOST_SECONDS = 40
# A first day, on which dbt reads its project, Airflow makes its database and September begins.
_BEFORE = 100


def measure(bench: Bench) -> None:
    """Every run takes a day of its own, one after the other on the same warehouse."""
    history = HISTORY if bench.full else SMALL_HISTORY
    sizes = SIZES if bench.full else SMALL_SIZES
    rounds = bench.rounds()
    changed = [_BEFORE, *(size for _ in range(rounds) for size in sizes), *[sizes[1]] * 2 * rounds]
    target = bench.work / f"daily-{history}-{rounds}"
    dataset = add_days(bench.dataset(history), target, changed)
    days = map(day, range(len(changed)))
    with bench.source(dataset) as uri, _installation(bench, uri) as variables:
        run_trial(
            "daily.ours:commands", "2025-08-01", "2025-09-01", "2025-08", environment=variables
        )
        run_trial("daily.ours:commands", *next(days), MONTH, environment=variables)
        runs = {str(size): partial(_commands, days, variables) for size in sizes}
        for size, trials in side_by_side(runs, rounds, "a day's commands").items():
            bench.results.keep("commands", int(size), trials)
        parts = {
            "in parts": partial(_in_parts, days, variables),
            "stages": partial(_stages, days, variables),
        }
        for name, trials in side_by_side(parts, rounds, f"a day of {sizes[1]:,}").items():
            bench.results.keep(name, sizes[1], trials)


def judge(results: Results) -> list[Verdict]:
    """The whole run by the clock; what it is made of stands in `lines`."""
    verdicts = []
    for size in results.sizes("in parts"):
        what = f"{size:,} changed dossiers, ingest and score"
        verdicts.append(within(what, results.median("commands", size), MOST_SECONDS, "s"))
        for name, seconds in lines(results, size).items():
            verdicts.append(within(f"  {name}", seconds, MOST_SECONDS, "s"))
    return verdicts


def lines(results: Results, size: int) -> dict[str, float]:
    """What a daily run is made of, in seconds: the stages' own work and each fixed part."""

    def told(contestant: str) -> dict[str, float]:
        return {
            name.kind: median(values)
            for name, values in results.values.items()
            if (name.contestant, name.size) == (contestant, size)
        }

    parts, stages = told("in parts"), told("stages")
    work = {f"work: {name}": value for name, value in stages.items() if name in _STAGES}
    starts = {
        name.removeprefix("start "): value * _STARTED[name]
        for name, value in stages.items()
        if name in _STARTED
    }
    airflow = {name: value for name, value in parts.items() if name in _AIRFLOW}
    tasks = sum(value for name, value in parts.items() if name.startswith("task "))
    rest = tasks - sum(work.values()) - sum(starts.values())
    processes = results.median("commands", size) - sum(airflow.values()) - tasks
    return {
        **work,
        "two processes, begun and ended": processes,
        **airflow,
        **starts,
        "Airflow's own in the tasks, and what is not named": rest,
    }


_STAGES = ("land", "load", "gate_batches", "transform", "gate_marts")
_AIRFLOW = (
    "command line, imported",
    "Airflow, imported and set up",
    "DAG file, read",
    "Airflow, around the tasks",
)
# How many processes of a daily run pay for it: both commands have a gate.
_STARTED = {
    "start warehouse, its schema compared": 2,
    "start source client and loader, imported": 1,
    "start Great Expectations, imported": 2,
    "start dbt, imported": 1,
    "start dbt, its project read": 1,
}

ROW = Row("daily", "A daily run in Airflow", measure, judge)


@contextmanager
def _installation(bench: Bench, uri: str) -> Iterator[dict[str, str]]:
    """An empty installation with its own server, which holds Airflow's database too."""
    shutil.rmtree(bench.work / "daily", ignore_errors=True)
    home = bench.installation("daily").home
    try:
        yield environment(home, embedded.database_dsn(home, "warehouse"), uri)
    finally:
        embedded.stop(home)


def _commands(days: Iterator[tuple[str, str]], variables: dict[str, str]) -> Trial:
    return run_trial("daily.ours:commands", *next(days), MONTH, environment=variables)


def _in_parts(days: Iterator[tuple[str, str]], variables: dict[str, str]) -> Trial:
    """Both commands from within, each in a process of its own; their parts added up."""
    first, after_last = next(days)
    window = {"window_from": first, "window_to": after_last, "overlap_minutes": 0}
    ran = [
        run_trial("daily.ours:dag", dag_id, json.dumps(conf), environment=variables)
        for dag_id, conf in (
            ("ingest_daily", {**window, "skip_loaded": False}),
            ("score_monthly", {"month": MONTH, "publish": False}),
        )
    ]
    figures: dict[str, float] = {}
    for trial in ran:
        for name, value in trial.figures.items():
            figures[name] = figures.get(name, 0) + value
    return Trial(
        seconds=sum(trial.seconds for trial in ran),
        peak_bytes=max(trial.peak_bytes for trial in ran),
        start_seconds=sum(trial.start_seconds for trial in ran),
        figures=figures,
    )


def _stages(days: Iterator[tuple[str, str]], variables: dict[str, str]) -> Trial:
    return run_trial("daily.ours:stages", *next(days), MONTH, environment=variables)
