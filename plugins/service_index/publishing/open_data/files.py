"""Writes the tables of a release into its folder, as CSV and as Parquet."""

from __future__ import annotations

from pathlib import Path

import psycopg

from service_index.publishing.edition import Edition
from service_index.publishing.open_data import csv, parquet
from service_index.publishing.open_data.tables import Table, changes_table, tables_of


def write_tables(connection: psycopg.Connection, edition: Edition, folder: Path) -> list[Table]:
    """Write all tables of `edition` into `folder`, which exists; return those that got a file.

    `connection` is in a transaction; what it sees are the rows. The same edition gives the same
    bytes.
    """
    (folder / "data").mkdir()
    csv.write_release(connection, edition, folder)
    tables = [*tables_of(connection, edition.release_id), changes_table(connection)]
    written = csv.write_tables(connection, edition, tables, folder)
    for table in written:
        if table.parquet_path is not None:
            parquet.write(connection, edition, table, folder / table.parquet_path)
    return written
