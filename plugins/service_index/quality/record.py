"""Gate runs in `ops`: the batches they read, the runs and checks they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from expectations.vocabulary import ScopeItem
from service_index.quality.results import CheckResult, Gate, GateResult, is_no_worse


@dataclass(frozen=True)
class Batch:
    """A row of `ops.batch`, as far as a gate and its report need it."""

    batch_id: int
    feed: str
    kind: str
    window_from: datetime | None
    window_to: datetime | None
    delivered: int
    loaded: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True)
class Quarantined:
    """How many records of one feed a rule refused, and how many of them still wait."""

    feed: str
    rule: str
    records: int
    waiting: int


def read_batches(connection: psycopg.Connection, batch_ids: Sequence[int]) -> tuple[Batch, ...]:
    """The batches by id; raises ValueError when there are none or one is unknown."""
    if not batch_ids:
        raise ValueError("no batch to check")
    with connection.transaction(), connection.cursor(row_factory=class_row(Batch)) as cursor:
        cursor.execute(
            "select batch_id, feed, kind, window_from, window_to, delivered, loaded, duplicates, "
            "quarantined from ops.batch where batch_id = any(%s) order by batch_id",
            [list(batch_ids)],
        )
        batches = tuple(cursor.fetchall())
    unknown = set(batch_ids) - {batch.batch_id for batch in batches}
    if unknown:
        raise ValueError(f"unknown batches: {', '.join(map(str, sorted(unknown)))}")
    return batches


def read_quarantine(
    connection: psycopg.Connection, batch_ids: Sequence[int]
) -> tuple[Quarantined, ...]:
    """The records of the batches that went into quarantine, counted by feed and rule."""
    with connection.cursor(row_factory=class_row(Quarantined)) as cursor:
        cursor.execute(
            "select feed, rule, count(*) as records, "
            "count(*) filter (where resolved_at is null) as waiting "
            "from quarantine.record where batch_id = any(%s) "
            "group by feed, rule order by feed, records desc, rule",
            [list(batch_ids)],
        )
        return tuple(cursor.fetchall())


def add_run(
    connection: psycopg.Connection, gate: Gate, subject: dict[str, Any], status: str
) -> tuple[int, datetime]:
    """A new row of `ops.gate_run`: its id and time."""
    row = connection.execute(
        "insert into ops.gate_run (gate, subject, status) values (%s, %s, %s) "
        "returning gate_run_id, ran_at",
        [gate, Jsonb(subject), status],
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    return int(row[0]), row[1]


def add_checks(connection: psycopg.Connection, result: GateResult) -> None:
    """The run's checks and the place of its report."""
    connection.execute(
        "update ops.gate_run set report_path = %s where gate_run_id = %s",
        [str(result.report_path), result.gate_run_id],
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.check "
            "(gate_run_id, suite, check_name, severity, reason, passed, observed, "
            "overridden_because) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    *(result.gate_run_id, c.suite, c.name, c.severity, c.reason, c.passed),
                    *(Jsonb(c.observed()), c.overridden_because),
                )
                for c in result.checks
            ],
        )


def standing_override(
    connection: psycopg.Connection, subject: dict[str, Any], check: CheckResult
) -> str | None:
    """What a person said of the same failure in an earlier run on the same subject.

    The same: the check names nothing now that it did not name then, or that is worse. So a month
    that is gated every night needs one word for a day that will stay as it is.
    """
    earlier = connection.execute(
        """
        select c.overridden_because, c.observed -> 'names'
        from ops.check as c
        inner join ops.gate_run as g on c.gate_run_id = g.gate_run_id
        where
            g.subject = %s
            and (c.suite, c.check_name) = (%s, %s)
            and c.overridden_because is not null
            and c.observed ? 'names'
        order by g.gate_run_id desc
        """,
        [Jsonb(subject), check.suite, check.name],
    )
    return next((str(word) for word, names in earlier if is_no_worse(check.names, names)), None)


def read_result(
    connection: psycopg.Connection, gate_run_id: int
) -> tuple[GateResult, dict[str, Any], bool]:
    """A run as it now stands in `ops`, its subject, and whether the warehouse has sample data."""
    run = connection.execute(
        "select gate, ran_at, report_path, subject, "
        "exists (select from ops.batch where is_sample), "
        "array(select batch_id from ops.batch where status = 'refused' "
        "and subject -> 'batch_ids' @> to_jsonb(batch_id)) "
        "from ops.gate_run where gate_run_id = %s",
        [gate_run_id],
    ).fetchone()
    if run is None:
        raise ValueError(f"there is no gate run {gate_run_id}")
    gate, ran_at, report_path, subject, is_sample, refused = run
    rows = connection.execute(
        "select suite, check_name, severity, reason, passed, overridden_because, observed "
        "from ops.check where gate_run_id = %s order by suite, check_name",
        [gate_run_id],
    )
    checks = tuple(
        CheckResult(
            suite=suite,
            name=name,
            severity=severity,
            reason=reason,
            passed=passed,
            rows=observed.get("rows"),
            violations=observed.get("violations"),
            violations_by_item={
                _item(item): count for item, count in observed.get("violations_by_item", {}).items()
            },
            names=tuple(observed.get("names", ())),
            overridden_because=because,
        )
        for suite, name, severity, reason, passed, because, observed in rows
    )
    result = GateResult(gate_run_id, gate, ran_at, checks, tuple(refused), Path(report_path))
    return result, subject, is_sample


def _item(text: str) -> ScopeItem:
    """What a report shows of an item as `observed` has it: a month is written as a date there."""
    return date.fromisoformat(text) if "-" in text else text


def set_status(
    connection: psycopg.Connection, batches: Sequence[Batch], refused: Sequence[int]
) -> None:
    """Every batch of the run becomes `refused` or `passed`."""
    connection.execute(
        "update ops.batch set gated_at = now(), "
        "status = case when batch_id = any(%s) then 'refused' else 'passed' end "
        "where batch_id = any(%s)",
        [list(refused), [batch.batch_id for batch in batches]],
    )
