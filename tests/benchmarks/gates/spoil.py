"""Batches that break every check, some rows each; and those that break three of them."""

from __future__ import annotations

import itertools

import psycopg
from psycopg import sql

EVERY_CHECK = (
    "dossier_id = ''",
    "version_at = '2999-01-01'",
    "unit_code = 'X9'",
    "procedure_code = '9.9'",
    "unit_code = null",
    "procedure_code = null",
    "state = null",
    "channel = null",
    "received_at = null",
    "state = 11",
    "channel = 4",
    "applicant_kind = 5",
    "return_method = 3",
    "portal_payment_flag = 2",
    "state = 10, finished_at = null, returned_at = null",
    "finished_at = received_at - interval '1 second'",
    "procedure_code = '1.2.3'",
    "fee_due = -1",
    "document_count = -1",
    "supplement_count = -1",
    "reused_document_count = document_count + 1",
    "electronic_result_count = result_count + 1",
    "fee_due = 1.5",
    "due_at = received_at - interval '1 day'",
    "synced_to_vault_at = version_at + interval '1 second'",
    "due_at = null",
    "state = 7, finished_at = null",
    "received_at = '2014-12-31'",
)
_LEDGER = """
    update ops.batch set
        key_drift = '{"removed": ["a"], "retyped": ["b"], "added": ["c"]}',
        warnings = '{"equal_version_differs": 3}',
        distinct_keys = delivered + 1,
        window_to = '2999-01-01'
    where batch_id = (select min(batch_id) from ops.batch where feed = 'dossiers')
"""


def break_all(dsn: str) -> None:
    """Every check of the dossiers, each by another number of rows, and most of the ledger's."""
    with psycopg.connect(dsn) as connection:
        keys = _keys(connection)
        for rows, change in enumerate(EVERY_CHECK, start=1):
            _change(connection, change, list(itertools.islice(keys, rows)))
        connection.execute(_LEDGER)


def break_three(dsn: str) -> None:
    """Three rows break a check that refuses, and two that warn."""
    with psycopg.connect(dsn) as connection:
        keys = _keys(connection)
        for change in ("fee_due = 1.5", "applicant_kind = 5", "received_at = '2014-12-31'"):
            _change(connection, change, [next(keys)])


def _keys(connection: psycopg.Connection) -> itertools.chain[str]:
    found = connection.execute(
        "select dossier_id from raw.dossiers where not is_deleted order by dossier_id limit 1000"
    )
    return itertools.chain.from_iterable(found.fetchall())


def _change(connection: psycopg.Connection, change: str, keys: list[str]) -> None:
    query = sql.SQL("update raw.dossiers set {} where dossier_id = any(%s)")
    connection.execute(query.format(sql.SQL(change)), [keys])
