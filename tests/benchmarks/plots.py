"""Plots of cost against size, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.results import Results


class Plot(NamedTuple):
    """One curve a contestant, of a row's results."""

    name: str
    row: str
    title: str
    size: str
    kind: str = "seconds"


PLOTS = (
    Plot("ingest-seconds", "ingest", "Ingest, API to raw", "dossiers"),
    Plot("ingest-memory", "ingest", "Memory of ingest above its imports", "dossiers", "bytes"),
    Plot("transform-seconds", "transform", "Marts from raw, full", "dossiers of the month"),
    Plot("day-seconds", "day", "A day of 5,000 changes", "dossiers of the history"),
    Plot("daily-seconds", "daily", "A daily run in Airflow", "changed dossiers"),
)


def draw(plot: Plot, results: Results, path: Path) -> bool:
    """Draw the contestants that were measured at more than one size; false where none was."""
    import altair

    scale, axis = (1e-6, "MB") if plot.kind == "bytes" else (1.0, "seconds")
    points: list[dict[str, Any]] = []
    for contestant in sorted({name.contestant for name in results.values}):
        sizes = results.sizes(contestant, plot.kind)
        if len(sizes) > 1:
            points += [
                {
                    "contestant": contestant,
                    "size": size,
                    "cost": results.median(contestant, size, plot.kind) * scale,
                }
                for size in sizes
            ]
    if not points:
        return False
    base = altair.Chart(altair.Data(values=points), title=plot.title, width=560, height=300).encode(
        x=altair.X("size:Q", title=plot.size, axis=altair.Axis(format=",d")),
        y=altair.Y("cost:Q", title=axis),
        color=altair.Color("contestant:N", title=None),
    )
    (base.mark_line() + base.mark_point(filled=True)).save(str(path))
    return True
