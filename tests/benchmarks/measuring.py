"""One trial: a piece of work in a fresh process, its seconds and its memory above the imports.

    python -m tests.benchmarks.measuring MODULE:FUNCTION [ARGUMENT…]

The function prepares (imports, connections, empty tables) and gives the work as a function of no
arguments; only that is timed. What it gives back is kept: numbers by name, such as its stages'
seconds.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import psutil

ROOT = Path(__file__).resolve().parents[2]
MARK = "trial: "
_WATCH_SECONDS = 0.1

Work = Callable[[], Mapping[str, float] | None]


class TrialError(Exception):
    """A trial did not end well; the message says what it printed last."""


@dataclass(frozen=True)
class Trial:
    """`peak_bytes` is the most resident memory above what the process held before the work, and
    all of that of the processes that it started."""

    seconds: float
    peak_bytes: int
    start_seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)


def run_trial(
    function: str, *arguments: str | int, environment: Mapping[str, str] | None = None
) -> Trial:
    """Run `module:function` (a module of this package) in a process of its own.

    Raises TrialError where it fails.
    """
    started = time.perf_counter()
    outcome = subprocess.run(
        [sys.executable, "-m", __name__, function, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    whole = time.perf_counter() - started
    told = [line for line in outcome.stdout.splitlines() if line.startswith(MARK)]
    if outcome.returncode != 0 or not told:
        last = (outcome.stdout + outcome.stderr).strip()[-2000:]
        raise TrialError(f"{function} {' '.join(map(str, arguments))}: {last}")
    found = json.loads(told[-1].removeprefix(MARK))
    return Trial(
        seconds=found["seconds"],
        peak_bytes=found["peak_bytes"],
        start_seconds=whole - found["seconds"],
        figures=found["figures"],
    )


def main(function: str, *arguments: str) -> None:
    """Prepare, then do the work and print what it took."""
    module, name = function.split(":")
    work: Work = getattr(importlib.import_module(f"tests.benchmarks.{module}"), name)(*arguments)
    gc.collect()
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    children = _Children()
    children.start()
    started = time.perf_counter()
    figures = work()
    seconds = time.perf_counter() - started
    told = {
        "seconds": seconds,
        "peak_bytes": max(_memory("VmHWM") - before, 0) + children.peak_bytes,
        "figures": dict(figures or {}),
    }
    print(MARK + json.dumps(told), flush=True)
    # What a peer's threads still clear up is no part of its work.
    os._exit(0)


class _Children(Thread):
    """Watches the memory of the processes that the work starts: all of it, imports too."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self._own = psutil.Process()

    def run(self) -> None:
        while True:
            held = 0
            for child in self._own.children(recursive=True):
                with suppress(psutil.Error):
                    held += child.memory_info().rss
            self.peak_bytes = max(self.peak_bytes, held)
            time.sleep(_WATCH_SECONDS)


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None, name
    return int(found[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
