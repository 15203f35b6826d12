"""The pages of the form: those of an official paper, in all its files."""

from __future__ import annotations

import re
from pathlib import Path

import docx
import openpyxl
import pytest

from service_index.publishing.edition import SAMPLE_NOTICE
from service_index.publishing.form import FormRelease
from tests.form_paper import FAILING, paper_form
from tests.form_reading import all_paragraphs, word_table, written
from tests.paper_reading import (
    outside_margins,
    pages,
    pdf_fonts,
    pdf_pages,
    pdf_tables,
    pdf_text,
    plain,
)

STATUS_LINE = "TẠM TÍNH – Số liệu đến 00:00 16/09/2025 – Bản công bố 2025Q3.r1"


@pytest.fixture(scope="module")
def form() -> FormRelease:
    return paper_form()


@pytest.fixture(scope="module")
def paths(form: FormRelease, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return written(form, tmp_path_factory.mktemp("form"))


def test_each_page_of_the_pdf_has_heads_notice_status_and_margins(
    paths: dict[str, Path],
) -> None:
    found = pages(paths["pdf"])
    assert len(found) == 4
    for number, page in enumerate(found, 1):
        lines = page.extract_text().splitlines()
        assert f"{SAMPLE_NOTICE} – {STATUS_LINE}" in lines[:2]
        # Of the second page and those after it, as the decree has it.
        assert (lines[0] == str(number)) is (number > 1)
    assert outside_margins(paths["pdf"]) == []
    *of_form, _ = pdf_tables(paths["pdf"])
    assert len(of_form) == 3
    for table in of_form:
        assert table[0] == [
            "Stt",
            "Chỉ tiêu thống kê (Sử dụng trong kỳ báo cáo hàng quý, 6 tháng, năm)",
            "Kết quả thống kê",
            "",
            "Ghi chú",
        ]
        assert table[1][2:4] == ["Đơn vị tính", "Số liệu"]
    assert {font.split("-")[0] for font in pdf_fonts(paths["pdf"])} == {"Tinos"}


def test_the_title_block_is_that_of_an_official_paper(paths: dict[str, Path]) -> None:
    first, *_, of_form, _ = pdf_pages(paths["pdf"])
    of_word = docx.Document(str(paths["docx"]))
    word = " ".join(plain(paragraph.text) for paragraph in all_paragraphs(of_word))
    sheet = openpyxl.load_workbook(paths["xlsx"])["Biểu mẫu"]
    cells = " ".join(plain(str(cell.value)) for row in sheet.iter_rows() for cell in row)
    for expected in (
        "ỦY BAN NHÂN DÂN",
        "TỈNH HƯNG YÊN",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Số: /",
        "Hưng Yên, ngày tháng năm",
        "BIỂU MẪU THỐNG KÊ",
        "Công tác cải cách thủ tục hành chính quý III năm 2025",
    ):
        assert expected in first
        assert expected in word
        assert expected in cells
    for signer in ("NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG CƠ QUAN"):
        assert signer in of_form
        assert signer in word
        assert signer in cells


@pytest.mark.parametrize(
    ("province", "issuer", "place"),
    [
        ("Tỉnh Hưng Yên", "TỈNH HƯNG YÊN", "Hưng Yên"),
        ("Thành phố Hà Nội", "THÀNH PHỐ HÀ NỘI", "Hà Nội"),
        ("99", "TỈNH 99", "99"),
    ],
)
def test_the_issuer_is_the_province_that_publishes(
    tmp_path: Path, province: str, issuer: str, place: str
) -> None:
    text = pdf_text(written(paper_form(province_name=province), tmp_path)["pdf"])
    assert f"{issuer} Độc lập - Tự do - Hạnh phúc" in text
    assert f"{place}, ngày tháng năm" in text


def test_the_word_file_repeats_its_heads_and_says_what_it_is(
    form: FormRelease, paths: dict[str, Path]
) -> None:
    document = docx.Document(str(paths["docx"]))
    repeated = "w:trPr/w:tblHeader"
    for table, heads in ((document.tables[1], 2), (document.tables[3], 1)):
        marked = [bool(row._tr.xpath(repeated)) for row in table.rows]
        assert marked == [True] * heads + [False] * (len(table.rows) - heads)
    (section,) = document.sections
    assert section.different_first_page_header_footer
    for header in (section.first_page_header, section.header):
        assert header.paragraphs[-1].text == f"{SAMPLE_NOTICE} – {STATUS_LINE}"
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert document.core_properties.author == ""
    assert document.core_properties.title == "Biểu mẫu thống kê quý III năm 2025 - Tỉnh Hưng Yên"
    assert document.core_properties.created == form.edition.stamped_at


def test_the_workbook_is_set_up_for_paper_and_screen(paths: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(paths["xlsx"])
    assert book.sheetnames == ["Biểu mẫu", "Đối chiếu số liệu", "Giá trị"]
    for sheet in book:
        assert sheet.page_setup.paperSize == 9
        # One page wide, which is what a workbook means that does not say.
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.oddHeader.right.text == SAMPLE_NOTICE
        assert sheet.oddFooter.center.text == STATUS_LINE
        assert SAMPLE_NOTICE in [row[0] for row in sheet.iter_rows(values_only=True)]
        first, last = (int(part) for part in re.findall(r"\d+", sheet.print_title_rows))
        assert sheet.cell(first, 1).value in {"Stt", "Mã dòng"}
        assert sheet.freeze_panes == f"A{last + 1}"
    assert book["Biểu mẫu"].page_setup.orientation == "portrait"
    merged = {str(area) for area in book["Biểu mẫu"].merged_cells.ranges}
    assert {"A8:A9", "B8:B9", "C8:D8", "E8:E9"} <= merged


def test_the_identities_that_fail_are_told_to_the_clerk(
    form: FormRelease, paths: dict[str, Path]
) -> None:
    assert {check.identity for check in form.failing} == set(FAILING)
    *_, pdf_table = pdf_tables(paths["pdf"])
    word = [[plain(c.text) for c in row.cells] for row in word_table(paths["docx"], 3).rows]
    assert word == pdf_table
    assert word[1:] == [
        [
            "1",
            "Tiếp nhận và kỳ trước chuyển qua bằng đã giải quyết, rút, dừng và đang giải quyết "
            "balance_closes",
            "267.922",
            "=",
            "256.669",
            "11.253",
        ],
        [
            "2",
            "Đã giải quyết: lời văn bằng biểu Dòng II.3.1.1, II.3.2.1 text_resolved_is_the_tables",
            "246.821",
            "=",
            "246.656",
            "165",
        ],
    ]
    last = pdf_pages(paths["pdf"])[-1]
    counts = f"khớp: {form.holding}; không khớp: 2; chưa đủ số liệu để xét: {form.undecided}."
    assert counts in last
    sheet = openpyxl.load_workbook(paths["xlsx"])["Đối chiếu số liệu"]
    cells = [row for row in sheet.iter_rows(values_only=True) if row[0] in {"1", "2"}]
    sides = {row[6].split(":")[0]: (row[2], row[4], row[5]) for row in cells}
    assert sides == {name: (left, right, left - right) for name, (left, right) in FAILING.items()}
