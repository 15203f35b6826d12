"""Good data for the gates, and how the tests read what a gate left behind."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

FIXTURES = Path(__file__).parents[1] / "fixtures"
# The batch of each feed in gate_batches.sql, and the months of gate_marts.sql.
BATCH_OF = {
    "units": 1,
    "procedures": 2,
    "dossiers": 3,
    "payments": 4,
    "petitions": 5,
    "ratings": 6,
    "national_scores": 8,
}
BATCHES = list(BATCH_OF.values())
MONTHS = [date(2025, 2, 1), date(2025, 3, 1)]


def fill(connection: psycopg.Connection, *names: str) -> None:
    """Run fixture files and commit."""
    for name in names:
        connection.execute((FIXTURES / name).read_text(encoding="utf-8"))
    connection.commit()


def change(connection: psycopg.Connection, statement: str) -> None:
    """Change the data and commit: a gate reads over connections of its own."""
    connection.execute(statement)
    connection.commit()


def rows(connection: psycopg.Connection, query: str) -> list[dict[str, Any]]:
    """What the query finds now."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query).fetchall()
    connection.commit()
    return found


def status_of(connection: psycopg.Connection) -> dict[int, str]:
    """The status of every batch that has been gated, by id; the others are `loaded`."""
    return {
        row["batch_id"]: row["status"] if row["gated_at"] else "loaded"
        for row in rows(connection, "select batch_id, status, gated_at from ops.batch")
    }
