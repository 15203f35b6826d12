"""What a run says while it works: bars in a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# Bound to the stream as it was when the process began: Airflow's own talk goes to a log file.
console = Console(file=sys.stderr, highlight=False, soft_wrap=True)

_QUIET_SECONDS = 20.0


def say(line: str) -> None:
    """Print one line of progress."""
    console.print(line, markup=False)


@contextmanager
def counting(what: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """A function to call with (name, done, total); each name gets a bar of its own, or where
    nobody watches, a line now and then. Both tell how long the rest will take.
    """
    if not console.is_terminal:
        yield _Lines(what).tell
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bars = {}

        def tell(name: str, done: int, total: int | None) -> None:
            if name not in bars:
                bars[name] = progress.add_task(f"{what} {name}")
            progress.update(bars[name], completed=done, total=total)

        yield tell


class _Lines:
    """Progress in a log: a line a name, not before `_QUIET_SECONDS` have passed since its last."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began: dict[str, float] = {}
        self._said: dict[str, float] = {}

    def tell(self, name: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        began = self._began.setdefault(name, now)
        if now - self._said.setdefault(name, now) < _QUIET_SECONDS or done == total:
            return
        self._said[name] = now
        line = f"  {self._what} {name}: {done:,}"
        if total and done:
            left = (now - began) * (total - done) / done
            line += f" of {total:,}, about {timedelta(seconds=round(left))} left"
        say(line)
