"""A daily run as it is typed, `ingest` and `score`, and where its time goes, line by line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from service_index.warehouse import embedded
from tests.benchmarks.bench import Bench, Row, Verdict, environment, within
from tests.benchmarks.daily.changes import SCORED, add_days, day
from tests.benchmarks.measuring import Trial, run_trial
from tests.benchmarks.results import Results, side_by_side

# Dossiers before the day, and changed on it; the size in the middle is the table's.
HISTORY, SIZES = 200_000, (500, 5_000, 50_000)
SMALL_HISTORY, SMALL_SIZES = 20_000, (500,)
MOST_SECONDS = 40
# A first day, on which September begins.
_BEFORE = 100


def measure(bench: Bench) -> None:
    """Every run takes a day of its own, one after the other on the same warehouse."""
    history = HISTORY if bench.full else SMALL_HISTORY
    sizes = SIZES if bench.full else SMALL_SIZES
    middle = sizes[len(sizes) // 2]
    rounds = bench.rounds()
    changed = [_BEFORE, *(size for _ in range(rounds) for size in sizes), *[middle] * 2 * rounds]
    target = bench.work / f"daily-{history}-{rounds}"
    dataset = add_days(bench.dataset(history), target, changed)
    days = map(day, range(len(changed)))
    with bench.source(dataset) as uri, _installation(bench, uri) as variables:
        run_trial("daily.ours:commands", "2025-08-01", "2025-09-01", SCORED, environment=variables)
        run_trial("daily.ours:commands", *next(days), SCORED, environment=variables)
        runs = {str(size): partial(_commands, days, variables) for size in sizes}
        commands = side_by_side(runs, rounds, "a day's commands")
        for changes, trials in commands.items():
            bench.results.keep("commands", int(changes), trials)
        parts = {
            "in parts": partial(_in_parts, days, variables),
            "stages": partial(_stages, days, variables),
        }
        found = side_by_side(parts, rounds, f"a day of {middle:,}")
    trials = zip(commands[str(middle)], found["in parts"], found["stages"], strict=True)
    lines = [Trial(whole.seconds, 0, 0.0, _lines(whole, *others)) for whole, *others in trials]
    bench.results.keep(LINES, middle, lines)


def judge(results: Results) -> list[Verdict]:
    """The whole run by the clock, and of it what is not the stages' own work."""
    verdicts = []
    for size in results.sizes(LINES):
        whole = results.median("commands", size)
        work = sum(results.median(LINES, size, f"work: {stage}") for stage in _STAGES)
        what = f"{size:,} changed dossiers, ingest and score"
        verdicts += [
            within(what, whole, MOST_SECONDS, "s"),
            within(f"{what}, above its stages' own work", whole - work, MOST_SECONDS, "s"),
        ]
    return verdicts


def _lines(whole: Trial, in_parts: Trial, stages: Trial) -> dict[str, float]:
    """What a daily run is made of, in seconds: the stages' own work and each fixed part."""
    parts, alone = in_parts.figures, stages.figures
    work = {f"work: {stage}": alone[stage] for stage in _STAGES}
    airflow = {name: value for name, value in parts.items() if not name.startswith("task ")}
    starts = {name: alone[name] * processes for name, processes in _STARTS.items()}
    tasks = sum(parts.values()) - sum(airflow.values())
    return {
        **work,
        "processes, begun and ended": whole.seconds - sum(parts.values()),
        **airflow,
        **starts,
        "tasks: Airflow's own, and the rest": tasks - sum(work.values()) - sum(starts.values()),
    }


LINES = "line by line"
_STAGES = ("land", "load", "gate_batches", "transform", "gate_marts")
# In how many of the two processes it is paid for: both commands have a gate.
_STARTS = {
    "tasks: the warehouse's schema, compared": 2,
    "tasks: client and loader, imported": 1,
    "tasks: Great Expectations, imported": 2,
    "tasks: dbt, imported": 1,
    "tasks: dbt's project, read": 1,
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
    return run_trial("daily.ours:commands", *next(days), SCORED, environment=variables)


def _in_parts(days: Iterator[tuple[str, str]], variables: dict[str, str]) -> Trial:
    """Both commands from within, each in a process of its own; their parts added up."""
    first, after_last = next(days)
    window = {"window_from": first, "window_to": after_last, "overlap_minutes": 0}
    ran = [
        run_trial("daily.ours:dag", dag_id, json.dumps(conf), environment=variables)
        for dag_id, conf in (
            ("ingest_daily", {**window, "skip_loaded": False}),
            ("score_monthly", {"month": SCORED, "publish": False}),
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
    return run_trial("daily.ours:stages", *next(days), SCORED, environment=variables)
