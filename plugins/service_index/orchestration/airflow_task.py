"""The Airflow task that this code runs in, if any. Imports nothing of Airflow outside of one."""

from __future__ import annotations

import sys
from typing import Any


def current() -> Any | None:
    """Airflow's running task instance; None outside a task.

    Importing Airflow takes over a second, so what has not imported its task runner is no task.
    """
    if "airflow.sdk.execution_time.task_runner" not in sys.modules:
        return None
    from airflow.sdk import get_current_context

    try:
        return get_current_context()["ti"]
    except RuntimeError:
        return None


def identity() -> dict[str, str]:
    """`dag_id`, `task_id` and `run_id` of the running task, named as in Airflow's own log lines;
    empty outside a task."""
    task = current()
    if task is None:
        return {}
    return {name: getattr(task, name) for name in ("dag_id", "task_id", "run_id")}
