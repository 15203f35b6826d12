"""What tables and columns hold, in both languages: descriptions.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("descriptions.csv")
ANY_TABLE = "*"


@dataclass(frozen=True)
class Description:
    """`values` are all that a column of codes can hold; empty for other columns."""

    title_vi: str
    description_vi: str
    description_en: str
    values: tuple[str, ...]

    @property
    def both(self) -> str:
        return f"{self.description_vi} ({self.description_en})"


@cache
def read() -> dict[tuple[str, str], Description]:
    """By table and column; the column is empty where the table itself is described."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {
            (row["table"], row["column"]): Description(
                row["title_vi"],
                row["description_vi"],
                row["description_en"],
                tuple(row["values"].split()),
            )
            for row in csv.DictReader(file)
        }


def of_table(table: str) -> Description:
    return read()[table, ""]


def of_column(table: str, column: str) -> Description:
    """The column's own description in `table`, or else what it is in every table."""
    found = read()
    return found.get((table, column)) or found[ANY_TABLE, column]
