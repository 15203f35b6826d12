"""Measure rows of the table of speeds.

    python -m tests.benchmarks [--full] [ROW …]

Without names, all rows. Results go to .benchmarks/results; with --full to docs/benchmarks, from
which docs/benchmarks.md is written.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.benchmarks.bench import Bench, Verdict
from tests.benchmarks.results import Results
from tests.benchmarks.rows import ROWS

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".benchmarks"
DOCS = ROOT / "docs" / "benchmarks"


def main() -> int:
    """A figure that is missed is told and fails nothing: a machine's speed is no test."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--full", action="store_true", help="the table's own sizes (hours)")
    parser.add_argument("--work", type=Path, default=WORK, help="where data are kept")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    folder = DOCS if arguments.full else arguments.work / "results"
    for name in arguments.rows or ROWS:
        row = ROWS[name]
        started = time.monotonic()
        path = folder / f"{name}.json"
        if not arguments.full:
            # Of small sizes nothing is kept to compare with: they change with the code.
            path.unlink(missing_ok=True)
        results = Results(path)
        row.measure(Bench(arguments.work, results, arguments.full))
        print(f"\n{row.title} ({time.monotonic() - started:.0f} s)")
        for verdict in row.judge(results):
            print(f"  {verdict.what}: {verdict.found}, {_wanted(verdict, arguments.full)}")
        print(flush=True)
    if arguments.full:
        from tests.benchmarks.page import write

        write(DOCS)
    return 0


def _wanted(verdict: Verdict, full: bool) -> str:
    if not full:
        return f"wanted at full size {verdict.wanted}"
    return f"wanted {verdict.wanted}: {'met' if verdict.is_met else 'MISSED'}"


if __name__ == "__main__":
    sys.exit(main())
