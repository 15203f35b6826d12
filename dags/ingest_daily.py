"""Airflow DAG: fetch what is new, land it, load it, and hold it against its gate.

A scheduled run reaches back to what is loaded already; a backfill takes the ICT calendar day in
which its data interval begins; a run by hand names its window (`window_from` ≤ day < `window_to`).
What passes tells which months can be scored.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, dag, task

from service_index import settings
from service_index.orchestration import alerts, failures, schedules
from service_index.settings import ICT


@dag(
    schedule=schedules.ingest(settings.load()),
    start_date=datetime(2025, 3, 1, tzinfo=ICT),
    catchup=False,
    max_active_runs=1,
    on_failure_callback=alerts.run_failed,
    default_args=alerts.default_args(retries=2),
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
    def plan(
        params: dict[str, Any],
        dag_run: Any,
        data_interval_start: datetime | None = None,
        data_interval_end: datetime | None = None,
    ) -> dict[str, Any]:
        from service_index.orchestration import planning

        interval = (data_interval_start, data_interval_end)
        return planning.plan_ingest(
            params,
            interval if all(interval) else None,
            is_scheduled=dag_run.run_type == "scheduled",
        )

    @task(pool=schedules.SOURCE_POOL)
    def land(window: dict[str, Any], params: dict[str, Any]) -> dict[str, int]:
        from service_index.orchestration import planning, stages

        return stages.land(
            planning.window_of(window),
            overlap=timedelta(minutes=params["overlap_minutes"]),
            snapshots=window["snapshots"],
            skip_loaded=params["skip_loaded"],
            fresh_from=planning.fresh_from(window),
        )

    # What is landed is loaded, though another window was never whole.
    @task(trigger_rule="all_done_min_one_success")
    def load() -> dict[str, Any]:
        from service_index.orchestration import stages

        return stages.load()

    @task(outlets=[schedules.RAW, schedules.MONTHS_TO_SCORE])
    def gate(window: dict[str, Any], *, outlet_events: Any) -> dict[str, Any]:
        from service_index.orchestration import planning, stages

        with failures.final():
            passed = stages.gate_batches()
        months = planning.months_to_score(window)
        if months:
            outlet_events[schedules.MONTHS_TO_SCORE].add(schedules.MONTHS, extra={"months": months})
        return passed

    window, loaded = plan(), load()
    landed, passed = land(window), gate(window)
    [window, landed] >> loaded >> passed
    # Ends the run as failed when anything of it did.
    whole = EmptyOperator(task_id="whole", on_failure_callback=None, on_success_callback=None)
    [landed, passed] >> whole


ingest_daily()
