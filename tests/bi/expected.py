"""What a dashboard has to show, asked of the marts apart from the dashboards' own questions."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg

from service_index.publishing import labels

NEWEST = "(select max(period_month) from marts.mart_monthly_score)"
GROUPS = tuple(labels.GROUPS)
HUNDREDTH = Decimal("0.01")


def printed(value: Decimal | int | None, decimals: int = 0) -> str:
    """As Vietnam writes numbers, rounded half up from the exact value."""
    if value is None:
        return "N/A"
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded:,}".translate(str.maketrans(",.", ".,"))


def percent(numerator: int, denominator: int) -> str:
    return printed(Decimal(100 * numerator) / denominator, 2)


def hundredths(value: Any) -> Decimal | None:
    """A figure of a chart's own rows, which come as JSON numbers; or an exact one, rounded."""
    if value is None:
        return None
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return exact.quantize(HUNDREDTH, ROUND_HALF_UP)


def rows(marts: psycopg.Connection, query: str) -> list[Any]:
    return marts.execute(query.encode()).fetchall()


def criteria(marts: psycopg.Connection, unit: str) -> list[list[str]]:
    """The table of the newest month's criteria, cell by cell."""
    return [
        [
            f"{code}. {name}",
            printed(numerator),
            printed(denominator),
            printed(None if rate is None else 100 * rate, 2),
            printed(score, 2),
            printed(most, 2),
            "Có điểm" if status == "scored" else "Không áp dụng",
        ]
        for code, name, numerator, denominator, rate, score, most, status in rows(
            marts,
            f"""
            select f.criterion_code, d.name_vi, f.numerator, f.denominator, f.rate, f.score,
                f.max_points, f.status
            from marts.fct_criterion_score as f
            inner join marts.dim_criterion as d
                using (criterion_code, catalogue_version)
            where f.period_month = {NEWEST} and f.unit_code = '{unit}'
            order by f.criterion_code
            """,
        )
    ]


def totals_by_month(marts: psycopg.Connection, unit: str) -> list[tuple[str, Decimal | None]]:
    """The total month by month of the unit that has the code now."""
    return [
        (month, hundredths(total))
        for month, total in rows(
            marts,
            f"""
            select to_char(period_month, 'YYYY-MM'), total_score from marts.mart_monthly_score
            where {_since_its_version_began(unit)}
            order by 1
            """,
        )
    ]


def province_by_month(
    marts: psycopg.Connection, query: str
) -> list[tuple[str, str, tuple[Decimal | None, ...]]]:
    """Month, which version of the province it was, and the figures of a query that begins with
    the month; a merger makes another province of the same code."""
    return [
        (
            f"{month:%Y-%m}",
            "đến 30/06/2025" if month.year == 2025 and month.month < 7 else "hiện nay",
            tuple(map(hundredths, figures)),
        )
        for month, *figures in rows(marts, query)
    ]


def shares_of_groups(
    marts: psycopg.Connection, unit: str, month: str = NEWEST
) -> list[Decimal | None]:
    """Each group's points in percent of its maximum, in the order of GROUPS."""
    shares = ", ".join(f"100 * {group} / nullif({group}_max, 0)" for group in GROUPS)
    (found,) = rows(
        marts,
        f"select {shares} from marts.mart_monthly_score "
        f"where period_month = {month} and unit_code = '{unit}'",
    )
    return [hundredths(share) for share in found]


def causes(marts: psycopg.Connection, unit: str) -> list[tuple[str, int, int]]:
    return sorted(
        (labels.CAUSES[cause].vi, failing, failing_only)
        for cause, failing, failing_only in rows(
            marts,
            f"""
            select cause, dossiers_failing, dossiers_failing_only from marts.mart_compliance_cause
            where period_month = {NEWEST} and unit_code = '{unit}'
            """,
        )
    )


def balance_by_month(marts: psycopg.Connection, unit: str) -> list[list[str]]:
    """The table of the unit's dossiers, the newest month first."""
    return [
        [month, *(printed(count) for count in counts)]
        for month, *counts in rows(
            marts,
            f"""
            select to_char(period_month, 'YYYY-MM'), b.carried_over,
                b.received_online + b.received_in_person + b.received_by_post, b.received_online,
                b.resolved_early + b.resolved_on_the_day, b.resolved_late,
                b.withdrawn + b.stopped, b.open_on_time, b.open_overdue
            from marts.mart_dossier_balance as b
            where {_since_its_version_began(unit)}
            order by 1 desc
            """,
        )
    ]


def by_version(
    shown: list[dict[str, Any]], *metrics: str
) -> list[tuple[str, str, tuple[Decimal | None, ...]]]:
    """The rows of a chart that has a line, or bars, for each version of the unit."""
    found = []
    for one in shown:
        for version in ("đến 30/06/2025", "hiện nay"):
            names = [f"{metric}, {version}" if len(metrics) > 1 else version for metric in metrics]
            figures = tuple(hundredths(one.get(name)) for name in names)
            if any(figure is not None for figure in figures):
                found.append((one["month"], version, figures))
    return found


def causes_shown(shown: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return sorted((one["cause"], one["failing"], one["failing_only"]) for one in shown)


def target(
    above: int,
    under: int,
    wanted: Decimal | None,
    complies: bool | None,
    missing: int | None,
) -> list[str]:
    return [
        printed(above),
        printed(under),
        percent(above, under),
        printed(None if wanted is None else 100 * wanted, 2),
        {True: "Đạt", False: "Chưa đạt", None: "N/A"}[complies],
        printed(missing),
    ]


def _since_its_version_began(unit: str) -> str:
    return f"""unit_code = '{unit}' and period_month >= (
        select max(valid_from) from marts.dim_unit where unit_code = '{unit}'
    )"""
