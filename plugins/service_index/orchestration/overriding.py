"""A person lets a month go on in spite of a failed check, for a reason that is kept."""

from __future__ import annotations

import getpass
from datetime import date

import psycopg

from service_index.quality.override import OverrideError, latest_batch_gate, override


def override_check(
    connection: psycopg.Connection, month: date, check: str, because: str
) -> list[int]:
    """Override `check` (`name` or `suite.name`) wherever it now holds the month up.

    That is in the last gate over the month's marts, and in the last gate of every batch that
    stands refused. Gives the gate runs; raises OverrideError when the check fails in none.
    """
    runs = _holding_up(connection, month)
    done = []
    for run in runs:
        if _fails_in(connection, run, check):
            override(connection, run, [check], because=because, by=getpass.getuser())
            done.append(run)
    if not done:
        raise OverrideError(
            f"no failed check '{check}' holds {month:%Y-%m} up: `service-index status` lists them"
        )
    connection.commit()
    return done


def _holding_up(connection: psycopg.Connection, month: date) -> list[int]:
    refused = connection.execute(
        "select batch_id from ops.batch where status = 'refused' order by batch_id"
    ).fetchall()
    runs = {latest_batch_gate(connection, batch_id) for (batch_id,) in refused}
    marts = connection.execute(
        "select max(gate_run_id) from ops.gate_run "
        "where gate = 'marts' and subject -> 'months' ? %s",
        [month.isoformat()],
    ).fetchone()
    if marts and marts[0] is not None:
        runs.add(int(marts[0]))
    return sorted(runs)


def _fails_in(connection: psycopg.Connection, gate_run_id: int, check: str) -> bool:
    row = connection.execute(
        "select exists (select from ops.check where gate_run_id = %s and not passed "
        "and severity = 'fail' and overridden_because is null "
        "and %s in (check_name, suite || '.' || check_name))",
        [gate_run_id, check],
    ).fetchone()
    return bool(row and row[0])
