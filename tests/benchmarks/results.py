"""What was measured: kept in pyperf's JSON, one file a row of the table, and read back.

A benchmark's name is `contestant@size` (size in records, 0 where there is none) and its kind:
`seconds`, `bytes` (memory above the imports), or a figure that the work told of itself; of those,
the ones whose names end in `bytes` are bytes, all others seconds.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pyperf

from tests.benchmarks.measuring import Trial


class Name(NamedTuple):
    """What was measured, at which size, and what of it."""

    contestant: str
    size: int
    kind: str

    def __str__(self) -> str:
        return f"{self.contestant}@{self.size} {self.kind}"

    @classmethod
    def read(cls, text: str) -> Name:
        contestant, rest = text.split("@")
        size, kind = rest.split(" ", 1)
        return cls(contestant, int(size), kind)


class Results:
    """A row's values by name; `path` is written whole after every addition."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[Name, list[float]] = {}
        self.metadata: dict[str, object] = {}
        self.measured_on: date | None = None
        if path.exists():
            suite = pyperf.BenchmarkSuite.load(str(path))
            self.metadata = dict(suite.get_metadata())
            self.measured_on = max(b.get_dates()[0] for b in suite).date()
            for benchmark in suite:
                self.values[Name.read(benchmark.get_name())] = list(benchmark.get_values())

    def keep(self, contestant: str, size: int, trials: Iterable[Trial]) -> None:
        """Replace what is known of a contestant at a size."""
        trials = list(trials)
        found: dict[str, list[float]] = {
            "seconds": [trial.seconds for trial in trials],
            "bytes": [float(trial.peak_bytes) for trial in trials],
        }
        for trial in trials:
            for kind, value in trial.figures.items():
                found.setdefault(kind, []).append(value)
        for kind, values in found.items():
            self.values[Name(contestant, size, kind)] = values
        self._save()

    def keep_all(self, size: int, trials: Mapping[str, Iterable[Trial]]) -> None:
        """Replace what is known of several contestants at a size."""
        for contestant, found in trials.items():
            self.keep(contestant, size, found)

    def sizes(self, contestant: str, kind: str = "seconds") -> list[int]:
        """The sizes at which a figure of a contestant was measured, in order."""
        return sorted(
            name.size for name in self.values if (name.contestant, name.kind) == (contestant, kind)
        )

    def median(self, contestant: str, size: int, kind: str = "seconds") -> float:
        """The median of a figure; KeyError where it was not measured."""
        return median(self.values[Name(contestant, size, kind)])

    def all(self, contestant: str, size: int, kind: str = "seconds") -> list[float]:
        """Every value of a figure; KeyError where it was not measured."""
        return self.values[Name(contestant, size, kind)]

    def _save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        benchmarks = [
            pyperf.Benchmark(
                [
                    pyperf.Run(
                        # pyperf takes no value of zero.
                        [max(value, 1e-9)],
                        metadata={
                            "name": str(name),
                            "unit": "byte" if name.kind.endswith("bytes") else "second",
                            **_about_the_machine(),
                        },
                        # What pyperf would collect names the host and its paths.
                        collect_metadata=False,
                    )
                    for value in values
                ]
            )
            for name, values in self.values.items()
        ]
        pyperf.BenchmarkSuite(benchmarks).dump(str(self.path), replace=True)


def _about_the_machine() -> dict[str, object]:
    return {
        "cpu_count": len(os.sched_getaffinity(0)),
        "date": datetime.now(UTC).isoformat(),
        "python_version": platform.python_version(),
    }


def side_by_side(
    contestants: Mapping[str, Callable[[], Trial]], rounds: int, title: str
) -> dict[str, list[Trial]]:
    """Every contestant once a round, so that what slows the machine slows them all."""
    trials: dict[str, list[Trial]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, run in contestants.items():
            trial = run()
            trials[name].append(trial)
            print(
                f"{title}: round {number} of {rounds}: {name} {trial.seconds:.2f} s, "
                f"{trial.peak_bytes / 1e6:.0f} MB",
                flush=True,
            )
    return trials
