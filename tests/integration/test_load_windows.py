"""Watermark: it stops before the first instant that was asked for and is not loaded."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from load_support import Delivery, Landing, Loading, rating, unit

from service_index.loading import is_loaded, request_window
from service_index.loading.windows import move_watermark
from service_index.settings import ICT
from service_index.warehouse.connection import connect

ZERO = datetime(2025, 3, 1, tzinfo=ICT)
Days = tuple[int, int]


def day(number: int) -> datetime:
    return ZERO + timedelta(days=number)


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    return Loading(warehouse, Landing(tmp_path))


def request(loading: Loading, first: int, after_last: int) -> None:
    request_window(loading.connection, "ratings", day(first), day(after_last))
    loading.connection.commit()


def load(loading: Loading, first: int, after_last: int) -> None:
    loading.deliver("ratings", window=(day(first), day(after_last)))


def watermark(loading: Loading) -> int | None:
    """In days from the first of March; None where there is no row."""
    rows = loading.rows("select loaded_until from ops.watermark where feed = 'ratings'")
    return (rows[0][0] - ZERO).days if rows else None


def test_window_after_window(loading: Loading) -> None:
    assert watermark(loading) is None
    for number in range(3):
        request(loading, number, number + 1)
        load(loading, number, number + 1)
        assert watermark(loading) == number + 1


def test_requested_but_not_loaded_holds_it_back(loading: Loading) -> None:
    for number in range(4):
        request(loading, number, number + 1)
    load(loading, 0, 1)
    load(loading, 2, 4)
    assert watermark(loading) == 1
    load(loading, 1, 2)
    assert watermark(loading) == 4


def test_never_requested_gap_does_not_hold_it_back(loading: Loading) -> None:
    load(loading, 0, 1)
    load(loading, 5, 6)
    assert watermark(loading) == 6


def test_gap_before_everything_leaves_none(loading: Loading) -> None:
    load(loading, 5, 6)
    request(loading, 0, 1)
    assert watermark(loading) is None
    load(loading, 0, 1)
    assert watermark(loading) == 6


def test_partly_loaded_request(loading: Loading) -> None:
    request(loading, 0, 4)
    load(loading, 0, 3)
    load(loading, 3, 4)
    assert watermark(loading) == 4
    request(loading, 2, 5)
    assert watermark(loading) == 4


def test_feeds_do_not_mix(loading: Loading) -> None:
    request_window(loading.connection, "payments", day(0), day(1))
    load(loading, 0, 1)
    assert loading.rows("select feed from ops.watermark") == [("ratings",)]


@pytest.mark.fault(8, "a record of the year 2999 among others")
def test_quarantined_future_version_does_not_move_it(loading: Loading) -> None:
    loading.deliver("units", unit())
    loading.deliver("ratings", rating(version="29990101000000"), window=(day(0), day(1)))
    assert watermark(loading) == 1


def test_is_loaded_means_without_a_gap(loading: Loading) -> None:
    load(loading, 0, 1)
    load(loading, 1, 3)
    load(loading, 4, 5)

    def covered(first: int, after_last: int, feed: str = "ratings") -> bool:
        return is_loaded(loading.connection, feed, day(first), day(after_last))

    assert covered(0, 3)
    assert covered(1, 2)
    assert not covered(0, 5)
    assert not covered(-1, 1)
    assert not covered(0, 1, feed="payments")


def test_window_that_ends_before_it_begins(loading: Loading) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        request_window(loading.connection, "ratings", day(1), day(1))
    loading.connection.rollback()


SPANS = st.lists(
    st.tuples(st.integers(0, 11), st.integers(1, 4)).map(lambda s: (s[0], s[0] + s[1])), max_size=5
)


def expected(requested: list[Days], loaded: list[Days]) -> int | None:
    """Day by day: the end of the last run of loaded days before the first day that is lacking."""
    covered = {number for span in loaded for number in range(*span)}
    lacking = {number for span in requested for number in range(*span)} - covered
    before = [number + 1 for number in covered if number < min(lacking, default=99)]
    return max(before, default=None)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(requested=SPANS, loaded=SPANS)
def test_watermark_against_a_calendar(
    warehouse_dsn: str, requested: list[Days], loaded: list[Days]
) -> None:
    with connect(warehouse_dsn) as connection:
        connection.execute("truncate ops.batch, ops.requested_window, ops.watermark cascade")
        for number, (first, after_last) in enumerate(loaded):
            connection.execute(
                "insert into ops.batch (feed, kind, source, window_from, window_to, landed_path, "
                "landed_at, manifest_sha256, distinct_keys, delivered, loaded, duplicates, "
                "quarantined) values ('ratings', 'window', '', %s, %s, %s, now(), '', "
                "0, 0, 0, 0, 0)",
                [day(first), day(after_last), str(number)],
            )
        for first, after_last in requested:
            request_window(connection, "ratings", day(first), day(after_last))
        move_watermark(connection, "ratings")
        row = connection.execute("select loaded_until from ops.watermark").fetchone()
        connection.commit()
    assert (row and (row[0] - ZERO).days) == expected(requested, loaded)


def test_landing_waits_for_another_load_of_its_feed(loading: Loading, warehouse_dsn: str) -> None:
    """A second load of the feed waits; one of another feed does not."""
    loading.landing.land(Delivery("units", [unit()]))
    with connect(warehouse_dsn) as other:
        request_window(other, "ratings", day(0), day(1))  # holds the feed until it commits
        loading.connection.execute("set lock_timeout = '200ms'")
        loading.connection.commit()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            load(loading, 0, 1)
        loading.deliver("units", unit())
        other.commit()
        load(loading, 0, 1)
    assert watermark(loading) == 1
