"""One dbt start that brings the marts up to every batch that passed its gate."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from service_index.settings import Settings
from service_index.warehouse.locks import marts_alone

_IGNORED_FOLDERS = {"target", "logs", "dbt_packages"}
# Figures that people enter: data, not a part of the project.
_BY_HAND = "seeds/by_hand/*.csv"


class TransformError(Exception):
    """The marts could not be brought up to date; the message is one line with the way out."""


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


@dataclass(frozen=True)
class TransformReport:
    """The outcome; `models` is empty when the marts were already up to date."""

    transform_run_id: int | None
    is_full_refresh: bool
    models: list[ModelResult]


def project_revision(dbt_project: Path) -> str:
    """A hash over every file of the dbt project: models, seeds, tests, macros, settings."""
    by_hand = set(dbt_project.glob(_BY_HAND))
    return _hash_of(
        dbt_project,
        (path for path in dbt_project.rglob("*") if path.is_file() and path not in by_hand),
    )


def by_hand_sha256(dbt_project: Path) -> str:
    """A hash over the figures that people enter. Another one means a run, but no full refresh."""
    return _hash_of(dbt_project, dbt_project.glob(_BY_HAND))


def _hash_of(dbt_project: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        relative = path.relative_to(dbt_project)
        if relative.parts[0] in _IGNORED_FOLDERS or relative.name.startswith("."):
            continue
        digest.update(str(relative).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def transform(
    connection: psycopg.Connection,
    dsn: str,
    settings: Settings,
    *,
    full_refresh: bool = False,
    on_model: Callable[[ModelResult], None] = lambda result: None,
) -> TransformReport:
    """Run dbt over everything that is new: batches, months, the cut-off, figures entered by hand,
    or the project itself.

    A changed project (code, catalogue) means a full refresh, because marts are a function of
    data, catalogue and code. Raises TransformError when a batch waits for its gate or was
    refused (see `refused_tables` for the exception), or when dbt fails; the batches then stay
    pending and the next run takes them again.
    """
    with marts_alone(connection):
        _refuse_ungated(connection)
        revision = project_revision(settings.dbt_project)
        is_full = full_refresh or _needs_full_refresh(connection, revision)
        by_hand = by_hand_sha256(settings.dbt_project)
        if not is_full and not _anything_pending(connection, by_hand):
            return TransformReport(None, False, [])
        run_id = _begin(connection, is_full, revision, by_hand)
        try:
            results = _run_dbt(dsn, settings, is_full, on_model)
        except BaseException:
            _finish(connection, run_id, [], succeeded=False)
            raise
        failures = [result for result in results if result.failed]
        _finish(connection, run_id, results, succeeded=not failures)
    if failures:
        first = failures[0]
        raise TransformError(
            f"dbt: {len(failures)} of {len(results)} nodes failed, first {first.name}: "
            f"{' '.join((first.message or first.status).split())[:300]} "
            f"(log: {settings.home / 'dbt' / 'logs' / 'dbt.log'})"
        )
    return TransformReport(run_id, is_full, results)


def _refuse_ungated(connection: psycopg.Connection) -> None:
    row = connection.execute(
        """
        select batch_id, feed, status from ops.batch as b
        where
            status = 'loaded'
            or status = 'refused' and feed <> 'national_scores' and not exists (
                -- the same window or snapshot, fetched again and found good
                select from ops.batch as later
                where
                    later.feed = b.feed
                    and later.kind = b.kind
                    and b.kind in ('window', 'snapshot')
                    and later.status = 'passed'
                    and later.landed_at > b.landed_at
                    and (
                        b.kind = 'snapshot'
                        or later.window_from <= b.window_from and later.window_to >= b.window_to
                    )
            )
        order by status = 'loaded', batch_id
        limit 1
        """
    ).fetchone()
    if row is None:
        return
    batch_id, feed, status = row
    if status == "refused":
        raise TransformError(
            f"batch {batch_id} ({feed}) was refused by its gate: look at `service-index status`, "
            "then mend the source and ingest again, or go on by `--override-gate CHECK --because …`"
        )
    raise TransformError(
        f"batch {batch_id} ({feed}) has not been through its gate: "
        "finish it by `service-index ingest` of its window"
    )


def refused_tables(connection: psycopg.Connection) -> list[date]:
    """The months whose national table was refused, and no later one of the month passed.

    They hold nothing up: no score is made of them, and dbt does not read them.
    """
    rows = connection.execute(
        """
        select distinct period_month from ops.batch as b
        where
            feed = 'national_scores'
            and status = 'refused'
            and not exists (
                select from ops.batch as later
                where
                    later.feed = b.feed
                    and later.period_month = b.period_month
                    and later.status = 'passed'
                    and later.landed_at > b.landed_at
            )
        order by period_month
        """
    )
    return [month for (month,) in rows]


def _needs_full_refresh(connection: psycopg.Connection, revision: str) -> bool:
    """Whether the marts are not what this project made, or a full refresh was broken off."""
    row = connection.execute(
        """
        select
            (
                select code_revision from ops.transform_run
                where status = 'succeeded'
                order by transform_run_id desc
                limit 1
            ) is distinct from %s
            or coalesce(
                (
                    select is_full_refresh and status <> 'succeeded' from ops.transform_run
                    order by transform_run_id desc
                    limit 1
                ),
                true
            )
        """,
        [revision],
    ).fetchone()
    return bool(row and row[0])


def _anything_pending(connection: psycopg.Connection, by_hand: str) -> bool:
    row = connection.execute(
        """
        with last_run as (
            select transform_run_id, data_cutoff, by_hand_sha256 from ops.transform_run
            where status = 'succeeded'
            order by transform_run_id desc
            limit 1
        )
        select
            exists (
                select from ops.batch where status = 'passed' and transformed_at is null
            )
            or exists (
                select period_month from ops.requested_month
                except
                select period_month from intermediate.int_period
            )
            or (select data_cutoff from last_run)
                is distinct from (select min(loaded_until) from ops.watermark)
            or (select by_hand_sha256 from last_run) is distinct from %s
            or (select max(transform_run_id) from ops.transform_run)
                <> (select transform_run_id from last_run)
        """,
        [by_hand],
    ).fetchone()
    return bool(row and row[0])


def _begin(connection: psycopg.Connection, is_full: bool, revision: str, by_hand: str) -> int:
    connection.execute("truncate ops.transform_scope")
    connection.execute(
        "insert into ops.transform_scope (batch_id) "
        "select batch_id from ops.batch where status = 'passed' and transformed_at is null"
    )
    row = connection.execute(
        "insert into ops.transform_run "
        "(is_full_refresh, code_revision, by_hand_sha256, data_cutoff) "
        "values (%s, %s, %s, (select min(loaded_until) from ops.watermark)) "
        "returning transform_run_id",
        [is_full, revision, by_hand],
    ).fetchone()
    connection.commit()
    assert row is not None  # noqa: S101 - an insert returns its row
    return int(row[0])


def _finish(
    connection: psycopg.Connection, run_id: int, results: list[ModelResult], *, succeeded: bool
) -> None:
    """Keep the nodes' results; on success the scope's batches count as taken in."""
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.transform_model values (%s, %s, %s, %s, %s, %s, %s)",
            [
                (run_id, r.name, r.resource_type, r.status, r.seconds, r.rows_affected, r.message)
                for r in results
            ],
        )
    if succeeded:
        connection.execute(
            "update ops.batch set transformed_at = now() "
            "where batch_id in (select batch_id from ops.transform_scope)"
        )
        connection.execute("truncate ops.transform_scope")
        # What the run had to rebuild is rebuilt; see int_touched_unit_month and int_period.
        connection.execute("delete from intermediate.int_touched_unit_month")
        connection.execute(
            "update intermediate.int_period set settled_until = period_end "
            "where settled_until is distinct from period_end"
        )
    connection.execute(
        "update ops.transform_run set finished_at = now(), status = %s where transform_run_id = %s",
        ["succeeded" if succeeded else "failed", run_id],
    )
    connection.commit()


def _run_dbt(
    dsn: str, settings: Settings, is_full: bool, on_model: Callable[[ModelResult], None]
) -> list[ModelResult]:
    from dbt.cli.main import dbtRunner

    results: dict[str, ModelResult] = {}

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished":
            result = _node_result(event.data)
            results[event.data.node_info.unique_id] = result
            on_model(result)

    state = settings.home / "dbt"
    arguments = [
        "build",
        "--quiet",
        # Unit tests try the code on made-up rows: the test suite's work, not a run's.
        *("--exclude-resource-type", "unit_test"),
        *("--project-dir", str(settings.dbt_project)),
        *("--profiles-dir", str(settings.dbt_project)),
        *("--target-path", str(state / "target")),
        *("--log-path", str(state / "logs")),
        # The catalogue's seeds are part of the project: unchanged, they are loaded already. Those
        # filled in by hand, in a folder of their own, are not. "Cautious" leaves out the tests of
        # left out seeds alone, and keeps those that hold something else against them.
        *(["--full-refresh"] if is_full else ["--exclude", "path:seeds/*.csv"]),
        *("--indirect-selection", "cautious"),
    ]
    with _environment(dbt_environment(dsn)):
        outcome = dbtRunner(callbacks=[on_event]).invoke(arguments)
    if outcome.exception is not None:
        raise TransformError(f"dbt could not run: {outcome.exception}") from outcome.exception
    return list(results.values())


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
    """The variables that dbt_project/profiles.yml reads."""
    part = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value}
    return {
        "DBT_HOST": part.get("host", "localhost"),
        "DBT_PORT": part.get("port", "5432"),
        "DBT_USER": part.get("user", "postgres"),
        "DBT_PASSWORD": part.get("password", ""),
        "DBT_DBNAME": part.get("dbname", "postgres"),
        "DBT_SSLMODE": part.get("sslmode", "prefer"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
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
