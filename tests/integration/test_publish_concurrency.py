"""Readers and publishers at once, and publishers that die: one whole release or the other.

The publisher is stopped in mid-transaction by a trigger of the test that waits for a lock
which the test holds, so every interleaving here is made, not hoped for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from publish_marts import fill_march, publish, resolve_late

from service_index.publishing import locks
from service_index.publishing.monthly import PublishResult

GATE = 4711


@pytest.fixture
def march_dsn(warehouse: psycopg.Connection, warehouse_dsn: str) -> str:
    fill_march(warehouse)
    return warehouse_dsn


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def in_own_connection(dsn: str) -> PublishResult:
    with psycopg.connect(dsn, application_name="publisher") as connection:
        return publish(connection)


def revise(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        resolve_late(connection, "H31.005", 1)


@contextmanager
def stopped_before_commit(dsn: str) -> Iterator[psycopg.Connection]:
    """While open, a publisher that has written everything waits just before its commit."""
    with psycopg.connect(dsn, autocommit=True) as gate:
        gate.execute(
            f"""
            create function wait_at_gate() returns trigger language plpgsql as $$
            begin perform pg_advisory_xact_lock({GATE}); return null; end $$;
            create trigger wait_at_gate after insert on published.release_pointer
            for each statement execute function wait_at_gate();
            """
        )
        gate.execute("select pg_advisory_lock(%s)", [GATE])
        yield gate
        gate.execute("select pg_advisory_unlock_all()")


def waiting_publishers(gate: psycopg.Connection, count: int) -> list[int]:
    """The process ids of the publishers that wait for a lock, once there are so many."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = gate.execute(
            "select pid from pg_stat_activity where application_name = 'publisher' "
            "and datname = current_database() and wait_event_type = 'Lock' order by backend_start"
        ).fetchall()
        if len(found) == count:
            return [pid for (pid,) in found]
        time.sleep(0.02)
    raise AssertionError(f"{count} publishers should wait by now")


def seen(connection: psycopg.Connection) -> list[tuple[str, int, str]]:
    """What one reader's query shows: release, rows and content of two relations together."""
    return connection.execute(
        """
        select release_id, count(*) as rows, md5(string_agg(line, ',' order by line)) as content
        from (
            select release_id, (s.unit_code, s.total_score, s.rank)::text as line
            from published.current_monthly_score as s
            union all
            select release_id, (c.unit_code, c.criterion_code, c.score)::text
            from published.current_criterion_score as c
        ) as lines
        group by release_id
        """
    ).fetchall()


def test_reader_sees_the_release_before_until_the_commit(
    march_dsn: str, pool: ThreadPoolExecutor
) -> None:
    in_own_connection(march_dsn)
    revise(march_dsn)
    with psycopg.connect(march_dsn, autocommit=True) as reader:
        before = seen(reader)
        with stopped_before_commit(march_dsn) as gate:
            publisher = pool.submit(in_own_connection, march_dsn)
            waiting_publishers(gate, 1)
            assert seen(reader) == before
            assert reader.execute("select count(*) from published.release").fetchone() == (1,)
        assert publisher.result(20).release_id == "2025-03.r2"
        (after,) = seen(reader)
    ((_, rows, content),) = before
    assert after[:2] == ("2025-03.r2", rows)
    assert after[2] != content


def test_reader_in_a_loop_sees_only_whole_releases(
    march_dsn: str, pool: ThreadPoolExecutor
) -> None:
    in_own_connection(march_dsn)
    finished = threading.Event()

    def read() -> set[tuple[tuple[str, int, str], ...]]:
        with psycopg.connect(march_dsn, autocommit=True) as reader:
            observed = set()
            while not finished.is_set():
                observed.add(tuple(seen(reader)))
            return observed

    reading: Future[set[tuple[tuple[str, int, str], ...]]] = pool.submit(read)
    whole = set()
    with psycopg.connect(march_dsn, autocommit=True) as reader:
        whole.add(tuple(seen(reader)))
        for _ in range(5):
            revise(march_dsn)
            in_own_connection(march_dsn)
            whole.add(tuple(seen(reader)))
    finished.set()
    observed = reading.result(20)
    assert len(whole) == 6
    assert len(observed) > 1, "the reader must have seen the release change"
    assert observed <= whole


@pytest.mark.fault(12, "two publishers of one month at once")
def test_two_publishers_make_one_release(march_dsn: str, pool: ThreadPoolExecutor) -> None:
    with stopped_before_commit(march_dsn) as gate:
        first = pool.submit(in_own_connection, march_dsn)
        waiting_publishers(gate, 1)
        second = pool.submit(in_own_connection, march_dsn)
        waiting_publishers(gate, 2)
    assert (first.result(20).release_id, first.result(20).is_new) == ("2025-03.r1", True)
    assert (second.result(20).release_id, second.result(20).is_new) == ("2025-03.r1", False)


@pytest.mark.fault(9, "the publisher's server process ended just before its commit")
@pytest.mark.parametrize("death", ["pg_terminate_backend", "pg_cancel_backend"])
def test_publisher_that_dies_before_commit_leaves_nothing(
    march_dsn: str, pool: ThreadPoolExecutor, death: str
) -> None:
    in_own_connection(march_dsn)
    revise(march_dsn)
    with psycopg.connect(march_dsn, autocommit=True) as reader:
        before = seen(reader)
        with stopped_before_commit(march_dsn) as gate:
            publisher = pool.submit(in_own_connection, march_dsn)
            (pid,) = waiting_publishers(gate, 1)
            gate.execute(f"select {death}(%s)", [pid])
            with pytest.raises(psycopg.OperationalError):
                publisher.result(20)
        assert seen(reader) == before
        counts = reader.execute(
            "select (select count(*) from published.release_record), "
            "(select count(*) from published.release_status), "
            "(select count(*) from published.change)"
        ).fetchone()
        assert counts == (1, 1, 0)
    again = in_own_connection(march_dsn)
    assert (again.release_id, again.is_new) == ("2025-03.r2", True)


@pytest.mark.fault(12, "a publisher while a transform writes the marts")
def test_publisher_waits_for_a_transform_under_way(
    march_dsn: str, pool: ThreadPoolExecutor
) -> None:
    with psycopg.connect(march_dsn, autocommit=True) as transform:
        transform.execute("select pg_advisory_lock(%s)", [locks.MARTS_LOCK])
        publisher = pool.submit(in_own_connection, march_dsn)
        waiting_publishers(transform, 1)
        transform.execute("update marts.fct_criterion_score set score = 0 where score is not null")
        transform.execute("select pg_advisory_unlock(%s)", [locks.MARTS_LOCK])
        publisher.result(20)
        scores = transform.execute("select sum(score) from published.criterion_score").fetchone()
    assert scores == (0,)
