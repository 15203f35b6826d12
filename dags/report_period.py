"""Airflow DAG: the statistical form of a quarter, and of the half-year or year that ends with it.

A scheduled run takes the ICT quarter in which its data interval begins, and waits until the
quarter's last month is published; a run by hand names its `period` (2025Q3, 2025H1, 2025). The form
is printed from the marts of the last scoring; what was entered by hand since is taken in first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import Param, dag, task

from service_index import settings
from service_index.orchestration import alerts, failures, model_tasks, schedules
from service_index.settings import ICT

SETTINGS = settings.load()


@dag(
    schedule=schedules.form(SETTINGS),
    start_date=datetime(2025, 1, 2, 6, tzinfo=ICT),
    catchup=False,
    max_active_runs=1,
    on_failure_callback=alerts.run_failed,
    default_args=alerts.default_args(retries=1),
    params={
        "period": Param(None, type=["null", "string"], description="2025Q3, 2025H1 or 2025"),
        "reason": Param(None, type=["null", "string"], description="why a release is revised"),
    },
    tags=["service-index"],
    doc_md=__doc__,
)
def report_period() -> None:
    # Until the quarter's last month is published. A quarter that is given up is left alone.
    @task.sensor(mode="reschedule", poke_interval=3600, timeout=60 * 86400, soft_fail=True)
    def wait(params: dict[str, Any], data_interval_start: datetime | None = None) -> bool:
        from service_index.orchestration import form_stages

        return form_stages.is_due(params, data_interval_start)

    @task
    def plan(params: dict[str, Any], data_interval_start: datetime | None = None) -> list[str]:
        from service_index.orchestration import form_stages

        return form_stages.plan_periods(params, data_interval_start)

    @task(outlets=[schedules.MODELS])
    def transform(periods: list[str], *, outlet_events: Any, task_instance: Any) -> list[str]:
        from service_index.orchestration import model_events, stages

        with model_events.reported(outlet_events[schedules.MODELS], task_instance) as on_model:
            stages.transform(on_model=on_model)
        return periods

    @task
    def gate(periods: list[str]) -> list[str]:
        from service_index.orchestration import form_stages

        with failures.final():
            return form_stages.gate_forms(periods)

    @task
    def publish(periods: list[str], params: dict[str, Any]) -> dict[str, Any]:
        from service_index.orchestration import form_stages

        return form_stages.publish_forms(periods, reason=params["reason"])

    planned = plan()
    wait() >> planned
    transformed = transform(planned)
    transformed >> model_tasks.dbt_models(SETTINGS.dbt_project)
    publish(gate(transformed))


report_period()
