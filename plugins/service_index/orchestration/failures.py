"""Why a task failed, kept for whoever runs DAGs in this process."""

from __future__ import annotations

from typing import Any

_reasons: list[str] = []


def remember(context: Any) -> None:
    """Airflow's on_failure_callback: keep the exception's message, without a traceback."""
    task = context["task_instance"].task_id
    error = context.get("exception")
    reason = " ".join(str(error).split()) if error and str(error) else type(error).__name__
    _reasons.append(f"{task}: {reason}")


def first() -> str | None:
    """The reason of the first task that failed since `forget`."""
    return _reasons[0] if _reasons else None


def forget() -> None:
    """Start afresh before a run."""
    _reasons.clear()
