"""What a release leaves outside the database: its files and its view in a terminal."""

from __future__ import annotations

import csv
import io
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from publish_marts import (
    AFTER_MARCH,
    IN_MARCH,
    MARCH,
    fill_march,
    finish_transform,
    publish,
    resolve_late,
)
from rich.console import Console

from service_index.publishing import tables, terminal
from service_index.publishing.relations import MONTHLY_RELATIONS, Kind

HOSTILE = (
    ('=HYPERLINK("http://x";"Xã")', '\'=HYPERLINK("http://x";"Xã")'),
    ("  +1+1", "'  +1+1"),
    ("-2", "-2"),
    ("-2+3", "'-2+3"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("＝1+1", "'＝1+1"),
    ("\t=1", "' =1"),
    ("Xã\r\n\x07\u202eA", "Xã    A"),
    ('Xã "A", <script>; {{ 7*7 }}', 'Xã "A", <script>; {{ 7*7 }}'),
    ("", ""),
)


@pytest.fixture
def march(warehouse: psycopg.Connection) -> psycopg.Connection:
    fill_march(warehouse)
    return warehouse


def read_csv(path: Path) -> list[dict[str, str]]:
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_hold_every_published_number(march: psycopg.Connection, tmp_path: Path) -> None:
    folder = tables.ensure_files(march, publish(march).release_id, tmp_path)
    assert folder == tmp_path / "2025-03" / "r1"
    for relation in MONTHLY_RELATIONS:
        with march.cursor(row_factory=dict_row) as cursor:
            expected = cursor.execute(
                f"select * from published.{relation.name} order by "
                + ", ".join(f'{column.name} collate "C"' for column in relation.key)
            ).fetchall()
        march.commit()
        found = read_csv(folder / f"{relation.name}.csv")
        assert len(found) == len(expected) > 0
        assert list(found[0]) == [
            "data_notice",
            "release_id",
            *(column.name for column in relation.columns),
        ]
        for line, row in zip(found, expected, strict=True):
            for column in relation.columns:
                assert read_value(line[column.name], column.kind) == row[column.name]


def read_value(text: str, kind: Kind) -> Any:
    if kind is Kind.NUMBER:
        return Decimal(text) if text else None
    if kind is Kind.FLAG:
        return {"true": True, "false": False, "": None}[text]
    if kind is Kind.DATE:
        return MARCH if text == "2025-03-01" else text
    return text


def test_checksums_fit_and_nothing_else_lies_there(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    folder = tables.ensure_files(march, publish(march).release_id, tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True)
    listed = [line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    names = [
        "criterion_score.csv",
        "monthly_score.csv",
        "national_ranking.csv",
        "release.csv",
        "target_compliance.csv",
    ]
    assert listed == names, "no CHANGES.csv where nothing is restated"
    assert sorted(path.name for path in folder.iterdir()) == ["SHA256SUMS", *names]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["r1", "releases.csv"]


@pytest.mark.parametrize(("is_sample", "notice"), [(True, "DỮ LIỆU MẪU"), (False, "")])
def test_every_row_of_every_file_says_whether_it_is_sample_data(
    march: psycopg.Connection, tmp_path: Path, is_sample: bool, notice: str
) -> None:
    publish(march, is_sample=is_sample)
    resolve_late(march, "H31.003", 5)
    tables.ensure_files(march, publish(march, is_sample=is_sample).release_id, tmp_path)
    files = list(tmp_path.rglob("*.csv"))
    assert len(files) == 7
    for path in files:
        found = read_csv(path)
        assert found
        assert {row["data_notice"] for row in found} == {notice}


def test_hostile_text_is_inert(march: psycopg.Connection, tmp_path: Path) -> None:
    for number, (name, _) in enumerate(HOSTILE, start=1):
        march.execute(
            "update marts.mart_monthly_score set unit_name = %s where unit_code = %s",
            [name, f"H31.{number:03}"],
        )
    march.commit()
    folder = tables.ensure_files(march, publish(march).release_id, tmp_path)
    names = {row["unit_code"]: row["unit_name"] for row in read_csv(folder / "monthly_score.csv")}
    assert [names[f"H31.{n:03}"] for n in range(1, len(HOSTILE) + 1)] == [x for _, x in HOSTILE]


def test_revision_has_its_changes_and_the_first_stays_as_it_was(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    first = tables.ensure_files(march, publish(march).release_id, tmp_path)
    before = content_of(first)
    resolve_late(march, "H31.003", 12)
    result = publish(march)
    second = tables.ensure_files(march, result.release_id, tmp_path)
    assert content_of(first) == before
    changes = read_csv(second / "CHANGES.csv")
    assert len(changes) == result.changes
    assert {
        "data_notice": "DỮ LIỆU MẪU",
        "release_id": "2025-03.r2",
        "relation": "criterion_score",
        "key": "unit_code=H31.003, criterion_code=05",
        "column_name": "numerator",
        "old_value": "48",
        "new_value": "36",
        "cause": "late_data",
    } in changes


def test_files_lost_in_a_crash_are_made_again_to_the_byte(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    finish_transform(march, IN_MARCH)
    folder = tables.ensure_files(march, publish(march).release_id, tmp_path / "a")
    finish_transform(march, AFTER_MARCH)
    assert publish(march).status == "final"
    march.execute("set time zone 'America/New_York'")
    march.execute("set datestyle = 'SQL, DMY'")
    march.commit()
    torn = tmp_path / "b" / "2025-03" / ".r1.partial"
    torn.mkdir(parents=True)
    (torn / "monthly_score.csv").write_bytes(b"half a li")
    again = tables.ensure_files(march, "2025-03.r1", tmp_path / "b")
    assert content_of(again) == content_of(folder)
    assert not torn.exists()
    (record,) = read_csv(again / "release.csv")
    assert record["status_at_publication"] == "provisional"
    assert record["data_cutoff"] == "2025-03-20T17:00:00.000000Z"


def test_folder_that_is_there_is_left_alone(march: psycopg.Connection, tmp_path: Path) -> None:
    release_id = publish(march).release_id
    folder = tables.ensure_files(march, release_id, tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert tables.ensure_files(march, release_id, tmp_path) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == stamps


def test_index_tells_the_present_status_of_each_release(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    finish_transform(march, IN_MARCH)
    tables.ensure_files(march, publish(march).release_id, tmp_path)
    index = tmp_path / "2025-03" / "releases.csv"
    assert [row["status"] for row in read_csv(index)] == ["provisional"]
    finish_transform(march, AFTER_MARCH)
    tables.ensure_files(march, publish(march).release_id, tmp_path)
    assert [row["status"] for row in read_csv(index)] == ["final"]
    resolve_late(march, "H31.003", 1)
    tables.ensure_files(march, publish(march).release_id, tmp_path)
    assert [(r["release_id"], r["status"], r["is_current"]) for r in read_csv(index)] == [
        ("2025-03.r1", "final", "false"),
        ("2025-03.r2", "revised", "true"),
    ]


def test_release_that_was_never_published_has_no_files(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    with pytest.raises(LookupError, match=r"no release 2025-03\.r1"):
        tables.ensure_files(march, "2025-03.r1", tmp_path)
    assert list(tmp_path.iterdir()) == []


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
