"""A period's statistical form in a terminal, as it is printed, and what of it does not add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import psycopg
from psycopg.rows import class_row
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from service_index.publishing import labels
from service_index.publishing.printing import local_time, number, one_line
from service_index.publishing.tables import SAMPLE_NOTICE, release_folder

ORIGIN_LABELS = {"computed": "tính (computed)", "by_hand": "nhập tay (by hand)"}


@dataclass(frozen=True)
class FormRelease:
    release_id: str
    period: str
    province_code: str
    status: str
    data_cutoff: datetime
    is_sample: bool


@dataclass(frozen=True)
class FormRow:
    """One row of the form; `heading_vi` is None right under the heading of its part."""

    row_code: str
    part_vi: str
    heading_vi: str | None
    label_vi: str
    unit_of_measure: str | None
    printed_value: str | None
    origin: str
    note_vi: str | None


@dataclass(frozen=True)
class FormCheck:
    """An identity with both its sides; `holds` is None where one of them is missing."""

    identity: str
    description_vi: str
    left_value: Decimal | None
    right_value: Decimal | None
    holds: bool | None


@dataclass(frozen=True)
class Form:
    """A published form in its printed order, and its identities as the marts state them now."""

    release: FormRelease
    rows: list[FormRow]
    checks: list[FormCheck]


def show_form(
    connection: psycopg.Connection, period: str, releases: Path, console: Console
) -> None:
    """Print the current release of the form of `period`; its files lie under `releases`.

    Raises LookupError when nothing is published.
    """
    console.print(render(read_form(connection, period), releases))


def read_form(connection: psycopg.Connection, period: str) -> Form:
    """Read the current release of `period` and its identities, all from one snapshot.

    `connection` must not be in a transaction. Raises LookupError when nothing is published.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        with connection.cursor(row_factory=class_row(FormRelease)) as cursor:
            release = cursor.execute(
                "select release_id, period, province_code, status, data_cutoff, is_sample "
                "from published.current_release "
                "where kind = 'statistical_form' and period = %s",
                [period],
            ).fetchone()
        if release is None:
            raise LookupError(
                f"the form of {period} is not published yet: run `service-index publish --period`"
            )
        of_province = [period, release.province_code]
        with connection.cursor(row_factory=class_row(FormRow)) as cursor:
            rows = cursor.execute(
                "select row_code, part_vi, heading_vi, label_vi, unit_of_measure, printed_value, "
                "origin, note_vi from published.current_statistical_form "
                "where period = %s and province_code = %s order by position",
                of_province,
            ).fetchall()
        with connection.cursor(row_factory=class_row(FormCheck)) as cursor:
            checks = cursor.execute(
                "select identity, description_vi, left_value, right_value, holds "
                "from marts.mart_form_check "
                "where period = %s and province_code = %s order by position",
                of_province,
            ).fetchall()
    return Form(release, rows, checks)


def render(form: Form, releases: Path) -> RenderableType:
    """The whole view of one form."""
    folder = release_folder(releases, form.release.release_id)
    return Group(
        _head(form.release),
        _rows(form.rows),
        _checks(form.checks),
        Text(f"Tệp dữ liệu (files): {folder}", overflow="fold"),
    )


def _head(release: FormRelease) -> Panel:
    lines = Text()
    if release.is_sample:
        lines.append(f"{SAMPLE_NOTICE} (sample data)\n", style="bold red")
    lines.append(f"Trạng thái (status): {labels.STATUSES[release.status].both}")
    lines.append(f"\nSố liệu đến (data up to): {local_time(release.data_cutoff)}")
    title = f"Biểu mẫu thống kê (statistical form) · {release.period} · {release.release_id}"
    return Panel(lines, title=Text(title), title_align="left")


def _rows(rows: Sequence[FormRow]) -> Table:
    table = Table()
    # What is short of room are the words, which wrap; a number is never cut.
    table.add_column("Stt\n(row)", no_wrap=True)
    table.add_column("Chỉ tiêu thống kê\n(figure)")
    table.add_column("Đơn vị\n(unit)", max_width=9)
    table.add_column("Số liệu\n(value)", justify="right", no_wrap=True)
    table.add_column("Nguồn\n(origin)", max_width=10)
    part, heading = "", None
    for row in rows:
        if row.part_vi != part:
            part, heading = row.part_vi, None
            table.add_row("", Text(one_line(part), style="bold"))
        if row.heading_vi != heading:
            heading = row.heading_vi
            if heading is not None:
                table.add_row("", Text(one_line(heading), style="italic"))
        table.add_row(
            row.row_code,
            _label(row),
            Text(one_line(row.unit_of_measure or "")),
            row.printed_value or "",
            ORIGIN_LABELS[row.origin],
        )
    return table


def _label(row: FormRow) -> Text:
    label = Text(one_line(row.label_vi))
    if row.note_vi:
        label.append(f" – {one_line(row.note_vi)}", style="italic")
    return label


def _checks(checks: Sequence[FormCheck]) -> RenderableType:
    failing = [check for check in checks if check.holds is False]
    holding = sum(check.holds is True for check in checks)
    title = (
        f"Không khớp (identities that fail): {len(failing)}; khớp (hold): {holding}; "
        f"chưa đủ số liệu (undecided): {len(checks) - len(failing) - holding}\n"
        # The rows above are those of the release.
        "theo số liệu hiện tại (as the marts are now)"
    )
    # Not the table's own title, which would be wrapped to the table.
    parts: list[RenderableType] = [Text(title, style="bold")]
    if failing:
        parts.append(_failing(failing))
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
            _value(check.left_value),
            _value(check.right_value),
        )
    return table


def _value(value: Decimal | None) -> str:
    if value is None:
        return ""
    return number(value, 0 if value == value.to_integral_value() else 2)
