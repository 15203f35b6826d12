"""The Word files in an office program: they open, and nothing of them is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from service_index.publishing.documents import compliance, letter
from service_index.publishing.edition import SAMPLE_NOTICE
from tests.letter_support import month_before, ranked, release, unit
from tests.libreoffice import converted
from tests.paper_reading import (
    docx_tables,
    docx_text,
    outside_margins,
    pdf_body,
    pdf_pages,
    pdf_tables,
)


def numbered_rows(tables: list[list[list[str]]]) -> list[list[str]]:
    return [row for table in tables for row in table if row[0].isdigit()]


@pytest.fixture(scope="module")
def month():
    communes = ranked("commune", 104)
    return release(units=[*ranked("department", 13), *communes, unit("V1", "vertical_agency")])


def test_the_letter_converts_without_loss(month, tmp_path: Path) -> None:
    word, pdf = letter.write(month, [month_before()], tmp_path / "release")
    office = converted(word, "pdf", tmp_path)
    start, end = "Thực hiện Quyết định", "Nơi nhận:"
    ours, theirs = (
        text[text.index(start) : text.index(end)] for text in (docx_text(word), pdf_body(office))
    )
    assert theirs == ours
    assert numbered_rows(pdf_tables(office)) == numbered_rows(docx_tables(word))
    assert outside_margins(office) == []
    pages = pdf_pages(office)
    assert all(f"{SAMPLE_NOTICE} – CHÍNH THỨC – Số liệu đến" in page for page in pages)
    assert abs(len(pages) - len(pdf_pages(pdf))) <= 2
    for first in ("UBND TỈNH BÌNH AN", "Phụ lục I XẾP HẠNG", "Phụ lục II ĐƠN VỊ"):
        (number,) = (n for n, page in enumerate(pages) if first in page)
        assert pages[number].startswith(SAMPLE_NOTICE), "the first page has no number"
        if number + 1 < len(pages) and "Phụ lục" not in pages[number + 1]:
            assert pages[number + 1].startswith(f"2 {SAMPLE_NOTICE}")


def test_the_annex_converts_without_loss(month, tmp_path: Path) -> None:
    word, pdf = compliance.write(month, tmp_path / "release")
    office = converted(word, "pdf", tmp_path)
    rows = numbered_rows(docx_tables(word))
    assert len(rows) > 200
    assert numbered_rows(pdf_tables(office)) == rows
    assert outside_margins(office, 297, 210) == []
    assert abs(len(pdf_pages(office)) - len(pdf_pages(pdf))) <= 3
