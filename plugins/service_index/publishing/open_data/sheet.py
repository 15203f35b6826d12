"""One table on one sheet of a workbook, laid out to be read, filtered and printed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from service_index.publishing import labels
from service_index.publishing.edition import SAMPLE_NOTICE, Edition
from service_index.publishing.labels import Label
from service_index.publishing.printing import local_time, one_line

HEADING_ROW: Final = 3  # under the title, what the release is, and the notes
_NOTES_ROW: Final = 2
LONGEST_TEXT: Final = 32_767  # characters that a cell takes
_LONGEST_NAME_ON_PAPER: Final = 60  # a header of the printed page takes 255 characters
_A4: Final = 9
_LINE_HEIGHT: Final = 13.5  # points
_LETTERS_A_UNIT: Final = 1.25  # a column's width counts digits of a larger font
_HIGHEST_ROW: Final = 409.0
_FONT: Final = {"font_name": "Arial", "font_size": 10}
_HEADING: Final = {
    "bold": True,
    "font_color": "#FFFFFF",
    "bg_color": "#1F4E79",
    "border": 1,
    "border_color": "#BFBFBF",
    "align": "center",
    "valign": "vcenter",
    "text_wrap": True,
}


@dataclass(frozen=True)
class WholePercent:
    """A rate of which no more is known, whatever the rest of its column has."""

    rate: Decimal


Cell = Decimal | int | str | WholePercent | None


class Style(Enum):
    """How the cells of a column are shown; the value is the number format."""

    TEXT = "@"
    POINTS = "#,##0.00"
    PERCENT = "0.00%"
    COUNT = "#,##0"


@dataclass(frozen=True)
class Heading:
    """A column; `is_upright` turns a long heading over a narrow column."""

    label: Label
    style: Style
    width: float = 10
    is_upright: bool = False


@dataclass(frozen=True)
class Sheet:
    """`frozen` columns on the left stay in sight; a row whose index is in `strong` is bold.

    Text in a column of numbers says why there is none.
    """

    name: str
    title: Label
    headings: Sequence[Heading]
    rows: Sequence[Sequence[Cell]]
    frozen: int = 0
    notes: Sequence[Label] = ()
    strong: frozenset[int] = frozenset()


class Styles:
    """The cell formats of a workbook, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def get(self, **properties: Any) -> Format:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._workbook.add_format(_FONT | properties)
        return self._formats[key]

    def of_cell(self, style: Style, value: Cell, *, is_strong: bool) -> Format:
        properties: dict[str, Any] = {"border": 1, "border_color": "#D9D9D9", "valign": "top"}
        if is_strong:
            properties |= {"bold": True, "bg_color": "#DDEBF7"}
        if style is Style.TEXT:
            return self.get(text_wrap=True, align="left", indent=1, **properties)
        if isinstance(value, str):
            return self.get(align="right", italic=True, font_color="#7F7F7F", **properties)
        is_whole = isinstance(value, WholePercent)
        return self.get(num_format="0%" if is_whole else style.value, **properties)


def add(workbook: Workbook, styles: Styles, edition: Edition, sheet: Sheet) -> Worksheet:
    """Append `sheet` to the workbook."""
    worksheet = workbook.add_worksheet(sheet.name)
    set_page(worksheet, edition)
    worksheet.write_string(0, 0, sheet.title.vi, styles.get(bold=True, font_size=14))
    _write_state(worksheet, styles, edition)
    _write_notes(worksheet, styles, sheet)
    _write_headings(worksheet, styles, sheet)
    for index, row in enumerate(sheet.rows):
        worksheet.set_row(HEADING_ROW + 1 + index, _height(sheet.headings, row))
        for column, (heading, value) in enumerate(zip(sheet.headings, row, strict=True)):
            style = styles.of_cell(heading.style, value, is_strong=index in sheet.strong)
            write(worksheet, HEADING_ROW + 1 + index, column, value, style)
    worksheet.freeze_panes(HEADING_ROW + 1, sheet.frozen)
    last_row = HEADING_ROW + max(len(sheet.rows), 1)
    worksheet.autofilter(HEADING_ROW, 0, last_row, len(sheet.headings) - 1)
    worksheet.repeat_rows(HEADING_ROW)
    return worksheet


def write(worksheet: Worksheet, row: int, column: int, value: Cell, style: Format) -> None:
    """A number as a number, any text as text, whatever it looks like."""
    if value is None:
        worksheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        worksheet.write_string(row, column, one_line(value)[:LONGEST_TEXT], style)
    else:
        exact = value.rate if isinstance(value, WholePercent) else value
        worksheet.write_number(row, column, float(exact), style)


def describe(edition: Edition) -> str:
    """Status, cut-off and number of the release, on every sheet."""
    return (
        f"{labels.STATUSES[edition.status].both} · số liệu đến (data up to) "
        f"{local_time(edition.data_cutoff)} · {edition.release_id}"
    )


def set_page(worksheet: Worksheet, edition: Edition) -> None:
    """A4 across, as wide as the paper; every printed page says what it is of."""
    worksheet.set_landscape()
    worksheet.set_paper(_A4)
    worksheet.fit_to_pages(1, 0)
    worksheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
    worksheet.hide_gridlines(2)
    name = one_line(edition.province_name)[:_LONGEST_NAME_ON_PAPER].replace("&", "&&")
    sample = f"&C&B&KC00000{SAMPLE_NOTICE}" if edition.is_sample else ""
    status = labels.STATUSES[edition.status].both
    # A digit right after the size of the letters would belong to it.
    worksheet.set_header(f"&L&9 {name} · {edition.period}{sample}&R&9 {status}")
    cutoff = local_time(edition.data_cutoff)
    worksheet.set_footer(f"&L&8 {edition.release_id} · số liệu đến {cutoff}&R&8 Trang &P/&N")


def height(text: str, width: float) -> float:
    """Points that wrapped `text` takes in a column of `width`, which nobody else works out."""
    letters = int(width * _LETTERS_A_UNIT)
    # Most texts are short, and wrapping is slow.
    lines = 1 if len(text) <= letters else len(textwrap.wrap(text, letters))
    return min(lines * _LINE_HEIGHT, _HIGHEST_ROW)


def _height(headings: Sequence[Heading], row: Sequence[Cell]) -> float:
    return max(
        height(str(value or ""), heading.width) if heading.style is Style.TEXT else _LINE_HEIGHT
        for heading, value in zip(headings, row, strict=True)
    )


def _write_state(worksheet: Worksheet, styles: Styles, edition: Edition) -> None:
    state = describe(edition)
    plain = styles.get(font_color="#404040")
    if edition.is_sample:
        red = styles.get(bold=True, font_color="#C00000")
        worksheet.write_rich_string(1, 0, red, SAMPLE_NOTICE, plain, f" · {state}")
    else:
        worksheet.write_string(1, 0, state, plain)


def _write_notes(worksheet: Worksheet, styles: Styles, sheet: Sheet) -> None:
    """As wide as the table: a longer line would make the printed table smaller."""
    if sheet.notes:
        notes = " · ".join(note.both for note in sheet.notes)
        width = sum(heading.width for heading in sheet.headings)
        worksheet.set_row(_NOTES_ROW, height(notes, width))
        style = styles.get(italic=True, font_color="#595959", text_wrap=True, valign="top")
        last = len(sheet.headings) - 1
        worksheet.merge_range(_NOTES_ROW, 0, _NOTES_ROW, last, notes, style)


def _write_headings(worksheet: Worksheet, styles: Styles, sheet: Sheet) -> None:
    english = styles.get(italic=True, font_size=8, font_color="#DDEBF7")
    bold = styles.get(bold=True, font_color="#FFFFFF")
    upright = styles.get(**_HEADING | {"rotation": 90, "font_size": 9, "align": "left"})
    is_upright = any(heading.is_upright for heading in sheet.headings)
    worksheet.set_row(HEADING_ROW, 240 if is_upright else 60)
    for column, heading in enumerate(sheet.headings):
        worksheet.set_column(column, column, heading.width)
        vi, en = (one_line(text) for text in (heading.label.vi, heading.label.en))
        if heading.is_upright:
            worksheet.write_string(HEADING_ROW, column, vi, upright)
        else:
            style = styles.get(**_HEADING)
            worksheet.write_rich_string(HEADING_ROW, column, bold, vi, english, f"\n{en}", style)
