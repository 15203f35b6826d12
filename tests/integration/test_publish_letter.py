"""The letter's two files read back: published numbers, the page of an official letter, any name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import docx
import psycopg
import pytest
from docx.shared import Mm, Pt

from service_index.publishing.documents import letter
from service_index.publishing.documents.wording import clean
from service_index.publishing.edition import SAMPLE_NOTICE, editions
from service_index.publishing.month import MonthRelease
from service_index.publishing.month_reading import read_earlier_months, read_month
from tests.integration.publish_marts import fill_march, publish
from tests.letter_support import month_before, printed_figures, ranked, release, unit
from tests.paper_reading import (
    docx_headers,
    docx_tables,
    docx_text,
    outside_margins,
    pdf_body,
    pdf_fonts,
    pdf_pages,
    pdf_tables,
    plain,
)

HOSTILE = [
    '=HYPERLINK("http://x.vn","y")',
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "{%p for x in y %}",
    '#import "x.typ"',
    "$x^2$ *b* _i_ `c` @ref <w:p/> &amp;",
    "- gạch đầu dòng",
    "[body]",
    "Xã | cột | cột",
    "Xã \x1b[31m\u202eđảo\x00\ufffe",
    "日本 😀",
    "A" * 5000,
    "từ " * 2000,
]
FONTS = {"Tinos", "Tinos-Bold", "Tinos-Italic", "Tinos-BoldItalic"}
LACKING = "\ufffd"  # stands in the PDF for what the font lacks


def written(of: MonthRelease, folder: Path, **options: Path) -> tuple[Path, Path]:
    word, pdf = letter.write(of, [month_before()], folder, **options)
    assert (word, pdf) == (folder / "documents/letter.docx", folder / "documents/letter.pdf")
    return word, pdf


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A province with enough communes for a table of several pages."""
    units = [*ranked("department", 13), *ranked("commune", 104), unit("V1", "vertical_agency")]
    return written(release(units=units, status="provisional"), tmp_path_factory.mktemp("letter"))


def test_a_published_month_is_printed_with_its_own_numbers(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    fill_march(warehouse)
    edition = editions(warehouse, publish(warehouse).release_id)[-1]
    of = read_month(warehouse, edition)
    word, pdf = letter.write(of, read_earlier_months(warehouse, edition), tmp_path)
    for text in (pdf_body(pdf), docx_text(word)):
        assert "Tổng điểm của tỉnh là 73,04/100 điểm, đứng thứ 2/3 tỉnh" in text
        assert "Công khai, minh bạch: 9,3/18 điểm (bình quân cả nước 9,3/18 điểm)" in text
        assert "xếp hạng 02/3" in text
        assert "tỷ lệ hồ sơ giải quyết đúng hạn 96,57%" in text
        assert "Nhóm bằng bình quân: Công khai, minh bạch (9,3 so với 9,3 điểm)." in text
        assert "Chưa có kết quả tháng 2/2025 được công bố để so sánh." in text


def test_every_figure_stands_in_both_files(documents: tuple[Path, Path]) -> None:
    figures = printed_figures()
    word, pdf = documents
    for text in (docx_text(word), pdf_body(pdf)):
        for code, row in figures.items():
            assert row.printed_value is not None
            shown = row.printed_value if row.out_of is None else f"{row.printed_value}/{row.out_of}"
            assert f" {shown}" in text, code


def test_both_files_say_the_same(documents: tuple[Path, Path]) -> None:
    """Word by word: heads that a table repeats on a page, and the order in the letterhead aside."""
    word, pdf = documents
    start = "Thực hiện Quyết định"
    end = "Nơi nhận:"
    texts = [text[text.index(start) : text.index(end)] for text in (docx_text(word), pdf_body(pdf))]
    assert texts[0] == texts[1]
    assert [row for table in docx_tables(word) for row in table if row[0].isdigit()] == [
        row for table in pdf_tables(pdf) for row in table if row[0].isdigit()
    ]


def test_the_pdf_is_an_archivable_official_letter(documents: tuple[Path, Path]) -> None:
    pdf = documents[1]
    assert outside_margins(pdf) == []
    assert pdf_fonts(pdf) == FONTS
    assert b"pdfaid:part>2<" in pdf.read_bytes()


def test_pages_are_numbered_at_the_top_from_the_second(documents: tuple[Path, Path]) -> None:
    """The letter and each appendix for itself."""
    starts = ["UBND TỈNH", "Phụ lục I XẾP HẠNG", "Phụ lục II ĐƠN VỊ"]
    expected: int | None = None
    for page in pdf_pages(documents[1]):
        is_first = any(start in page for start in starts)
        expected = 1 if is_first else (expected or 0) + 1
        assert page.startswith(f"{expected} {SAMPLE_NOTICE}") != is_first
    assert expected == 2


def test_every_page_says_status_cut_off_and_sample(documents: tuple[Path, Path]) -> None:
    line = f"{SAMPLE_NOTICE} – TẠM TÍNH – Số liệu đến 00:00 05/01/2026 – Bản công bố 2025-08.r1"
    assert all(line in page for page in pdf_pages(documents[1]))
    assert len(docx_headers(documents[0])) == 6
    assert all(line in header for header in docx_headers(documents[0]))


def test_real_data_are_no_sample(tmp_path: Path) -> None:
    word, pdf = written(release(is_sample=False), tmp_path)
    assert not [page for page in pdf_pages(pdf) if SAMPLE_NOTICE in page]
    assert not [header for header in docx_headers(word) if SAMPLE_NOTICE in header]
    assert all("CHÍNH THỨC – Số liệu đến" in page for page in pdf_pages(pdf))


def test_the_word_file_has_the_page_and_type_of_an_official_letter(
    documents: tuple[Path, Path],
) -> None:
    document = docx.Document(str(documents[0]))
    for section in document.sections:
        assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
        for margin, millimetres in (("top", 20), ("bottom", 20), ("left", 30), ("right", 15)):
            assert abs(getattr(section, f"{margin}_margin") - Mm(millimetres)) < Mm(0.1)
    style = document.styles["Thân văn bản"]
    assert (style.font.name, style.font.size) == ("Times New Roman", Pt(14))
    assert 1 <= style.paragraph_format.line_spacing <= 1.5
    assert abs(style.paragraph_format.first_line_indent - Mm(12.7)) < Mm(0.1)
    body = [p for p in document.paragraphs if p.style.name == "Thân văn bản"]
    assert len(body) > 10
    assert "{%" not in docx_text(documents[0]) and "{{" not in docx_text(documents[0])


def test_heads_are_repeated_on_every_page_of_a_table(documents: tuple[Path, Path]) -> None:
    word, pdf = documents
    rankings = [table for table in pdf_tables(pdf) if len(table[0]) == 6]
    assert len(rankings) > 3
    assert {table[0][0] for table in rankings} == {"Hạng"}
    for table in docx.Document(str(word)).tables:
        if "Hạng" in table.rows[0].cells[0].text:
            assert "<w:tblHeader/>" in table.rows[0]._tr.xml
            assert all("<w:cantSplit/>" in row._tr.xml for row in table.rows)


def test_hostile_names_are_text_and_leave_the_page_as_it_is(tmp_path: Path) -> None:
    communes = ranked("commune", 400)
    named = [
        replace(commune, unit_name=name) for commune, name in zip(communes, HOSTILE, strict=False)
    ]
    word, pdf = written(release(units=[*named, *communes[len(named) :]]), tmp_path)
    rows = [row for table in docx_tables(word) for row in table if len(row) == 6][1:]
    assert [row[1] for row in rows[: len(HOSTILE)]] == [plain(clean(name)) for name in HOSTILE]
    assert len(rows) == 400
    in_pdf = [row for table in pdf_tables(pdf) for row in table if len(row) == 6]
    in_pdf = [row for row in in_pdf if row[0].isdigit()]
    assert [row[0] for row in in_pdf] == [str(n) for n in range(1, 401)]
    for row, name in zip(in_pdf, HOSTILE, strict=False):
        shown = clean(name).translate({ord(c): LACKING for c in "日本😀"})
        assert row[1].replace(" ", "") == shown.replace(" ", "")
    assert outside_margins(pdf) == []
    assert pdf_fonts(pdf) == FONTS
