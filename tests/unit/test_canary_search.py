"""The search for marks finds them in every kind of file: else it would prove nothing."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize
from urllib.parse import quote

import docx
import openpyxl
import psycopg
import pyarrow as pa
import pyarrow.parquet
import pytest
import typst
import zstandard

from simulator.canaries import FILE_MARK, NAME_MARK, NUMBER_MARK
from tests.canary_search import marks_in, marks_in_database, marks_in_file, marks_in_tree

NAME = f"Nguyễn Văn {NAME_MARK} An"


def _word() -> bytes:
    file, document = io.BytesIO(), docx.Document()
    document.core_properties.author = NAME
    document.save(file)
    return file.getvalue()


def _workbook() -> bytes:
    file, book = io.BytesIO(), openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"] = NAME
    book.save(file)
    return file.getvalue()


def _parquet() -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"name": [NAME] * 3}), file, compression="zstd")
    return file.getvalue()


def _typeset(text: str) -> bytes:
    pdf = typst.compile(text.encode())
    assert isinstance(pdf, bytes)
    return pdf


FILES: dict[str, Callable[[], bytes]] = {
    "letter.docx": _word,
    "book.xlsx": _workbook,
    "data.parquet": _parquet,
    "text.pdf": lambda: _typeset(f"The file {FILE_MARK}.pdf"),
    "author.pdf": lambda: _typeset(f'#set document(author: "{NAME}")\nNothing.'),
    "page.json.zst": lambda: zstandard.ZstdCompressor().compress(NAME.encode()),
    "page.jsonl.gz": lambda: gzip.compress(NAME.encode()),
    f"{FILE_MARK}.txt": lambda: b"",
}


@pytest.mark.parametrize("name", FILES)
def test_marks_are_found_in_every_kind_of_file(name: str, tmp_path: Path) -> None:
    assert marks_in_file(name, FILES[name]())
    (tmp_path / name).write_bytes(FILES[name]())
    assert marks_in_tree(tmp_path).keys() == {name}
    assert marks_in_tree(tmp_path, [name]) == {}


@pytest.mark.parametrize(
    "text",
    [
        NAME,
        NAME.upper(),
        normalize("NFD", NAME),
        json.dumps(NAME),
        quote(NAME),
        NAME.encode().hex(),
        NAME.encode().hex().upper(),
        *(base64.b64encode(b"x" * shift + NAME.encode()).decode() for shift in range(3)),
        f"mau7@{FILE_MARK}.invalid",
        f'"{NUMBER_MARK}123456"',
        f"phone {NUMBER_MARK}1234,",
    ],
)
def test_marks_are_found_however_they_are_spelt(text: str) -> None:
    assert marks_in(text)


@pytest.mark.parametrize(
    "text",
    ["MAU-250701-000770", "0.0007701234", f"a{NUMBER_MARK}1234f", "Hoàng Yến", "Hưng Yên", ""],
)
def test_what_is_no_mark_is_not_found(text: str) -> None:
    assert marks_in(text) == set()


def test_marks_are_found_in_any_column(warehouse: psycopg.Connection) -> None:
    assert marks_in_database(warehouse) == {}
    warehouse.execute(
        "create table public.found as "
        "select 1 as a, %s::text as b, null::bytea as c, null::jsonb as d",
        [NAME],
    )
    warehouse.execute("insert into public.found values (1, %s)", [f"{NUMBER_MARK}123456"])
    in_a_line = f"first line\n{NUMBER_MARK}123456\tend"
    warehouse.execute("insert into public.found values (1, %s)", [in_a_line])
    as_json = json.dumps({"a": NAME})
    assert "\\u" in as_json
    warehouse.execute("insert into public.found values (1, %s)", [as_json])
    warehouse.execute("insert into public.found (c) values (%s)", [NAME.encode()])
    warehouse.execute("insert into public.found (d) values (%s)", [json.dumps({"a": NAME})])
    warehouse.execute("insert into public.found (b) values ('Nguyễn Văn An')")
    assert marks_in_database(warehouse) == {"public.found": 6}
    assert marks_in_database(warehouse, ["ops"]) == {}
