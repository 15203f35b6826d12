"""The form's documents read back: rows of cells, without how they were broken into lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docx
import openpyxl
import pdfplumber


def plain(text: str | None) -> str:
    """Text without how it was broken into lines."""
    return " ".join((text or "").replace("\u200b", "").split())


def pdf_tables(path: Path) -> list[list[list[str]]]:
    """Each page's table, its two rows of heads included."""
    with pdfplumber.open(path) as pdf:
        return [
            [[plain(cell) for cell in row] for row in table]
            for page in pdf.pages
            for table in page.extract_tables()
        ]


def pdf_lines(path: Path) -> list[list[str]]:
    return [row for table in pdf_tables(path) if table[0][3] == "" for row in table[2:]]


def pdf_text(path: Path) -> str:
    with pdfplumber.open(path) as pdf:
        return plain(" ".join(page.extract_text() for page in pdf.pages))


def word_table(path: Path, number: int) -> Any:
    return docx.Document(str(path)).tables[number]


def form_sheet(path: Path) -> Any:
    return openpyxl.load_workbook(path)["Biểu mẫu"]


def sheet_lines(sheet: Any) -> list[list[Any]]:
    """The cells of the form's rows: those under the heads with a border."""
    found = list(sheet.iter_rows())
    (heads,) = (place for place, row in enumerate(found) if row[0].value == "Stt")
    return [list(row[:5]) for row in found[heads + 2 :] if row[0].border.left.style]
