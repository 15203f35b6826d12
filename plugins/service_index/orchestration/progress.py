"""What a run says while it works: bars in a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

# Bound to the stream as it was when the process began: Airflow's own talk goes to a log file.
console = Console(file=sys.stderr, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """Print one line of progress."""
    console.print(line, markup=False)


@contextmanager
def counting(what: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """A function to call with (name, done, total); each name gets a bar of its own.

    Outside a terminal nothing moves: the stage's closing line says what was done.
    """
    if not console.is_terminal:
        yield lambda name, done, total: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bars = {}

        def tell(name: str, done: int, total: int | None) -> None:
            if name not in bars:
                bars[name] = progress.add_task(f"{what} {name}")
            progress.update(bars[name], completed=done, total=total)

        yield tell
