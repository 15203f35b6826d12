"""Publishes the statistical form of a quarter, half-year or year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from service_index.publishing import release, state, subject
from service_index.publishing.release import PublishResult
from service_index.publishing.state import PeriodState, PublishingRefusedError


def publish_form(
    connection: psycopg.Connection,
    period: str,
    *,
    code_revision: str,
    is_sample: bool,
    reason: str | None = None,
    created_at: datetime | None = None,
    province_code: str | None = None,
) -> PublishResult:
    """Freeze the form of `period` (`2025Q3`, `2025H1`, `2025`) as its current release.

    `province_code` names the publishing province, the busiest unless given; for the rest see
    `release.publish`. Raises PublishingRefusedError when the marts are not fit to be published,
    or a month of the period is not scored.
    """
    return release.publish(
        connection,
        subject.of_form(period),
        lambda: read_state(connection, period, province_code),
        code_revision=code_revision,
        is_sample=is_sample,
        reason=reason,
        created_at=created_at,
    )


@dataclass(frozen=True)
class _Period:
    province_code: str
    province_name: str | None
    period_start: datetime
    closes_at: datetime
    missing_months: str | None


def read_state(
    connection: psycopg.Connection, period: str, province_code: str | None
) -> PeriodState:
    """Read the state of `period` for the province that publishes.

    The form is open until the data reach the end of the period, or its reporting cut-off.
    """
    found = _publishing_province(connection, period, province_code)
    if found is None:
        raise PublishingRefusedError(
            f"the marts hold no form of {period}"
            + (f" for the province {province_code}" if province_code else "")
            + ": no month of it is scored, see `service-index ingest` and `score`"
        )
    cutoff = state.data_cutoff(connection, period, found.period_start)
    if found.missing_months:
        raise PublishingRefusedError(
            f"{period} is not whole, not scored: {found.missing_months}; "
            "see `service-index ingest` and `score`"
        )
    return PeriodState(
        province_code=found.province_code,
        province_name=found.province_name,
        catalogue_version=None,
        data_cutoff=cutoff,
        closes_at=found.closes_at,
    )


def _publishing_province(
    connection: psycopg.Connection, period: str, province_code: str | None
) -> _Period | None:
    """The province asked for, or else the one that resolved the most dossiers."""
    with connection.cursor(row_factory=class_row(_Period)) as cursor:
        return cursor.execute(
            """
            select
                p.province_code, u.unit_name as province_name, p.period_start, p.closes_at,
                p.missing_months
            from marts.mart_form_period as p
            left join marts.mart_release_unit as u
                on u.unit_code = p.province_code
                and u.period_month = date_trunc('month', p.last_day)
            cross join lateral (
                select sum(value) as resolved from marts.mart_statistical_form as f
                where f.period = p.period
                    and f.province_code = p.province_code
                    and f.row_code in ('3.1.1', '3.2.1')
            ) as dossiers
            where p.period = %(period)s
                and (%(asked)s::text is null or p.province_code = %(asked)s)
            order by coalesce(resolved, 0) desc, p.province_code collate "C"
            limit 1
            """,
            {"period": period, "asked": province_code},
        ).fetchone()
