"""Finds the sample's marks of personal data in files of every kind, and in databases."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from unicodedata import normalize
from urllib.parse import quote

import psycopg
import pyarrow.parquet
import pypdfium2
import zstandard
from psycopg import sql

from simulator.canaries import FILE_MARK, NAME_MARK, NUMBER_MARK

# Not within a longer number, a decimal or a hash. It begins with what stands there for certain, and
# is searched alone: both make it fast.
_NUMBER = re.compile(
    rf"{NUMBER_MARK}(?<![0-9a-z.]{NUMBER_MARK})(?:[0-9]{{6}}|[0-9]{{4}})(?![0-9a-z])".encode()
)
_ARCHIVES = (".zip", ".docx", ".xlsx")


def _spellings(mark: str) -> Iterator[bytes]:
    """A mark as it may stand in a file, in lower case."""
    for form in ("NFC", "NFD"):
        text = normalize(form, mark)
        for cased in (text, text.lower(), text.upper()):
            content = cased.encode()
            yield content.lower()
            yield content.hex().encode()
            yield json.dumps(cased)[1:-1].lower().encode()
            yield quote(cased).lower().encode()
            yield "".join(c if c.isascii() else f"&#{ord(c)};" for c in cased).lower().encode()
            for shift in range(3):
                # What is the same wherever it begins, without the letters that neighbours touch.
                packed = base64.b64encode(b"\0" * shift + content)
                yield packed[(0, 2, 3)[shift] : -4].lower()


_WORDS = re.compile(
    b"|".join(
        sorted({re.escape(text) for mark in (NAME_MARK, FILE_MARK) for text in _spellings(mark)})
    )
)


def marks_in(content: bytes | str) -> set[str]:
    """The marks in a text, however they are spelt; in lower case."""
    raw = content if isinstance(content, bytes) else content.encode()
    # Both in lower case: to ask the pattern to pass over case takes forty times as long.
    lower = raw.lower()
    return {found.decode() for marks in (_WORDS, _NUMBER) for found in marks.findall(lower)}


def marks_in_file(name: str, content: bytes) -> set[str]:
    """The marks in a file's name, text and metadata."""
    suffix = Path(name).suffix.lower()
    found = marks_in(name) | marks_in(content)
    if suffix == ".zst":
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)) as stream:
            return found | marks_in_file(Path(name).stem, stream.read())
    if suffix == ".gz":
        return found | marks_in_file(Path(name).stem, gzip.decompress(content))
    # An erased table is kept under its name as lines of JSON.
    if suffix in _ARCHIVES and zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found |= marks_in(archive.comment)
            for member in archive.infolist():
                found |= marks_in_file(member.filename, archive.read(member))
    if suffix == ".pdf":
        found |= marks_in(_pdf_text(content))
    if suffix == ".parquet":
        found |= marks_in(_parquet_text(content))
    return found


def marks_in_tree(root: Path, without: Iterable[str] = ()) -> dict[str, set[str]]:
    """File below `root` → the marks in it, of those that hold any; `without` names what of the
    tree is left out."""
    left_out = [root / name for name in without]
    found = {
        str(path.relative_to(root)): marks_in_file(path.name, path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file() and not any(path.is_relative_to(other) for other in left_out)
    }
    return {name: marks for name, marks in found.items() if marks}


def marks_in_database(
    connection: psycopg.Connection, schemas: Iterable[str] | None = None
) -> dict[str, int]:
    """Table or view → rows that hold a mark, in whichever column; None: of every schema."""
    relations = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema = any(%s) or %s and table_schema <> all(%s) order by 1, 2",
        [list(schemas or ()), schemas is None, ["pg_catalog", "information_schema"]],
    ).fetchall()
    found = {
        f"{schema}.{table}": _marked_rows(connection, sql.Identifier(schema, table))
        for schema, table in relations
    }
    return {name: rows for name, rows in found.items() if rows}


def _marked_rows(connection: psycopg.Connection, relation: sql.Identifier) -> int:
    query = sql.SQL("copy (select t::text from {} as t) to stdout").format(relation)
    with connection.cursor().copy(query) as copy:
        copy.set_types(["text"])
        # In a row's text a backslash is doubled.
        return sum(bool(marks_in(row.replace("\\\\", "\\"))) for (row,) in copy.rows())


def _pdf_text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [page.get_textpage().get_text_bounded() for page in document]
        return "\n".join([*pages, *map(str, document.get_metadata_dict().values())])
    finally:
        document.close()


def _parquet_text(content: bytes) -> str:
    table: Any = pyarrow.parquet.read_table(io.BytesIO(content))
    return json.dumps(
        [str(table.schema.metadata), table.to_pylist()], default=str, ensure_ascii=False
    )
