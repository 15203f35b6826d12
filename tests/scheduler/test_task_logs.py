"""I7 under the scheduler: a load fails for what the database quotes of a record, and neither the
tasks' logs with their tracebacks nor any other file or table of Airflow's holds it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from service_index.warehouse import embedded, migrate
from service_index.warehouse.connection import connect
from simulator.server import SampleSource
from tests.canary_search import marks_in_database, marks_in_tree
from tests.integration.marked_records import FEEDS, QUOTING
from tests.scheduler.real_airflow import airflow_up


def test_the_traceback_of_a_failed_task_quotes_no_record(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = tmp_path_factory.mktemp("logs")
    with (
        SampleSource.from_records(FEEDS) as source,
        airflow_up(home, source.connection_uri, SERVICE_INDEX_RETRY_SECONDS="10") as airflow,
    ):
        migrate.upgrade(airflow.warehouse_dsn)
        with connect(airflow.warehouse_dsn) as connection:
            connection.execute(QUOTING)
        airflow.switch("ingest_daily", on=True)
        run = airflow.trigger("ingest_daily", window_from="2025-03-01", window_to="2025-04-01")
        assert run["state"] == "failed"
        with psycopg.connect(embedded.database_dsn(home, "airflow")) as connection:
            assert marks_in_database(connection) == {}
    logs = list(
        (home / "airflow" / "logs").glob("dag_id=ingest_daily/run_id=manual__*/task_id=load/*")
    )
    assert len(logs) == 3
    for log in map(Path.read_text, logs):
        assert "InvalidTextRepresentation" in log
        assert "SQLSTATE 22P02" in log
        assert "staging.py" in log
    assert marks_in_tree(home / "landing")
    assert marks_in_tree(home, ["landing", "postgres"]) == {}
