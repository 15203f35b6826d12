"""Run the SQL script with DuckDB, into a database file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.benchmarks import volume
from tests.benchmarks.measuring import ROOT, Work

PARTS = sorted((Path(__file__).parent / "duckdb_sql").glob("*.sql"))


def marts(landing: str, target: str) -> Work:
    """All marts of August from the landed files, into `target`."""
    Path(target).unlink(missing_ok=True)
    connection = duckdb.connect(target)
    # Its threads are as many as the processor's, its memory is bounded by the machine's.
    connection.execute("set enable_progress_bar = false")
    variables = {
        "landing": landing,
        "seeds": str(ROOT / "dbt_project" / "seeds"),
        "month": volume.FIRST,
    }
    for name, value in variables.items():
        connection.execute(f"set variable {name} = '{value}'")
    script = "\n".join(part.read_text(encoding="utf-8") for part in PARTS)

    def work() -> None:
        connection.execute(script)
        connection.close()

    return work
