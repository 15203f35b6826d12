"""Airflow's callbacks: what failed becomes an incident and a message, what succeeded ends one.

A DAG file reads this module at every parse, so it imports little until something has happened.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from service_index import settings as settings_module
from service_index.orchestration import failures

if TYPE_CHECKING:
    import psycopg

    from service_index.orchestration.incidents import Trouble
    from service_index.settings import Settings

logger = logging.getLogger(__name__)


def task_failed(context: Any) -> None:
    """on_failure_callback: after the last retry. Nobody is told of what someone waits for."""
    failures.remember(context)
    if failures.is_attended():
        return
    from service_index.orchestration import troubles

    task, arguments = _task_of(context)
    tell(
        troubles.of_task(task, failures.cause_of(context.get("exception")), arguments),
        _run_of(context),
    )


def run_failed(context: Any) -> None:
    """A DAG's on_failure_callback, for what `task_failed` could not tell: a task that was killed
    (memory, a machine) had no time to. Airflow names the task of the run that failed last."""
    if failures.is_attended() or "task" not in context:
        return
    import psycopg

    from service_index.orchestration import incidents, troubles

    try:
        with _warehouse(settings_module.load()) as connection:
            if incidents.was_met_in(connection, _run_of(context)):
                return
    except (psycopg.Error, subprocess.SubprocessError, settings_module.SettingsError):
        pass  # `tell` finds out what is wrong with the warehouse
    task, _ = _task_of(context)
    tell(troubles.of_task(task, None, {}), _run_of(context))


def task_succeeded(context: Any) -> None:
    """on_success_callback: ends what the task's failures began. One query when nothing is open."""
    import psycopg

    from service_index.orchestration import troubles, watching

    settings = settings_module.load()
    try:
        with _warehouse(settings) as connection:
            task, arguments = _task_of(context)
            mended = troubles.keys_mended(task, arguments)
            watching.close_mended(connection, settings, _sender(settings), mended=mended)
    except (psycopg.Error, settings_module.SettingsError) as error:
        # The task is done; the next success or the hourly watch ends the incident.
        logger.warning("incidents could not be looked through: %s", type(error).__name__)


def default_args(retries: int) -> dict[str, Any]:
    """What every task of a DAG has: it is tried again after a while, and its end is told."""
    return {
        "retries": retries,
        "retry_delay": timedelta(seconds=settings_module.load().retry_seconds),
        "on_failure_callback": task_failed,
        "on_success_callback": task_succeeded,
    }


async def release_is_late(context: Mapping[str, Any]) -> None:
    """Called by Airflow's triggerer when the deadline of a run of await_release has passed.

    (What Airflow calls in an executor may not ask for connections.)
    """
    month_began = datetime.fromisoformat(context["dag_run"]["logical_date"])
    await asyncio.to_thread(_tell_late, month_began)


def _tell_late(month_began: datetime) -> None:
    from service_index.orchestration import incidents, watching

    settings = settings_module.load()
    month = watching.awaited_month(month_began)
    try:
        with _warehouse(settings) as connection:
            if watching.has_release(connection, month):
                return
            others = watching.open_headlines(connection)
    except Exception:  # Airflow calls once: whatever is wrong with the warehouse, it is told
        late = watching.late_release(settings, month)
        incidents.met_without_warehouse(settings, late, _sender(settings))
    else:
        tell(watching.late_release(settings, month, others))


def tell(trouble: Trouble, run: str | None = None) -> None:
    """Keep the trouble, which a DAG run has met, as an incident, and send it if it is new.

    Where the warehouse cannot keep it, that is the trouble, or it is sent all the same.
    """
    import psycopg

    from service_index.orchestration import incidents, trouble_table, troubles

    settings = settings_module.load()
    send = _sender(settings)
    try:
        with _warehouse(settings) as connection:
            incidents.met(connection, trouble, send, run)
            incidents.warehouse_answers(connection, settings, send, trouble_table.WAREHOUSE.key)
    except (
        psycopg.OperationalError,
        subprocess.SubprocessError,
        settings_module.SettingsError,
    ) as error:
        what = failures.public_reason(error)
        silent = troubles.of_line(trouble_table.WAREHOUSE, what)
        incidents.met_without_warehouse(settings, silent, send)
    except psycopg.Error:
        incidents.met_without_warehouse(settings, trouble, send)


@contextmanager
def _warehouse(settings: Settings) -> Iterator[psycopg.Connection]:
    """As it is: a task that failed may have failed at its migration."""
    from service_index.orchestration import connections
    from service_index.warehouse.connection import connect

    with connect(connections.warehouse_dsn(settings), connect_timeout=10) as connection:
        yield connection


def _sender(settings: Settings) -> partial[bool]:
    from service_index.orchestration import messenger

    return partial(messenger.to_all, settings)


def _task_of(context: Any) -> tuple[str, Mapping[str, Any]]:
    """`dag_id.task_id`, and the arguments that the task's function was called with."""
    task = context["task"]
    name = f"{task.dag_id}.{task.task_id}"
    if not hasattr(task, "op_args"):  # mapped, and not expanded for the one that failed
        return name, {}
    names = inspect.signature(task.python_callable).parameters
    return name, dict(zip(names, task.op_args, strict=False)) | dict(task.op_kwargs)


def _run_of(context: Any) -> str:
    return f"{context['task'].dag_id} {context['run_id']}"
