"""docs/benchmarks.md: what was compared, medians and spread, and plots of cost against size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks.bench import Row
from tests.benchmarks.plots import PLOTS, draw
from tests.benchmarks.results import Name, Results
from tests.benchmarks.rows import ROWS

NOTES = Path(__file__).parent / "notes"
# Seconds; what takes less is told in milliseconds.
SHORT = 0.1
_HEAD = """# Benchmarks

Speed as ratios: every contestant does its work in turn, round by round, in a process of its own, on
the same bytes and the same PostgreSQL. `make bench` measures small sizes in minutes; `make
bench-full` the sizes below and writes this page (one row alone: `make bench-full ROWS=ingest`).
Values are medians, with the least and the most of all rounds beside them; memory is the most
resident memory above the imports, that of started processes included. The values themselves are in
[`benchmarks/`](benchmarks/), one file a row, in the form of
[pyperf](https://pyperf.readthedocs.io/).
"""


def write(folder: Path) -> Path:
    """Write the page beside `folder`, which holds the results, and the plots into it."""
    parts = [_HEAD]
    known = [(row, Results(folder / f"{row.name}.json")) for row in ROWS.values()]
    parts.append(_overview(known))
    measured = [(row, results) for row, results in known if results.values]
    parts += [_section(row, results) for row, results in measured]
    parts.append(_plots(folder, {row.name: results for row, results in measured}))
    page = folder.with_suffix(".md")
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def _overview(known: list[tuple[Row, Results]]) -> str:
    lines = ["| | found | wanted | |", "|---|---:|---:|---|"]
    for row, results in known:
        if not results.values:
            lines.append(f"| **{row.title}** | not measured at full size yet | | |")
            continue
        lines.append(f"| **{row.title}** | | | |")
        for verdict in row.judge(results):
            mark = "met" if verdict.is_met else f"**missed** ([why](#{row.name}))"
            lines.append(f"| {verdict.what} | {verdict.found} | {verdict.wanted} | {mark} |")
    return "\n".join(lines) + "\n"


def _section(row: Row, results: Results) -> str:
    lines = [f'<a id="{row.name}"></a>', f"## {row.title}", ""]
    note = NOTES / f"{row.name}.md"
    if note.exists():
        lines += [note.read_text(encoding="utf-8").strip(), ""]
    lines += ["| | size | | median | least – most | rounds |", "|---|---:|---|---:|---:|---:|"]
    lines += [_line(name, results.values[name]) for name in sorted(results.values)]
    return "\n".join(lines) + "\n\n" + _machine(results)


def _line(name: Name, values: list[float]) -> str:
    unit, scale = ("MB", 1e-6) if name.kind.endswith("bytes") else ("s", 1.0)
    if unit == "s" and max(values) < SHORT:
        unit, scale = "ms", 1e3
    low, middle, high = (
        f"{value * scale:,.2f}" for value in (min(values), median(values), max(values))
    )
    size = f"{name.size:,}" if name.size else ""
    what = {"seconds": "", "bytes": "memory"}.get(name.kind, name.kind.removesuffix(" bytes"))
    return (
        f"| {name.contestant} | {size} | {what} | {middle} {unit} | {low} – {high} | "
        f"{len(values)} |"
    )


def _machine(results: Results) -> str:
    known = results.metadata
    return (
        f"Measured on {results.measured_on}: {known.get('cpu_count')} cores, "
        f"Python {known.get('python_version', '').partition(' ')[0]}.\n"
    )


def _plots(folder: Path, results: dict[str, Results]) -> str:
    drawn = list(_drawn(folder, results))
    return "\n".join(["## Cost against size", "", *drawn]) if drawn else ""


def _drawn(folder: Path, results: dict[str, Results]) -> Iterator[str]:
    for plot in PLOTS:
        if plot.row in results and draw(plot, results[plot.row], folder / f"{plot.name}.svg"):
            yield f"![{plot.title}](benchmarks/{plot.name}.svg)\n"
