"""A period's statistical form in a terminal, as it is printed, and what of it does not add up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psycopg
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from service_index.publishing import labels
from service_index.publishing.edition import SAMPLE_NOTICE, Edition
from service_index.publishing.form import (
    FormCheck,
    FormRelease,
    FormRow,
    Level,
    exact,
    lines,
    read_current_form,
)
from service_index.publishing.printing import local_time, one_line

ORIGIN_LABELS = {"computed": "tính (computed)", "by_hand": "nhập tay (by hand)"}


def show_form(
    connection: psycopg.Connection, period: str, releases: Path, console: Console
) -> None:
    """Print the current release of the form of `period`; its files lie under `releases`.

    Reads published.* only. Raises LookupError when nothing is published.
    """
    console.print(render(read_current_form(connection, period), releases))


def render(form: FormRelease, releases: Path) -> RenderableType:
    """The whole view of one form."""
    folder = form.edition.folder(releases)
    return Group(
        _head(form.edition),
        _rows(form.rows),
        _checks(form),
        Text(f"Tệp dữ liệu (files): {folder}", overflow="fold"),
    )


def _head(edition: Edition) -> Panel:
    text = Text()
    if edition.is_sample:
        text.append(f"{SAMPLE_NOTICE} (sample data)\n", style="bold red")
    text.append(f"Trạng thái (status): {labels.STATUSES[edition.status].both}")
    text.append(f"\nSố liệu đến (data up to): {local_time(edition.data_cutoff)}")
    title = f"Biểu mẫu thống kê (statistical form) · {edition.period} · {edition.release_id}"
    return Panel(text, title=Text(title), title_align="left")


def _rows(rows: Sequence[FormRow]) -> Table:
    table = Table()
    # What is short of room are the words, which wrap; a number is never cut.
    table.add_column("Stt\n(row)", no_wrap=True)
    table.add_column("Chỉ tiêu thống kê\n(figure)")
    table.add_column("Đơn vị\n(unit)", max_width=9)
    table.add_column("Số liệu\n(value)", justify="right", no_wrap=True)
    table.add_column("Nguồn\n(origin)", max_width=10)
    for line in lines(rows):
        if line.row is None:
            style = "bold" if line.level is Level.PART else "italic"
            table.add_row("", Text(one_line(line.label), style=style))
            continue
        table.add_row(
            # Not as printed, but as in the tables: there a number stands for one row only.
            line.row.row_code,
            _label(line.row),
            Text(one_line(line.row.unit_of_measure or "")),
            line.row.printed_value or "",
            ORIGIN_LABELS[line.row.origin],
        )
    return table


def _label(row: FormRow) -> Text:
    label = Text(one_line(row.label_vi))
    if row.note_vi:
        label.append(f" – {one_line(row.note_vi)}", style="italic")
    return label


def _checks(form: FormRelease) -> RenderableType:
    title = (
        f"Không khớp (identities that fail): {len(form.failing)}; khớp (hold): {form.holding}; "
        f"chưa đủ số liệu (undecided): {form.undecided}"
    )
    # Not the table's own title, which would be wrapped to the table.
    parts: list[RenderableType] = [Text(title, style="bold")]
    if form.failing:
        parts.append(_failing(form.failing))
    return Group(*parts)


def _failing(checks: Sequence[FormCheck]) -> Table:
    table = Table()
    table.add_column("Đẳng thức\n(identity)", overflow="fold")
    table.add_column("Nội dung\n(what must hold)")
    for heading in ("Vế trái\n(left)", "Vế phải\n(right)"):
        table.add_column(heading, justify="right", no_wrap=True)
    for check in checks:
        table.add_row(
            check.identity,
            Text(one_line(check.description_vi)),
            exact(check.left_value),
            exact(check.right_value),
        )
    return table
