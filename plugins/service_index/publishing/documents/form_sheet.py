"""One sheet of the statistical form's workbook, filled row by row.

Texts are written as texts: nothing in it is a formula, a link or a macro.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

LONGEST_TEXT = 32_767  # characters that a cell takes

_FONT = "Times New Roman"
_A4 = 9
_LINE, _TALLEST = 16.5, 409.0  # points; a row takes no more
_RED, _GREY = "B00020", "464646"


class Sheet:
    """A worksheet printed on A4, status and sample notice on every page; `row` is written next.

    `status` is a line for the foot of each page, `notice` empty for real data.
    """

    def __init__(
        self, book: Any, name: str, widths: Sequence[float], status: str, notice: str
    ) -> None:
        self._book = book
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._widths = widths
        self._lines = 1
        self._notice = notice
        self.sheet = book.add_worksheet(name)
        self.row = 0
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width, self._format())
        self.sheet.hide_gridlines(2)
        self.sheet.set_paper(_A4)
        self.sheet.fit_to_pages(1, 0)
        # Left margin as in the other documents; inches.
        self.sheet.set_margins(left=1.18, right=0.59, top=0.9, bottom=0.8)
        of_page = f'&C&"{_FONT},Regular"&12&P'
        self.sheet.set_header(f'{of_page}&R&"{_FONT},Bold"&12&K{_RED}{_of_page(notice)}')
        self.sheet.set_footer(f'&C&"{_FONT},Regular"&9&K{_GREY}{_of_page(status)}')

    def _format(self, **properties: Any) -> Any:
        common = {"font_name": _FONT, "font_size": 12, "valign": "vcenter"}
        key = tuple(sorted((common | properties).items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(dict(key))
        return self._formats[key]

    def height(self, points: float) -> None:
        self.sheet.set_row(self.row, points)

    def text(self, column: int, text: str, **properties: Any) -> None:
        self._write(column, text, self._format(**properties))
        if properties.get("text_wrap"):
            self._lines = max(self._lines, self._lines_of(text, column, properties))

    def _write(self, column: int, text: str, shape: Any) -> None:
        cut = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
        if cut:
            self.sheet.write_string(self.row, column, cut, shape)
        else:
            self.sheet.write_blank(self.row, column, None, shape)

    def _lines_of(self, text: str, column: int, properties: dict[str, Any]) -> int:
        # A column is as wide as so many digits: letters take a digit each, bold ones more.
        letters = self._widths[column] - 2 * properties.get("indent", 0)
        letters *= 12 / properties.get("font_size", 12)
        room = max(1, int(letters * (0.85 if properties.get("bold") else 1.0)))
        return sum(len(textwrap.wrap(part, room)) or 1 for part in text.split("\n"))

    def end_row(self) -> None:
        """Go on to the next row, this one as high as its texts: not every program sees to that."""
        self.sheet.set_row(self.row, min(self._lines * _LINE, _TALLEST))
        self._lines = 1
        self.row += 1

    def number(self, column: int, value: Decimal, num_format: str, **properties: Any) -> None:
        shape = self._format(num_format=num_format, **properties)
        self.sheet.write_number(self.row, column, value, shape)

    def block(self, first: int, last: int, text: str, rows: int = 1, **properties: Any) -> None:
        """A centred text over columns `first` to `last` and so many rows."""
        shape = self._format(align="center", text_wrap=True, **properties)
        if (first, 1) != (last, rows):
            self.sheet.merge_range(self.row, first, self.row + rows - 1, last, "", shape)
        self._write(first, text, shape)

    def line(self, text: str, **properties: Any) -> None:
        """A centred line over all columns."""
        self.height(18)
        self.block(0, len(self._widths) - 1, text, **properties)
        self.row += 1

    def notice(self) -> None:
        """The line that says of sample data that they are; nothing for real ones."""
        if self._notice:
            self.line(self._notice, bold=True, font_color=f"#{_RED}")

    def heads(self, *texts: str) -> None:
        """The heads of the columns, which stay: on the screen, and on each printed page."""
        for column, text in enumerate(texts):
            self.block(column, column, text, bold=True, border=1)
        self.row += 1
        self.stay(1)

    def stay(self, heads: int) -> None:
        """Keep everything so far on the screen, its last `heads` rows on each printed page."""
        self.sheet.freeze_panes(self.row, 0)
        self.sheet.repeat_rows(self.row - heads, self.row - 1)


def _of_page(text: str) -> str:
    """Text of a page's head or foot, where `&` begins a command."""
    return text.replace("&", "&&")
