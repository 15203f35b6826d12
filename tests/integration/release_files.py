"""Reading a release's files back."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from openpyxl.workbook import Workbook
from psycopg.rows import dict_row

from service_index.publishing.edition import editions
from service_index.publishing.folder import snapshot
from service_index.publishing.open_data import files
from service_index.publishing.open_data.sheet import HEADING_ROW
from service_index.publishing.open_data.tables import Table, tables_of


def read_csv(path: Path) -> list[dict[str, str]]:
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def read_value(text: str, type_name: str) -> Any:
    """A cell of a CSV file as the database has it; an empty text is None, too."""
    if text == "":
        return None
    if type_name == "boolean":
        return {"true": True, "false": False}[text]
    if type_name == "date":
        return date.fromisoformat(text)
    return Decimal(text) if type_name in {"integer", "number"} else text


def tables_alone(connection: psycopg.Connection, release_id: str, folder: Path) -> Path:
    """Write the tables of a release into `folder` and nothing else, which takes less time."""
    with snapshot(connection):
        files.write_tables(connection, editions(connection, release_id)[-1], folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under `folder` by its path in there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def sheet_rows(book: Workbook, name: str) -> list[dict[str, Any]]:
    """A sheet's rows by the first line of their headings."""
    lines = list(book[name].iter_rows(min_row=HEADING_ROW + 1, values_only=True))
    headings = [str(heading).split("\n")[0] for heading in lines[0]]
    assert len(set(headings)) == len(headings)
    return [dict(zip(headings, line, strict=True)) for line in lines[1:]]


def public_rows(
    connection: psycopg.Connection, release_id: str
) -> list[tuple[Table, list[dict[str, Any]]]]:
    """What the public may see of a release, table by table, in the order of the keys."""
    found = []
    for table in tables_of(connection, release_id):
        order = ", ".join(f'{name} collate "C"' for name in table.key)
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                f"select * from published.{table.source} where release_id = %s order by {order}",
                [release_id],
            ).fetchall()
        found.append((table, rows))
    connection.commit()
    return found
