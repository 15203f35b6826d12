"""Airflow DAG: wait, once a month has ended, until it has a release that is not provisional.

It does nothing but wait; its deadline is what it is for. A month without a release after day N of
the next one (SERVICE_INDEX_RELEASE_DEADLINE_DAY) is an incident, until the release comes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import (
    AsyncCallback,
    CronTriggerTimetable,
    DeadlineAlert,
    DeadlineReference,
    Param,
    dag,
    task,
)

from service_index import settings
from service_index.orchestration import alerts
from service_index.settings import ICT

# A run begins half an hour into the month, so that its own date is the day it counts from.
BEGINS = timedelta(minutes=30)


@dag(
    schedule=CronTriggerTimetable("30 0 1 * *", timezone="Asia/Ho_Chi_Minh"),
    start_date=datetime(2025, 3, 1, tzinfo=ICT),
    catchup=False,
    max_active_runs=6,
    on_failure_callback=alerts.run_failed,
    default_args=alerts.default_args(retries=2),
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=timedelta(days=settings.load().release_deadline_day) - BEGINS,
        callback=AsyncCallback(alerts.release_is_late),
    ),
    params={"month": Param(None, type=["null", "string"], description="YYYY-MM")},
    tags=["service-index"],
    doc_md=__doc__,
)
def await_release() -> None:
    # A month that is given up is waited for no longer; its incident stays open.
    @task.sensor(mode="reschedule", poke_interval=3600, timeout=90 * 86400, soft_fail=True)
    def wait(params: dict[str, Any], logical_date: datetime | None = None) -> bool:
        from service_index.orchestration import watching

        return watching.released(params, logical_date)

    wait()


await_release()
