"""The workbook of a month: a cover with status and contents, then a table a sheet, no macros.

A spreadsheet keeps a number as a double, some sixteen digits; the exact ones are in the CSV and
Parquet files beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from service_index.publishing import labels
from service_index.publishing.edition import SAMPLE_NOTICE
from service_index.publishing.labels import Label
from service_index.publishing.month import MonthRelease
from service_index.publishing.open_data import sheet as sheets
from service_index.publishing.open_data.licence import LICENCE
from service_index.publishing.open_data.month_sheets import sheets_of
from service_index.publishing.open_data.sheet import Sheet, Styles
from service_index.publishing.open_data.unit_sheets import BLANK, SUSPENDED
from service_index.publishing.printing import local_time, number, one_line

COVER = "Bìa"
_LAST_COLUMN = 2
_WIDE = 70  # the cover's widest column

_NOTES = (
    labels.SMALL_CELL,
    BLANK,
    labels.BANDS_UNCONFIRMED,
    Label(
        "Số hiển thị được làm tròn và lưu với khoảng 15 chữ số; số chính xác có trong các tệp CSV "
        "và Parquet của thư mục data",
        "numbers are shown rounded and kept with some 15 digits; the exact ones are in the CSV and "
        "Parquet files of the folder data",
    ),
    Label(f"Giấy phép: {LICENCE['title']}", f"licence: {LICENCE['path']}"),
)


def write(release: MonthRelease, path: Path) -> None:
    """Write the workbook of `release`; the same release gives the same bytes."""
    options = {
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with Workbook(str(path), options) as workbook:
        edition = release.edition
        workbook.set_properties(
            {
                "title": _title(release),
                "subject": labels.STATUSES[edition.status].both,
                "comments": SAMPLE_NOTICE if edition.is_sample else "",
                "created": edition.stamped_at.astimezone(UTC).replace(tzinfo=None),
            }
        )
        styles = Styles(workbook)
        cover = workbook.add_worksheet(COVER)
        tables = sheets_of(release)
        for table in tables:
            sheets.add(workbook, styles, edition, table)
        _write_cover(cover, styles, release, tables)


def _title(release: MonthRelease) -> str:
    month = release.edition.month
    name = one_line(release.edition.province_name)
    return f"Chỉ số phục vụ người dân, doanh nghiệp · {name} · tháng {month.month}/{month.year}"


def _write_cover(
    cover: Worksheet, styles: Styles, release: MonthRelease, tables: Sequence[Sheet]
) -> None:
    edition = release.edition
    sheets.set_page(cover, edition)
    cover.set_column(0, 0, 30)
    cover.set_column(1, 1, _WIDE)
    cover.set_column(2, _LAST_COLUMN, 16)
    heading = styles.get(bold=True, font_size=20, font_color="#1F4E79")
    cover.write_string(0, 0, "Chỉ số phục vụ người dân, doanh nghiệp", heading)
    english = styles.get(italic=True, font_color="#595959")
    cover.write_string(1, 0, "Index of service to citizens and businesses", english)
    place = f"{one_line(edition.province_name)} · tháng {edition.month.month}/{edition.month.year}"
    cover.write_string(2, 0, place[: sheets.LONGEST_TEXT], styles.get(bold=True, font_size=14))
    row = 4
    if edition.is_sample:
        banner = styles.get(bold=True, font_size=14, font_color="#FFFFFF", bg_color="#C00000")
        text = f"{SAMPLE_NOTICE} – không phải số liệu thật (sample data: nobody's real figures)"
        for column in range(_LAST_COLUMN + 1):
            sheets.write(cover, row, column, None if column else text, banner)
        row += 2
    for label, value in _facts(release):
        cover.set_row(row, sheets.height(value, _WIDE))
        cover.write_string(row, 0, label.both, styles.get(bold=True, valign="top"))
        sheets.write(cover, row, 1, value, styles.get(text_wrap=True, valign="top"))
        row += 1
    row = _write_contents(cover, styles, tables, row + 1)
    _write_notes(cover, styles, row + 1)


def _facts(release: MonthRelease) -> Iterator[tuple[Label, str]]:
    edition, province = release.edition, release.province
    yield Label("Trạng thái", "status"), labels.STATUSES[edition.status].both
    yield Label("Số liệu đến", "data up to"), local_time(edition.data_cutoff)
    yield Label("Bản công bố", "release"), edition.release_id
    if edition.previous_release_id is not None:
        yield Label("Thay cho bản", "restates"), edition.previous_release_id
    if edition.reason is not None:
        yield Label("Lý do", "reason"), labels.REASONS[edition.reason].both
    if province.total_score is not None:
        yield Label("Tổng điểm", "total score"), f"{number(province.total_score, 2)}/100"
    for standing in release.national:
        if standing.province_code == province.unit_code:
            yield (
                Label("Hạng toàn quốc", "national rank"),
                f"{standing.rank}/{standing.rank_out_of}",
            )
    if edition.catalogue_version is not None:
        yield Label("Bộ tiêu chí", "catalogue of criteria"), edition.catalogue_version
    for criterion in release.criteria:
        if criterion.suspended_because is not None:
            yield (
                SUSPENDED,
                f"{criterion.criterion_code} {criterion.name_vi}: {criterion.suspended_because}",
            )
    yield Label("Mã kiểm tra", "content SHA-256"), edition.content_sha256


def _write_contents(cover: Worksheet, styles: Styles, tables: Sequence[Sheet], row: int) -> int:
    """Return the row after the last one."""
    head = styles.get(bold=True, font_color="#FFFFFF", bg_color="#1F4E79")
    for column, text in enumerate(("Trang (sheet)", "Nội dung (contents)", "Số dòng (rows)")):
        cover.write_string(row, column, text, head)
    link = styles.get(font_color="#0563C1", underline=1, valign="top")
    for index, table in enumerate(tables, start=row + 1):
        cover.set_row(index, sheets.height(table.title.both, _WIDE))
        cover.write_url(index, 0, f"internal:'{table.name}'!A1", link, table.name)
        cover.write_string(index, 1, table.title.both, styles.get(text_wrap=True, valign="top"))
        cover.write_number(index, 2, len(table.rows), styles.get(num_format="#,##0", valign="top"))
    return row + 1 + len(tables)


def _write_notes(cover: Worksheet, styles: Styles, row: int) -> None:
    cover.write_string(row, 0, "Ghi chú (notes)", styles.get(bold=True))
    plain = styles.get(text_wrap=True, valign="top")
    for index, note in enumerate(_NOTES, start=row + 1):
        cover.set_row(index, sheets.height(note.both, 2 * _WIDE))
        cover.merge_range(index, 0, index, _LAST_COLUMN, note.both, plain)
