"""The warehouse's advisory locks: who waits for whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

# One migration at a time.
MIGRATION_LOCK = 766_000
# A transform holds it alone while dbt writes the marts; gates and publishers share it.
MARTS_LOCK = 766_001
# One publisher at a time; one writer of a period's files.
PUBLISHING_LOCK = 766_002
# One load a feed.
LOADING_LOCK = 766_003
# Marts of an earlier instant, beside the live ones: one builder at a time.
AS_OF_LOCK = 766_004


@contextmanager
def marts_alone(connection: psycopg.Connection) -> Iterator[None]:
    """Hold the marts for writing, for the session; waits for those who read or write them."""
    with session_lock(connection, MARTS_LOCK):
        yield


@contextmanager
def marts_shared(connection: psycopg.Connection) -> Iterator[None]:
    """Keep transforms out of the marts, for the session; readers do not exclude each other."""
    with session_lock(connection, MARTS_LOCK, shared=True):
        yield


@contextmanager
def as_of_marts_alone(connection: psycopg.Connection) -> Iterator[None]:
    """Hold the marts of an earlier instant, for the session; waits for who has them."""
    with session_lock(connection, AS_OF_LOCK):
        yield


@contextmanager
def session_lock(
    connection: psycopg.Connection, lock: int, subject: str | None = None, *, shared: bool = False
) -> Iterator[None]:
    """Take and give back a session lock, of one `subject` where one is named; waits for it.

    No transaction is left open while it is held.
    """
    mode = "_shared" if shared else ""
    key = "%s" if subject is None else "%s, hashtext(%s)"
    values: list[int | str] = [lock] if subject is None else [lock, subject]
    connection.execute(f"select pg_advisory_lock{mode}({key})", values)
    connection.commit()
    try:
        yield
    finally:
        # A broken connection has let go of it.
        if not connection.closed:
            connection.rollback()
            connection.execute(f"select pg_advisory_unlock{mode}({key})", values)
            connection.commit()
