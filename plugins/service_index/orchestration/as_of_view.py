"""What the terminal shows of marts as known at an instant, and of a release made again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service_index.orchestration.as_of import MARTS, Rebuild
from service_index.publishing.printing import number
from service_index.settings import ICT

_MOST_SHOWN = 20

_THEN_AND_NOW = """
    select
        coalesce(past.unit_code, live.unit_code) as unit_code,
        coalesce(past.unit_name, live.unit_name) as unit_name,
        past.total_score as score_then,
        live.total_score as score_now,
        past.rank as rank_then,
        live.rank as rank_now
    from (select * from as_of_marts.mart_monthly_score where period_month = %(month)s) as past
    full join (select * from marts.mart_monthly_score where period_month = %(month)s) as live
        using (unit_code)
    where
        coalesce(past.unit_type, live.unit_type) = 'province'
        or past.total_score is distinct from live.total_score
        or past.rank is distinct from live.rank
    order by coalesce(past.unit_type, live.unit_type) <> 'province', unit_code
"""


def show_month(
    connection: psycopg.Connection, month: date, known_at: datetime, since: date, console: Console
) -> None:
    """The provinces' scores then and now, and the units whose score or rank is another today.

    `since` is the first month of the marts of that instant.
    """
    rows = connection.execute(_THEN_AND_NOW, {"month": month}).fetchall()
    connection.commit()
    table = Table(title=f"{month:%Y-%m} as known at {_instant(known_at)}", title_justify="left")
    table.add_column("unit")
    for heading in ("score then", "score now", "rank then", "rank now"):
        table.add_column(heading, justify="right")
    for row in rows[:_MOST_SHOWN]:
        table.add_row(Text(row[1]), *_points(row[2:4]), *_ranks(row[4:6]))
    console.print(table)
    if len(rows) > _MOST_SHOWN:
        console.print(f"and {len(rows) - _MOST_SHOWN} more units that differ")
    console.print(
        f"the marts of that instant, from {since:%Y-%m} on, are in schema {MARTS}; "
        "the live ones are untouched"
    )


def show_rebuild(rebuilt: Rebuild, console: Console) -> None:
    """Whether the release could be made again, and if not, where it differs."""
    console.print(f"made again from what had been landed by {_instant(rebuilt.known_at)}")
    if not rebuilt.by_own_project:
        console.print(
            "by the present dbt project: the one that made the release is not in the warehouse"
        )
    if rebuilt.other_batches:
        console.print(f"from other landings than it stands on: {', '.join(rebuilt.other_batches)}")
    for one in rebuilt.differences[:_MOST_SHOWN]:
        console.print(
            f"{one.relation}: {one.key}: {one.column_name} {one.old_value} -> {one.new_value}",
            markup=False,
        )
    if len(rebuilt.differences) > _MOST_SHOWN:
        console.print(f"and {len(rebuilt.differences) - _MOST_SHOWN} more values")
    if rebuilt.is_equal:
        console.print(f"{rebuilt.release_id} is equal to what was published", markup=False)


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(ICT):%Y-%m-%d %H:%M:%S} ICT"


def _points(values: Sequence[Any]) -> list[str]:
    return ["–" if value is None else number(value, 2) for value in values]


def _ranks(values: Sequence[Any]) -> list[str]:
    return ["–" if value is None else str(value) for value in values]
