"""Papers read back: text, tables, type and margins of PDF and Word files.

Taking a PDF apart costs far more than writing it, so the last ones stay open.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import docx
import pdfplumber
import pypdfium2
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph
from pdfplumber.page import Page

MM = 72 / 25.4


def plain(text: str | None) -> str:
    """Text without how it was broken into lines."""
    return " ".join((text or "").replace("\u200b", "").split())


def pages(path: Path) -> list[Page]:
    """The pages of a PDF."""
    return _opened(path.read_bytes()).pages


@lru_cache(maxsize=4)
def _opened(content: bytes) -> pdfplumber.PDF:
    # By what a file holds: the same path may be written anew.
    return pdfplumber.open(io.BytesIO(content))


def pdf_pages(path: Path) -> list[str]:
    return [plain(page.extract_text()) for page in pages(path)]


def pdf_text(path: Path) -> str:
    return " ".join(pdf_pages(path))


def pdf_body(path: Path) -> str:
    """The text of all pages between their top and bottom margins."""
    return plain(
        " ".join(
            page.crop((0, 20 * MM, page.width, page.height - 20 * MM)).extract_text()
            for page in pages(path)
        )
    )


def pdf_tables(path: Path) -> list[list[list[str]]]:
    """The tables of all pages, cells without line breaks; a long table has a part a page."""
    return _tables(path.read_bytes())


@lru_cache(maxsize=4)
def _tables(content: bytes) -> list[list[list[str]]]:
    return [
        [[plain(cell) for cell in row] for row in table]
        for page in _opened(content).pages
        for table in page.extract_tables()
    ]


def pdf_fonts(path: Path) -> set[str]:
    """The fonts by name, each of which has to be embedded, as a subset."""
    names = {char["fontname"] for page in pages(path) for char in page.chars}
    assert all(re.match(r"[A-Z]{6}\+", name) for name in names), names
    return {name.split("+")[1] for name in names}


def outside_margins(path: Path, width: int = 210, height: int = 297) -> list[str]:
    """Characters left or right of the text, below it, or above the header, and pages not A4.

    Decree 30/2020: top and bottom 20 mm, left 30, right 15; the header stands in the top margin.
    Where their ink is, not their cells: blanks at the end of a line may stand outside, italics lean
    out by less than a point, and the last line's tails hang below it.
    """
    left, right = 30 * MM - 1, (width - 15) * MM + 1
    bottom, top = 20 * MM - 3, (height - 5) * MM
    found = []
    with pypdfium2.PdfDocument(path) as pdf:
        for number, page in enumerate(pdf, 1):
            if [round(side / MM) for side in page.get_size()] != [width, height]:
                found.append(f"page {number} of {page.get_size()}")
            text = page.get_textpage()
            for place in range(text.count_chars()):
                x0, y0, x1, y1 = text.get_charbox(place)
                if x0 < left or x1 > right or y0 < bottom or y1 > top:
                    char = text.get_text_range(place, 1)
                    found += [] if char.isspace() else [f"{char} on page {number}"]
    return found


def docx_blocks(path: Path) -> Iterator[Paragraph | Table]:
    document: Document = docx.Document(str(path))
    yield from document.iter_inner_content()


def docx_text(path: Path) -> str:
    """All text of the body, tables included, in its order."""
    parts = []
    for block in docx_blocks(path):
        if isinstance(block, Paragraph):
            parts.append(block.text)
        else:
            parts += [cell.text for row in block.rows for cell in row.cells]
    return plain(" ".join(parts))


def docx_tables(path: Path) -> list[list[list[str]]]:
    """The tables with a border: those of numbers, not those that only place text."""
    return [
        [[plain(cell.text) for cell in row.cells] for row in block.rows]
        for block in docx_blocks(path)
        if isinstance(block, Table) and 'w:insideH w:val="single"' in block._tbl.xml
    ]


def docx_headers(path: Path) -> list[str]:
    """The header of every kind of page of every section."""
    document: Document = docx.Document(str(path))
    return [
        plain(" ".join(paragraph.text for paragraph in header.paragraphs))
        for section in document.sections
        for header in (section.first_page_header, section.header)
    ]
