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
from service_index.publishing.open_data.tables import NOTICE, Table

ROWS_AT_A_TIME: Final = 10_000

# The marts divide to thirty decimals; eight digits are left before the point. A number that
# needs more of either raises ArrowInvalid: nothing is rounded on the way.
NUMBER: Final = pa.decimal128(38, 30)
_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": NUMBER,
    "date": pa.date32(),
    "boolean": pa.bool_(),
}


def write(connection: psycopg.Connection, edition: Edition, table: Table, path: Path) -> None:
    """Write the rows of `table`, a row group at a time; `connection` is in a transaction."""
    schema = schema_of(edition, table)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in _batches(connection, edition, table):
            columns = zip(*rows, strict=True)
            arrays = [
                pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def schema_of(edition: Edition, table: Table) -> pa.Schema:
    """Types by field; what the release says of itself stands in the file's metadata."""
    facts = {
        "release_id": edition.release_id,
        "status": edition.status,
        "data_cutoff": instant(edition.data_cutoff),
    }
    if edition.is_sample:
        facts[NOTICE] = SAMPLE_NOTICE
    return pa.schema(
        [pa.field(f.name, _TYPES[f.type], nullable=not f.is_required) for f in table.fields],
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
    values = [
        sql.SQL("{}::text").format(SAMPLE_NOTICE if edition.is_sample else None)
        if field.name == NOTICE
        else sql.Identifier("t", field.name)
        for field in table.fields
    ]
    # On the server's side, so that a release of any size takes the same memory.
    with connection.cursor(name="open_data") as cursor:
        cursor.execute(table.select(values, edition.release_id))
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield rows
