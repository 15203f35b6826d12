"""The form of a real paper in marts made by hand, published and read as its documents do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import psycopg
from gate_support import fill
from psycopg import sql
from publish_marts import finish_transform

from service_index.publishing.edition import editions
from service_index.publishing.form import FormRelease, read_form
from service_index.publishing.statistical_form import publish_form
from service_index.settings import ICT
from tests.form_paper import PRINTED, paper_checks, paper_rows

IN_SEPTEMBER = datetime(2025, 9, 16, tzinfo=ICT)
PUBLISHED_AT = datetime(2025, 9, 20, 3, 4, 5, 678, tzinfo=ICT)


def fill_form(
    connection: psycopg.Connection, period: str = "2025Q3", printed: Mapping[str, str] = PRINTED
) -> None:
    """The marts hold the form of `period` alone, with these printed figures."""
    fill(connection, "marts_form.sql")
    connection.execute(
        "truncate marts.mart_form_period, marts.mart_statistical_form, marts.mart_form_check"
    )
    connection.execute(
        "insert into marts.mart_form_period values (%s, '33', '2025-01-01 00:00+07', "
        "'2025-09-16 00:00+07', '2026-01-01 00:00+07', '2025-09-15', null)",
        [period],
    )
    for mart, of_mart in (
        ("mart_statistical_form", paper_rows(printed)),
        ("mart_form_check", paper_checks()),
    ):
        for position, row in enumerate(of_mart, 1):
            whole = asdict(row) | {"period": period, "province_code": "33", "position": position}
            statement = sql.SQL("insert into marts.{} ({}) values ({})").format(
                sql.Identifier(mart),
                sql.SQL(", ").join(map(sql.Identifier, whole)),
                sql.SQL(", ").join(map(sql.Placeholder, whole)),
            )
            connection.execute(statement, whole)
    finish_transform(connection, IN_SEPTEMBER)


def release_form(
    connection: psycopg.Connection, period: str = "2025Q3", **options: Any
) -> FormRelease:
    """Publish what the marts hold, and read it as its documents do."""
    result = publish_form(
        connection,
        period,
        **({"code_revision": "abc", "is_sample": True, "created_at": PUBLISHED_AT} | options),
    )
    release = read_form(connection, editions(connection, result.release_id)[-1])
    connection.commit()
    return release
