"""What runs in a process of its own: stages, one after another, where the environment says.

Imported once by the server that such processes are forked from, so that no trial pays for the
imports again.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import dbt.cli.main  # noqa: F401 - seconds, paid here
import great_expectations  # noqa: F401
import time_machine

from service_index.landing import store  # noqa: F401
from service_index.loading import load_landed  # noqa: F401
from service_index.orchestration import release_files, stages  # noqa: F401
from service_index.orchestration.windows import days_window
from service_index.publishing import folder, monthly  # noqa: F401
from service_index.quality import gate  # noqa: F401
from service_index.sources import extract  # noqa: F401

# A stage and what it is about: a window's first day and the day after its last, or a month.
Step = tuple[str, ...]


def run(
    environment: Mapping[str, str], steps: Sequence[Step], log: Path, beginning: Connection
) -> None:
    """Run the steps, telling the name of each as it begins; a failure is the log's last line."""
    os.environ.update(environment)
    time.tzset()
    if days := environment.get("CLOCK_AHEAD_DAYS"):
        time_machine.travel(timedelta(days=int(days))).start()
    with log.open("ab", buffering=0) as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    for step in steps:
        beginning.send(step[0])
        try:
            _run(step)
        except Exception as error:
            print(f"error: {step[0]}: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
            os._exit(1)
    # At once, as a killed one: nothing is to depend on an orderly end.
    os._exit(0)


def _run(step: Step) -> None:
    name, *about = step
    if name == "land":
        window = days_window(about[0], about[1])
        stages.land(window, overlap=timedelta(0))
    elif name == "load":
        stages.load()
    elif name == "gate_batches":
        stages.gate_batches()
    elif name == "transform":
        stages.transform(about[0])
    elif name == "gate_marts":
        stages.gate_marts(about[0])
    else:
        stages.publish(about[0], wanted=True, reason=None)
