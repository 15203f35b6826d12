"""The form's documents read back: each printed figure is the published one, in its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import docx
import openpyxl
import psycopg
import pytest
from form_support import fill_form, release_form
from gate_support import rows

from service_index.publishing.form import FormRelease
from service_index.warehouse.connection import connect
from tests.form_paper import PRINTED, paper_checks, paper_rows
from tests.form_reading import (
    form_sheet,
    pdf_lines,
    sheet_lines,
    shown,
    word_table,
    written,
)
from tests.paper_reading import pdf_text, plain
from tests.warehouses import fresh_warehouse

BY_HAND = "Số liệu nhập tay"

Line = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Papers:
    """A form that lies published in `warehouse`, and its files by kind."""

    warehouse: psycopg.Connection
    form: FormRelease
    paths: dict[str, Path]


@pytest.fixture(scope="module")
def papers(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Papers]:
    with fresh_warehouse(postgres_server) as dsn, connect(dsn) as warehouse:
        fill_form(warehouse)
        form = release_form(warehouse)
        yield Papers(warehouse, form, written(form, tmp_path_factory.mktemp("form")))


def published_lines(connection: psycopg.Connection, period: str = "2025Q3") -> list[Line]:
    """The published rows in order, as number, label, unit, figure and the note of the clerk."""
    return [
        (
            re.sub(r"^(CD|DVC)\.", "", row["row_code"]),
            row["label_vi"],
            row["unit_of_measure"] or "",
            row["printed_value"] or "",
            row["origin"],
        )
        for row in rows(
            connection,
            "select * from published.current_statistical_form "
            f"where period = '{period}' order by position",
        )
    ]


def as_published(lines: list[list[str]]) -> list[Line]:
    """The rows of a document's table, without titles, as `published_lines` has them."""
    found = []
    for number, label, unit, value, note in lines:
        if unit or value or note:
            origin = "by_hand" if "nhập" in note else "computed"
            found.append((number.removesuffix("."), label, unit, value, origin))
    return found


def test_forms_made_by_hand_are_what_is_read_from_published_rows(papers: Papers) -> None:
    """So that the form's other tests need no database."""
    assert papers.form.rows == paper_rows()
    assert papers.form.checks == paper_checks()


def test_the_pdf_holds_each_published_figure_in_its_row(papers: Papers) -> None:
    lines = pdf_lines(papers.paths["pdf"])
    assert as_published(lines) == published_lines(papers.warehouse)
    assert len(as_published(lines)) == 38
    titles = [(number, label) for number, label, *rest in lines if not any(rest)]
    assert titles == [
        ("I", "CÔNG TÁC CHỈ ĐẠO, ĐIỀU HÀNH"),
        ("2.", "Thực hiện nhiệm vụ Chính phủ, Thủ tướng Chính phủ giao"),
        ("II", "CẢI CÁCH THỦ TỤC HÀNH CHÍNH"),
        ("1.", "Thống kê TTHC"),
        ("2.", "Thực hiện cơ chế một cửa, một cửa liên thông"),
        ("3.", "Kết quả giải quyết TTHC"),
        ("III", "XÂY DỰNG VÀ PHÁT TRIỂN CHÍNH QUYỀN ĐIỆN TỬ, CHÍNH QUYỀN SỐ"),
        ("3.", "Cung cấp dịch vụ công trực tuyến (DVCTT)"),
    ]
    notes = {number: note for number, _, _, _, note in lines if note}
    assert notes["1.2"] == "bao gồm công bố chuẩn hóa (số liệu nhập tay)"
    assert notes["1."] == "Chưa nhập số liệu"
    assert notes["2.1"] == BY_HAND


def test_the_word_file_holds_each_published_figure_in_its_row(papers: Papers) -> None:
    paths = papers.paths
    table = word_table(paths["docx"], 1)
    lines = [[plain(cell.text) for cell in row.cells] for row in table.rows]
    assert as_published(lines[2:]) == published_lines(papers.warehouse)
    # The same as in the PDF: titles, numbers and notes, too.
    assert lines[2:] == pdf_lines(paths["pdf"])


def test_the_spreadsheet_shows_each_published_figure_in_its_row(papers: Papers) -> None:
    paths = papers.paths
    cells = sheet_lines(form_sheet(paths["xlsx"]))
    lines = [[plain(shown(cell)) for cell in row] for row in cells]
    assert as_published(lines) == published_lines(papers.warehouse)
    assert lines == pdf_lines(paths["pdf"])
    values = [row[3].value for row in cells if row[3].value is not None]
    # A cell would round what the form cuts off, so those are texts; all others can be added up.
    assert [value for value in values if isinstance(value, str)] == [
        text for text in PRINTED.values() if "%" in text and text != "100%"
    ]
    assert [value for value in values if isinstance(value, int)] == [
        int(text.replace(".", "").removesuffix("%"))
        for text in PRINTED.values()
        if "%" not in text or text == "100%"
    ]


def test_the_exact_values_stand_beside_the_printed_ones(papers: Papers) -> None:
    sheet = openpyxl.load_workbook(papers.paths["xlsx"])["Giá trị"]
    table = list(sheet.iter_rows(values_only=True))
    (heads,) = (place for place, row in enumerate(table) if row[0] == "Mã dòng")
    found = {row[0]: row for row in table[heads + 1 :]}
    published = rows(
        papers.warehouse,
        "select * from published.current_statistical_form where period = '2025Q3'",
    )
    assert len(found) == len(published) == 38
    for row in published:
        code, _, label, _, value, exact, printed, origin, _ = found[row["row_code"]]
        assert label == row["label_vi"]
        assert (printed or None) == row["printed_value"]
        assert origin == {"computed": "tính", "by_hand": "nhập tay"}[row["origin"]]
        if row["value"] is None:
            assert code == "CD.1" and not value and not exact
        else:
            assert Decimal(exact) == row["value"]
            assert math.isclose(value, row["value"], rel_tol=1e-15)


@pytest.mark.parametrize(
    ("period", "name"),
    [
        ("2025Q3", "quý III năm 2025"),
        ("2025H1", "6 tháng đầu năm 2025"),
        ("2025H2", "6 tháng cuối năm 2025"),
        ("2025", "năm 2025"),
    ],
)
def test_a_half_year_and_a_year_are_named(
    papers: Papers, tmp_path: Path, period: str, name: str
) -> None:
    paths, warehouse = papers.paths, papers.warehouse
    if period != papers.form.edition.period:
        fill_form(warehouse, period)
        paths = written(release_form(warehouse, period), tmp_path)
    title = f"Công tác cải cách thủ tục hành chính {name}"
    assert f"{title} (Tạm tính" in pdf_text(paths["pdf"])
    assert title in [plain(p.text) for p in docx.Document(str(paths["docx"])).paragraphs]
    cells = openpyxl.load_workbook(paths["xlsx"])["Biểu mẫu"].iter_rows(values_only=True)
    assert title in [row[0] for row in cells]
    assert as_published(pdf_lines(paths["pdf"])) == published_lines(warehouse, period)


def test_a_revision_says_what_it_replaces_and_why(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    fill_form(warehouse)
    release_form(warehouse)
    fill_form(warehouse, printed=PRINTED | {"1.3": "67"})
    paths = written(release_form(warehouse, reason="our_error"), tmp_path)
    replaced = "thay cho bản công bố 2025Q3.r1, lý do: sai sót của đơn vị công bố"
    assert f"số liệu đến 00:00 16/09/2025; {replaced})" in pdf_text(paths["pdf"])
    text = " ".join(p.text for p in docx.Document(str(paths["docx"])).paragraphs)
    assert replaced in text
    sheet = form_sheet(paths["xlsx"])
    assert any(replaced in str(row[0]) for row in sheet.iter_rows(values_only=True))
