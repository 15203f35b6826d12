"""One start of dbt: the project built in the warehouse, and what became of each node."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from service_index import kill_points
from service_index.orchestration.dbt_events import heard_events_only


class TransformError(Exception):
    """The marts could not be brought up to date; the message is one line with the way out.

    `public` is what of it may be sent to people: the database's words can quote a row.
    """

    def __init__(self, message: str, public: str | None = None) -> None:
        super().__init__(message)
        self.public = public or message


class RefusedBatchError(TransformError):
    """A batch that its gate refused holds the marts up."""


@dataclass(frozen=True)
class ModelResult:
    """What dbt says of one node: a model, seed or test."""

    name: str
    resource_type: str
    status: str
    seconds: Decimal
    rows_affected: int | None
    message: str | None

    @property
    def failed(self) -> bool:
        return self.status in {"error", "fail", "runtime error"}


def build(
    dsn: str,
    project: Path,
    state: Path,
    *arguments: str,
    on_model: Callable[[ModelResult], None] = lambda result: None,
    session: Mapping[str, str] = MappingProxyType({}),
    artifacts: bool = False,
) -> list[ModelResult]:
    """Run `dbt build` of `project` and give each node's result; dbt's own files go to `state`.

    `on_model` is called as each node ends; `session` holds settings of its sessions (a variable
    of dbt's own would make it read the whole project anew); `artifacts` has dbt write its manifest
    and results to `state`, which costs a second. Raises TransformError when dbt could not run at
    all; nodes that failed are among the results.
    """
    from dbt.cli.main import dbtRunner

    results: dict[str, ModelResult] = {}

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished":
            result = _node_result(event.data)
            results[event.data.node_info.unique_id] = result
            on_model(result)
            kill_points.reached("dbt.after_node")

    command = [
        "build",
        # What became of each node is told to `on_model`, and the log has every word: lines for a
        # terminal as well would be a twentieth of a run.
        *("--log-level", "none"),
        "--write-json" if artifacts else "--no-write-json",
        # Unit tests try the code on made-up rows: the test suite's work, not a run's.
        *("--exclude-resource-type", "unit_test"),
        # Nothing is done for these; dbt would list them among what was built.
        *("--exclude-resource-type", "exposure"),
        *("--project-dir", str(project)),
        *("--profiles-dir", str(project)),
        *("--target-path", str(state / "target")),
        *("--log-path", str(state / "logs")),
        *arguments,
    ]
    own = conninfo_to_dict(dsn).get("options") or ""
    options = " ".join([str(own), *(f"-c {name}={value}" for name, value in session.items())])
    variables = dbt_environment(dsn) | {"PGOPTIONS": options}
    with dbt_variables(variables), heard_events_only(), _uncollected():
        outcome = dbtRunner(callbacks=[on_event]).invoke(command)
    kill_points.reached("dbt.after_build")
    if outcome.exception is not None:
        raise TransformError(
            f"dbt could not run: {outcome.exception}",
            f"dbt could not run: {type(outcome.exception).__name__}",
        ) from outcome.exception
    return list(results.values())


def raise_failures(results: list[ModelResult], state: Path) -> None:
    """Raise TransformError, one line, when a node failed."""
    failures = [result for result in results if result.failed]
    if failures:
        first = failures[0]
        which = f"dbt: {len(failures)} of {len(results)} nodes failed, first {first.name}"
        log = f"(log: {state / 'logs' / 'dbt.log'})"
        raise TransformError(
            f"{which}: {' '.join((first.message or first.status).split())[:300]} {log}",
            f"{which} {log}",
        )


def _node_result(data: Any) -> ModelResult:
    run_result = data.run_result
    rows = run_result.adapter_response.fields.get("rows_affected")
    return ModelResult(
        name=data.node_info.node_name,
        resource_type=data.node_info.resource_type,
        status=run_result.status,
        seconds=Decimal(str(run_result.execution_time)).quantize(Decimal("0.001")),
        rows_affected=int(rows.number_value) if rows and rows.HasField("number_value") else None,
        message=run_result.message or None,
    )


def dbt_environment(dsn: str) -> dict[str, str]:
    """The variables that dbt and dbt_project/profiles.yml read."""
    part = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value}
    return {
        "DBT_HOST": part.get("host", "localhost"),
        "DBT_PORT": part.get("port", "5432"),
        "DBT_USER": part.get("user", "postgres"),
        "DBT_PASSWORD": part.get("password", ""),
        "DBT_DBNAME": part.get("dbname", "postgres"),
        "DBT_SSLMODE": part.get("sslmode", "prefer"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # Its threads would wait for each other to write every statement down: a tenth of a run.
        "DBT_LOG_LEVEL_FILE": os.environ.get("DBT_LOG_LEVEL_FILE") or "info",
    }


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for reference cycles: every few nodes it would walk all of dbt's project,
    which stays, for seconds. No row of a table passes through here, so little is left behind."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def dbt_variables(variables: dict[str, str]) -> Iterator[None]:
    """These variables are in the environment in this block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
