"""What a run says while it works: bars in a terminal, plain lines anywhere else.

Each line has fields beside its text, such as `feed`, `batch_ids` or `release_id`: in a task of the
scheduler they stand in Airflow's own log, at a terminal in the journal of the command.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from service_index.orchestration import airflow_task
from service_index.orchestration.journal import Journal

# Bound to the stream as it was when the process began: Airflow's own talk goes to a log file.
console = Console(file=sys.stderr, highlight=False, soft_wrap=True)

_QUIET_SECONDS = 20.0
_journal: Journal | None = None


def at_terminal(home: Path) -> None:
    """From now on this process is a command that somebody waits for, also where it runs tasks:
    lines are printed, and kept in the journal of the installation in `home`."""
    global _journal  # noqa: PLW0603 - one process is one command
    if _journal is None:
        _journal = Journal(home)


def say(line: str, **fields: object) -> None:
    """Tell one line of progress. `fields` are what it is about, for programs: no personal data."""
    if _journal is None and airflow_task.current() is not None:
        _log_of_the_task(line, fields)
        return
    console.print(line, markup=False)
    keep(line, "info", fields)


def keep(line: str, level: str, fields: Mapping[str, object] = MappingProxyType({})) -> None:
    """Write a line to the command's journal alone; nothing where this is no command."""
    if _journal is not None:
        _journal.write(line.strip(), level, {**airflow_task.identity(), **fields})


def _log_of_the_task(line: str, fields: dict[str, object]) -> None:
    """Airflow adds the ids of task and run."""
    import structlog

    structlog.get_logger("service_index").info(line.strip(), **fields)


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
