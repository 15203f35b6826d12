"""Files of records: the same records whatever the file's kind, and nothing hostile gets in."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_index.landing.errors import UnreadableFileError
from service_index.landing.files import read_records
from service_index.landing.limits import FileLimits
from service_index.landing.manifest import Media

LIMITS = FileLimits()
TIGHT = FileLimits(max_file_bytes=20_000, max_workbook_bytes=100_000, max_record_bytes=2_000)


def without_bytes(value: object) -> str:
    """Part of a test's name."""
    return value if isinstance(value, str) else ""


def csv_file(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def xlsx_file(rows: Iterable[Iterable[Any]]) -> bytes:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.worksheets[0].append(list(row))
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def read(media: Media, content: bytes, limits: FileLimits = LIMITS) -> list[bytes]:
    return list(read_records(media, io.BytesIO(content), limits))


def decoded(media: Media, content: bytes) -> list[Any]:
    return [msgspec.json.decode(record) for record in read(media, content)]


def table(media: Media, rows: Iterable[Iterable[Any]]) -> bytes:
    return csv_file(rows) if media == "csv" else xlsx_file(rows)


both_tables = pytest.mark.parametrize("media", ["csv", "xlsx"])


def test_json_lines_are_given_as_they_are() -> None:
    content = b'\xef\xbb\xbf{"a": 1}\r\n\n  \n{"a":"\xc4\x90"}\n{"torn": \n[1]'

    assert read("jsonl", content) == [b'{"a": 1}', b'{"a":"\xc4\x90"}', b'{"torn":', b"[1]"]


@both_tables
def test_row_becomes_an_object_with_null_for_an_empty_cell(media: Media) -> None:
    rows = [["MaHoSo", "TenTTHC", "MaDonVi"], ["A", "Khai sinh", "H31"], ["B", None, "  "], []]

    assert decoded(media, table(media, rows)) == [
        {"MaHoSo": "A", "TenTTHC": "Khai sinh", "MaDonVi": "H31"},
        {"MaHoSo": "B", "TenTTHC": None, "MaDonVi": None},
    ]


@both_tables
def test_nested_list_is_taken_from_its_json_text(media: Media) -> None:
    fees = '[{"Gia": "15000", "MaPhiLePhi": "1.10"}]'
    rows = [
        ["MaHoSo", "DanhSachLePhi", "DSKetNoiCSDL", "TenTTHC"],
        ["A", fees, "[]", "[1]"],
        ["B", '{"Gia": 1}', "[{", None],
        ["C", "[" * 100_000, None, None],
    ]
    records = decoded(media, table(media, rows)) if media == "csv" else None
    records = records or decoded(media, table(media, rows[:3]))

    assert records[0]["DanhSachLePhi"] == [{"Gia": "15000", "MaPhiLePhi": "1.10"}]
    assert records[0]["DSKetNoiCSDL"] == []
    assert records[0]["TenTTHC"] == "[1]"
    # what is no list stays text, which the record's contract refuses
    assert (records[1]["DanhSachLePhi"], records[1]["DSKetNoiCSDL"]) == ('{"Gia": 1}', "[{")


@both_tables
def test_row_longer_than_the_header_is_no_object(media: Media) -> None:
    rows = [["MaHoSo", "TenTTHC"], ["A", "Khai sinh, khai tử", None], ["B", "Khai sinh", "khai tử"]]

    records = decoded(media, table(media, rows))
    assert records == [
        {"MaHoSo": "A", "TenTTHC": "Khai sinh, khai tử"},
        ["B", "Khai sinh", "khai tử"],
    ]


@both_tables
@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (["MaDonVi", "MaDonVi"], "same name"),
        (["MaDonVi", None, "TenDonVi"], "no name"),
        (["MaDonVi", "TenDonVi"], "lacks HieuLucTu"),
        ([], "lacks MaDonVi, HieuLucTu"),
    ],
)
def test_unfit_header_is_refused(media: Media, header: list[str | None], reason: str) -> None:
    content = io.BytesIO(table(media, [header, ["x", "y", "z"]]))
    with pytest.raises(UnreadableFileError, match=reason):
        list(read_records(media, content, LIMITS, required=("MaDonVi", "HieuLucTu")))


def test_spreadsheet_values_go_back_to_the_contracts_texts() -> None:
    header = ["a", "b", "c", "d", "e", "f", "g"]
    row = [20250301080000, 4.0, 1.5, True, datetime(2025, 3, 1, 8, 5), date(2025, 3, 1), "0912"]  # noqa: DTZ001
    [record] = decoded("xlsx", xlsx_file([header, row]))

    # a workbook keeps a date as the midnight it begins with
    texts = ["20250301080000", "4", "1.5", "1", "20250301080500", "20250301000000", "0912"]
    assert list(record.values()) == texts


def test_csv_may_carry_a_byte_order_mark_and_line_ends_in_cells() -> None:
    content = b'\xef\xbb\xbfMaHoSo,TenTTHC\r\nA,"one\r\ntwo"\r\n'

    assert decoded("csv", content) == [{"MaHoSo": "A", "TenTTHC": "one\r\ntwo"}]


HOSTILE = [
    "'; drop table raw.dossiers; --",
    '=HYPERLINK("http://x")',
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "a\x00b\x1b[31m\u2028\u202e",
    '","x":"y',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    assert decoded("csv", csv_file([["MaHoSo", "TenTTHC"], ["A", text]])) == [
        {"MaHoSo": "A", "TenTTHC": text}
    ]


@given(
    st.lists(
        st.fixed_dictionaries(
            {name: st.text(st.characters(exclude_categories=["Cs"])) for name in ("MaHoSo", "x")}
        )
    )
)
def test_csv_round_trip(records: list[dict[str, str]]) -> None:
    content = csv_file([["MaHoSo", "x"], *[[r["MaHoSo"], r["x"]] for r in records]])
    trimmed = [{k: v.strip() or None for k, v in record.items()} for record in records]

    assert decoded("csv", content) == [row for row in trimmed if any(row.values())]


@pytest.mark.parametrize("size", [1_000_000, 4_000_000])
def test_long_name_is_no_fault(size: int) -> None:
    name = "N" * size
    assert decoded("csv", csv_file([["MaHoSo", "x"], ["A", name]])) == [{"MaHoSo": "A", "x": name}]
    assert len(read("jsonl", msgspec.json.encode({"x": name}))[0]) == size + 8


@pytest.mark.parametrize(
    ("media", "content", "reason"),
    [
        ("jsonl", b'{"a":1}\n{"x":"' + b"N" * 2_000 + b'"}', "record 2 is larger than 2000 bytes"),
        ("jsonl", b"x" * 1_000_000, "record 1 is larger"),
        ("jsonl", (b'{"a":"' + b"x" * 900 + b'"}\n') * 30, "its records exceed 20000 bytes"),
        ("csv", b"a,b\n1," + b"N" * 2_001, "record 2 is larger"),
        ("csv", b"a,b\n" + b'"x\n","y\n",' * 1_000, "record 2 is larger"),
        ("csv", b'a,b\n1,"never closed', "not CSV at line 2"),
        ("csv", b'a,b\n1,"closed" too early\n', "not CSV at line 2"),
        ("csv", b"a,b\n1,\xff\n", "not UTF-8 text near line 2"),
        ("xlsx", b"PK\x03\x04 no workbook", "not a readable workbook"),
        ("xlsx", b"", "not a readable workbook"),
        ("xlsx", xlsx_file([["a"], *[["N" * 500]] * 50, ["N" * 2_100]]), "larger|exceed"),
    ],
    ids=without_bytes,
)
def test_unreadable_file_is_refused_with_the_reason(
    media: Media, content: bytes, reason: str
) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(media, content, TIGHT)


def zip_bomb() -> bytes:
    """A workbook whose only sheet unpacks to 200 MB of spaces from 200 kB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 200_000_000)
    return packed.getvalue()


@pytest.mark.fault(27, "a zip bomb in the inbox")
def test_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zip_bomb()
    assert len(bomb) < 1_000_000
    with pytest.raises(UnreadableFileError, match="unpacks to 2000000"):
        read("xlsx", bomb, FileLimits(max_workbook_bytes=50_000_000))


def test_records_of_a_workbook_are_counted_together() -> None:
    """Its strings stand in the file once, however many cells name them."""
    content = xlsx_file([["a"], *[["N" * 1_500]] * 100])
    limits = FileLimits(max_file_bytes=20_000, max_workbook_bytes=1_000_000)
    with pytest.raises(UnreadableFileError, match="its records exceed"):
        read("xlsx", content, limits)


def test_announced_sheet_size_is_not_believed() -> None:
    content = io.BytesIO(xlsx_file([["MaHoSo"], ["A"]]))
    changed = io.BytesIO()
    with zipfile.ZipFile(content) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            body = before.read(name).replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"')
            after.writestr(name, body)

    assert b"XFD1048576" in zipfile.ZipFile(changed).read("xl/worksheets/sheet1.xml")
    assert decoded("xlsx", changed.getvalue()) == [{"MaHoSo": "A"}]
