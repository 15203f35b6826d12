"""The home page over all releases: the stable address, which is replaced."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from service_index.publishing import site
from service_index.publishing.printing import number
from service_index.publishing.suspension import resume, suspend
from tests.browser.reading import links, parse, text_of
from tests.integration.publish_marts import (
    AFTER_MARCH,
    IN_MARCH,
    finish_transform,
    publish,
    resolve_late,
)
from tests.integration.site_tree import history, statuses, write_release


def test_home_shows_the_latest_month_and_leads_to_every_release(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    publish(march)
    write_release(march, "2025-03.r1", tmp_path)
    resolve_late(march, "H31.005", 6)
    publish(march, reason="source_correction")
    write_release(march, "2025-03.r2", tmp_path)
    site.write_home(march, tmp_path)
    home = tmp_path / "index.html"
    total = march.execute(
        "select total_score from published.current_monthly_score where unit_type = 'province'"
    ).fetchone()
    assert total is not None
    assert parse(home).get_element_by_id("total-score").text == number(total[0], 2)
    assert history(tmp_path) == [
        [
            "Tháng 3/2025",
            "2025-03.r2",
            "Chỉ số tháng",
            "Đã điều chỉnhNguồn dữ liệu đính chính",
        ],
        ["Tháng 3/2025", "2025-03.r1đã được thay", "Chỉ số tháng", "Chính thức"],
    ]
    reached = links(home)
    for release in ("r1", "r2"):
        folder = tmp_path / "2025-03" / release
        assert {folder / "site" / "index.html", folder / "documents" / "letter.pdf"} <= reached
    for target in reached:
        assert target.is_file(), target
    assert [path.name for path in tmp_path.glob(".*")] == [], "nothing half written is left"


def test_pages_learn_of_newer_releases(march: psycopg.Connection, tmp_path: Path) -> None:
    publish(march)
    write_release(march, "2025-03.r1", tmp_path)
    resolve_late(march, "H31.005", 6)
    publish(march)
    write_release(march, "2025-03.r2", tmp_path)
    site.write_home(march, tmp_path)
    told = statuses(tmp_path)
    assert [(r["id"], r["status"], r["current"], r["folder"]) for r in told["releases"]] == [
        ("2025-03.r2", "revised", True, "2025-03/r2"),
        ("2025-03.r1", "final", False, "2025-03/r1"),
    ]
    (pages,) = told["pages"]
    assert set(pages) == {
        path.relative_to(tmp_path / "2025-03" / "r1" / "site").as_posix()
        for path in (tmp_path / "2025-03" / "r1" / "site").rglob("*.html")
    }


def test_a_release_that_turns_final_is_shown_by_its_newest_files(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    finish_transform(march, IN_MARCH)
    publish(march)
    first = write_release(march, "2025-03.r1", tmp_path)
    before = (first / "site" / "index.html").read_bytes()
    finish_transform(march, AFTER_MARCH)
    assert publish(march).status == "final"
    final = write_release(march, "2025-03.r1", tmp_path)
    site.write_home(march, tmp_path)
    assert final.name == "r1-final"
    assert statuses(tmp_path)["releases"][0]["folder"] == "2025-03/r1-final"
    assert "Tạm tính" in text_of(parse(first / "site" / "index.html").body)
    assert "Tạm tính" not in text_of(parse(final / "site" / "index.html").body)
    assert (first / "site" / "index.html").read_bytes() == before


def test_a_suspended_release_is_named_without_its_numbers(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    publish(march)
    write_release(march, "2025-03.r1", tmp_path)
    site.write_home(march, tmp_path)
    shown = (tmp_path / "index.html").read_bytes()
    suspend(march, "2025-03.r1", "đang <b>rà soát</b>")
    site.write_home(march, tmp_path)
    root = parse(tmp_path / "index.html")
    assert not root.xpath('//*[@id="total-score"] | //a[contains(@href, "2025-03")]')
    assert "không có tháng nào được công bố" in text_of(root.body)
    assert history(tmp_path)[0][3] == "Tạm ngừng công bốđang <b>rà soát</b>"
    assert statuses(tmp_path)["releases"][0] | {"pages": 0} == {
        "id": "2025-03.r1",
        "kind": "monthly",
        "period": "2025-03",
        "status": "suspended",
        "current": True,
        "folder": None,
        "pages": 0,
    }
    resume(march, "2025-03.r1")
    site.write_home(march, tmp_path)
    assert (tmp_path / "index.html").read_bytes() == shown


def test_home_of_a_warehouse_without_releases(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    site.write_home(warehouse, tmp_path / "releases")
    assert statuses(tmp_path / "releases")["releases"] == []
    assert "DỮ LIỆU MẪU" not in text_of(parse(tmp_path / "releases" / "index.html").body)


def test_home_needs_a_connection_without_a_transaction(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    march.execute("select 1")
    with pytest.raises(ValueError, match="transaction"):
        site.write_home(march, tmp_path)
    march.rollback()
