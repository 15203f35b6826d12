"""What the tests of faults ask of an installation."""

from __future__ import annotations

from tests.airflow_api import AirflowApi
from tests.compose.installation import Installation

# The sample's records of March were last changed until September.
WINDOW = {"window_from": "2025-03-01", "window_to": "2025-09-16", "overlap_minutes": 0}


def load(airflow: AirflowApi) -> None:
    """A daily run over the sample's records, without the scoring that it sets off.

    The sample has records of four months; all months until now would be scored and refused.
    """
    airflow.switch("score_monthly", on=False)
    run = airflow.start("ingest_daily", **WINDOW)
    airflow.switch("ingest_daily", on=True)
    ended = airflow.end(run)
    assert ended["state"] == "success", airflow.tasks(run)
    airflow.wait_for_all("ingest_daily")


def transforming(installation: Installation) -> bool:
    """Whether dbt is at work in the warehouse."""
    found = installation.query(
        """select count(*) from pg_stat_activity where query like '%"app": "dbt"%' """
        "and pid <> pg_backend_pid()",
        is_quiet=True,
    )
    return int(found[0][0]) > 0


def release_ids(installation: Installation, month: str) -> list[str]:
    """The month's published releases."""
    rows = installation.query(
        f"select release_id from published.release where period = '{month}' order by 1"
    )
    return [row[0] for row in rows]
