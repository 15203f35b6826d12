"""The two gates: on loaded batches before dbt, on the marts before publishing.

A gate fails closed. A failed check of severity `fail` refuses the batches it lies in; an error
inside the gate lets nothing pass at all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from expectations.registry import FEED_SUITES, FORM_SUITES, LEDGER, MART_SUITES
from expectations.vocabulary import ScopeItem, Suite
from service_index import kill_points
from service_index.quality import drift, record, report
from service_index.quality.results import CheckResult, Gate, GateError, GateResult
from service_index.quality.validation import open_validator
from service_index.warehouse.connection import connect

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Plan:
    """What a gate is about to check: its subject as stored, and each suite with its scope."""

    gate: Gate
    subject: dict[str, Any]
    batches: tuple[record.Batch, ...]
    suites: tuple[tuple[Suite, Sequence[ScopeItem] | None], ...]

    def refused(self, checks: Iterable[CheckResult]) -> tuple[int, ...]:
        """The batches that failed checks lie in.

        A failure that shows in no single batch (it takes two) refuses all batches of its suite.
        """
        if self.gate == "marts":
            return ()
        scopes = {suite.name: scope or () for suite, scope in self.suites}
        refused: set[ScopeItem] = set()
        for check in checks:
            if check.refuses:
                refused.update(check.violations_by_item or scopes[check.suite])
        return tuple(batch.batch_id for batch in self.batches if batch.batch_id in refused)


def run_batch_gate(
    dsn: str, batch_ids: Sequence[int], reports_dir: Path, *, is_sample: bool = False
) -> GateResult:
    """Check the batches as loaded and set each to `passed` or `refused`, with `gated_at`.

    The ledger suite runs on all of them, each feed's suite on that feed's. A batch is refused
    when its own rows break a `fail` check, so that one bad day does not hold up the others.
    Raises ValueError for no batch or an unknown one, GateError when the gate could not be run
    (the batches then keep their status).
    """
    ids = sorted(set(batch_ids))
    with connect(dsn) as connection:
        batches = record.read_batches(connection, ids)
        suites: list[tuple[Suite, Sequence[ScopeItem] | None]] = [(LEDGER, ids)]
        for feed, suite in FEED_SUITES.items():
            of_feed = [batch.batch_id for batch in batches if batch.feed == feed]
            if of_feed:
                suites.append((suite, of_feed))
        plan = _Plan("batch", {"batch_ids": ids}, batches, tuple(suites))
        return _run(connection, dsn, plan, reports_dir, is_sample)


def run_marts_gate(
    dsn: str, months: Sequence[date] | None, reports_dir: Path, *, is_sample: bool = False
) -> GateResult:
    """Check the marts of `months` (first days; None: every month there is).

    Raises ValueError for an empty list, GateError when the gate could not be run.
    """
    if months is not None and not months:
        raise ValueError("no month to check")
    scope = sorted(set(months)) if months is not None else None
    subject = {"months": [month.isoformat() for month in scope] if scope is not None else None}
    plan = _Plan("marts", subject, (), tuple((suite, scope) for suite in MART_SUITES))
    with connect(dsn) as connection:
        return _run(connection, dsn, plan, reports_dir, is_sample)


def run_form_gate(
    dsn: str, periods: Sequence[str], reports_dir: Path, *, is_sample: bool = False
) -> GateResult:
    """Check the statistical forms of `periods` (`2025Q3`, `2025H1`, `2025`).

    Raises ValueError for an empty list, GateError when the gate could not be run.
    """
    if not periods:
        raise ValueError("no period to check")
    scope = sorted(set(periods))
    plan = _Plan("marts", {"periods": scope}, (), tuple((suite, scope) for suite in FORM_SUITES))
    with connect(dsn) as connection:
        return _run(connection, dsn, plan, reports_dir, is_sample)


def _run(
    connection: psycopg.Connection, dsn: str, plan: _Plan, reports_dir: Path, is_sample: bool
) -> GateResult:
    try:
        if plan.batches:
            drift.note(connection, [batch.batch_id for batch in plan.batches])
        with open_validator(dsn) as validator:
            checks = tuple(
                result
                for suite, scope in plan.suites
                for result in validator.validate(suite, scope)
            )
        return _conclude(connection, plan, checks, reports_dir, is_sample)
    except Exception as error:
        # Whatever broke, the gate has said nothing: that must not read as a pass.
        broken = f"{plan.gate} gate could not be run"
        message = f"{broken}: {_first_line(error)}"
        _keep_error(dsn, plan, message)
        raise GateError(message, f"{broken}: {type(error).__name__}") from error


def _conclude(
    connection: psycopg.Connection,
    plan: _Plan,
    checks: tuple[CheckResult, ...],
    reports_dir: Path,
    is_sample: bool,
) -> GateResult:
    """Results, report and the batches' status, together or not at all."""
    checks = tuple(_as_overridden(connection, plan, check) for check in checks)
    refused = plan.refused(checks)
    status = "failed" if any(check.refuses for check in checks) else "passed"
    with connection.transaction():
        run_id, ran_at = record.add_run(connection, plan.gate, plan.subject, status)
        path = reports_dir / plan.gate / f"{run_id}.html"
        result = GateResult(run_id, plan.gate, ran_at, checks, refused, path)
        periods = plan.subject.get("periods", plan.subject.get("months"))
        quarantine = record.read_quarantine(connection, [b.batch_id for b in plan.batches])
        report.write(result, plan.batches, periods, quarantine=quarantine, is_sample=is_sample)
        record.add_checks(connection, result)
        record.set_status(connection, plan.batches, refused)
        kill_points.reached("gate.before_commit")
    return result


def _as_overridden(connection: psycopg.Connection, plan: _Plan, check: CheckResult) -> CheckResult:
    """The check with the word that a person gave before on just this failure of the marts."""
    if plan.gate != "marts" or not check.refuses or not check.names:
        return check
    because = record.standing_override(connection, plan.subject, check)
    return replace(check, overridden_because=because)


def _keep_error(dsn: str, plan: _Plan, message: str) -> None:
    """Leave a trace in ops; a warehouse that is down must not hide the error itself."""
    try:
        with connect(dsn) as connection:
            record.add_run(connection, plan.gate, plan.subject | {"error": message}, "error")
    except psycopg.Error:
        logger.warning("the error of the %s gate could not be kept in ops.gate_run", plan.gate)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
