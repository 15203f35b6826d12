"""Reads a monthly release, and those before it, from the published rows.

Reads published.public_* where there is such a view: small cells are withheld there, once for every
output.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any, LiteralString, TypeVar, cast

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from service_index.publishing.edition import Edition
from service_index.publishing.month import (
    Cause,
    Change,
    Compliance,
    Criterion,
    CriterionScore,
    EarlierMonth,
    LetterFigure,
    MonthRelease,
    NationalAverage,
    NationalRank,
    Points,
    Revision,
    UnitScore,
)
from service_index.publishing.relations import GROUPS

OF_UNITS: LiteralString = "unit_code = any(%(units)s)"

Row = TypeVar("Row")


def read_month(connection: psycopg.Connection, edition: Edition) -> MonthRelease:
    """Read the release of `edition`; `connection` should hold one snapshot.

    Raises LookupError where the publishing province has no row in its own release.
    """
    release_id, province = edition.release_id, edition.province_code
    units = _units(connection, release_id, province)
    if province not in units:
        raise LookupError(f"{release_id} holds no score of its province {province}")
    codes = list(units)

    def rows(row_type: type[Row], source: str, order: str) -> list[Row]:
        return _rows(connection, row_type, source, release_id, order)

    def rows_of_units(row_type: type[Row], source: str, order: str) -> list[Row]:
        return _rows(connection, row_type, source, release_id, order, OF_UNITS, units=codes)

    averages = rows(NationalAverage, "national_average", "group_code")
    figures = _rows(
        connection,
        LetterFigure,
        "public_letter_figure",
        release_id,
        "row_code",
        "province_code = %(province)s",
        province=province,
    )
    return MonthRelease(
        edition=edition,
        units=units,
        criteria=rows(Criterion, "criterion", "criterion_code"),
        criterion_scores=_criterion_scores(connection, release_id, units),
        compliance=rows_of_units(
            Compliance,
            "public_target_compliance",
            "metric_code basis unit_code field_code",
        ),
        causes=rows_of_units(Cause, "public_compliance_cause", "unit_code cause"),
        national=_national(connection, release_id),
        averages={row.group_code: row for row in averages},
        letter={figure.row_code: figure for figure in sorted(figures, key=lambda f: f.position)},
        changes=rows(Change, "public_change", "relation key column_name"),
        previous=_revision(connection, edition.previous_release_id, province),
    )


def _revision(
    connection: psycopg.Connection, release_id: str | None, province_code: str
) -> Revision | None:
    if release_id is None:
        return None
    units = _units(connection, release_id, province_code)
    return Revision(release_id, units, _criterion_scores(connection, release_id, units))


def read_earlier_months(
    connection: psycopg.Connection, edition: Edition, at: datetime | None = None
) -> list[EarlierMonth]:
    """The months before that of `edition`, the oldest first, for trends and comparisons.

    Each by the release that was its current one when the release of `edition` was made, so that
    a later revision of an old month changes no file of this one. Months that were suspended `at`
    an instant, the edition's stamp unless given, are left out. Criteria are read of the month just
    before alone.
    """
    found = connection.execute(
        """
        with known as (
            select r.period, r.release_id
            from published.release_earlier_month as e
            join published.release_record as r on r.release_id = e.earlier_release_id
            where e.release_id = %(release)s
        )
        select
            known.period, known.release_id,
            known.period = to_char(%(month)s - interval '1 month', 'YYYY-MM') as is_just_before
        from known
        cross join lateral (
            select status from published.release_status
            where release_id = known.release_id and recorded_at <= %(at)s
            order by status_id desc
            limit 1
        ) as then_stood
        where then_stood.status <> 'suspended'
        order by known.period
        """,
        {
            "month": edition.month,
            "release": edition.release_id,
            "at": at or edition.stamped_at,
        },
    ).fetchall()
    months = []
    for period, release_id, is_just_before in found:
        units = _units(connection, release_id, edition.province_code)
        scores = _criterion_scores(connection, release_id, units) if is_just_before else {}
        months.append(EarlierMonth(release_id, units, scores, period))
    return months


def _rows(
    connection: psycopg.Connection,
    row_type: type[Row],
    source: str,
    release_id: str,
    order: str,
    condition: LiteralString = "true",
    **parameters: Any,
) -> list[Row]:
    """Rows of a release as `row_type`, whose fields name the columns; `order` in byte order."""
    columns = [sql.Identifier(field.name) for field in fields(cast(Any, row_type))]
    query = sql.SQL("select {} from published.{} where release_id = {} and {} order by {}").format(
        sql.SQL(", ").join(columns),
        sql.Identifier(source),
        release_id,
        sql.SQL(condition),
        sql.SQL(", ").join(
            sql.SQL('{} collate "C"').format(sql.Identifier(name)) for name in order.split()
        ),
    )
    with connection.cursor(row_factory=class_row(row_type)) as cursor:
        return cursor.execute(query, parameters).fetchall()


def _units(
    connection: psycopg.Connection, release_id: str, province_code: str
) -> dict[str, UnitScore]:
    """The province first, then unit types and codes in byte order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            select s.*, u.parent_unit_code, u.former_unit_code, u.former_unit_name
            from published.monthly_score as s
            left join published.unit as u using (release_id, unit_code)
            where s.release_id = %s and s.province_code = %s
            order by s.unit_type <> 'province', s.unit_type collate "C", s.unit_code collate "C"
            """,
            [release_id, province_code],
        ).fetchall()
    plain = [field.name for field in fields(UnitScore) if field.name != "groups"]
    return {
        row["unit_code"]: UnitScore(
            groups={group: Points(row[group], row[f"{group}_max"]) for group in GROUPS},
            **{name: row[name] for name in plain}
            | {
                "unit_name": row["unit_name"] or row["unit_code"],
                "is_series_break": bool(row["is_series_break"]),
            },
        )
        for row in found
    }


def _criterion_scores(
    connection: psycopg.Connection, release_id: str, units: Collection[str]
) -> dict[tuple[str, str], CriterionScore]:
    found = _rows(
        connection,
        CriterionScore,
        "public_criterion_score",
        release_id,
        "unit_code criterion_code",
        OF_UNITS,
        units=list(units),
    )
    return {(row.unit_code, row.criterion_code): row for row in found}


def _national(connection: psycopg.Connection, release_id: str) -> list[NationalRank]:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            "select * from published.national_ranking where release_id = %s "
            'order by rank, province_code collate "C"',
            [release_id],
        ).fetchall()
    return [
        NationalRank(
            province_code=row["province_code"],
            province_name=row["province_name"] or row["province_code"],
            groups={group: row[group] for group in GROUPS},
            ranks={group: row[f"rank_{group}"] for group in GROUPS},
            total_score=row["total_score"],
            rank=row["rank"],
            rank_out_of=row["rank_out_of"],
            computed_rank=row["computed_rank"],
        )
        for row in found
    ]
