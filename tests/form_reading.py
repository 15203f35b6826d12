"""The form's documents read back: rows of cells, without how they were broken into lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import openpyxl

from service_index.publishing.documents import form as documents
from service_index.publishing.form import FormRelease
from tests.paper_reading import pdf_tables


def written(form: FormRelease, folder: Path, templates: Path | None = None) -> dict[str, Path]:
    """The files of a form by their kinds, and no others."""
    paths = documents.write(form, folder, templates)
    assert sorted(path.name for path in (folder / "documents").iterdir()) == [
        "statistical_form.docx",
        "statistical_form.pdf",
        "statistical_form.xlsx",
    ]
    return {path.suffix[1:]: path for path in paths}


def pdf_lines(path: Path) -> list[list[str]]:
    """The rows of the form on all pages, under its two rows of heads."""
    return [row for table in pdf_tables(path) if table[0][3] == "" for row in table[2:]]


def word_table(path: Path, number: int) -> Any:
    return docx.Document(str(path)).tables[number]


def all_paragraphs(document: Any) -> Iterator[Any]:
    yield from document.paragraphs
    for table in document.tables:
        for row in table.rows:
            for cell in row.cells:
                yield from cell.paragraphs


def form_sheet(path: Path) -> Any:
    return openpyxl.load_workbook(path)["Biểu mẫu"]


def sheet_lines(sheet: Any) -> list[list[Any]]:
    """The cells of the form's rows: those under the heads with a border."""
    found = list(sheet.iter_rows())
    (heads,) = (place for place, row in enumerate(found) if row[0].value == "Stt")
    return [list(row[:5]) for row in found[heads + 2 :] if row[0].border.left.style]


def shown(cell: Any) -> str:
    """What a spreadsheet shows of a cell of the form."""
    value, shape = cell.value, cell.number_format
    if not isinstance(value, int | float):
        return str(value or "")
    assert value == int(value), "only whole numbers are printed exactly"
    if shape == '[>=1000000]0"."000"."000;[>=1000]0"."000;0':
        return f"{int(value):,}".replace(",", ".")
    if shape == '0"%"':
        return f"{int(value)}%"
    assert set(shape) == {"0"}, shape
    return str(int(value)).zfill(len(shape))
