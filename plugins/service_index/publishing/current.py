"""Reads the current release of a month, as any reader of published.current_* can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from service_index.publishing.relations import GROUPS


@dataclass(frozen=True)
class Release:
    release_id: str
    province_code: str
    status: str
    data_cutoff: datetime
    is_sample: bool


@dataclass(frozen=True)
class ProvinceScore:
    """`groups`: points and applicable maximum a group, None where no criterion applies.

    `rates`: the province's rate a criterion, None where it has none.
    """

    unit_name: str
    total_score: Decimal | None
    raw_points: Decimal | None
    applicable_max_points: Decimal | None
    groups: dict[str, tuple[Decimal | None, Decimal | None]]
    rates: dict[str, Decimal | None]


@dataclass(frozen=True)
class RankedUnit:
    rank: int
    rank_out_of: int
    unit_name: str
    total_score: Decimal
    band: str


@dataclass(frozen=True)
class UnitBelowTarget:
    """`shortfall`: how many more dossiers would have had to count."""

    unit_name: str
    numerator: int
    denominator: int
    rate: Decimal
    target_rate: Decimal
    shortfall: int


@dataclass(frozen=True)
class NationalStanding:
    """The province in the national portal's table of the month.

    `computed_rank` is the place that the warehouse's own total would take; `ranks` and `averages`
    are by group, the latter over all provinces.
    """

    rank: int
    rank_out_of: int
    computed_rank: int | None
    ranks: dict[str, int]
    averages: dict[str, Decimal]


@dataclass(frozen=True)
class Month:
    """One release's scores; communes by rank, units below the target by rate, both ascending.

    `national` is None where the national results were not imported, or lack the province.
    """

    release: Release
    province: ProvinceScore
    national: NationalStanding | None
    communes: list[RankedUnit]
    below_target: list[UnitBelowTarget]


def read_month(connection: psycopg.Connection, month: date) -> Month:
    """Read the current release of `month`, all from one snapshot.

    `connection` must not be in a transaction. Raises LookupError when nothing is published.
    """
    with connection.transaction():
        # Several queries, one release: a publication in between is not seen.
        connection.execute("set transaction isolation level repeatable read, read only")
        release = _release(connection, f"{month:%Y-%m}")
        return Month(
            release=release,
            province=_province(connection, month, release.province_code),
            national=_national(connection, month, release.province_code),
            communes=_communes(connection, month, release.province_code),
            below_target=_below_target(connection, month, release.province_code),
        )


def _release(connection: psycopg.Connection, period: str) -> Release:
    with connection.cursor(row_factory=class_row(Release)) as cursor:
        release = cursor.execute(
            "select release_id, province_code, status, data_cutoff, is_sample "
            "from published.current_release where kind = 'monthly' and period = %s",
            [period],
        ).fetchone()
    if release is None:
        raise LookupError(f"{period} is not published yet: run `service-index publish` for it")
    return release


def _province(connection: psycopg.Connection, month: date, province_code: str) -> ProvinceScore:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "select * from published.current_monthly_score "
            "where period_month = %s and unit_code = %s",
            [month, province_code],
        ).fetchone()
        rates = cursor.execute(
            "select criterion_code, rate from published.current_criterion_score "
            "where period_month = %s and unit_code = %s order by criterion_code",
            [month, province_code],
        ).fetchall()
    if row is None:
        raise LookupError(f"the release of {month:%Y-%m} has no row of its province")
    return ProvinceScore(
        unit_name=row["unit_name"] or province_code,
        total_score=row["total_score"],
        raw_points=row["raw_points"],
        applicable_max_points=row["applicable_max_points"],
        groups={group: (row[group], row[f"{group}_max"]) for group in GROUPS},
        rates={rate["criterion_code"]: rate["rate"] for rate in rates},
    )


def _national(
    connection: psycopg.Connection, month: date, province_code: str
) -> NationalStanding | None:
    # thirty decimals: a quotient of plain numerics would keep some sixteen digits
    averages = sql.SQL(", ").join(
        sql.SQL("round(sum({0}), 30) / count({0}) as {0}").format(sql.Identifier(group))
        for group in GROUPS
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "select * from published.current_national_ranking "
            "where period_month = %s and province_code = %s",
            [month, province_code],
        ).fetchone()
        average = cursor.execute(
            sql.SQL(
                "select {} from published.current_national_ranking where period_month = %s"
            ).format(averages),
            [month],
        ).fetchone()
    if row is None or average is None:
        return None
    return NationalStanding(
        rank=row["rank"],
        rank_out_of=row["rank_out_of"],
        computed_rank=row["computed_rank"],
        ranks={group: row[f"rank_{group}"] for group in GROUPS},
        averages={group: average[group] for group in GROUPS},
    )


def _communes(connection: psycopg.Connection, month: date, province_code: str) -> list[RankedUnit]:
    with connection.cursor(row_factory=class_row(RankedUnit)) as cursor:
        return cursor.execute(
            """
            select
                rank, rank_out_of, coalesce(unit_name, unit_code) as unit_name, total_score,
                coalesce(band, '') as band
            from published.current_monthly_score
            where period_month = %s
                and province_code = %s
                and unit_type = 'commune'
                and rank is not null
            order by rank, unit_code collate "C"
            """,
            [month, province_code],
        ).fetchall()


def _below_target(
    connection: psycopg.Connection, month: date, province_code: str
) -> list[UnitBelowTarget]:
    with connection.cursor(row_factory=class_row(UnitBelowTarget)) as cursor:
        return cursor.execute(
            """
            select
                coalesce(s.unit_name, s.unit_code) as unit_name, t.numerator, t.denominator,
                t.rate, t.target_rate, t.shortfall
            from published.current_target_compliance as t
            join published.current_monthly_score as s using (period_month, unit_code)
            where t.period_month = %s
                and s.province_code = %s
                and t.basis = 'month'
                and t.metric_code = 'end_to_end_online'
                and t.field_code = '*'
                and not t.is_compliant
            order by t.rate, t.unit_code collate "C"
            """,
            [month, province_code],
        ).fetchall()
