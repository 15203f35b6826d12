"""The statistical form as a spreadsheet: its printed shape, what does not add up, exact values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from service_index.publishing.documents.form_sheet import Sheet
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


@dataclass(frozen=True)
class Figure:
    """What a cell holds for a printed figure; `value` is None where it can but be a text."""

    value: Decimal | None
    num_format: str = TEXT


def write(form: FormRelease, content: dict[str, Any], path: Path) -> None:
    """Write the workbook of `form` to `path`; `content` is the form as it is printed."""
    status = f"Bản {content['release']} · {content['status']} · Số liệu đến {content['cutoff']}"
    with xlsxwriter.Workbook(str(path)) as book:
        # Without a time of its own, the same form gives the same bytes.
        created = form.edition.stamped_at.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": f"Biểu mẫu thống kê {content['period']}", "created": created})

        def sheet(name: str, *widths: float) -> Sheet:
            return Sheet(book, name, widths, status, content["notice"])

        _write_form(sheet(FORM, 6, 42, 13, 13, 20), form, content, status)
        _write_checks(sheet(CHECKS, 5, 44, 14, 10, 14, 14, 56), form, content, status)
        _write_values(sheet(VALUES, 12, 8, 56, 14, 13, 38, 13, 10, 30), form, content, status)


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


def _write_form(sheet: Sheet, form: FormRelease, content: dict[str, Any], status: str) -> None:
    _write_title_block(sheet, content)
    sheet.notice()
    sheet.line("BIỂU MẪU THỐNG KÊ", bold=True, font_size=14)
    sheet.line(f"Công tác cải cách thủ tục hành chính {content['period']}", bold=True)
    revision = f"; {content['revision']}" if content["revision"] else ""
    sheet.line(f"({status}{revision})", italic=True, font_size=11)
    _write_heads(sheet)
    rows = iter(form.rows)
    for line in content["lines"]:
        if line["level"] == "row":
            _write_row(sheet, line, figure(next(rows)))
        else:
            sheet.text(0, line["number"], bold=True, **CENTRED)
            sheet.text(1, line["label"], bold=True, **CELL)
            for column in (2, 3, 4):
                sheet.text(column, "", **CELL)
        sheet.end_row()
    _write_closing(sheet, content)


def _write_title_block(sheet: Sheet, content: dict[str, Any]) -> None:
    """By Decree 30/2020/NĐ-CP, with blanks for what the clerk fills in."""
    blanks = f"{content['place']}, ngày        tháng        năm            "
    issuer: dict[str, Any] = {"bold": True}
    motto: dict[str, Any] = {"bold": True, "underline": 1}
    for left, of_left, right, of_right in (
        ("ỦY BAN NHÂN DÂN", {}, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", issuer | {"font_size": 11}),
        (content["issuer"], issuer, "Độc lập - Tự do - Hạnh phúc", motto),
        ("Số:            /          ", {}, blanks, {"italic": True}),
    ):
        sheet.height(17)
        sheet.block(0, 1, left, **of_left)
        sheet.block(2, 4, right, **of_right)
        sheet.row += 1


def _write_heads(sheet: Sheet) -> None:
    head: dict[str, Any] = {"bold": True, "border": 1}
    sheet.height(24)
    sheet.block(0, 0, "Stt", rows=2, **head)
    what = "Chỉ tiêu thống kê\n(Sử dụng trong kỳ báo cáo hàng quý, 6 tháng, năm)"
    sheet.block(1, 1, what, rows=2, **head)
    sheet.block(2, 3, "Kết quả thống kê", **head)
    sheet.block(4, 4, "Ghi chú", rows=2, **head)
    sheet.row += 1
    sheet.height(24)
    sheet.block(2, 2, "Đơn vị tính", **head)
    sheet.block(3, 3, "Số liệu", **head)
    sheet.row += 1
    sheet.stay(2)


def _write_row(sheet: Sheet, line: dict[str, str], printed: Figure) -> None:
    sheet.text(0, line["number"], **CENTRED)
    sheet.text(1, line["label"], **CELL)
    sheet.text(2, line["unit"], **CENTRED)
    if printed.value is None:
        sheet.text(3, line["value"], num_format=TEXT, **CENTRED)
    else:
        sheet.number(3, printed.value, printed.num_format, **CENTRED)
    sheet.text(4, line["note"], font_size=11, **CENTRED)


def _write_closing(sheet: Sheet, content: dict[str, Any]) -> None:
    note: dict[str, Any] = {"italic": True, "font_size": 11}
    if content["has_by_hand"]:
        sheet.text(0, "- Số liệu nhập tay: do cơ quan lập biểu nhập, không tính từ hồ sơ.", **note)
        sheet.row += 1
    if content["has_blank"]:
        blank = "- Ô số liệu để trống: chưa nhập, hoặc trong kỳ không phát sinh để tính."
        sheet.text(0, blank, **note)
        sheet.row += 1
    sheet.row += 1
    sheet.block(0, 1, "NGƯỜI LẬP BIỂU", bold=True)
    sheet.block(2, 4, "THỦ TRƯỞNG CƠ QUAN", bold=True)
    sheet.row += 1
    sheet.block(0, 1, "(Ký, ghi rõ họ tên)", **note)
    sheet.block(2, 4, "(Ký, đóng dấu, ghi rõ họ tên)", **note)


def _write_checks(sheet: Sheet, form: FormRelease, content: dict[str, Any], status: str) -> None:
    sheet.sheet.set_landscape()
    sheet.notice()
    sheet.line(f"ĐỐI CHIẾU SỐ LIỆU: biểu mẫu thống kê {content['period']}", bold=True, font_size=14)
    sheet.line(f"({status})", italic=True, font_size=11)
    sheet.line(
        f"Đẳng thức khớp: {content['holding']}; không khớp, nêu dưới đây: {content['failing']}; "
        f"chưa đủ số liệu để xét: {content['undecided']}"
    )
    sides = "Vế trái", "Điều kiện", "Vế phải", "Chênh lệch"
    sheet.heads("Stt", "Nội dung đối chiếu", *sides, "Đẳng thức")
    for place, (check, printed) in enumerate(zip(form.failing, content["checks"], strict=True), 1):
        rows = f"\n(dòng {printed['rows']})" if printed["rows"] else ""
        sheet.text(0, str(place), **CENTRED)
        sheet.text(1, printed["description"] + rows, **CELL)
        _write_side(sheet, 2, check.left_value)
        sheet.text(3, printed["sign"], **CENTRED)
        _write_side(sheet, 4, check.right_value)
        _write_side(sheet, 5, check.difference)
        sheet.text(6, f"{printed['identity']}: {printed['formula']}", font_size=10, **CELL)
        sheet.end_row()


def _write_side(sheet: Sheet, column: int, value: Decimal | None) -> None:
    """A number if it is a whole one that the cell keeps, else all its decimals as a text."""
    if value is None or value != value.to_integral_value() or abs(value) >= 10**EXACT_DIGITS:
        sheet.text(column, exact(value), align="right", **CELL)
    else:
        groups = (len(str(abs(int(value)))) - 1) // 3
        sheet.number(column, value, "0" + '"."000' * groups, **CELL)


def _write_values(sheet: Sheet, form: FormRelease, content: dict[str, Any], status: str) -> None:
    sheet.sheet.set_landscape()
    sheet.notice()
    sheet.line(f"Giá trị của từng dòng, biểu mẫu thống kê {content['period']}", bold=True)
    sheet.line(f"({status})", italic=True, font_size=11)
    figures = "Giá trị", "Giá trị đầy đủ", "In trên biểu"
    sheet.heads("Mã dòng", "Stt", "Chỉ tiêu thống kê", "Đơn vị tính", *figures, "Nguồn", "Ghi chú")
    printed = (line for line in content["lines"] if line["level"] == "row")
    for row, line in zip(form.rows, printed, strict=True):
        sheet.text(0, line["code"], **CELL)
        sheet.text(1, line["number"], **CELL)
        sheet.text(2, line["label"], **CELL)
        sheet.text(3, line["unit"], **CELL)
        if row.value is None:
            sheet.text(4, "", **CELL)
            sheet.text(5, "", **CELL)
        else:
            sheet.number(4, row.value, "General", **CELL)
            # All digits, of which the number keeps fifteen.
            sheet.text(5, f"{row.value.normalize():f}", num_format=TEXT, align="right", **CELL)
        sheet.text(6, line["value"], num_format=TEXT, align="right", **CELL)
        sheet.text(7, ORIGINS[row.origin], **CELL)
        sheet.text(8, line["note"], **CELL)
        sheet.end_row()
