"""Wording files: their marks, what fills them in, and what is wrong with a broken one."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_index.publishing.documents import wording
from service_index.publishing.documents.office import (
    TEMPLATES,
    BrokenTemplateError,
    template_folder,
)
from service_index.publishing.printing import LONGEST_NAME


def read(folder: Path, text: str, **facts: Any) -> wording.Sections:
    path = folder / "some.txt"
    path.write_text(text, encoding="utf-8")
    return wording.read(path, facts)


def test_marks_make_blocks(tmp_path: Path) -> None:
    text = """
{# a note #}
[first]
# 1. Heading
A paragraph
on two lines.

Another.
- a bullet
  going on
+ under it

[second]
| a | b |
| c | d |
|---|
| 1 |  |
| group |

| other |
[empty]
"""
    assert read(tmp_path, text) == {
        "first": [
            {"kind": "heading", "text": "1. Heading A paragraph on two lines."},
            {"kind": "paragraph", "text": "Another."},
            {"kind": "bullet", "text": "a bullet going on"},
            {"kind": "subbullet", "text": "under it"},
        ],
        "second": [
            {"kind": "table", "heads": [["a", "b"], ["c", "d"]], "rows": [["1", ""], ["group"]]},
            {"kind": "table", "heads": [], "rows": [["other"]]},
        ],
        "empty": [],
    }


def test_a_file_of_windows_editor_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_bytes(b"\xef\xbb\xbf[a]\r\n- " + unicodedata.normalize("NFD", "đề mục").encode())
    assert wording.read(path, {}) == {"a": [{"kind": "bullet", "text": "đề mục"}]}


def test_blanks_to_fill_in_by_hand_stay(tmp_path: Path) -> None:
    assert read(tmp_path, "[a]\nSố:      /…")["a"][0]["text"] == "Số:      /…"


@settings(deadline=None)
@given(name=st.text(max_size=40) | st.sampled_from(["[s]", "- x", "+ x", "# x", "| a |", "|--|"]))
def test_a_value_is_never_a_mark(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever a unit is called: one paragraph, one cell, one bullet, and its own text."""
    folder = tmp_path_factory.getbasetemp()
    name = wording.clean(name)
    text = "[s]\n{{ name }}.\n\n- {{ name }}.\n\n| {{ name }}. | 2 |\n|---|\n| {{ name }}. | 2 |\n"
    shown = f"{name}."
    assert read(folder, text, name=name) == {
        "s": [
            {"kind": "paragraph", "text": shown},
            {"kind": "bullet", "text": shown},
            {"kind": "table", "heads": [[shown, "2"]], "rows": [[shown, "2"]]},
        ]
    }


@pytest.mark.fault(27, "templates in names in the letter")
def test_a_value_is_no_template(tmp_path: Path) -> None:
    assert read(tmp_path, "[s]\n{{ name }}", name="{{ 7*7 }}{% raw %}")["s"] == [
        {"kind": "paragraph", "text": "{{ 7*7 }}{% raw %}"}
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\n\n{{ figures.totl }}", r"^some\.txt, line 3: .*no attribute 'totl'"),
        ("[a]\n{{ unknown }}", r"^some\.txt, line 2: 'unknown' is undefined"),
        ("[a]\n\n{% if x %}", r"^some\.txt, line 3: .*end of template"),
        ("[a]\n{{ nothing }}", r"^some\.txt, line 2: a tag has nothing to print"),
        ("[a]\n{{ figures / 0 }}", r"^some\.txt, line 2: "),
        ("[a]\n{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}", r"^some\.txt, line 2: .*recurs"),
        ("text\n[a]", r"^some\.txt: text before the first \[section\]: text"),
        ("[a]\n{% include 'letter.txt' %}", r"^some\.txt"),
    ],
)
def test_a_broken_wording_says_where(tmp_path: Path, text: str, message: str) -> None:
    class Figures:
        pass

    with pytest.raises(BrokenTemplateError, match=message):
        read(tmp_path, text, figures=Figures(), nothing=None)


@pytest.mark.parametrize(
    "tag",
    [
        "''.__class__.__mro__",
        "cycler.__init__.__globals__",
        "names.append('x')",
        "'{0.__class__}'.format(names)",
        "lipsum()",
        "names | random",
        "range(10 ** 9)",
    ],
)
def test_a_wording_calls_nothing_of_the_machine(tmp_path: Path, tag: str) -> None:
    with pytest.raises(BrokenTemplateError):
        read(tmp_path, "[a]\n{{ " + tag + " }}", names=["a"])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (unicodedata.normalize("NFD", "Phường Phố Hiến"), "Phường Phố Hiến"),
        (" Xã\u00a0 A\n", "Xã A"),
        ("Xã \x1b[31m\u202eA", "Xã [31m A"),
        ("\ufdd0\uffff\ue000", "\ufffd\ufffd\ufffd"),
        ("A" * 5000, "A" * (LONGEST_NAME - 1) + "…"),
    ],
)
def test_names_are_one_plain_line(name: str, shown: str) -> None:
    assert wording.clean(name) == shown


@pytest.mark.parametrize(
    ("tag", "value", "shown"),
    [
        ("value | number", 1234567, "1.234.567"),
        ("value | number(2)", Decimal("1234.125"), "1.234,13"),
        ("value | percent", Decimal("0.96565"), "96,57%"),
        ("value | percent(0)", Decimal("0.5"), "50%"),
        ("value | target", Decimal("0.70"), "70%"),
        ("value | target", Decimal("0.7250"), "72,5%"),
        ("value | target", Decimal("1.00"), "100%"),
        ("value | number(2)", None, "–"),
        ("value | percent", None, "–"),
        ("value | target", None, "–"),
    ],
)
def test_numbers_as_letters_print_them(tmp_path: Path, tag: str, value: Any, shown: str) -> None:
    assert read(tmp_path, "[a]\n{{ " + tag + " }}", value=value)["a"][0]["text"] == shown


def test_an_office_replaces_single_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("[own]\n", encoding="utf-8")
    with template_folder(tmp_path) as folder:
        assert (folder / "letter.txt").read_text(encoding="utf-8") == "[own]\n"
        for name in ("letter.typ", "letter.docx", "official.typ"):
            assert (folder / name).read_bytes() == (TEMPLATES / name).read_bytes()
    assert not folder.exists()
    with template_folder(None) as folder:
        assert folder == TEMPLATES


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(BrokenTemplateError, match="gone"),
        template_folder(tmp_path / "gone"),
    ):
        pass
