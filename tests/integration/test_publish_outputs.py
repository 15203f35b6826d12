"""A release's view in a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import psycopg
import pytest
from publish_marts import MARCH, publish, resolve_late
from rich.console import Console

from service_index.publishing import terminal


def shown(connection: psycopg.Connection, releases: Path) -> str:
    console = Console(file=io.StringIO(), width=160, record=True)
    terminal.show_month(connection, MARCH, releases, console)
    return console.export_text()


def test_terminal_shows_the_current_release(march: psycopg.Connection, tmp_path: Path) -> None:
    march.execute(
        "update marts.mart_monthly_score set unit_name = '[red]Xã\x1b[2J' "
        "where unit_code = 'H31.001'"
    )
    march.commit()
    publish(march)
    march.execute("update marts.mart_monthly_score set total_score = 0")
    march.commit()
    text = shown(march, tmp_path)
    for expected in (
        "DỮ LIỆU MẪU",
        "Chính thức (final)",
        "Tỉnh Hưng Yên · 03/2025 · 2025-03.r1",
        "00:00 01/04/2025",
        "Tổng điểm (total score): 100,00/100",
        "17/21 tiêu chí",
        str(tmp_path / "2025-03" / "r1"),
        "[red]Xã [2J",
    ):
        assert expected in text
    assert "\x1b" not in text


def test_terminal_lists_ends_of_the_ranking_and_units_below_the_target(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    publish(march)
    text = shown(march, tmp_path)
    ranks = march.execute(
        "select unit_name, rank from published.current_monthly_score "
        "where unit_type = 'commune' order by rank, unit_code"
    ).fetchall()
    march.commit()
    top, bottom = (text.split(title)[1] for title in ("(top communes)", "(bottom communes)"))
    top = top.split("(bottom communes)")[0]
    bottom = bottom.split("Dưới chỉ tiêu")[0]
    listed = [line.split("│")[1].strip() for line in top.splitlines() if "/25" in line]
    assert listed == [name for name, _ in ranks[:10]]
    listed = [line.split("│")[1].strip() for line in bottom.splitlines() if "/25" in line]
    assert listed == [name for name, _ in ranks[:-11:-1]]
    below = text.split("Dưới chỉ tiêu")[1]
    # 30 + n of 60 are below 70 % up to n = 11: the province, ten departments, eleven communes.
    assert below.splitlines()[0].rstrip().endswith(": 22")
    first = next(line for line in below.splitlines() if "Tỉnh Hưng Yên" in line)
    assert [cell.strip() for cell in first.split("│")[2:-1]] == [
        "50,00 %",
        "70,00 %",
        "30/60",
        "12",
    ]
    assert len([line for line in below.splitlines() if "70,00 %" in line]) == 22


def test_terminal_prints_groups_with_the_letters_rates(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    resolve_late(march, "H31", 9)
    publish(march, is_sample=False)
    text = shown(march, tmp_path)
    (line,) = (line for line in text.splitlines() if "(timeliness)" in line)
    assert [cell.strip() for cell in line.split("│")[2:5]] == ["17,0", "20", "96,57%"]
    assert "DỮ LIỆU MẪU" not in text


def test_terminal_shows_the_national_standing_where_there_is_one(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    publish(march)
    text = shown(march, tmp_path)
    assert "Hạng toàn quốc (national rank): 2/3, theo điểm tự tính (by the total above): 1" in text
    (line,) = (line for line in text.splitlines() if "(transparency)" in line)
    # The mean is 9.3166…
    assert [cell.strip() for cell in line.split("│")[5:-1]] == ["02/3", "9,3"]

    march.execute("delete from marts.mart_national_ranking")
    march.commit()
    assert publish(march).is_new
    text = shown(march, tmp_path)
    assert "national" not in text
    (line,) = (line for line in text.splitlines() if "(transparency)" in line)
    assert len(line.split("│")) == 6


def test_terminal_without_a_release_says_so(march: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="2025-03 is not published yet"):
        shown(march, tmp_path)
