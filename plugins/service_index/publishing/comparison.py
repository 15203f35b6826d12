"""Whether two files of a table are the same, or hold the same values however they were written."""

from __future__ import annotations

import csv
import filecmp
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pyarrow.parquet as pq
from pyarrow import ArrowException

from service_index.publishing.open_data import parquet
from service_index.publishing.open_data.tables import NOTICE

# What makes a text inert in a spreadsheet; which texts need it, versions of the software differ.
_MADE_INERT = re.compile("(^|;)'")


def is_same(one: Path, other: Path) -> bool:
    """The same bytes; of Parquet the same rows, types and facts, whoever compressed them."""
    if one.suffix != ".parquet":
        return filecmp.cmp(one, other, shallow=False)
    try:
        return parquet.is_same(one, other)
    except (OSError, ArrowException):
        return False


def has_same_values(one: Path, other: Path) -> bool:
    """The same rows under the same names, as far as they come from the database.

    The notice of sample data is wording; quotes, types and facts beside the rows are the writer's.
    """
    rows = _parquet_rows if one.suffix == ".parquet" else _csv_rows
    try:
        return all(left == right for left, right in zip_longest(rows(one), rows(other)))
    except (OSError, ArrowException, csv.Error, UnicodeDecodeError):
        return False


def _csv_rows(path: Path) -> Iterator[object]:
    """The names, then the rows; a row's length counts, too."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True)
        names = next(rows, [])
        yield names
        notices = {place for place, name in enumerate(names) if name == NOTICE}
        for row in rows:
            yield [
                _MADE_INERT.sub(r"\1", text)
                for place, text in enumerate(row)
                if place not in notices
            ]


def _parquet_rows(path: Path) -> Iterator[object]:
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        yield names
        for batch in file.iter_batches(columns=[name for name in names if name != NOTICE]):
            yield from batch.to_pylist()
