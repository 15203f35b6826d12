"""The form with figures missing, with identities that hold, real, and with any text in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import docx
import openpyxl
import pytest

from service_index.publishing.documents import form as documents
from service_index.publishing.edition import SAMPLE_NOTICE
from service_index.publishing.form import BY_HAND, FormRelease
from tests.form_paper import PRINTED, paper_form
from tests.form_reading import form_sheet, pdf_lines, sheet_lines, shown, word_table, written
from tests.paper_reading import outside_margins, pages, pdf_text, plain

STATUS_LINE = "TẠM TÍNH – Số liệu đến 00:00 16/09/2025 – Bản công bố 2025Q3.r1"
HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "<script>alert(1)</script>",
    "{{ 7*7 }} {% raw %} {%tr x %}",
    '#import "x.typ": *; #panic() $x$ \\ @ref <label>',
    "chữ\x1b[2J \u202engược \ufffe\uffff \ue000 字 🏛",
    "&amp; ]]> ' \" \\n",
    "a" * 5000,
]


def test_a_form_that_adds_up_says_so(tmp_path: Path) -> None:
    form = paper_form()
    checks = [check if check.holds is None else replace(check, holds=True) for check in form.checks]
    paths = written(replace(form, checks=checks), tmp_path)
    assert "Không có đẳng thức nào không khớp." in pdf_text(paths["pdf"])
    document = docx.Document(str(paths["docx"]))
    assert document.paragraphs[-1].text == "Không có đẳng thức nào không khớp."
    assert len(document.tables) == 3


def test_without_figures_of_a_clerk_the_blanks_say_so(
    tmp_path: Path,
) -> None:
    form = paper_form()
    rows = [
        replace(row, value=None, printed_value=None, note_vi=None)
        if row.origin == BY_HAND or row.row_code in ("DVC.3.1", "3.2")
        else row
        for row in form.rows
    ]
    paths = written(replace(form, rows=rows), tmp_path)
    lines = pdf_lines(paths["pdf"])
    blank = {number: note for number, _, _, value, note in lines if note and not value}
    assert blank["3.2"] == "Không có số liệu"
    assert blank["2.2"] == "Chưa nhập số liệu"
    assert len([note for *_, note in lines if note]) == 14
    assert documents.ENTERED_BY_HAND not in pdf_text(paths["pdf"]).lower()
    assert "Ô số liệu để trống" in pdf_text(paths["pdf"])
    cells = sheet_lines(form_sheet(paths["xlsx"]))
    assert [[plain(shown(cell)) for cell in row] for row in cells] == lines


def test_real_data_say_nothing_of_a_sample(tmp_path: Path) -> None:
    paths = written(paper_form(is_sample=False), tmp_path)
    assert SAMPLE_NOTICE not in pdf_text(paths["pdf"])
    document = docx.Document(str(paths["docx"]))
    for header in (document.sections[0].first_page_header, document.sections[0].header):
        assert header.paragraphs[-1].text == STATUS_LINE
    for sheet in openpyxl.load_workbook(paths["xlsx"]):
        assert not sheet.oddHeader.right.text
        for row in sheet.iter_rows(values_only=True):
            assert SAMPLE_NOTICE not in row


def filled_with(text: str) -> FormRelease:
    """A form with `text` wherever a text of the database is printed."""
    form = paper_form(province_name=text)
    rows = [
        replace(row, label_vi=text, note_vi=text, unit_of_measure=text)
        if row.row_code in ("CD.2.1", "3.1")
        else row
        for row in form.rows
    ]
    rows = [
        replace(row, heading_vi=text) if (row.heading_vi or "").startswith("Thống kê") else row
        for row in rows
    ]
    checks = [replace(check, description_vi=text, formula=text) for check in form.checks]
    return replace(form, rows=rows, checks=checks)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(tmp_path: Path, text: str) -> None:
    form = filled_with(text)
    paths = written(form, tmp_path)

    (kept, *others) = (
        line["label"]
        for line in documents.printed(form)["lines"]
        if line["code"] in {"CD.2.1", "3.1"}
    )
    assert others == [kept]
    lines = [[plain(cell.text) for cell in row.cells] for row in word_table(paths["docx"], 1).rows]
    assert [line[1] for line in lines].count(plain(kept)) == 3
    assert [line[3] for line in lines if line[3] in PRINTED.values()] == list(PRINTED.values())

    assert outside_margins(paths["pdf"]) == []
    assert not any(page.annots or page.hyperlinks for page in pages(paths["pdf"]))

    for sheet in openpyxl.load_workbook(paths["xlsx"]):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None
    labels = [row[1].value for row in sheet_lines(form_sheet(paths["xlsx"]))]
    assert labels.count(kept) == 3
