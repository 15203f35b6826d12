"""The form's Word file and spreadsheet in an office suite: nothing is lost, numbers look alike."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from service_index.publishing.documents import form as documents
from tests.form_paper import paper_form
from tests.form_reading import pdf_lines
from tests.libreoffice import converted
from tests.paper_reading import pages, pdf_tables, plain

# Comma, quotes, UTF-8, from the first line on; numbers as the cells show them.
AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    paths = documents.write(paper_form(), tmp_path_factory.mktemp("release"))
    return {path.suffix[1:]: path for path in paths}


def test_the_word_file_prints_as_the_pdf_does(written: dict[str, Path], tmp_path: Path) -> None:
    pdf = converted(written["docx"], "pdf", tmp_path)
    assert pdf_lines(pdf) == pdf_lines(written["pdf"])
    # The identities on the last page, too; and each page of the form begins with its heads.
    *of_form, of_checks = pdf_tables(pdf)
    *expected, expected_checks = pdf_tables(written["pdf"])
    assert of_checks == expected_checks
    assert len(of_form) == 3
    assert all(table[:2] == expected[0][:2] for table in of_form)
    texts = [page.extract_text() for page in pages(pdf)]
    assert len(texts) == 4
    for number, text in enumerate(texts, 1):
        head = text.splitlines()[:2]
        assert any(line.startswith("DỮ LIỆU MẪU – TẠM TÍNH – Số liệu đến") for line in head)
        assert (head[0] == str(number)) is (number > 1)
    for blank in ("NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG CƠ QUAN"):
        assert blank in texts[2]


def test_a_spreadsheet_shows_each_figure_as_it_is_printed(
    written: dict[str, Path], tmp_path: Path
) -> None:
    path = converted(written["xlsx"], AS_SHOWN, tmp_path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = [[plain(cell) for cell in row] for row in csv.reader(file)]
    (heads,) = (place for place, row in enumerate(rows) if row[0] == "Stt")
    lines = pdf_lines(written["pdf"])
    assert rows[heads + 2 : heads + 2 + len(lines)] == lines


def test_a_printed_spreadsheet_loses_no_line(written: dict[str, Path], tmp_path: Path) -> None:
    pdf = converted(written["xlsx"], "pdf", tmp_path)
    found = pages(pdf)
    # Two upright pages of the form; the identities and the exact values lie on their side.
    assert [page.width < page.height for page in found] == [True, True, False, False, False]
    for page in found:
        assert "DỮ LIỆU MẪU" in page.extract_text()
        assert "TẠM TÍNH – Số liệu đến 00:00 16/09/2025" in page.extract_text()
    of_form, exact = (
        [[plain(cell) for cell in row] for page in part for row in page.extract_tables()[0]]
        for part in (found[:2], found[3:])
    )
    lines = pdf_lines(written["pdf"])
    assert [row for row in of_form if row[0] not in {"Stt", ""}] == lines
    # A row is as high as its text, or the text would stand in the rows beside it.
    assert {row[2] for row in exact if row[1] != "Stt"} <= {line[1] for line in lines}
    assert len(exact) > 30
