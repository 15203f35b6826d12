"""The shipped font: which characters it draws, and that a PDF of any text is made."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typst

from service_index.publishing.documents.font_coverage import (
    REGULAR,
    REPLACEMENT,
    characters,
    drawable,
)
from service_index.publishing.documents.office import BrokenTemplateError
from service_index.publishing.documents.typesetting import FONTS, write_pdf

AT = datetime(2026, 1, 5, tzinfo=UTC)
PRINT_ALL = '#set text(font: "Tinos", fallback: false)\n#json(bytes(sys.inputs.content)).text'
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")


def test_every_vietnamese_letter_is_drawn() -> None:
    letters = {unicodedata.normalize("NFC", v + t) for v in "aăâeêioôơuưy" for t in TONES}
    letters |= set("bcdđghklmnpqrstvxfjwz0123456789 \u00a0.,;:/%()–…-+“”<>")
    assert all(len(letter) == 1 for letter in letters)
    assert letters | {letter.upper() for letter in letters} <= characters(REGULAR)


def test_the_four_faces_draw_the_same() -> None:
    faces = sorted(FONTS.glob("*.ttf"))
    assert len(faces) == 4
    assert len({characters(face) for face in faces}) == 1


def test_the_typesetter_agrees_about_every_character(tmp_path: Path) -> None:
    """An archivable PDF is refused for a single character that the font lacks."""
    template = tmp_path / "all.typ"
    template.write_text(PRINT_ALL, encoding="utf-8")
    known = "".join(sorted(characters(REGULAR)))
    assert len(known) > 2000
    write_pdf(template, {"text": known}, tmp_path / "all.pdf", AT)
    for lacking in "日☐😀":
        assert lacking not in known
        with pytest.raises(typst.TypstError, match="could not be displayed"):
            typst.compile(
                str(template),
                font_paths=[str(FONTS)],
                ignore_system_fonts=True,
                sys_inputs={"content": f'{{"text": "{lacking}"}}'},
                pdf_standards=["a-2b"],
            )
        write_pdf(template, {"text": lacking}, tmp_path / "lacking.pdf", AT)


def test_only_what_the_font_lacks_is_replaced() -> None:
    content = {"a": ["Xã 日", {"b": "đủ\nchữ"}], "n": ""}
    assert drawable(content) == {"a": [f"Xã {REPLACEMENT}", {"b": "đủ\nchữ"}], "n": ""}


def test_a_template_that_does_not_compile_is_named(tmp_path: Path) -> None:
    template = tmp_path / "own.typ"
    template.write_text("#unknown()", encoding="utf-8")
    with pytest.raises(BrokenTemplateError, match=r"own\.typ: .*unknown"):
        write_pdf(template, {}, tmp_path / "own.pdf", AT)


def test_a_font_with_another_character_map_is_refused(tmp_path: Path) -> None:
    font = tmp_path / "broken.ttf"
    font.write_bytes(REGULAR.read_bytes().replace(b"cmap", b"cmax"))
    with pytest.raises(ValueError, match="no table cmap"):
        characters(font)
