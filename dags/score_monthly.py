"""Airflow DAG: bring the marts up to date, hold a month against its gate, publish it.

A scheduled run takes the ICT month in which its data interval begins; a run by hand names its
`month`. dbt starts once; every model's status, time and rows are an event of the asset that
carries the model's name, and stand in the `transform` task's `dbt_models` XCom.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import AssetAlias, CronDataIntervalTimetable, Param, dag, task

from service_index.orchestration import failures
from service_index.settings import ICT

# On the second day, when the last day of the month has been loaded in the night.
MONTHLY = CronDataIntervalTimetable("0 4 2 * *", timezone="Asia/Ho_Chi_Minh")
MODELS = AssetAlias("dbt_models")


@dag(
    schedule=MONTHLY,
    start_date=datetime(2025, 3, 1, tzinfo=ICT),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 1,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": failures.remember,
    },
    params={
        "month": Param(None, type=["null", "string"], description="YYYY-MM"),
        "publish": Param(True, type="boolean", description="false: score and check only"),
        "reason": Param(None, type=["null", "string"], description="why a release is revised"),
    },
    tags=["service-index"],
    doc_md=__doc__,
)
def score_monthly() -> None:
    @task
    def plan(params: dict[str, Any], data_interval_start: datetime | None = None) -> str:
        from service_index.orchestration import stages

        return stages.plan_month(params, data_interval_start)

    @task(outlets=[MODELS])
    def transform(month: str, *, outlet_events: Any, task_instance: Any) -> str:
        from service_index.orchestration import model_events, stages

        with model_events.reported(outlet_events[MODELS], task_instance) as on_model:
            stages.transform(month, on_model)
        return month

    @task
    def gate(month: str) -> dict[str, Any]:
        from service_index.orchestration import stages

        return stages.gate_marts(month)

    @task
    def publish(month: str, params: dict[str, Any]) -> dict[str, Any]:
        from service_index.orchestration import stages

        return stages.publish(month, wanted=params["publish"], reason=params["reason"])

    month = transform(plan())
    gate(month) >> publish(month)


score_monthly()
