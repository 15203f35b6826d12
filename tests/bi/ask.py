"""Asks the marts as people do who have a login and a tool; prints what each tool gave, as JSON.

python ask.py PSQL HOST DATABASE LOGIN QUERY …    (runs in .venv/clients, without the project)
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import duckdb
import pandas
import psycopg
import sqlalchemy
from duckdb_extensions import import_extension


def main(psql: str, host: str, database: str, login: str, *queries: str) -> None:
    engine = sqlalchemy.create_engine(f"postgresql+psycopg://{login}@/{database}?host={host}")
    dsn = f"host={host} dbname={database} user={login}"

    def by_psql(query: str) -> list[str]:
        done = subprocess.run(
            [psql, "--no-psqlrc", "--csv", "--tuples-only", "--command", query, dsn],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip().split(",")

    def by_sqlalchemy(query: str) -> list[str]:
        with engine.connect() as connection:
            return [str(value) for value in connection.execute(sqlalchemy.text(query)).one()]

    def by_pandas(query: str) -> list[str]:
        # Else it makes floats of numerics.
        frame = pandas.read_sql(query, engine, coerce_float=False)
        return [str(value) for value in frame.iloc[0]]

    def by_psycopg(query: str) -> list[str]:
        with psycopg.connect(dsn) as connection:
            return [str(value) for value in connection.execute(query).fetchone() or ()]

    import_extension("postgres_scanner")
    scanner = duckdb.connect()
    scanner.execute(f"attach '{dsn}' as warehouse (type postgres, read_only)")

    def by_duckdb(query: str) -> list[str]:
        """DuckDB's own aggregates over the tables, which it scans: numerics are doubles there."""
        row = scanner.execute(query.replace("marts.", "warehouse.marts.")).fetchone()
        return [str(value) for value in row or ()]

    def by_duckdb_in_postgres(query: str) -> list[str]:
        """The same sum made by PostgreSQL, and brought over as text: exact."""
        inner = query.replace("sum(total_score)", "sum(total_score)::text")
        row = scanner.execute("select * from postgres_query('warehouse', ?)", [inner]).fetchone()
        return [str(value) for value in row or ()]

    clients: dict[str, Callable[[str], list[str]]] = {
        "psql": by_psql,
        "psycopg": by_psycopg,
        "SQLAlchemy": by_sqlalchemy,
        "pandas": by_pandas,
        "DuckDB": by_duckdb,
        "DuckDB, in PostgreSQL": by_duckdb_in_postgres,
    }
    answers = {name: [_answer(ask, query) for query in queries] for name, ask in clients.items()}
    print(json.dumps(answers))


def _answer(ask: Callable[[str], list[str]], query: str) -> list[str]:
    try:
        return ask(query)
    except Exception as error:  # each client has its own
        return [str(error)]


if __name__ == "__main__":
    main(*sys.argv[1:])
