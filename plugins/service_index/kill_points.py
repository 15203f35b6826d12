"""Named instants in the stages at which a test ends or halts this very process.

Off unless the environment names one. `SERVICE_INDEX_KILL_AT=load.before_commit` ends the process
there as a crash does; `dbt.after_node#7` when it gets there for the seventh time. With
`SERVICE_INDEX_KILL_BY=SIGSTOP` it halts instead, and goes on at SIGCONT.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from typing import Literal, ParamSpec, TypeVar, get_args

Stage = Literal["land", "load", "gate_batches", "transform", "gate_marts", "publish"]
# In the order in which a run gets there; before and after each stage beside them.
Point = Literal[
    "land.before_manifest",
    "land.after_manifest",
    "load.before_commit",
    "load.after_commit",
    "gate.before_commit",
    "dbt.after_node",
    "dbt.after_build",
    "release.before_commit",
    "release.after_commit",
    "files.before_manifest",
    "files.before_hash",
    "files.before_rename",
    "files.after_rename",
]
STAGES: tuple[Stage, ...] = get_args(Stage)
POINTS: tuple[Point, ...] = get_args(Point)

_times: Counter[str] = Counter()
_lock = threading.Lock()
_In = ParamSpec("_In")
_Out = TypeVar("_Out")


def reached(point: Point) -> None:
    """Go on, unless a test wants this process to end here."""
    _reached(point)


def around(stage: Stage) -> Callable[[Callable[_In, _Out]], Callable[_In, _Out]]:
    """Two more points: before and after the whole of a stage."""

    def decorate(function: Callable[_In, _Out]) -> Callable[_In, _Out]:
        @functools.wraps(function)
        def run(*args: _In.args, **kwargs: _In.kwargs) -> _Out:
            _reached(f"{stage}.before")
            result = function(*args, **kwargs)
            _reached(f"{stage}.after")
            return result

        return run

    return decorate


def _reached(point: str) -> None:
    wanted, _, time = os.environ.get("SERVICE_INDEX_KILL_AT", "").partition("#")
    if wanted != point:
        return
    with _lock:
        _times[point] += 1
        if _times[point] == int(time or 1):
            os.kill(os.getpid(), signal.Signals[os.environ.get("SERVICE_INDEX_KILL_BY", "SIGKILL")])
