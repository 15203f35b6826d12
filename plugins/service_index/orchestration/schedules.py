"""When the DAGs run by themselves. Read by the DAG files at every parse, so it imports little.

The source is asked once a night, or every few minutes. A month is scored and published when its
last day is loaded and its cut-off day has come: the run that finds both says so (`MONTHS_DUE`).
Until then the open month follows every reading (`OPEN_MONTH`), unpublished.
"""

from __future__ import annotations

from airflow.sdk import Asset, AssetAlias, AssetOrTimeSchedule, CronDataIntervalTimetable

from service_index.settings import Settings

RAW = Asset(name="raw_records", uri="warehouse://raw")
MONTHS = Asset(name="months_to_score", uri="warehouse://marts/months_to_score")
MONTHS_TO_SCORE = AssetAlias("months_to_score")
MODELS = AssetAlias("dbt_models")

# How many tasks may ask the source at once, in all DAGs.
SOURCE_POOL = "dossier_source"

_ICT = "Asia/Ho_Chi_Minh"


def ingest(settings: Settings) -> CronDataIntervalTimetable:
    """Late in the night, when the source is quiet, for the calendar day before; or every few
    minutes, for these."""
    cron = f"*/{settings.ingest_minutes} * * * *" if settings.ingest_minutes else "0 2 * * *"
    if settings.ingest_minutes == 60:
        cron = "0 * * * *"
    return CronDataIntervalTimetable(cron, timezone=_ICT)


def score(settings: Settings) -> AssetOrTimeSchedule:
    """When a month is ready; the time is the cut-off day's, for backfills and as a second look."""
    return AssetOrTimeSchedule(
        timetable=CronDataIntervalTimetable(f"0 4 {settings.cutoff_day} * *", timezone=_ICT),
        assets=[MONTHS],
    )


def form(settings: Settings) -> CronDataIntervalTimetable:
    """When a quarter's last month can be published; the run waits until it is."""
    return CronDataIntervalTimetable(f"0 6 {settings.cutoff_day} 1,4,7,10 *", timezone=_ICT)
