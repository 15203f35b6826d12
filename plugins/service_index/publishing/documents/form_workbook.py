"""The statistical form as a spreadsheet: its printed shape, what does not add up, exact values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from service_index.publishing.documents.form_sheet import Sheet
from service_index.publishing.documents.office import BrokenTemplateError
from service_index.publishing.form import BY_HAND, FormRelease, FormRow, exact
from service_index.publishing.printing import number

FORM, CHECKS, VALUES = "Biểu mẫu", "Đối chiếu số liệu", "Giá trị"
ORIGINS = {BY_HAND: "nhập tay", "computed": "tính"}
EXACT_DIGITS = 15  # what a number of a spreadsheet keeps

TEXT = "@"
# Dots are written out: as separators they would turn into commas on another country's computer.
GROUPED = '[>=1000000]0"."000"."000;[>=1000]0"."000;0'
TOO_LARGE = Decimal(10**9)

CELL: dict[str, Any] = {"border": 1, "text_wrap": True}
CENTRED: dict[str, Any] = CELL | {"align": "center"}
LEFT: dict[str, Any] = CELL | {"align": "left", "indent": 1}
RIGHT: dict[str, Any] = CELL | {"align": "right", "indent": 1}
HEAD: dict[str, Any] = {"border": 1, "bold": True}


@dataclass(frozen=True)
class Figure:
    """What a cell holds for a printed figure; `value` is None where it can but be a text."""

    value: Decimal | None
    num_format: str = TEXT


def write(form: FormRelease, content: Mapping[str, Any], path: Path) -> None:
    """Write the workbook of `form` to `path`.

    `content` is what the templates of the form get: sections of the wording, and the tables as
    strings. Raises BrokenTemplateError where the wording lacks what the workbook needs.
    """
    words = Words(content)
    with xlsxwriter.Workbook(str(path)) as book:
        # Without a time of its own, the same form gives the same bytes.
        created = form.edition.stamped_at.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": words["document_title"], "created": created})

        def sheet(name: str, *widths: float) -> Sheet:
            return Sheet(book, name, widths, words["status_line"], content["sample_notice"])

        _write_form(sheet(FORM, 6, 42, 13, 13, 20), form, content["lines"], words)
        _write_checks(sheet(CHECKS, 5, 44, 14, 10, 14, 14, 56), form, content["checks"], words)
        _write_values(
            sheet(VALUES, 12, 8, 56, 14, 13, 38, 13, 10, 30), form, content["lines"], words
        )


@dataclass(frozen=True)
class Words:
    """The wording of the form by the names of its sections."""

    content: Mapping[str, Any]

    def __getitem__(self, section: str) -> str:
        return " ".join(self.lines(section))

    def lines(self, section: str) -> list[str]:
        return [block["text"] for block in self._blocks(section) if "text" in block]

    def heads(self, section: str, count: int) -> list[str]:
        """The first row of heads of the section's table."""
        for block in self._blocks(section):
            for heads in block.get("heads", []):
                if len(heads) == count:
                    return list(heads)
        raise BrokenTemplateError(f"statistical_form.txt: [{section}] is no row of {count} heads")

    def _blocks(self, section: str) -> list[dict[str, Any]]:
        if section not in self.content:
            raise BrokenTemplateError(f"statistical_form.txt: there is no section [{section}]")
        return list(self.content[section])


def figure(row: FormRow) -> Figure:
    """A number where a spreadsheet prints it exactly as the form does: a whole one.

    The form cuts a rate off where a cell would round it.
    """
    value, printed = row.value, row.printed_value
    if value is None or printed is None or value != value.to_integral_value():
        return Figure(None)
    if not 0 <= value < TOO_LARGE:
        return Figure(None)
    if printed == number(value, 0):
        return Figure(value, GROUPED)
    if value < 1000 and printed == f"{number(value, 0)}%":
        return Figure(value, '0"%"')
    if printed.isdecimal() and Decimal(printed) == value:
        return Figure(value, "0" * len(printed))
    return Figure(None)


def _write_form(
    sheet: Sheet, form: FormRelease, lines: Sequence[dict[str, str]], words: Words
) -> None:
    _write_title_block(sheet, words)
    sheet.notice()
    sheet.line(words["title"], bold=True, font_size=14)
    sheet.line(words["subtitle"], bold=True)
    sheet.line(words["release_note"], italic=True, font_size=11)
    _write_heads(sheet, words)
    rows = iter(form.rows)
    for line in lines:
        if line["level"] == "row":
            _write_row(sheet, line, figure(next(rows)))
        else:
            sheet.text(0, line["number"], bold=True, **CENTRED)
            sheet.text(1, line["label"], bold=True, **LEFT)
            for column in (2, 3, 4):
                sheet.text(column, "", **CELL)
        sheet.end_row()
    _write_closing(sheet, words)


def _write_title_block(sheet: Sheet, words: Words) -> None:
    """By Decree 30/2020/NĐ-CP, with blanks for what the clerk fills in."""
    bold: dict[str, Any] = {"bold": True}
    for left, of_left, right, of_right in (
        ("parent_issuer", {}, "country", bold | {"font_size": 11}),
        ("issuer", bold, "motto", bold | {"underline": 1}),
        ("number", {}, "place_and_date", {"italic": True}),
    ):
        sheet.height(17)
        sheet.block(0, 1, words[left], **of_left)
        sheet.block(2, 4, words[right], **of_right)
        sheet.row += 1


def _write_heads(sheet: Sheet, words: Words) -> None:
    number, what, unit, value, note = words.heads("heads", 5)
    sheet.height(24)
    sheet.block(0, 0, number, rows=2, **HEAD)
    sheet.block(1, 1, f"{what}\n{words['heads_note']}", rows=2, **HEAD)
    sheet.block(2, 3, words["results_head"], **HEAD)
    sheet.block(4, 4, note, rows=2, **HEAD)
    sheet.row += 1
    sheet.height(24)
    sheet.block(2, 2, unit, **HEAD)
    sheet.block(3, 3, value, **HEAD)
    sheet.row += 1
    sheet.stay(2)


def _write_row(sheet: Sheet, line: dict[str, str], printed: Figure) -> None:
    sheet.text(0, line["number"], **CENTRED)
    sheet.text(1, line["label"], **LEFT)
    sheet.text(2, line["unit"], **CENTRED)
    if printed.value is None:
        sheet.text(3, line["value"], num_format=TEXT, **CENTRED)
    else:
        sheet.number(3, printed.value, printed.num_format, **CENTRED)
    sheet.text(4, line["note"], font_size=11, **CENTRED)


def _write_closing(sheet: Sheet, words: Words) -> None:
    small: dict[str, Any] = {"italic": True, "font_size": 11}
    for note in words.lines("notes"):
        sheet.text(0, f"- {note}", **small)
        sheet.row += 1
    sheet.row += 1
    for name, shape in (("", {"bold": True}), ("_signs", small)):
        sheet.block(0, 1, words[f"preparer{name}"], **shape)
        sheet.block(2, 4, words[f"signatory{name}"], **shape)
        sheet.row += 1


def _write_checks(
    sheet: Sheet, form: FormRelease, checks: Sequence[dict[str, str]], words: Words
) -> None:
    sheet.sheet.set_landscape()
    sheet.notice()
    sheet.line(words["checks_title"], bold=True, font_size=14)
    sheet.line(words["checks_subtitle"], bold=True)
    sheet.line(words["release_note"], italic=True, font_size=11)
    for line in words.lines("checks_summary"):
        sheet.line(line)
    sheet.heads(*words.heads("checks_heads", 7))
    for place, (check, printed) in enumerate(zip(form.failing, checks, strict=True), 1):
        rows = f"\n{printed['rows']}" if printed["rows"] else ""
        sheet.text(0, str(place), **CENTRED)
        sheet.text(1, printed["description"] + rows, **LEFT)
        _write_side(sheet, 2, check.left_value)
        sheet.text(3, printed["sign"], **CENTRED)
        _write_side(sheet, 4, check.right_value)
        _write_side(sheet, 5, check.difference)
        sheet.text(6, f"{printed['identity']}: {printed['formula']}", font_size=10, **LEFT)
        sheet.end_row()


def _write_side(sheet: Sheet, column: int, value: Decimal | None) -> None:
    """A number if it is a whole one that the cell keeps, else all its decimals as a text."""
    if value is None or value != value.to_integral_value() or abs(value) >= 10**EXACT_DIGITS:
        sheet.text(column, exact(value), **RIGHT)
    else:
        groups = (len(str(abs(int(value)))) - 1) // 3
        sheet.number(column, value, "0" + '"."000' * groups, **RIGHT)


def _write_values(
    sheet: Sheet, form: FormRelease, lines: Sequence[dict[str, str]], words: Words
) -> None:
    sheet.sheet.set_landscape()
    sheet.notice()
    sheet.line(words["values_title"], bold=True)
    sheet.line(words["release_note"], italic=True, font_size=11)
    sheet.heads(*words.heads("values_heads", 9))
    printed = (line for line in lines if line["level"] == "row")
    for row, line in zip(form.rows, printed, strict=True):
        sheet.text(0, line["code"], **LEFT)
        sheet.text(1, line["number"], **CENTRED)
        sheet.text(2, line["label"], **LEFT)
        sheet.text(3, line["unit"], **CENTRED)
        if row.value is None:
            sheet.text(4, "", **CELL)
            sheet.text(5, "", **CELL)
        else:
            sheet.number(4, row.value, "General", **RIGHT)
            # All digits, of which the number keeps fifteen.
            sheet.text(5, f"{row.value.normalize():f}", num_format=TEXT, **RIGHT)
        sheet.text(6, line["value"], num_format=TEXT, **RIGHT)
        sheet.text(7, ORIGINS[row.origin], **CENTRED)
        sheet.text(8, line["note"], **LEFT)
        sheet.end_row()
