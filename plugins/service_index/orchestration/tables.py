"""Rows as tables for a terminal of 80 columns: nothing is cut off, what is too long is wrapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from service_index.settings import ICT


def table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """At least one row; the names of its values are the headings."""
    made = Table(
        title=title or None,
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    for name in rows[0]:
        values = [row[name] for row in rows]
        is_number = any(type(value) is int for value in values)
        made.add_column(
            name.replace("_", " "),
            justify="right" if is_number else "left",
            overflow="fold",
            # Counts and instants stay on one line; text gives way.
            no_wrap=is_number or any(isinstance(value, datetime) for value in values),
        )
    for row in rows:
        made.add_row(*(_cell(value) for value in row.values()))
    return made


def instant(moment: datetime) -> str:
    """To the minute, in ICT."""
    return f"{moment.astimezone(ICT):%Y-%m-%d %H:%M}"


def _cell(value: Any) -> Text:
    if value is None:
        return Text("–")
    if isinstance(value, datetime):
        return Text(instant(value))
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    return Text(f"{value:,}" if isinstance(value, int) else str(value))
