"""CSV files of a release, streamed from the database, inert in a spreadsheet.

The same release gives the same bytes, whatever the session's settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from service_index.publishing import content
from service_index.publishing.edition import SAMPLE_NOTICE, Edition
from service_index.publishing.open_data.tables import NOTICE, RELEASE_TABLE, Field, Table
from service_index.publishing.relations import Kind

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it, spreadsheets misread Vietnamese letters

# A spreadsheet takes a text that begins like this for a formula, in full width letters too;
# a negative number is none.
_SIGN = "[-=+@＝＋－＠|]"
_FORMULA = rf"^(?!-[0-9.]+$)\s*{_SIGN}"
# Where a spreadsheet splits at semicolons, as in Vietnam, a new cell begins within a text. Quotes
# do not hold it together: there they stand in the midst of a cell, so they are letters.
_FORMULA_IN_TEXT = rf';(?!-[0-9.]+\s*(?:;|$))(["\s]*{_SIGN})'
# Control characters, line and paragraph separators, and marks that turn the writing direction.
_INVISIBLE = r"[\u0001-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]"


def write_tables(
    connection: psycopg.Connection, edition: Edition, tables: Iterable[Table], folder: Path
) -> list[Table]:
    """Write `tables` at their paths under `folder`; return those that got a file.

    Without a row a sample table could not say that it is one, so it gets none; but for the
    changes, whose absence would be a question.
    """
    written = []
    for table in tables:
        path = folder / table.csv_path
        if _write(connection, _table_query(table, edition), path) or table.name == "change":
            written.append(table)
        else:
            path.unlink()
    return written


def write_release(connection: psycopg.Connection, edition: Edition, folder: Path) -> None:
    """One row: the release as it was at its stamp."""
    values = [
        sql.SQL("{} as {}").format(_fact(edition, field), sql.Identifier(field.name))
        for field in RELEASE_TABLE.fields
    ]
    query = RELEASE_TABLE.select(values, edition.release_id)
    _write(connection, query, folder / RELEASE_TABLE.csv_path)


def write_index(connection: psycopg.Connection, period: str, path: Path) -> None:
    """The releases of a period with their present status: what is not fixed in their folders."""
    query = sql.SQL(
        "select case when r.is_sample then {notice} end as {notice_name}, r.release_id, r.kind, "
        "r.period, {province_code} as province_code, r.revision, r.status, r.reason, "
        "{created_at} as created_at, r.catalogue_version, {data_cutoff} as data_cutoff, "
        "r.content_sha256, r.previous_release_id, r.code_revision, r.is_current::text "
        "from published.release as r where r.period = {period} order by r.revision"
    ).format(
        notice=SAMPLE_NOTICE,
        notice_name=sql.Identifier(NOTICE),
        province_code=_inert(sql.Identifier("r", "province_code")),
        created_at=_instant("created_at"),
        data_cutoff=_instant("data_cutoff"),
        period=period,
    )
    _write(connection, query, path)


def instant(value: datetime) -> str:
    """UTC to the microsecond, as every file writes an instant."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _write(connection: psycopg.Connection, query: sql.Composed, path: Path) -> bool:
    """Stream the query's rows into a CSV file; false when there was none."""
    statement = sql.SQL("copy ({}) to stdout (format csv, header, encoding 'UTF8')").format(query)
    with connection.cursor() as cursor:
        with path.open("wb") as file, cursor.copy(statement) as rows:
            file.write(BYTE_ORDER_MARK)
            file.writelines(rows)
        return cursor.rowcount > 0


def _table_query(table: Table, edition: Edition) -> sql.Composed:
    values = []
    for field in table.fields:
        if field.name == NOTICE:
            value = _fact(edition, field)
        else:
            value = content.as_text(field.column, "t")
            if field.column.kind is Kind.TEXT:
                value = _inert(value)
        values.append(sql.SQL("{} as {}").format(value, sql.Identifier(field.name)))
    return table.select(values, edition.release_id)


def _fact(edition: Edition, field: Field) -> sql.Composed:
    if field.name == NOTICE:
        value = SAMPLE_NOTICE if edition.is_sample else None
    else:
        value = getattr(edition, field.name)
    if isinstance(value, datetime):
        value = instant(value)
    text = sql.SQL("{}::text").format(None if value is None else str(value))
    return _inert(text)


def _instant(column: str) -> sql.Composed:
    """As `instant`, in SQL, whatever the session's settings."""
    return sql.SQL("to_char({} at time zone 'UTC', {})").format(
        sql.Identifier("r", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    )


def _inert(text: sql.Composable) -> sql.Composed:
    """Text that a spreadsheet shows and does not run; null stays null."""
    visible = sql.SQL("regexp_replace({}, {}, ' ', 'g')").format(text, _INVISIBLE)
    parted = sql.SQL("regexp_replace({}, {}, {}, 'g')").format(visible, _FORMULA_IN_TEXT, r";'\1")
    return sql.SQL("case when {0} ~ {1} then '''' || {0} else {0} end").format(parted, _FORMULA)
