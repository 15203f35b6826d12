"""Parquet files of a release: the published values with exact types, streamed.

Text is as published: nothing that reads Parquet takes it for a formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from service_index.publishing.edition import SAMPLE_NOTICE, Edition
from service_index.publishing.open_data.csv import instant
from service_index.publishing.open_data.tables import NOTICE, Field, Table

ROWS_AT_A_TIME: Final = 10_000

# The marts divide to thirty decimals, which leaves eight digits before the point.
NUMBER: Final = pa.decimal128(38, 30)
DIGITS: Final = 76  # of a decimal256, the widest number of Parquet
_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}


def write(connection: psycopg.Connection, edition: Edition, table: Table, path: Path) -> None:
    """Write the rows of `table`, a row group at a time; `connection` is in a transaction.

    A number that no decimal of Parquet holds raises ArrowInvalid: nothing is rounded on the way.
    """
    schema = _schema(edition, table, _numbers(connection, edition, table))
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in _batches(connection, edition, table):
            columns = zip(*rows, strict=True)
            arrays = [
                pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _numbers(
    connection: psycopg.Connection, edition: Edition, table: Table
) -> dict[str, pa.DataType]:
    """Types of the columns of numbers, as narrow as all their rows allow.

    A column is of decimal256 only where it must be: many readers, DuckDB and Polars among them,
    read such a one inexactly or not at all.
    """
    names = [field.name for field in table.fields if field.type == "number"]
    sizes = [
        sql.SQL(
            "coalesce(max(length(trunc(abs({0}))::text)), 0), "
            "coalesce(max(scale(trim_scale({0}))), 0)"
        ).format(sql.Identifier("t", name))
        for name in names
    ]
    if not names:
        return {}
    (found,) = connection.execute(
        sql.SQL("select {} from published.{} as t where t.release_id = {}").format(
            sql.SQL(", ").join(sizes), sql.Identifier(table.source), edition.release_id
        )
    ).fetchall()
    return {
        name: _number(*size)
        for name, size in zip(names, zip(found[::2], found[1::2], strict=True), strict=True)
    }


def _number(before: int, after: int) -> pa.DataType:
    """The type of numbers with so many digits before and after the point; both are at most."""
    if before <= NUMBER.precision - NUMBER.scale and after <= NUMBER.scale:
        return NUMBER
    # Thirty decimals wherever they fit, so that few releases differ in type.
    after = max(after, min(NUMBER.scale, DIGITS - before))
    return pa.decimal256(DIGITS, after) if before + after <= DIGITS else NUMBER


def _schema(edition: Edition, table: Table, numbers: dict[str, pa.DataType]) -> pa.Schema:
    """Types by field; what the release says of itself stands in the file's metadata."""
    facts = {
        "release_id": edition.release_id,
        "status": edition.status,
        "data_cutoff": instant(edition.data_cutoff),
    }
    if edition.is_sample:
        facts[NOTICE] = SAMPLE_NOTICE
    return pa.schema(
        [
            pa.field(f.name, numbers.get(f.name) or _TYPES[f.type], nullable=not f.is_required)
            for f in table.fields
        ],
        metadata=facts,
    )


def is_same(one: Path, other: Path) -> bool:
    """Whether two files hold the same rows, types and facts, whoever compressed them."""
    with pq.ParquetFile(one) as left, pq.ParquetFile(other) as right:
        if left.num_row_groups != right.num_row_groups:
            return False
        return left.schema_arrow.equals(right.schema_arrow, check_metadata=True) and all(
            left.read_row_group(number).equals(right.read_row_group(number))
            for number in range(left.num_row_groups)
        )


def _batches(
    connection: psycopg.Connection, edition: Edition, table: Table
) -> Iterator[list[tuple[Any, ...]]]:
    values = [_value(edition, field) for field in table.fields]
    # On the server's side, so that a release of any size takes the same memory.
    with connection.cursor(name="open_data") as cursor:
        cursor.execute(table.select(values, edition.release_id))
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield rows


def _value(edition: Edition, field: Field) -> sql.Composable:
    if field.name == NOTICE:
        return sql.SQL("{}::text").format(SAMPLE_NOTICE if edition.is_sample else None)
    value = sql.Identifier("t", field.name)
    # Zeros at the end take no place.
    return sql.SQL("trim_scale({})").format(value) if field.type == "number" else value
