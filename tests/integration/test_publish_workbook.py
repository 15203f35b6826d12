"""The workbook of a month, read back: every number is the published one, text is only text."""

from __future__ import annotations

import dataclasses
import hashlib
import html
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from openpyxl.workbook import Workbook
from publish_marts import fill_march, publish, resolve_late

from service_index.publishing import labels
from service_index.publishing.edition import editions
from service_index.publishing.month import MonthRelease
from service_index.publishing.month_reading import read_month
from service_index.publishing.open_data import workbook
from service_index.publishing.open_data.sheet import HEADING_ROW
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


def table(book: Workbook, name: str) -> list[dict[str, Any]]:
    """Rows by the first line of their headings; a heading that comes twice is numbered."""
    lines = list(book[name].iter_rows(min_row=HEADING_ROW + 1, values_only=True))
    headings = [str(heading).split("\n")[0] for heading in lines[0]]
    return [dict(zip(headings, line, strict=True)) for line in lines[1:]]


def assert_same(cell: Any, exact: Decimal | int | None) -> None:
    """A double in the sixteen digits that the library writes."""
    if exact is None:
        assert cell is None
    else:
        assert isinstance(cell, int | float)
        assert cell == float(f"{float(exact):.16G}")


def test_sheets_agree_with_the_release(release: MonthRelease, tmp_path: Path) -> None:
    book = written(release, tmp_path)
    assert book.sheetnames == SHEETS
    ranking = table(book, "Xếp hạng")
    assert {row["Mã"] for row in ranking} == release.units.keys()
    assert ranking[0]["Mã"] == "H31"
    assert [row["Loại đơn vị"] for row in ranking[1:]] == ["Sở, ban, ngành"] * 10 + [
        "Xã, phường"
    ] * 25
    for of_type in (ranking[1:11], ranking[11:]):
        assert [row["Hạng"] for row in of_type] == sorted(row["Hạng"] for row in of_type)
    for row in ranking:
        unit = release.units[row["Mã"]]
        assert row["Đơn vị"] == unit.unit_name
        assert_same(row["Hạng"], unit.rank)
        assert_same(row["Trên tổng số"], unit.rank_out_of)
        assert_same(row["Tổng điểm"], unit.total_score)
        assert_same(row["Điểm đạt"], unit.raw_points)
        assert_same(row["Điểm tối đa áp dụng"], unit.applicable_max_points)
        for group, label in labels.GROUPS.items():
            assert_same(row[label.vi], unit.groups[group].points)
    total = sum(unit.total_score or 0 for unit in release.units.values())
    assert sum(row["Tổng điểm"] for row in ranking) == pytest.approx(float(total), rel=1e-14)


def test_matrices_hold_each_score_and_each_rate(release: MonthRelease, tmp_path: Path) -> None:
    book = written(release, tmp_path)
    for name, value in (("Điểm theo tiêu chí", "score"), ("Tỷ lệ theo tiêu chí", "rate")):
        rows = {row["Mã"]: row for row in table(book, name)}
        assert len(rows) == len(release.units)
        for (unit, criterion), score in release.criterion_scores.items():
            (cell,) = (
                cell for heading, cell in rows[unit].items() if heading.startswith(f"{criterion} ")
            )
            if value == "rate" and score.withheld:
                assert cell == "n<5"
            else:
                assert_same(cell, getattr(score, value))
    assert rows["H31.007"]["21  Tiêu chí 21"] == "n<5"
    assert labels.SMALL_CELL.vi in book["Tỷ lệ theo tiêu chí"]["A3"].value
    assert labels.SMALL_CELL.vi not in book["Điểm theo tiêu chí"]["A3"].value


def test_criteria_of_the_province(release: MonthRelease, tmp_path: Path) -> None:
    rows = table(written(release, tmp_path), "Tiêu chí")
    assert [row["Mã"] for row in rows] == [c.criterion_code for c in release.criteria]
    for row, criterion in zip(rows, release.criteria, strict=True):
        score = release.criterion_scores["H31", criterion.criterion_code]
        assert score.withheld is None
        assert_same(row["Số đạt"], score.numerator)
        assert_same(row["Tổng số"], score.denominator)
        assert_same(row["Tỷ lệ"], score.rate)
        assert_same(row["Điểm"], score.score)
        assert_same(row["Điểm tối đa"], criterion.max_points)


def test_compliance_and_causes(release: MonthRelease, tmp_path: Path) -> None:
    book = written(release, tmp_path)
    metrics = {label.vi: code for code, label in labels.METRICS.items()}
    bases = {label.vi: code for code, label in labels.BASES.items()}
    fields = {row.field_name: row.field_code for row in release.compliance}
    found = {}
    for name in ("Chỉ tiêu", "Chỉ tiêu theo lĩnh vực"):
        for row in table(book, name):
            field = fields[row.get("Lĩnh vực")]
            found[row["Mã"], metrics[row["Chỉ tiêu"]], bases[row["Kỳ"]], field] = row
    assert len(found) == len(release.compliance)
    for compliance in release.compliance:
        row = found[
            compliance.unit_code,
            compliance.metric_code,
            compliance.basis,
            compliance.field_code,
        ]
        assert compliance.withheld is None
        assert_same(row["Số đạt"], compliance.numerator)
        assert_same(row["Tổng số"], compliance.denominator)
        assert_same(row["Tỷ lệ"], compliance.rate)
        assert_same(row["Mức giao"], compliance.target_rate)
        assert_same(row["Còn thiếu"], compliance.shortfall)
        assert row["Kết luận"] == ("Đạt" if compliance.is_compliant else "Chưa đạt")
    causes = {row["Mã"]: row for row in table(book, "Nguyên nhân")}
    assert {cause.withheld for cause in release.causes} == {"n<5", None}
    for cause in release.causes:
        label = labels.CAUSES[cause.cause].vi
        cells = (
            causes[cause.unit_code][label],
            causes[cause.unit_code][f"Chỉ vì: {label[0].lower()}{label[1:]}"],
        )
        if cause.withheld:
            assert cells == ("n<5", "n<5")
        else:
            assert cells == (cause.dossiers_failing, cause.dossiers_failing_only)


def test_groups_national_table_and_changes(release: MonthRelease, tmp_path: Path) -> None:
    book = written(release, tmp_path)
    *groups, total = table(book, "Nhóm chỉ số")
    for row, (group, points) in zip(groups, release.province.groups.items(), strict=True):
        assert_same(row["Điểm"], points.points)
        assert_same(row["Điểm tối đa"], points.maximum)
        assert_same(row["Trung bình cả nước"], release.averages[group].average_score)
    assert_same(total["Điểm"], release.province.total_score)
    assert (total["Hạng toàn quốc"], total["Số tỉnh xếp hạng"]) == (2, 3)
    national = table(book, "Toàn quốc")
    assert [row["Mã"] for row in national] == [row.province_code for row in release.national]
    for row, province in zip(national, release.national, strict=True):
        assert_same(row["Tổng điểm"], province.total_score)
        assert_same(row["Hạng theo điểm tự tính"], province.computed_rank)
        for group, label in labels.GROUPS.items():
            assert_same(row[label.vi], province.groups[group])
            assert_same(row[f"Hạng: {label.vi}"], province.ranks[group])
    changes = table(book, "Thay đổi")
    assert [
        (r["Bảng"], r["Dòng"], r["Cột"], r["Giá trị cũ"], r["Giá trị mới"]) for r in changes
    ] == [(c.relation, c.key, c.column_name, c.old_value, c.new_value) for c in release.changes]


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
        rows = {row["Mã"]: row["Đơn vị"] for row in table(book, name)}
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
        column = {row["05  Tiêu chí 05"] for row in table(book, name)}
        assert column == {"tạm ngừng công bố"}
    row = table(book, "Tiêu chí")[4]
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
    (row,) = table(book, "Xếp hạng")
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
