"""Airflow DAG: look every hour whether the source is up to date and speaks.

Records that are out of date, and a source that answers and delivers nothing, are incidents like a
failed task. What is over is closed here at the latest.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import CronTriggerTimetable, dag, task

from service_index.orchestration import alerts
from service_index.settings import ICT


@dag(
    schedule=CronTriggerTimetable("20 * * * *", timezone="Asia/Ho_Chi_Minh"),
    start_date=datetime(2025, 3, 1, tzinfo=ICT),
    catchup=False,
    max_active_runs=1,
    on_failure_callback=alerts.run_failed,
    default_args=alerts.default_args(retries=2),
    tags=["service-index"],
    doc_md=__doc__,
)
def watch() -> None:
    @task
    def look() -> list[str]:
        from service_index.orchestration import watching

        return watching.look_again()

    look()


watch()
