"""A day's transform reads the records of the months that the day touches, and of no others.

Held against the server's own counts of rows read, so that it says the same on any machine.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from service_index.orchestration import stages
from simulator import dataset
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline

# So many copies of every record, two years before it: months that no later day touches.
COPIES = 12
SCORED = ("2023-03-01", "2023-04-01", "2023-05-01")
TIMES = {
    "dossiers": (
        "dossier_id",
        ("received_at", "due_at", "finished_at", "returned_at", "synced_to_portal_at"),
    ),
    "payments": ("payment_id", ("paid_at",)),
    "ratings": ("rating_id", ("rated_at",)),
}
# Tables with a row for every record, and what such a row is in the feed's raw table.
HELD = {
    "raw.dossiers": "dossiers",
    "marts.fct_dossier": "dossiers",
    "raw.payments": "payments",
    "intermediate.int_dossier_payment": "payments",
    "raw.ratings": "ratings",
    "intermediate.int_rating": "ratings",
}


def test_a_day_reads_no_month_that_it_does_not_touch(
    warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dataset.ensure(tmp_path / "province", "small")
    with SampleSource(folder) as source:
        pipeline = open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)
        pipeline.ingest("2025-03-01", "2025-05-20")
        _put_history_before(pipeline)
        stages.transform()
        history = _history(pipeline)
        pipeline.ingest("2025-05-20", "2025-05-21")
    with pipeline.connect() as connection:
        connection.execute("select pg_stat_reset()")
        connection.commit()
    report = stages.transform()
    assert report.transform_run_id is not None
    assert not report.is_full_refresh
    read = _rows_read(pipeline)
    assert {
        table: (read[table], history[table]) for table in HELD if read[table] >= history[table]
    } == {}


def _put_history_before(pipeline: Pipeline) -> None:
    """Copies of all records two years earlier, in the batches that brought them."""
    with pipeline.connect() as connection:
        for feed, (key, times) in TIMES.items():
            columns = [
                name
                for (name,) in connection.execute(
                    "select column_name from information_schema.columns "
                    "where table_schema = 'raw' and table_name = %s and is_generated = 'NEVER'",
                    [feed],
                )
            ]
            values = {
                **{name: name for name in columns},
                **{name: f"{name} - interval '2 years'" for name in ("version_at", *times)},
                "dossier_id": "dossier_id || '~' || copy",
                key: f"{key} || '~' || copy",
            }
            connection.execute(
                f"insert into raw.{feed} ({', '.join(columns)}) "
                f"select {', '.join(values[name] for name in columns)} "
                f"from raw.{feed} cross join generate_series(1, {COPIES}) as copy".encode()
            )
            connection.execute(f"analyze raw.{feed}".encode())
        connection.cursor().executemany(
            "insert into ops.requested_month (period_month) values (%s)",
            [(month,) for month in SCORED],
        )
        connection.commit()


def _history(pipeline: Pipeline) -> dict[str, int]:
    """Rows of the earlier years in each table."""
    keys = {feed: key for feed, (key, _) in TIMES.items()}
    found = {}
    with pipeline.connect() as connection:
        for table, feed in HELD.items():
            key = "dossier_id" if table == "intermediate.int_dossier_payment" else keys[feed]
            row = connection.execute(
                f"select count(*) from {table} where {key} like '%~%'".encode()
            ).fetchone()
            assert row is not None
            found[table] = int(row[0])
    return found


def _rows_read(pipeline: Pipeline) -> dict[str, int]:
    """By any way, of each table, since the counts began anew."""
    with pipeline.connect() as connection:
        connection.execute("select pg_stat_force_next_flush()")
        return dict(
            connection.execute(
                "select schemaname || '.' || relname, seq_tup_read + coalesce(idx_tup_fetch, 0) "
                "from pg_stat_user_tables"
            ).fetchall()
        )
