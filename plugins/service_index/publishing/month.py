"""A monthly release as its readers may see it: what letter, tables and pages are made of.

Reads published.public_* alone: small cells are withheld there, once for every output. Numbers
are exact; whoever prints them rounds them (`printing`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, LiteralString, TypeVar, cast

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from service_index.publishing.edition import Edition
from service_index.publishing.relations import GROUPS

OF_UNITS: LiteralString = "unit_code = any(%(units)s)"

Row = TypeVar("Row")


@dataclass(frozen=True)
class Points:
    """Points of a group and the most that could be had; both None where nothing applies."""

    points: Decimal | None
    maximum: Decimal | None


@dataclass(frozen=True)
class UnitScore:
    """A unit of the publishing province, or the province itself, in one month.

    `former_unit_*` is the district abolished by the last reform that gave a commune most.
    `rank` is within (month, unit type); None for units that are scored and not ranked.
    """

    unit_code: str
    unit_name: str
    unit_type: str
    parent_unit_code: str | None
    former_unit_code: str | None
    former_unit_name: str | None
    groups: dict[str, Points]
    raw_points: Decimal | None
    applicable_max_points: Decimal | None
    total_score: Decimal | None
    band: str | None
    ranking_status: str | None
    rank: int | None
    rank_out_of: int | None
    previous_rank: int | None
    is_series_break: bool


@dataclass(frozen=True)
class Criterion:
    """`counts` is what the denominator counts: dossiers, procedures, petitions or ratings.

    `suspended_because` is None unless publication of the criterion is suspended.
    """

    criterion_code: str
    group_code: str
    official_number: str
    official_subheading: str | None
    name_vi: str
    name_en: str
    max_points: Decimal
    basis: str
    applies_to: str
    target_rate: Decimal
    numerator_vi: str
    numerator_en: str
    denominator_vi: str
    denominator_en: str
    counts: str
    lead_unit: str | None
    cooperating_units: str | None
    suspended_because: str | None


@dataclass(frozen=True)
class CriterionScore:
    """`status` is scored, not_applicable or suspended; `withheld` is `n<5` or None.

    A withheld row has its score, but neither numerator, denominator nor rate.
    """

    unit_code: str
    criterion_code: str
    numerator: int | None
    denominator: int | None
    rate: Decimal | None
    max_points: Decimal | None
    score: Decimal | None
    status: str
    withheld: str | None


@dataclass(frozen=True)
class Compliance:
    """`basis` month or year_to_date; `field_code` `*` means all fields (`field_name` None)."""

    unit_code: str
    basis: str
    metric_code: str
    field_code: str
    field_name: str | None
    numerator: int | None
    denominator: int | None
    rate: Decimal | None
    target_rate: Decimal | None
    is_compliant: bool | None
    shortfall: int | None
    withheld: str | None


@dataclass(frozen=True)
class Cause:
    unit_code: str
    cause: str
    dossiers_failing: int | None
    dossiers_failing_only: int | None
    withheld: str | None


@dataclass(frozen=True)
class NationalRank:
    """A province in the national table; `groups` and `ranks` by group code."""

    province_code: str
    province_name: str
    groups: dict[str, Decimal]
    ranks: dict[str, int]
    total_score: Decimal
    rank: int
    rank_out_of: int
    computed_rank: int | None


@dataclass(frozen=True)
class NationalAverage:
    group_code: str
    average_score: Decimal
    max_points: Decimal | None
    province_count: int


@dataclass(frozen=True)
class LetterFigure:
    """A figure of the letter with its printed form; both None where there is none.

    `withheld` says why it is not to be printed: `suspended`, `n<5`, or None.
    """

    row_code: str
    position: int
    label_vi: str
    value: Decimal | None
    out_of: Decimal | None
    printed_value: str | None
    withheld: str | None
    criterion_code: str | None = None


@dataclass(frozen=True)
class Change:
    relation: str
    key: str
    column_name: str
    old_value: str | None
    new_value: str | None
    cause: str
    withheld: str | None


@dataclass(frozen=True)
class Revision:
    """What a release restates: the revision before it of the same month."""

    release_id: str
    units: dict[str, UnitScore]
    criterion_scores: dict[tuple[str, str], CriterionScore]


@dataclass(frozen=True)
class MonthRelease:
    """Everything a monthly release shows of its publishing province, in a fixed order.

    `units` has the province, too. `criterion_scores` is by (unit_code, criterion_code),
    `letter` by row_code. `national` and `averages` are empty without national results, `previous`
    is None for a first release.
    """

    edition: Edition
    units: dict[str, UnitScore]
    criteria: list[Criterion]
    criterion_scores: dict[tuple[str, str], CriterionScore]
    compliance: list[Compliance]
    causes: list[Cause]
    national: list[NationalRank]
    averages: dict[str, NationalAverage]
    letter: dict[str, LetterFigure]
    changes: list[Change]
    previous: Revision | None = None

    @property
    def province(self) -> UnitScore:
        return self.units[self.edition.province_code]


@dataclass(frozen=True)
class EarlierMonth(Revision):
    """Scores of a month before, by the release that was current when this one was made."""

    period: str


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


def read_earlier_months(connection: psycopg.Connection, edition: Edition) -> list[EarlierMonth]:
    """The months before that of `edition`, the oldest first, for trends and comparisons.

    Each by the release that was its current one when the release of `edition` was made, so that
    a later revision of an old month changes no file of this one.
    """
    found = connection.execute(
        """
        select distinct on (p.period) p.period, p.release_id
        from published.release_pointer as p
        join published.release_record as r using (release_id)
        where p.kind = 'monthly' and p.period < %(period)s
            and r.province_code = %(province)s
            and p.pointer_id < (
                select min(pointer_id) from published.release_pointer
                where release_id = %(release)s
            )
        order by p.period, p.pointer_id desc
        """,
        {
            "period": edition.period,
            "province": edition.province_code,
            "release": edition.release_id,
        },
    ).fetchall()
    months = []
    for period, release_id in found:
        units = _units(connection, release_id, edition.province_code)
        scores = _criterion_scores(connection, release_id, units)
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
