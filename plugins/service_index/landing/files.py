"""Files of records (JSON Lines, CSV, XLSX) as the JSON bytes of one record after the other."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import zip_longest
from typing import IO, Any

import msgspec

from service_index.landing.errors import UnreadableFileError
from service_index.landing.limits import FileLimits
from service_index.landing.manifest import Media

# Lists of the national format; a cell holds them as JSON text.
NESTED_FIELDS = frozenset(
    {
        "DinhDanhCHS",
        "TaiLieuNop",
        "DanhSachLePhi",
        "DanhSachHoSoBoSung",
        "DanhSachGiayToKetQua",
        "DSKetNoiCSDL",
    }
)
_BOM = b"\xef\xbb\xbf"


def read_records(
    media: Media, content: IO[bytes], limits: FileLimits, required: Sequence[str] = ()
) -> Iterator[bytes]:
    """The records of a file, streamed; an XLSX file needs a seekable `content`.

    A row of CSV or XLSX becomes a JSON object of its non-empty cells as strings, and null for
    its empty ones; a row with more cells than the header becomes a JSON array, which no record
    contract takes. A line of JSON Lines is given as it is, valid or not; blank lines and rows
    are left out. `required` columns must be in the header of a CSV or XLSX file.

    Raises UnreadableFileError, possibly after some records, when the file is not of its kind or
    exceeds `limits`.
    """
    match media:
        case "jsonl":
            records = _read_json_lines(content, limits)
        case "csv":
            records = _from_rows(_csv_rows(content, limits), limits, required)
        case "xlsx":
            records = _from_rows(_xlsx_rows(content, limits), limits, required)
        case _:
            raise ValueError(f"{media} is not a kind of file")
    return _bounded(records, limits)


def _bounded(records: Iterable[bytes], limits: FileLimits) -> Iterator[bytes]:
    """The same records; a workbook can name one long string a million times."""
    total = 0
    for record in records:
        total += len(record)
        if total > limits.max_file_bytes:
            raise UnreadableFileError(f"its records exceed {limits.max_file_bytes} bytes")
        yield record


class _Lines:
    """Physical lines; all that are read for one record together stay within the limit."""

    def __init__(self, content: IO[bytes], limits: FileLimits) -> None:
        self._content = content
        self._limit = limits.max_record_bytes
        self._records = 0
        self._pending = 0

    def __iter__(self) -> Iterator[bytes]:
        is_first = True
        while line := self._content.readline(self._limit + 1):
            self._pending += len(line)
            if self._pending > self._limit:
                raise _too_large(self._records + 1, self._limit)
            yield line.removeprefix(_BOM) if is_first else line
            is_first = False

    def end_of_record(self) -> None:
        self._records += 1
        self._pending = 0


def _too_large(record: int, limit: int) -> UnreadableFileError:
    return UnreadableFileError(f"record {record} is larger than {limit} bytes")


def _read_json_lines(content: IO[bytes], limits: FileLimits) -> Iterator[bytes]:
    lines = _Lines(content, limits)
    for line in lines:
        lines.end_of_record()
        if record := line.strip():
            yield record


def _csv_rows(content: IO[bytes], limits: FileLimits) -> Iterator[list[str]]:
    # The module's own limit is for the whole process; ours, per record, is the stricter one.
    csv.field_size_limit(max(csv.field_size_limit(), limits.max_record_bytes))
    lines = _Lines(content, limits)
    rows = csv.reader((line.decode("utf-8") for line in lines), strict=True)
    try:
        for row in rows:
            lines.end_of_record()
            yield row
    except UnicodeDecodeError:
        raise UnreadableFileError(f"not UTF-8 text near line {rows.line_num + 1}") from None
    except csv.Error as error:
        raise UnreadableFileError(f"not CSV at line {rows.line_num}: {error}") from None


def _xlsx_rows(content: IO[bytes], limits: FileLimits) -> Iterator[tuple[Any, ...]]:
    # 25 MB that a process which reads no workbook, as most do, need not hold.
    import openpyxl

    try:
        with zipfile.ZipFile(content) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > limits.max_workbook_bytes:
            raise UnreadableFileError(
                f"unpacks to {size} bytes, more than {limits.max_workbook_bytes}"
            )
        workbook = openpyxl.load_workbook(content, read_only=True, data_only=True)
        sheet = workbook.worksheets[0]
        # The announced size of a sheet is hearsay, and may be a million rows of nothing.
        sheet.reset_dimensions()
        yield from sheet.iter_rows(values_only=True)
    except UnreadableFileError:
        raise
    except Exception as error:  # a broken workbook surfaces as nearly any exception
        raise UnreadableFileError(f"not a readable workbook ({type(error).__name__})") from None


def _from_rows(
    rows: Iterator[Sequence[Any]], limits: FileLimits, required: Sequence[str]
) -> Iterator[bytes]:
    header = _header(next(rows, ()), required)
    for number, row in enumerate(rows, start=1):
        cells = [_text(cell) for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if not cells:
            continue
        if sum(len(cell) for cell in cells if cell) > limits.max_record_bytes:
            raise _too_large(number, limits.max_record_bytes)
        if len(cells) > len(header):
            yield msgspec.json.encode(cells)
        else:
            pairs = zip_longest(header, cells)
            yield msgspec.json.encode({name: _value(name, cell) for name, cell in pairs})


def _header(row: Sequence[Any], required: Sequence[str]) -> list[str]:
    names = [_text(cell) for cell in row]
    while names and names[-1] is None:
        names.pop()
    header = [name for name in names if name]
    if len(header) < len(names):
        raise UnreadableFileError("a column has no name in the header")
    if len(set(header)) < len(header):
        raise UnreadableFileError("two columns have the same name in the header")
    if missing := [name for name in required if name not in header]:
        raise UnreadableFileError(f"the header lacks {', '.join(missing)}")
    return header


def _text(cell: Any) -> str | None:
    """A cell as the contract's string; what a spreadsheet made a number or date goes back."""
    match cell:
        case None:
            return None
        case str():
            return cell.strip() or None
        case bool() | float() if float(cell).is_integer():
            return str(int(cell))
        case date():
            return cell.strftime("%Y%m%d%H%M%S" if isinstance(cell, datetime) else "%Y%m%d")
        case _:
            return str(cell)


def _value(name: str, cell: str | None) -> str | msgspec.Raw | None:
    """The cell, or the list whose JSON text it holds; other text is for the contract to judge."""
    if cell is None or name not in NESTED_FIELDS:
        return cell
    encoded = cell.encode()
    try:
        msgspec.json.decode(encoded, type=list[Any])
    except (ValueError, RecursionError):
        return cell
    return msgspec.Raw(encoded)
