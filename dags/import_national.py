"""Airflow DAG: a month's national results, from the portal through their gate to its release.

A scheduled run takes the ICT month in which its data interval begins; a run by hand names its
`month`. The month's release was made before the portal closed the month, so it is made again;
a month without one takes the results in with its first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, task

from service_index.orchestration import alerts, failures, schedules
from service_index.settings import ICT

# On the fifth day the portal has closed the month before; it shows no date of its own.
MONTHLY = CronDataIntervalTimetable("0 3 5 * *", timezone="Asia/Ho_Chi_Minh")
RAW = Asset(name="raw_national_scores", uri="warehouse://raw/national_scores")


@dag(
    schedule=MONTHLY,
    start_date=datetime(2025, 3, 1, tzinfo=ICT),
    catchup=False,
    max_active_runs=1,
    on_failure_callback=alerts.run_failed,
    default_args=alerts.default_args(retries=2),
    params={
        "month": Param(None, type=["null", "string"], description="YYYY-MM"),
        "skip_landed": Param(False, type="boolean", description="ask only where never landed"),
        "required": Param(False, type="boolean", description="fail where the portal has no rows"),
        "restate": Param(True, type="boolean", description="false: leave the release as it is"),
    },
    tags=["service-index"],
    doc_md=__doc__,
)
def import_national() -> None:
    @task
    def plan(params: dict[str, Any], data_interval_start: datetime | None = None) -> str:
        from service_index.orchestration import planning

        return planning.plan_month(params, data_interval_start)

    @task(pool=schedules.SOURCE_POOL)
    def land(month: str, params: dict[str, Any]) -> dict[str, int]:
        from service_index.orchestration import national

        return national.land(month, skip_landed=params["skip_landed"], required=params["required"])

    @task
    def load(month: str) -> dict[str, Any]:
        from service_index.orchestration import national

        return national.load(month)

    @task(outlets=[RAW])
    def gate() -> dict[str, Any]:
        from service_index.orchestration import stages

        with failures.final():
            return stages.gate_batches()

    @task(outlets=[schedules.MODELS])
    def restate(
        month: str, params: dict[str, Any], *, outlet_events: Any, task_instance: Any
    ) -> dict[str, Any]:
        from service_index.orchestration import model_events, national

        with model_events.reported(outlet_events[schedules.MODELS], task_instance) as on_model:
            return national.restate(month, on_model, wanted=params["restate"])

    month = plan()
    land(month) >> load(month) >> gate() >> restate(month)


import_national()
