"""Airflow DAG: fetch a day's records, land them, load them, and hold them against their gate.

A scheduled run takes the ICT calendar day in which its data interval begins; a run by hand
names its window (`window_from` ≤ day < `window_to`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, task

from service_index.orchestration import failures
from service_index.settings import ICT

# Late in the night, when the source is quiet; the window is the calendar day before.
DAILY = CronDataIntervalTimetable("0 2 * * *", timezone="Asia/Ho_Chi_Minh")
RAW = Asset(name="raw_records", uri="warehouse://raw")


@dag(
    schedule=DAILY,
    start_date=datetime(2025, 3, 1, tzinfo=ICT),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": failures.remember,
    },
    params={
        "window_from": Param(None, type=["null", "string"], description="first day, YYYY-MM-DD"),
        "window_to": Param(None, type=["null", "string"], description="day after the last one"),
        "overlap_minutes": Param(60, type="integer", minimum=0, description="reach back this far"),
        "skip_loaded": Param(False, type="boolean", description="fetch only what is not loaded"),
    },
    tags=["service-index"],
    doc_md=__doc__,
)
def ingest_daily() -> None:
    @task
    def plan(params: dict[str, Any], data_interval_start: datetime | None = None) -> dict[str, str]:
        from service_index.orchestration import stages

        return stages.plan_ingest(params, data_interval_start)

    @task
    def land(window: dict[str, str], params: dict[str, Any]) -> dict[str, int]:
        from service_index.orchestration import stages

        return stages.land(
            window,
            overlap=timedelta(minutes=params["overlap_minutes"]),
            skip_loaded=params["skip_loaded"],
        )

    @task
    def load() -> dict[str, Any]:
        from service_index.orchestration import stages

        return stages.load()

    @task(outlets=[RAW])
    def gate() -> dict[str, Any]:
        from service_index.orchestration import stages

        return stages.gate_batches()

    land(plan()) >> load() >> gate()


ingest_daily()
