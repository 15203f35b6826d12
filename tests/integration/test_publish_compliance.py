"""The compliance annex read back: rows of every unit and field, in both files the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import docx
import pytest

from service_index.publishing import labels
from service_index.publishing.documents import compliance
from service_index.publishing.edition import SAMPLE_NOTICE
from service_index.publishing.month import Cause, Compliance, MonthRelease
from tests.letter_support import (
    CAUSES,
    PROVINCE,
    progress,
    ranked,
    release,
    withheld,
)
from tests.paper_reading import (
    docx_headers,
    docx_tables,
    docx_text,
    outside_margins,
    pdf_body,
    pdf_fonts,
    pdf_pages,
    pdf_tables,
)


def field(code: str, met: int | None, of: int | None, basis: str, name: str) -> Compliance:
    return replace(progress(code, met, of, basis), field_code=name.lower(), field_name=name)


def rate_alone(code: str, rate: str | None, basis: str, name: str, **facts: str) -> Compliance:
    """A row of a field without a target: its rate in whole percent, and no counts."""
    row = field(code, None, None, basis, name)
    without = replace(row, target_rate=None, is_compliant=None, shortfall=None)
    return replace(without, rate=None if rate is None else Decimal(rate), **facts)


def month() -> MonthRelease:
    """A province, two departments and sixty communes; fields of the province and of a commune."""
    units = [*ranked("department", 2), *ranked("commune", 60)]
    rows = [progress(PROVINCE, 1000, 2000), progress(PROVINCE, 17000, 20000, "year_to_date")]
    for number, of in enumerate(units):
        rows += [progress(of.unit_code, number, 60), progress(of.unit_code, 50, 70, "year_to_date")]
    rows = [row for row in rows if row.unit_code not in ("C003", "C004")]
    rows += [withheld("C003", is_compliant=False), progress("C004", 0, 0)]
    rows += [withheld("C003", "year_to_date", is_compliant=True)]
    for basis, of in (("month", 20), ("year_to_date", 200)):
        rows.append(rate_alone(PROVINCE, "0.47", basis, "Hộ tịch"))
        rows.append(rate_alone(PROVINCE, "0.5", basis, "Đất đai"))
        rows.append(field(PROVINCE, of // 3, of, basis, "Nuôi con nuôi"))
        rows.append(field("C001", of // 4, of, basis, "Hộ tịch"))
        rows.append(rate_alone("C001", "0.25", basis, "Đất đai"))
    rows.append(rate_alone(PROVINCE, None, "month", "Du lịch", withheld="n<5"))
    rows.append(rate_alone(PROVINCE, "0", "year_to_date", "Du lịch"))
    rows.append(rate_alone(PROVINCE, "1", "month", "Hóa chất"))
    rows.append(field("C002", None, None, "month", "Hộ tịch"))
    rows[-1] = replace(rows[-1], shortfall=None, withheld="n<5")
    found = release(units=units, compliance=rows)
    causes = [Cause("C001", cause, 1000 + n, 10 + n, None) for n, cause in enumerate(CAUSES)]
    causes += [Cause("C002", cause, None, None, "n<5") for cause in CAUSES]
    return replace(found, causes=causes)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    word, pdf = compliance.write(month(), tmp_path_factory.mktemp("annex"))
    assert (word.name, pdf.name) == ("compliance.docx", "compliance.pdf")
    return word, pdf


def rows_of(tables: list[list[list[str]]], width: int, name: str) -> list[list[str]]:
    return [row for table in tables for row in table if len(row) == width and row[1] == name]


@pytest.mark.parametrize("read", [(0, docx_tables), (1, pdf_tables)], ids=["word", "pdf"])
def test_rows_of_units_causes_and_fields(documents, read) -> None:
    number, tables_of = read
    tables = tables_of(documents[number])
    assert rows_of(tables, 13, "Tỉnh Bình An") == [
        ["1", "Tỉnh Bình An", "70%",
         "1.000", "2.000", "50,00%", "400", "Chưa đạt",
         "17.000", "20.000", "85,00%", "0", "Đạt"],
    ]  # fmt: skip
    assert rows_of(tables, 13, "Đơn vị C002") == [
        ["2", "Đơn vị C002", "70%", "3", "60", "5,00%", "39", "Chưa đạt",
         "50", "70", "71,43%", "0", "Đạt"],
    ]  # fmt: skip
    assert rows_of(tables, 13, "Đơn vị C003") == [
        ["3", "Đơn vị C003", "70%", *["n<5"] * 4, "Chưa đạt", *["n<5"] * 4, "Đạt"]
    ]
    assert rows_of(tables, 13, "Đơn vị C004")[0][3:8] == ["0", "0", "–", "0", "–"]
    assert rows_of(tables, 12, "Đơn vị C001") == [
        ["1", "Đơn vị C001", "1.000", "10", "1.001", "11", "1.002", "12", "1.003", "13",
         "1.004", "14"],
    ]  # fmt: skip
    assert rows_of(tables, 12, "Đơn vị C002") == [["2", "Đơn vị C002", *["n<5"] * 10]]
    assert rows_of(tables, 12, "Đơn vị C005") == [["5", "Đơn vị C005", *["–"] * 10]]
    # The lowest of the year first; with two decimals where the counts stand in the last table.
    fields = [row for table in tables for row in table if len(row) == 4 and row[0].isdigit()]
    assert fields == [
        ["1", "Du lịch", "n<5", "0%"],
        ["2", "Nuôi con nuôi", "30,00%", "33,00%"],
        ["3", "Hộ tịch", "47%", "47%"],
        ["4", "Đất đai", "50%", "50%"],
        ["5", "Hóa chất", "100%", "–"],
    ]
    own = [row for table in tables for row in table if len(row) == 14 and row[0].isdigit()]
    assert own == [
        ["1", "Tỉnh Bình An", "Nuôi con nuôi", "70%", "6", "20", "30,00%", "8", "Chưa đạt",
         "66", "200", "33,00%", "74", "Chưa đạt"],
        ["1", "Đơn vị C001", "Hộ tịch", "70%", "5", "20", "25,00%", "9", "Chưa đạt",
         "50", "200", "25,00%", "90", "Chưa đạt"],
        ["2", "Đơn vị C002", "Hộ tịch", "70%", "n<5", "n<5", "n<5", "n<5", "–", *["–"] * 5],
    ]  # fmt: skip


def test_both_files_have_the_same_rows(documents: tuple[Path, Path]) -> None:
    word, pdf = (
        [row for table in tables for row in table if row[0].isdigit()]
        for tables in (docx_tables(documents[0]), pdf_tables(documents[1]))
    )
    assert len(word) == 63 * 2 + 5 + 3
    assert word == pdf


def test_the_pages_are_landscape_marked_and_in_the_shipped_font(
    documents: tuple[Path, Path],
) -> None:
    word, pdf = documents
    assert outside_margins(pdf, 297, 210) == []
    assert pdf_fonts(pdf) == {"Tinos", "Tinos-Bold", "Tinos-Italic"}
    line = f"{SAMPLE_NOTICE} – CHÍNH THỨC – Số liệu đến 00:00 05/01/2026"
    assert len(pdf_pages(pdf)) > 5
    assert all(line in page for page in (*pdf_pages(pdf), *docx_headers(word)))
    for section in docx.Document(str(word)).sections:
        assert (round(section.page_width.mm), round(section.page_height.mm)) == (297, 210)


def test_heads_of_two_rows_are_repeated(documents: tuple[Path, Path]) -> None:
    word, pdf = documents
    tables = [table for table in pdf_tables(pdf) if len(table[0]) == 13]
    assert len(tables) > 1
    for table in tables:
        assert table[0][:4] == ["TT", "Đơn vị", "Chỉ tiêu", "Trong tháng"]
        assert table[1][3:8] == ["Đạt", "Tổng số", "Tỷ lệ", "Còn thiếu", "Kết quả"]
    for table in docx.Document(str(word)).tables:
        heads = ["<w:tblHeader/>" in row._tr.xml for row in table.rows]
        count = 1 if len(table.columns) == 4 else 2
        assert heads == [True] * count + [False] * (len(heads) - count)


def test_small_cells_are_explained_where_there_are_any(
    documents: tuple[Path, Path], tmp_path: Path
) -> None:
    for text in (docx_text(documents[0]), pdf_body(documents[1])):
        assert labels.SMALL_CELL.vi in text
    # In a field of a commune that has no row in the annex.
    rows = [rate_alone("C001", None, "month", "Đất đai", withheld="n<5")]
    for number, of in enumerate((release(), release(compliance=rows))):
        for path in compliance.write(of, tmp_path / str(number)):
            text = docx_text(path) if path.suffix == ".docx" else pdf_body(path)
            assert labels.SMALL_CELL.vi not in text


def test_rates_without_counts_are_explained_where_there_are_any(
    documents: tuple[Path, Path], tmp_path: Path
) -> None:
    for text in (docx_text(documents[0]), pdf_body(documents[1])):
        assert f"{labels.RATE_ALONE.vi}." in text
    word, pdf = compliance.write(release(), tmp_path)
    for text in (docx_text(word), pdf_body(pdf)):
        assert labels.RATE_ALONE.vi not in text


def test_a_second_metric_with_a_target_has_its_own_table(tmp_path: Path) -> None:
    rows = [progress(PROVINCE, 5, 10), progress("C001", 5, 10)]
    vault = [replace(row, metric_code="result_in_vault", target_rate=Decimal(1)) for row in rows]
    of = release(units=ranked("commune", 1), compliance=rows + vault)
    word, _ = compliance.write(of, tmp_path)
    found = rows_of(docx_tables(word), 13, "Đơn vị C001")
    assert [row[2] for row in found] == ["70%", "100%"]


def test_without_targets_and_fields_the_annex_says_so(tmp_path: Path) -> None:
    word, pdf = compliance.write(release(units=[], compliance=[]), tmp_path)
    for text in (docx_text(word), pdf_body(pdf)):
        assert "Năm 2025 chưa có chỉ tiêu được giao." in text
        assert "Không có hồ sơ được giải quyết." in text


def test_a_province_of_millions_of_dossiers_and_long_names_fits(tmp_path: Path) -> None:
    name = "Đăng ký, quản lý phương tiện giao thông cơ giới, xe máy chuyên dùng " * 3
    rows = [progress(PROVINCE, 2868040, 9868041, b) for b in ("month", "year_to_date")]
    rows += [field(PROVINCE, 2868040, 9868041, b, name) for b in ("month", "year_to_date")]
    units = [replace(u, unit_name="W" * 300) for u in ranked("commune", 3)]
    _, pdf = compliance.write(release(units=units, compliance=rows), tmp_path)
    assert outside_margins(pdf, 297, 210) == []
    (row, *_) = rows_of(pdf_tables(pdf), 13, "Tỉnh Bình An")
    assert row[3:7] == ["2.868.040", "9.868.041", "29,06%", "4.039.589"]
