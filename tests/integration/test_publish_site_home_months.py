"""Which month the home page shows, where some are suspended, and some have no files yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import psycopg
import pytest

from service_index.publishing import site
from service_index.publishing.monthly import publish_month
from service_index.publishing.printing import number
from service_index.publishing.suspension import resume, suspend
from service_index.warehouse.connection import connect
from tests.browser.reading import parse, table, text_of
from tests.integration.publish_marts import (
    AFTER_MARCH,
    FIXTURES,
    IN_MARCH,
    fill_march,
    finish_transform,
    publish,
    resolve_late,
)
from tests.integration.site_tree import history, statuses, write_release

FEBRUARY = date(2025, 2, 1)


@pytest.fixture
def two_months(warehouse: psycopg.Connection, tmp_path: Path) -> psycopg.Connection:
    """February, with numbers of its own, then March; both published, with their pages."""
    fill_march(warehouse)
    _fill_february(warehouse, fewer_in_time=7)
    publish_february(warehouse)
    write_release(warehouse, "2025-02.r1", tmp_path)
    publish(warehouse)
    write_release(warehouse, "2025-03.r1", tmp_path)
    return warehouse


def _fill_february(connection: psycopg.Connection, fewer_in_time: int) -> None:
    def execute(name: str) -> None:
        statements = (FIXTURES / name).read_text(encoding="utf-8")
        with psycopg.ClientCursor(connection) as cursor:
            cursor.execute(statements, {"month": FEBRUARY, "communes": 25})

    filled = connection.execute(
        "select from marts.fct_criterion_score where period_month = %s limit 1", [FEBRUARY]
    ).fetchone()
    if filled is None:
        execute("marts_month.sql")
    connection.execute(
        "update marts.fct_criterion_score set numerator = numerator - %(fewer)s, "
        "rate = (numerator - %(fewer)s)::numeric / denominator, "
        "score = max_points * (numerator - %(fewer)s)::numeric / denominator "
        "where period_month = %(month)s and criterion_code = '05'",
        {"fewer": fewer_in_time, "month": FEBRUARY},
    )
    execute("marts_monthly_score.sql")
    connection.commit()


def publish_february(connection: psycopg.Connection) -> str:
    return publish_month(connection, FEBRUARY, code_revision="abc", is_sample=True).release_id


def total(connection: psycopg.Connection, release_id: str) -> str:
    """Of the province, as printed."""
    found = connection.execute(
        "select total_score from published.monthly_score "
        "where release_id = %s and unit_type = 'province'",
        [release_id],
    ).fetchone()
    connection.commit()
    assert found is not None
    return number(found[0], 2)


def shown(releases: Path) -> str:
    """What stands above the history of releases."""
    main = parse(releases / "index.html").xpath("//main")[0]
    main.xpath('.//section[@aria-labelledby="releases"]')[0].drop_tree()
    return text_of(main)


def shown_total(releases: Path) -> str:
    return str(parse(releases / "index.html").get_element_by_id("total-score").text)


def ribbon(releases: Path) -> str:
    return text_of(parse(releases / "index.html").xpath('//div[starts-with(@class, "ribbon")]')[0])


def months_of_trend(releases: Path) -> list[str]:
    return [row[0] for row in table(parse(releases / "index.html"), "trend")]


def test_nothing_of_a_suspended_month_is_on_the_home_page(
    two_months: psycopg.Connection, tmp_path: Path
) -> None:
    february = total(two_months, "2025-02.r1")
    march = total(two_months, "2025-03.r1")
    site.write_home(two_months, tmp_path)
    before = (tmp_path / "index.html").read_bytes()
    assert february in shown(tmp_path)
    assert "điểm so với tháng trước" in shown(tmp_path)
    suspend(two_months, "2025-02.r1", "đang rà soát")
    site.write_home(two_months, tmp_path)
    assert shown_total(tmp_path) == march
    assert february not in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert months_of_trend(tmp_path) == ["03/2025"]
    assert "Không có tháng liền trước để so sánh" in shown(tmp_path)
    assert history(tmp_path)[1][3] == "Tạm ngừng công bốđang rà soát"
    resume(two_months, "2025-02.r1")
    site.write_home(two_months, tmp_path)
    assert (tmp_path / "index.html").read_bytes() == before


def test_a_suspended_revision_takes_along_what_it_had_replaced(
    two_months: psycopg.Connection, tmp_path: Path
) -> None:
    _fill_february(two_months, fewer_in_time=9)
    assert publish_february(two_months) == "2025-02.r2"
    site.write_home(two_months, tmp_path)
    # March goes on comparing with the February that it was published beside.
    assert total(two_months, "2025-02.r1") in shown(tmp_path)
    suspend(two_months, "2025-02.r2", "sai sót")
    site.write_home(two_months, tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert total(two_months, "2025-02.r1") not in page
    assert total(two_months, "2025-02.r2") not in page
    suspend(two_months, "2025-03.r1", "sai sót")
    site.write_home(two_months, tmp_path)
    assert "Hiện không có tháng nào được công bố." in shown(tmp_path)


def test_a_suspended_month_gives_way_to_the_one_before(
    two_months: psycopg.Connection, tmp_path: Path
) -> None:
    suspend(two_months, "2025-03.r1", "đang rà soát")
    site.write_home(two_months, tmp_path)
    assert shown_total(tmp_path) == total(two_months, "2025-02.r1")
    assert total(two_months, "2025-03.r1") not in shown(tmp_path)
    assert "Tháng 3/2025 (2025-03.r1): Tạm ngừng công bố – đang rà soát" in shown(tmp_path)


def test_a_revision_without_files_is_awaited_beside_the_one_before(
    two_months: psycopg.Connection, tmp_path: Path
) -> None:
    resolve_late(two_months, "H31.005", 6)
    assert publish(two_months).release_id == "2025-03.r2"
    awaited = "Tháng 3/2025: bản 2025-03.r2 đã được công bố, các tệp và trang của bản này đang"
    site.write_home(two_months, tmp_path)
    assert awaited in shown(tmp_path)
    assert shown_total(tmp_path) == total(two_months, "2025-03.r1")
    assert ribbon(tmp_path).endswith("Bản 2025-03.r1")
    assert statuses(tmp_path)["releases"][0]["folder"] is None
    # What the revision replaced may be suspended itself: then an earlier month stands there.
    suspend(two_months, "2025-03.r1", "sai sót")
    site.write_home(two_months, tmp_path)
    assert awaited in shown(tmp_path)
    assert shown_total(tmp_path) == total(two_months, "2025-02.r1")
    write_release(two_months, "2025-03.r2", tmp_path)
    site.write_home(two_months, tmp_path)
    assert "đang được chuẩn bị" not in shown(tmp_path)
    assert ribbon(tmp_path).endswith("Bản 2025-03.r2")


def test_a_first_release_without_files_is_not_denied(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    fill_march(warehouse)
    publish(warehouse)
    site.write_home(warehouse, tmp_path)
    assert "bản 2025-03.r1 đã được công bố" in shown(tmp_path)
    assert "không có tháng nào" not in shown(tmp_path)


def test_ribbon_and_pages_are_of_one_stamp(warehouse: psycopg.Connection, tmp_path: Path) -> None:
    fill_march(warehouse)
    finish_transform(warehouse, IN_MARCH)
    publish(warehouse)
    write_release(warehouse, "2025-03.r1", tmp_path)
    finish_transform(warehouse, AFTER_MARCH)
    assert publish(warehouse).status == "final"
    site.write_home(warehouse, tmp_path)
    assert ribbon(tmp_path).startswith("Tạm tính Số liệu đến 00:00 21/03/2025")
    assert 'href="2025-03/r1/site/' in (tmp_path / "index.html").read_text(encoding="utf-8")
    write_release(warehouse, "2025-03.r1", tmp_path)
    site.write_home(warehouse, tmp_path)
    assert ribbon(tmp_path).startswith("Chính thức Số liệu đến 00:00 01/04/2025")
    assert 'href="2025-03/r1-final/site/' in (tmp_path / "index.html").read_text(encoding="utf-8")


def _when(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "nobody came to wait"
        time.sleep(0.02)


def _waits(connection: psycopg.Connection, for_lock: str) -> bool:
    found = connection.execute(
        "select from pg_locks where not granted and locktype = %s and database = "
        "(select oid from pg_database where datname = current_database()) limit 1",
        [for_lock],
    ).fetchone()
    return found is not None


def test_everything_is_read_as_of_one_instant(
    two_months: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    with (
        connect(warehouse_dsn) as writer,
        connect(warehouse_dsn, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        # The page is half read when February is suspended.
        two_months.execute("lock table published.monthly_score in access exclusive mode")
        written = pool.submit(site.write_home, writer, tmp_path)
        _when(lambda: _waits(watcher, "relation"))
        watcher.autocommit = False
        suspend(watcher, "2025-02.r1", "đang rà soát")
        two_months.commit()
        written.result(timeout=60)
        assert history(tmp_path)[1][3] == "Chính thức"
        assert months_of_trend(tmp_path) == ["03/2025", "02/2025"]
        site.write_home(writer, tmp_path)
    assert months_of_trend(tmp_path) == ["03/2025"]


def test_what_happens_during_the_wait_for_another_writer_is_seen(
    two_months: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    with (
        connect(warehouse_dsn) as first,
        connect(warehouse_dsn) as second,
        connect(warehouse_dsn, autocommit=True) as watcher,
        ThreadPoolExecutor(2) as pool,
    ):
        two_months.execute("lock table published.monthly_score in access exclusive mode")
        writes = [pool.submit(site.write_home, first, tmp_path)]
        _when(lambda: _waits(watcher, "relation"))
        writes.append(pool.submit(site.write_home, second, tmp_path))
        _when(lambda: _waits(watcher, "advisory"))
        watcher.autocommit = False
        suspend(watcher, "2025-02.r1", "đang rà soát")
        two_months.commit()
        for written in writes:
            written.result(timeout=60)
    assert months_of_trend(tmp_path) == ["03/2025"]
