"""One dbt start that brings the marts up to every batch that passed its gate."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import psycopg

from service_index.orchestration import dbt_build, dbt_project, lineage
from service_index.orchestration.dbt_build import ModelResult, RefusedBatchError, TransformError
from service_index.orchestration.progress import say
from service_index.settings import Settings
from service_index.warehouse import access
from service_index.warehouse.locks import marts_alone

# A gate of many batches on a busy machine took 20 s.
LONGEST_GATE_SECONDS = 600


@dataclass(frozen=True)
class TransformReport:
    """The outcome; `models` is empty when the marts were already up to date."""

    transform_run_id: int | None
    is_full_refresh: bool
    models: list[ModelResult]


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
    data, catalogue and code. dbt works as the transformer, whoever calls, so that what an
    interrupted run leaves is the next run's to replace. Raises TransformError when a batch waits
    for its gate or was refused (see `refused_tables` for the exception), when dbt fails, or when
    another run has taken over; the batches then stay pending and the next run takes them again.
    """
    state = settings.home / "dbt"
    with marts_alone(connection):
        _refuse_ungated(connection)
        revision, by_hand = dbt_project.keep(connection, settings.dbt_project)
        connection.commit()
        is_full = full_refresh or _needs_full_refresh(connection, revision)
        if not is_full and not _anything_pending(connection, by_hand):
            settle_access(connection)
            return TransformReport(None, False, [])
        run_id = _begin(connection, is_full, revision, by_hand)
        try:
            results = dbt_build.build(
                access.as_role(dsn, access.TRANSFORMER),
                settings.dbt_project,
                state,
                *_selection(is_full),
                on_model=on_model,
                session={"service_index.transform_run_id": str(run_id)},
                artifacts=lineage.is_on(),
            )
        except BaseException:
            _finish(connection, run_id, [], succeeded=False)
            raise
        _finish(connection, run_id, results, succeeded=not any(r.failed for r in results))
        settle_access(connection)
    lineage.transformed(dsn, settings.dbt_project, state)
    dbt_build.raise_failures(results, state)
    return TransformReport(run_id, is_full, results)


def settle_access(connection: psycopg.Connection) -> None:
    """Give what dbt made new its owner and its privileges.

    Raises TransformError where rows of dossiers would be open to readers of other units.
    """
    with connection.transaction():
        connection.execute("set local role none")
        access.apply(connection)
        bare = access.unguarded(connection)
    if bare:
        raise TransformError(
            f"{', '.join(bare)} would show every unit's dossiers to each unit's readers: a table "
            "needs its row-level security (dbt_project/macros/access.sql), a view security_invoker"
        )


def await_gates(connection: psycopg.Connection) -> None:
    """Wait while batches are on their way through their gate, but for no longer than gates take:
    an ingest of the schedule may be between its load and its gate."""
    told = False
    deadline = time.monotonic() + LONGEST_GATE_SECONDS
    while time.monotonic() < deadline:
        row = connection.execute(
            "select exists (select from ops.batch where status = 'loaded')"
        ).fetchone()
        connection.commit()
        if row is None or not row[0]:
            return
        if not told:
            say("waiting for batches that are on their way through their gate")
            told = True
        time.sleep(1)


def _selection(is_full: bool) -> tuple[str, ...]:
    """What dbt builds. The catalogue's seeds are part of the project: unchanged, they are loaded
    already. Those filled in by hand, in a folder of their own, are not. "Cautious" leaves out the
    tests of left out seeds alone, and keeps those that hold something else against them.
    """
    kept_back = ("--full-refresh",) if is_full else ("--exclude", "path:seeds/*.csv")
    return (*kept_back, "--indirect-selection", "cautious")


def _refuse_ungated(connection: psycopg.Connection) -> None:
    held_up = batch_in_the_way(connection)
    if held_up is None:
        return
    batch_id, feed, status = held_up
    if status == "refused":
        raise RefusedBatchError(
            f"batch {batch_id} ({feed}) was refused by its gate: look at `service-index status`, "
            "then mend the source and ingest again, or go on by `--override-gate CHECK --because …`"
        )
    raise TransformError(
        f"batch {batch_id} ({feed}) has not been through its gate: "
        "finish it by `service-index ingest` of its window"
    )


def batch_in_the_way(connection: psycopg.Connection) -> tuple[int, str, str] | None:
    """The first batch that holds the marts up, its feed and its status: `refused` by its gate and
    not made good since, else `loaded` and not gated yet."""
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
    return (int(row[0]), str(row[1]), str(row[2])) if row else None


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
    # Batches and the watermark as they were at one instant: an ingest may go on beside it.
    connection.commit()
    connection.execute("set transaction isolation level repeatable read")
    _refuse_ungated(connection)
    # Who has the lock has taken over from a run that lost it: what that one still writes ends
    # first, and it writes no more (dbt's hook `hold_transform_run`).
    connection.execute(
        "update ops.transform_run set status = 'failed', finished_at = now() "
        "where status = 'running'"
    )
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
    """Keep the nodes' results; on success the scope's batches count as taken in.

    Raises TransformError when another run has taken over.
    """
    connection.rollback()
    running = connection.execute(
        "select from ops.transform_run where transform_run_id = %s and status = 'running' "
        "for update",
        [run_id],
    ).fetchone()
    if running is None:
        raise TransformError(f"another run has taken over from transform {run_id}: run it again")
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
