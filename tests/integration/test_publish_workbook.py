"""The workbook of a month: what its sheets say of themselves, and that text is only text."""

from __future__ import annotations

import dataclasses
import hashlib
import html
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import psycopg
import pytest
from openpyxl.workbook import Workbook
from publish_marts import fill_march, publish, resolve_late
from release_files import sheet_rows

from service_index.publishing import labels
from service_index.publishing.edition import editions
from service_index.publishing.month import MonthRelease
from service_index.publishing.month_reading import read_month
from service_index.publishing.open_data import workbook
from tests.warehouses import fresh_warehouse

SHEETS = [
    "Bìa",
    "Nhóm chỉ số",
    "Xếp hạng",
    "Tiêu chí",
    "Điểm theo tiêu chí",
    "Tỷ lệ theo tiêu chí",
    "Chỉ tiêu",
    "Chỉ tiêu theo lĩnh vực",
    "Nguyên nhân",
    "Toàn quốc",
    "Thay đổi",
]
HOSTILE = '=HYPERLINK("http://x")\x07\u202e&P {{ 7*7 }} <script>'


@pytest.fixture(scope="module")
def release(postgres_server: str) -> Iterator[MonthRelease]:
    """The second release of a month, so that there are changes."""
    with fresh_warehouse(postgres_server) as dsn, psycopg.connect(dsn) as connection:
        fill_march(connection)
        connection.execute(
            "update marts.fct_criterion_score set numerator = 3, denominator = 4, rate = 0.75 "
            "where unit_code = 'H31.007' and criterion_code = '21'"
        )
        connection.commit()
        publish(connection)
        resolve_late(connection, "H31.003", 9)
        edition = editions(connection, publish(connection).release_id)[-1]
        yield read_month(connection, edition)


def written(release: MonthRelease, tmp_path: Path) -> Workbook:
    workbook.write(release, tmp_path / "month.xlsx")
    return openpyxl.load_workbook(tmp_path / "month.xlsx")


def test_units_stand_by_type_and_rank(release: MonthRelease, tmp_path: Path) -> None:
    book = written(release, tmp_path)
    assert book.sheetnames == SHEETS
    ranking = sheet_rows(book, "Xếp hạng")
    assert ranking[0]["Mã"] == "H31"
    assert [row["Loại đơn vị"] for row in ranking[1:]] == ["Sở, ban, ngành"] * 10 + [
        "Xã, phường"
    ] * 25
    for of_type in (ranking[1:11], ranking[11:]):
        assert [row["Hạng"] for row in of_type] == sorted(row["Hạng"] for row in of_type)


def test_every_sheet_says_what_it_is_of_and_is_set_to_be_printed(
    release: MonthRelease, tmp_path: Path
) -> None:
    for sheet in written(release, tmp_path):
        header, footer = sheet.oddHeader, sheet.oddFooter
        assert "DỮ LIỆU MẪU" in header.center.text
        assert header.right.text.strip() == "Đã điều chỉnh (revised)"
        assert footer.left.text.strip() == "2025-03.r2 · số liệu đến 00:00 01/04/2025"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # One page wide, which is the default, and as many as it takes.
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        if sheet.title == "Bìa":
            continue
        assert sheet["A2"].value.startswith("DỮ LIỆU MẪU · Đã điều chỉnh (revised) · ")
        assert sheet.print_title_rows == "$4:$4"
        assert sheet.freeze_panes.endswith("5")
        assert sheet.auto_filter.ref.startswith("A4:")
        assert sheet.auto_filter.ref.endswith(str(sheet.max_row))


def test_cover_has_status_contents_and_notes(release: MonthRelease, tmp_path: Path) -> None:
    cover = written(release, tmp_path)["Bìa"]
    text = "\n".join(str(c.value) for row in cover.iter_rows() for c in row if c.value is not None)
    for expected in (
        "DỮ LIỆU MẪU – không phải số liệu thật",
        "Tỉnh Hưng Yên · tháng 3/2025",
        "Đã điều chỉnh (revised)",
        "00:00 01/04/2025",
        "2025-03.r2",
        "2025-03.r1",
        "dữ liệu đến muộn (late data)",
        "100,00/100",
        "2/3",
        release.edition.content_sha256,
        labels.SMALL_CELL.both,
        "CSV và Parquet",
        "Creative Commons Attribution 4.0",
    ):
        assert expected in text
    links = {c.value: c.hyperlink.location for row in cover.iter_rows() for c in row if c.hyperlink}
    assert links == {name: f"'{name}'!A1" for name in SHEETS[1:]}


def test_real_data_are_not_marked_as_sample(release: MonthRelease, tmp_path: Path) -> None:
    real = dataclasses.replace(
        release, edition=dataclasses.replace(release.edition, is_sample=False)
    )
    written(real, tmp_path)
    with zipfile.ZipFile(tmp_path / "month.xlsx") as archive:
        text = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "DỮ LIỆU MẪU" not in text


def test_hostile_text_stays_text(release: MonthRelease, tmp_path: Path) -> None:
    unit = dataclasses.replace(release.units["H31.001"], unit_name=HOSTILE)
    long = dataclasses.replace(release.units["H31.002"], unit_name="Xã " * 2000)
    edition = dataclasses.replace(release.edition, province_name="9&R&B" + HOSTILE * 200)
    hostile = dataclasses.replace(
        release,
        edition=edition,
        units=release.units | {"H31.001": unit, "H31.002": long},
    )
    book = written(hostile, tmp_path)
    shown = HOSTILE.replace("\x07", " ").replace("\u202e", " ")
    for name in SHEETS[2:3] + SHEETS[4:9]:
        rows = {row["Mã"]: row["Đơn vị"] for row in sheet_rows(book, name)}
        assert rows["H31.001"] == shown
        assert rows["H31.002"] == "Xã " * 2000
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    with zipfile.ZipFile(tmp_path / "month.xlsx") as archive:
        assert not [name for name in archive.namelist() if "vba" in name or "external" in name]
        headers = [
            html.unescape(header)
            for name in archive.namelist()
            for header in re.findall("<oddHeader>(.*)</oddHeader>", archive.read(name).decode())
        ]
    assert len(headers) == len(SHEETS)
    for header in headers:
        # A doubled sign is a letter, not the beginning of a command.
        commands = re.findall("&[A-Z]", header.replace("&&", ""))
        assert commands == ["&L", "&C", "&B", "&K", "&R"]
        assert len(header) <= 255


def test_suspended_criterion_has_words_for_numbers(release: MonthRelease, tmp_path: Path) -> None:
    scores = {
        key: dataclasses.replace(
            score, numerator=None, denominator=None, rate=None, score=None, status="suspended"
        )
        if key[1] == "05"
        else score
        for key, score in release.criterion_scores.items()
    }
    criteria = [
        dataclasses.replace(c, suspended_because="đang rà soát") if c.criterion_code == "05" else c
        for c in release.criteria
    ]
    book = written(
        dataclasses.replace(release, criterion_scores=scores, criteria=criteria), tmp_path
    )
    for name in ("Điểm theo tiêu chí", "Tỷ lệ theo tiêu chí"):
        column = {row["05  Tiêu chí 05"] for row in sheet_rows(book, name)}
        assert column == {"tạm ngừng công bố"}
    row = sheet_rows(book, "Tiêu chí")[4]
    assert (row["Số đạt"], row["Điểm"]) == ("tạm ngừng công bố", "tạm ngừng công bố")
    assert row["Tạm ngừng vì"] == "đang rà soát"
    assert any("đang rà soát" in str(c.value) for r in book["Bìa"].iter_rows() for c in r)


def test_a_province_with_little_to_show(release: MonthRelease, tmp_path: Path) -> None:
    """No national results, one unit of an unknown type, nothing counted, a first release."""
    nothing = {
        group: dataclasses.replace(p, points=None, maximum=None)
        for group, p in release.province.groups.items()
    }
    province = dataclasses.replace(
        release.province,
        groups=nothing,
        raw_points=None,
        applicable_max_points=None,
        total_score=None,
        band=None,
        unit_type="county",
        ranking_status=None,
    )
    bare = dataclasses.replace(
        release,
        units={"H31": province},
        criteria=[],
        criterion_scores={},
        compliance=[],
        causes=[],
        national=[],
        averages={},
        letter={},
        changes=[],
    )
    book = written(bare, tmp_path)
    assert book.sheetnames == ["Bìa", "Nhóm chỉ số", "Xếp hạng"]
    (row,) = sheet_rows(book, "Xếp hạng")
    assert (row["Loại đơn vị"], row["Tổng điểm"]) == ("county", None)


def test_the_same_release_gives_the_same_bytes(
    release: MonthRelease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = set()
    for number, zone in enumerate(("UTC", "America/New_York")):
        monkeypatch.setenv("TZ", zone)
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        path = tmp_path / f"{number}.xlsx"
        workbook.write(release, path)
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(hashes) == 1
    assert openpyxl.load_workbook(path).properties.created == (
        release.edition.stamped_at.replace(tzinfo=None, microsecond=0)
    )
