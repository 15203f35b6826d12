"""Marts to publish from, made by hand: the sample month of tests/fixtures/marts*.sql."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg

from service_index.publishing.monthly import PublishResult, publish_month

FIXTURES = Path(__file__).parents[1] / "fixtures"
MARCH = date(2025, 3, 1)
IN_MARCH = datetime.fromisoformat("2025-03-20T17:00:00+00:00")
AFTER_MARCH = datetime.fromisoformat("2025-03-31T17:00:00+00:00")
FEEDS = ("dossiers", "payments", "petitions", "ratings")


def fill_march(connection: psycopg.Connection, communes: int = 25) -> None:
    """Empty marts, March 2025 in them, and a finished transform with a cut-off after it."""
    connection.execute((FIXTURES / "marts.sql").read_text(encoding="utf-8"))
    _execute(connection, "marts_month.sql", communes=communes)
    _execute(connection, "marts_monthly_score.sql")
    finish_transform(connection, AFTER_MARCH)


def finish_transform(
    connection: psycopg.Connection, cutoff: datetime, status: str = "succeeded"
) -> None:
    """Write what a transform leaves in ops when the data are complete up to `cutoff`."""
    connection.execute("truncate ops.watermark")
    for feed in FEEDS:
        connection.execute("insert into ops.watermark values (%s, %s)", [feed, cutoff])
    connection.execute(
        "insert into ops.transform_run (is_full_refresh, status, data_cutoff) "
        "values (false, %s, %s)",
        [status, cutoff],
    )
    connection.commit()


def resolve_late(connection: psycopg.Connection, unit: str, records: int) -> None:
    """So many dossiers of March turn out late in `unit`: criterion 05 falls, ranks move."""
    connection.execute(
        """
        update marts.fct_criterion_score set
            numerator = numerator - %(records)s,
            rate = (numerator - %(records)s)::numeric / denominator,
            score = max_points * (numerator - %(records)s)::numeric / denominator
        where unit_code = %(unit)s and criterion_code = '05' and period_month = %(month)s
        """,
        {"unit": unit, "records": records, "month": MARCH},
    )
    _execute(connection, "marts_monthly_score.sql")
    connection.commit()


def publish(connection: psycopg.Connection, **options: Any) -> PublishResult:
    """Publish March with what every call needs."""
    return publish_month(
        connection, MARCH, **({"code_revision": "abc", "is_sample": True} | options)
    )


def _execute(connection: psycopg.Connection, name: str, **parameters: Any) -> None:
    """Run a fixture file's statements with the month and `parameters` in their places."""
    statements = (FIXTURES / name).read_text(encoding="utf-8")
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(statements, {"month": MARCH} | parameters)
