"""The least that ingest can cost: the same bytes fetched, decoded into typed fields and dropped;
and rows that are ready, copied into the raw table in PostgreSQL's binary form.

Nothing is landed, checked, compared, hashed or refused.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import psycopg

from service_index.loading.contracts.dossiers import CONTRACT, DossierRecord
from tests.benchmarks.ingest.pages import pages
from tests.benchmarks.measuring import Work

_CHUNK_BYTES = 1024 * 1024
_read = msgspec.json.Decoder(list[DossierRecord]).decode
_COLUMNS = ", ".join(CONTRACT.raw_columns)


def ready_rows(dsn: str, file: str) -> Work:
    """Keep the raw table's rows in binary form: what `dossiers` copies."""

    def work() -> None:
        with (
            psycopg.connect(dsn) as connection,
            connection.cursor() as cursor,
            Path(file).open("wb") as target,
            cursor.copy(f"copy raw.dossiers ({_COLUMNS}) to stdout (format binary)") as copy,
        ):
            for chunk in copy:
                target.write(chunk)

    return work


def dossiers(dsn: str, source_uri: str, file: str) -> Work:
    """Fetch and decode, then copy the rows of `file` into an empty raw table."""
    connection = psycopg.connect(dsn)

    def work() -> dict[str, float]:
        started = time.perf_counter()
        count = sum(len(_read(page.data)) for page in pages(source_uri, "dossiers"))
        decoded = time.perf_counter()
        statement = f"copy raw.dossiers ({_COLUMNS}) from stdin (format binary)"
        with Path(file).open("rb") as rows, connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                while chunk := rows.read(_CHUNK_BYTES):
                    copy.write(chunk)
            assert cursor.rowcount == count, (cursor.rowcount, count)
        connection.commit()
        return {"fetch and decode": decoded - started, "copy": time.perf_counter() - decoded}

    return work
