"""A day of 5,000 changed dossiers, loaded and transformed, on histories of three sizes."""

from __future__ import annotations

from tests.benchmarks import history, stock
from tests.benchmarks.bench import Bench, Row, Verdict, at_most
from tests.benchmarks.measuring import Trial, run_trial
from tests.benchmarks.results import Results


def measure(bench: Bench) -> None:
    """On a copy of each warehouse one day after the other, each loaded and then transformed."""
    with bench.server() as server:
        for size in stock.sizes(bench):
            _, full = stock.of(bench, server, size)
            if full is not None:
                bench.results.keep("full", size, [full])
            places = stock.copy(bench, server, f"history_{size}", "day")
            loads, transforms = [], []
            for day in history.CHANGED_DAYS[: bench.rounds()]:
                loads.append(_load(bench, places, day))
                transforms.append(run_trial("steps:transform", environment=places))
                print(
                    f"day {day} on {size:,}: load {loads[-1].seconds:.1f} s, "
                    f"transform {transforms[-1].seconds:.1f} s",
                    flush=True,
                )
            bench.results.keep("load", size, loads)
            bench.results.keep("transform", size, transforms)


def judge(results: Results) -> list[Verdict]:
    """The largest history beside the smallest."""
    least, *_, most = results.sizes("transform")
    return [
        at_most(
            f"{step} on {most:,} dossiers, of that on {least:,}",
            results.median(step, most) / results.median(step, least),
            1.2,
        )
        for step in ("transform", "load")
    ]


ROW = Row("day", "A day of changes on a long history", measure, judge)


def _load(bench: Bench, places: dict[str, str], day: int) -> Trial:
    parts = str(bench.work / "day" / "parts")
    return run_trial(
        "steps:load_day",
        stock.template(bench),
        parts,
        day,
        stock.changed(bench),
        environment=places,
    )
