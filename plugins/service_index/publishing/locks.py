"""One publisher at a time, on marts that hold still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

from service_index import kill_points
from service_index.warehouse.locks import MARTS_LOCK, PUBLISHING_LOCK, session_lock


@contextmanager
def publishing(connection: psycopg.Connection, period: str) -> Iterator[None]:
    """One transaction under the publishing locks; waits for whoever has them.

    Raises ValueError when `connection` is inside a transaction: the caller's work would then
    decide when the release is committed.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise ValueError("publishing needs a connection without an open transaction")
    with connection.transaction():
        # A snapshot a statement: after the wait, what the other publisher did is seen.
        connection.execute("set transaction isolation level read committed")
        # One after another, of whatever period: a release keeps what stood beside it. And the
        # period's own, for whoever writes its files.
        for subject in ("*", period):
            connection.execute(
                "select pg_advisory_xact_lock(%s, hashtext(%s))", [PUBLISHING_LOCK, subject]
            )
        yield
        kill_points.reached("release.before_commit")
    kill_points.reached("release.after_commit")


@contextmanager
def sole_writer(connection: psycopg.Connection, subject: str) -> Iterator[None]:
    """Under the lock that `publishing` takes for a period, kept from transaction to transaction.

    What is read inside is then newer than the wait for it, and no transaction stays open while
    files are made. Raises ValueError when `connection` is inside a transaction.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise ValueError("writing files needs a connection without an open transaction")
    with session_lock(connection, PUBLISHING_LOCK, subject):
        yield


def keep_transforms_out(connection: psycopg.Connection) -> None:
    """Hold the marts still until the transaction ends; publishers do not exclude each other."""
    connection.execute("select pg_advisory_xact_lock_shared(%s)", [MARTS_LOCK])
