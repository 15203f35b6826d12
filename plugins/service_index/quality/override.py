"""A person lets a failed check pass, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from service_index.quality import report


class OverrideError(Exception):
    """Nothing was overridden; the message is one line with the reason."""


@dataclass(frozen=True)
class Override:
    """What an override did: `still_failing` names the checks that go on refusing."""

    gate_run_id: int
    checks: tuple[str, ...]
    still_failing: tuple[str, ...]
    released_batches: tuple[int, ...]

    @property
    def is_clear(self) -> bool:
        """No failed check is left, so the subject of the gate may go on."""
        return not self.still_failing


def latest_batch_gate(connection: psycopg.Connection, batch_id: int) -> int:
    """The id of the last gate run on the batch; raises OverrideError when there was none."""
    row = connection.execute(
        "select max(gate_run_id) from ops.gate_run "
        "where gate = 'batch' and subject -> 'batch_ids' @> to_jsonb(%s::bigint)",
        [batch_id],
    ).fetchone()
    if row is None or row[0] is None:
        raise OverrideError(f"batch {batch_id} has not been through a gate")
    return int(row[0])


def override(
    connection: psycopg.Connection,
    gate_run_id: int,
    check_names: Sequence[str] | None,
    *,
    because: str,
    by: str,
) -> Override:
    """Let failed checks of a gate run pass; when none is left, its refused batches are passed.

    `check_names` are `check` or `suite.check`; None means every failed check of the run. The
    reason, the person and the time are kept in `ops.check.overridden_because` and shown in the
    run's report; the run counts as passed once no failed check is left. A batch that a later run
    gated again keeps that run's word. Works in one transaction, the caller's if one is open.
    Raises OverrideError for a run that broke (nothing was checked), a check that has not failed
    there, an ambiguous name, or an empty reason or person.
    """
    if not because.strip() or not by.strip():
        raise OverrideError("an override needs a reason and a person")
    with connection.transaction():
        batch_ids = _lock_run(connection, gate_run_id)
        failing = _failing(connection, gate_run_id)
        chosen = list(failing) if check_names is None else [_find(n, failing) for n in check_names]
        if not chosen:
            raise OverrideError(f"gate run {gate_run_id} has no failed check to override")
        note = f"{because.strip()} ({by.strip()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC)"
        with connection.cursor() as cursor:
            cursor.executemany(
                "update ops.check set overridden_because = %s "
                "where gate_run_id = %s and suite = %s and check_name = %s",
                [(note, gate_run_id, *check) for check in chosen],
            )
        left = [check for check in failing if check not in chosen]
        released = [] if left else _release(connection, gate_run_id, batch_ids)
        report.rewrite(connection, gate_run_id)
    return Override(gate_run_id, _names(chosen), _names(left), tuple(released))


def _lock_run(connection: psycopg.Connection, gate_run_id: int) -> list[int]:
    """The batches of a run that was run to its end; none for the marts."""
    row = connection.execute(
        "select status, subject -> 'batch_ids' from ops.gate_run where gate_run_id = %s for update",
        [gate_run_id],
    ).fetchone()
    if row is None:
        raise OverrideError(f"there is no gate run {gate_run_id}")
    status, batch_ids = row
    if status == "error":
        raise OverrideError(f"gate run {gate_run_id} broke, so nothing was checked: run it again")
    return batch_ids or []


def _failing(connection: psycopg.Connection, gate_run_id: int) -> list[tuple[str, str]]:
    """(suite, check) of every failed check that nobody has overridden."""
    return connection.execute(
        "select suite, check_name from ops.check "
        "where gate_run_id = %s and severity = 'fail' and not passed "
        "and overridden_because is null order by suite, check_name",
        [gate_run_id],
    ).fetchall()


def _find(name: str, failing: Sequence[tuple[str, str]]) -> tuple[str, str]:
    found = [check for check in failing if name in (check[1], ".".join(check))]
    if len(found) == 1:
        return found[0]
    if found:
        raise OverrideError(f"{name} is ambiguous: say {' or '.join(_names(found))}")
    raise OverrideError(
        f"no failed check is called {name}; failed: {', '.join(_names(failing)) or 'none'}"
    )


def _release(
    connection: psycopg.Connection, gate_run_id: int, batch_ids: Sequence[int]
) -> list[int]:
    """The run has passed; so have its refused batches, unless a later run gated them again."""
    connection.execute(
        "update ops.gate_run set status = 'passed' where gate_run_id = %s", [gate_run_id]
    )
    rows = connection.execute(
        "update ops.batch as b set status = 'passed', gated_at = now() "
        "where batch_id = any(%s) and status = 'refused' and not exists ("
        "select from ops.gate_run as later "
        "where later.gate_run_id > %s and later.gate = 'batch' and later.status <> 'error' "
        "and later.subject -> 'batch_ids' @> to_jsonb(b.batch_id)) returning batch_id",
        [list(batch_ids), gate_run_id],
    ).fetchall()
    return sorted(int(row[0]) for row in rows)


def _names(checks: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(".".join(check) for check in checks)
