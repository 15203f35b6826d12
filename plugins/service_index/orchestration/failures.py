"""Why a task failed: kept for whoever runs DAGs in this process, and fit to be sent to people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Of each task that failed: its reason for whoever waits at the terminal, and the public one.
_reasons: list[tuple[str, str]] = []
_is_attended: list[bool] = []


def remember(context: Any) -> None:
    """Keep the message of a failed task's exception, without a traceback."""
    task = context["task_instance"].task_id
    error = cause_of(context.get("exception"))
    reason = " ".join(str(error).split()) if error and str(error) else type(error).__name__
    _reasons.append((f"{task}: {reason}", f"{task}: {public_reason(error)}"))


def first() -> tuple[str, str] | None:
    """The reason of the first task that failed since `attend`, and its public form."""
    return _reasons[0] if _reasons else None


@contextmanager
def final() -> Iterator[None]:
    """A refusal in this block (StageError) ends its task: what was refused is not let through, nor
    judged otherwise, by trying again. What breaks is tried again."""
    from service_index.orchestration.stages import StageError

    try:
        yield
    except StageError as refusal:
        from airflow.sdk.exceptions import AirflowFailException

        raise AirflowFailException(str(refusal)) from refusal


@contextmanager
def quoting_no_record() -> Iterator[None]:
    """For where records pass: what Python's own errors say (ValueError, KeyError …) quotes the
    value that they are about, so of such an error in this block only kind and traceback go on."""
    try:
        yield
    except Exception as error:
        for link in _chain(error):
            is_pythons = type(link).__module__ == "builtins" and not isinstance(link, OSError)
            if is_pythons and link.args:
                link.args = ("its words are left out, they may quote a record",)
        raise


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those behind it, which a traceback shows too."""
    seen: list[BaseException | None] = [None]
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is not None and link not in seen:
            seen.append(link)
            waiting += [link.__cause__, link.__context__]
            yield link


def cause_of(error: BaseException | None) -> BaseException | None:
    """The project's own error behind Airflow's for what is not tried again."""
    if error is not None and type(error).__name__ == "AirflowFailException" and error.__cause__:
        return error.__cause__
    return error


def attend() -> None:
    """Someone waits for the run in this process and reads why it fails. Starts afresh."""
    _reasons.clear()
    _is_attended[:] = [True]


def is_attended() -> bool:
    """Whether someone waits for the run, so that nobody else need be told."""
    return bool(_is_attended)


def public_reason(error: BaseException | None) -> str:
    """Why, in one line that holds no record's value: it leaves the house.

    The project's own errors are written so (those that quote others have a `public` form). Of any
    other only the kind is told, of the database's and the system's what names no row either.
    """
    if error is None:
        return "the task was ended before it could say why (memory, a restart); see its log"
    name = type(error).__name__
    if type(error).__module__.startswith("service_index."):
        return " ".join(str(getattr(error, "public", error)).split()) or name
    return f"{_of_other(error, name)}; see the task's log"


def _of_other(error: BaseException, name: str) -> str:
    import psycopg

    if isinstance(error, psycopg.OperationalError):
        # Of connections, memory, disk: the server's state, never a row.
        return (str(error).strip().splitlines() or [name])[0]
    if isinstance(error, psycopg.Error):
        return f"{name} (SQLSTATE {error.sqlstate})" if error.sqlstate else name
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return name
