"""Airflow DAG: bring the marts up to date, hold months against their gate, publish them.

It runs when records have passed their gate: for each month that waits for its release, and for
the open one, which is scored and checked alone. A run by hand names its `month`. dbt starts once;
then every model's task shows the state of its model. Status, time and rows are an event of the
asset that carries the model's name, and stand in the `transform` task's `dbt_models` XCom.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import Param, dag, task, task_group

from service_index import settings
from service_index.orchestration import alerts, failures, model_tasks, schedules
from service_index.settings import ICT

SETTINGS = settings.load()


@dag(
    schedule=schedules.score(SETTINGS),
    start_date=datetime(2025, 3, 1, tzinfo=ICT),
    catchup=False,
    max_active_runs=1,
    on_failure_callback=alerts.run_failed,
    default_args=alerts.default_args(retries=1),
    params={
        "month": Param(None, type=["null", "string"], description="YYYY-MM"),
        "publish": Param(True, type="boolean", description="false: score and check only"),
        "reason": Param(None, type=["null", "string"], description="why a release is revised"),
    },
    tags=["service-index"],
    doc_md=__doc__,
)
def score_monthly() -> None:
    @task.short_circuit
    def plan(
        params: dict[str, Any],
        triggering_asset_events: Any = None,
        data_interval_start: datetime | None = None,
        data_interval_end: datetime | None = None,
    ) -> list[dict[str, Any]]:
        from service_index.orchestration import planning

        interval = (data_interval_start, data_interval_end)
        announced = [event.extra for event in triggering_asset_events[schedules.MONTHS]]
        return planning.plan_months(params, announced, interval if all(interval) else None)

    @task(outlets=[schedules.MODELS])
    def transform(
        months: list[dict[str, Any]], *, outlet_events: Any, task_instance: Any
    ) -> list[dict[str, Any]]:
        from service_index.orchestration import model_events, stages

        with model_events.reported(outlet_events[schedules.MODELS], task_instance) as on_model:
            stages.transform(*(plan["month"] for plan in months), on_model=on_model)
        return months

    @task
    def gate(plan: dict[str, Any]) -> dict[str, Any]:
        from service_index.orchestration import stages

        with failures.final():
            return stages.gate_marts(plan["month"])

    @task
    def publish(plan: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        from service_index.orchestration import stages

        return stages.publish(plan["month"], wanted=plan["publish"], reason=params["reason"])

    @task_group
    def month(plan: dict[str, Any]) -> None:
        gate(plan) >> publish(plan)

    transformed = transform(plan())
    transformed >> model_tasks.dbt_models(SETTINGS.dbt_project)
    month.expand(plan=transformed)


score_monthly()
