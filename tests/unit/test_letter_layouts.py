"""Word and Typst templates that an office may have been sent: they print, and reach nothing."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import pytest

from service_index.publishing.documents.office import TEMPLATES, BrokenTemplateError
from service_index.publishing.documents.typesetting import write_pdf
from service_index.publishing.documents.word import write_docx

AT = datetime(2026, 1, 5, tzinfo=UTC)


def filled(folder: Path, tag: str, **content: Any) -> str:
    """The text that a Word template with this tag alone is filled in to."""
    document = docx.Document()
    document.add_paragraph(tag)
    document.save(str(folder / "own.docx"))
    write_docx(folder / "own.docx", content, folder / "filled.docx", AT)
    return docx.Document(str(folder / "filled.docx")).paragraphs[0].text


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ name + 1 }}", "can only concatenate str"),
        ("{{ name | round }}", "str doesn't define"),
        ("{{ '%d' | format(name) }}", "a real number is required"),
        ("{{ name.encode('none') }}", "unknown encoding"),
        ("{{ name.misspelt }}", "no attribute 'misspelt'"),
        ("{{ misspelt }}", "'misspelt' is undefined"),
        ("{% if name %}", "end of template"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        ("{{ range(10 ** 9) }}", "Range too big"),
        ("{{ [1].append(2) }}", "unsafe"),
        ("{{ name.__class__.__mro__ }}", "unsafe"),
        ("{{ lipsum() }}", "'lipsum' is undefined"),
        ("{{ name | random }}", "No filter named 'random'"),
    ],
)
def test_a_fault_in_a_word_template_names_the_file(tmp_path: Path, tag: str, message: str) -> None:
    with pytest.raises(BrokenTemplateError, match=rf"^own\.docx: .*{re.escape(message)}"):
        filled(tmp_path, tag, name="tên")


def test_a_tag_that_ends_outside_its_table_names_the_file(tmp_path: Path) -> None:
    document = docx.Document()
    header = document.sections[0].header
    header.add_table(1, 1, document.sections[0].page_width).cell(0, 0).text = "{% if name %}"
    header.add_paragraph("{% endif %}")
    document.save(str(tmp_path / "own.docx"))
    with pytest.raises(BrokenTemplateError, match=r"^own\.docx: "):
        write_docx(tmp_path / "own.docx", {"name": ""}, tmp_path / "filled.docx", AT)


def test_word_text_is_never_markup(tmp_path: Path) -> None:
    name = "<w:p/> & {{ 7*7 }} {%p if x %}"
    assert filled(tmp_path, "{{ name }}", name=name) == name


@pytest.mark.parametrize("words", ["Kết quả tháng 3/2025", "dài " * 100])
def test_a_word_file_has_the_title_of_its_wording(tmp_path: Path, words: str) -> None:
    filled(tmp_path, "", document_title=[{"kind": "paragraph", "text": words}])
    properties = docx.Document(str(tmp_path / "filled.docx")).core_properties
    assert properties.title == words[:255]
    assert (properties.author, properties.last_modified_by) == ("", "")


@pytest.mark.parametrize("name", ["letter", "compliance", "statistical_form"])
def test_a_shipped_template_tells_nothing_of_the_program_that_made_it(name: str) -> None:
    with zipfile.ZipFile(TEMPLATES / f"{name}.docx") as archive:
        told = archive.read("docProps/app.xml") + archive.read("docProps/core.xml")
    assert b"Macintosh" not in told
    assert b"Application>" not in told


# Each of these loads a package, so from the internet, when Typst comes to it.
PACKAGE = "preview/none:0.0.1"


@pytest.mark.parametrize(
    "text",
    [
        f'#import "@{PACKAGE}": *',
        '#import "@local/none:0.0.1": *',
        f'#include "@{PACKAGE}"',
        f'#import "\\u{{40}}{PACKAGE}": *',
        f'#let name = "@{PACKAGE}"\n#import name: *',
        f'#import/* */"\\u{{40}}{PACKAGE}": *',
        f'#import "own.typ".replace("own.typ", "\\u{{40}}{PACKAGE}"): *',
        f'#{{\n import "own.typ"\n  .replace("own.typ", "\\u{{40}}{PACKAGE}")\n}}',
        f'#eval("imp" + "ort \\"\\u{{40}}{PACKAGE}\\"")',
        f'#(dictionary(std).at("ev" + "al"))("imp" + "ort \\"\\u{{40}}{PACKAGE}\\"")',
        '#include "text.txt"',
        f'#{{ import "own.typ"\n /* c */ .replace("own.typ", "@{PACKAGE}") }}',
        f'#{{ import "own.typ"\n // c\n .replace("own.typ", "@{PACKAGE}") }}',
        f'#(include "own.typ"\n * 0 + "@{PACKAGE}")',
        f'#box(include "own.typ"\n * 0 + "@{PACKAGE}")',
        f'$²import "@{PACKAGE}"$',
        '#{ import "own.typ": shown }',
        'x #import "own.typ"',
        '#import "own.typ" // c',
        '#import "own.typ" as own',
        '#import "../own.typ"',
    ],
)
def test_a_layout_uses_no_package(tmp_path: Path, text: str) -> None:
    (tmp_path / "text.txt").write_text(f'#import "@{PACKAGE}": *', encoding="utf-8")
    (tmp_path / "own.typ").write_text(f"First line\n{text}\n", encoding="utf-8")
    (tmp_path / "letter.typ").write_text('#import "own.typ"', encoding="utf-8")
    with pytest.raises(BrokenTemplateError, match=r"^own\.typ, line [2-3]: .*uses no packages$"):
        write_pdf(tmp_path / "letter.typ", {}, tmp_path / "letter.pdf", AT)
    assert not (tmp_path / "letter.pdf").exists()


@pytest.mark.parametrize(
    "text",
    [
        '#import "own.typ"',
        '#import "own.typ": *',
        '#import "own.typ": shown, other \r\n#std.text(size: 9pt, shown)',
        '#import "own.typ"\n\nThư điện tử: "@" không phải là gói.',
        # The end of the line ends the name, in markup, in a block of it and in a formula.
        '#import "own.typ"\n.replace("own.typ", "x")',
        '#(box[\n#import "own.typ"\n/* c */ .replace("own.typ", "x")])',
        '$\n#import "own.typ"\n+ "x"\n$',
    ],
)
def test_a_layout_imports_files_beside_it(tmp_path: Path, text: str) -> None:
    # Notepad begins a file with a byte order mark.
    own = '#import "more.typ": other\n#let shown = "x"'
    (tmp_path / "own.typ").write_text(own, encoding="utf-8-sig")
    (tmp_path / "more.typ").write_text('#let other = "y"', encoding="utf-8")
    font = '#set text(font: "Tinos")\n'
    (tmp_path / "letter.typ").write_text(font + text, encoding="utf-8", newline="")
    write_pdf(tmp_path / "letter.typ", {}, tmp_path / "letter.pdf", AT)
    assert (tmp_path / "letter.pdf").read_bytes().startswith(b"%PDF")


def test_a_layout_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.typ").write_bytes("Số".encode("utf-16"))
    with pytest.raises(BrokenTemplateError, match=r"^own\.typ is not UTF-8$"):
        write_pdf(tmp_path / "own.typ", {}, tmp_path / "own.pdf", AT)
