"""Airflow DAG: fetch a month's national results, land and load them, hold them against their gate.

A scheduled run takes the ICT month in which its data interval begins; a run by hand names its
`month`. The marts take the results in with the next scoring of any month.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, task

from service_index.orchestration import failures
from service_index.settings import ICT

# On the fifth day the portal has closed the month before; it shows no date of its own.
MONTHLY = CronDataIntervalTimetable("0 3 5 * *", timezone="Asia/Ho_Chi_Minh")
RAW = Asset(name="raw_national_scores", uri="warehouse://raw/national_scores")


@dag(
    schedule=MONTHLY,
    start_date=datetime(2025, 3, 1, tzinfo=ICT),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": failures.remember,
    },
    params={
        "month": Param(None, type=["null", "string"], description="YYYY-MM"),
        "skip_landed": Param(False, type="boolean", description="ask only where never landed"),
    },
    tags=["service-index"],
    doc_md=__doc__,
)
def import_national() -> None:
    @task
    def plan(params: dict[str, Any], data_interval_start: datetime | None = None) -> str:
        from service_index.orchestration import stages

        return stages.plan_month(params, data_interval_start)

    @task
    def land(month: str, params: dict[str, Any]) -> dict[str, int]:
        from service_index.orchestration import national

        return national.land(month, skip_landed=params["skip_landed"])

    @task
    def load(month: str) -> dict[str, Any]:
        from service_index.orchestration import national

        return national.load(month)

    @task(outlets=[RAW])
    def gate() -> dict[str, Any]:
        from service_index.orchestration import stages

        return stages.gate_batches()

    month = plan()
    land(month) >> load(month) >> gate()


import_national()
