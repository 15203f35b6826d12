"""The month's workbook in an office suite: it opens, and each sheet holds what was written."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from service_index.publishing.open_data import workbook
from service_index.publishing.open_data.sheet import HEADING_ROW
from tests.letter_support import ranked, release, unit
from tests.libreoffice import converted

# Comma, quotes, UTF-8, from the first line on; not as shown, every sheet to a file of its own.
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"


@pytest.fixture(scope="module")
def month():
    communes = ranked("commune", 104)
    return release(units=[*ranked("department", 13), *communes, unit("V1", "vertical_agency")])


def sheets(path: Path, folder: Path) -> dict[str, list[list[str]]]:
    """The rows of every sheet, as LibreOffice reads them."""
    converted(path, EVERY_SHEET, folder)
    found = {}
    for file in folder.glob(f"{path.stem}-*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem.removeprefix(f"{path.stem}-")] = list(csv.reader(lines))
    return found


def test_the_workbook_opens_and_its_sums_are_those_of_the_release(month, tmp_path: Path) -> None:
    workbook.write(month, tmp_path / "month.xlsx")
    found = sheets(tmp_path / "month.xlsx", tmp_path)
    headings, *rows = found["Xếp hạng"][HEADING_ROW:]
    total = next(n for n, heading in enumerate(headings) if heading.startswith("Tổng điểm"))
    assert len(rows) == len(month.units)
    opened = sum(Decimal(row[total]) for row in rows if row[total])
    published = sum(unit.total_score or 0 for unit in month.units.values())
    assert abs(opened - published) < Decimal("1e-9")
    for name, lines in found.items():
        text = "\n".join(cell for line in lines for cell in line)
        assert "DỮ LIỆU MẪU" in text, name
        assert "#REF!" not in text
        assert "Err:" not in text
