"""What the warehouse knows of a month at the moment it is to be published."""

from __future__ import annotations

from datetime import date, datetime

import psycopg

from service_index.publishing import state
from service_index.publishing.state import PeriodState, PublishingRefusedError
from service_index.settings import ICT


def read(connection: psycopg.Connection, month: date, province_code: str | None) -> PeriodState:
    """Read the state of `month`; `province_code` names the publishing province, if set.

    Raises PublishingRefusedError when the marts do not stand on a finished transform, hold
    nothing of the month or of the province, or the data end before the month begins.
    """
    cutoff = state.data_cutoff(connection, f"{month:%Y-%m}", _first_instant(month))
    found = connection.execute(
        "select string_agg(distinct catalogue_version::text, ', ') "
        "from marts.fct_criterion_score where period_month = %s",
        [month],
    ).fetchone()
    if found is None or found[0] is None:
        raise PublishingRefusedError(
            f"the marts hold no scores of {month:%Y-%m}: run `service-index score` for it first"
        )
    publisher_code, publisher_name = _publishing_province(connection, month, province_code)
    return PeriodState(
        province_code=publisher_code,
        province_name=publisher_name,
        catalogue_version=found[0],
        data_cutoff=cutoff,
        closes_at=_first_instant(_next_month(month)),
    )


def _first_instant(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=ICT)


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _publishing_province(
    connection: psycopg.Connection, month: date, province_code: str | None
) -> tuple[str, str | None]:
    """Code and name of the province asked for, or else of the one that handled the most dossiers
    in the month.
    """
    found = connection.execute(
        """
        select u.unit_code, u.unit_name
        from marts.mart_monthly_score as u
        left join marts.fct_measure as m
            on m.period_month = u.period_month
            and m.unit_code = u.unit_code
            and m.measure_code in ('dossiers_received', 'dossiers_resolved')
        where u.period_month = %(month)s
            and u.unit_type = 'province'
            and (%(asked)s::text is null or u.unit_code = %(asked)s)
        group by u.unit_code, u.unit_name
        order by coalesce(sum(m.value), 0) desc, u.unit_code collate "C"
        limit 1
        """,
        {"month": month, "asked": province_code},
    ).fetchone()
    if found is None:
        raise PublishingRefusedError(
            f"the marts hold no province {province_code or ''} in {month:%Y-%m}: "
            "look at the units feed, or at SERVICE_INDEX_PROVINCE"
        )
    return found[0], found[1]
