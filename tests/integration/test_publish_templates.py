"""An office's own templates: what they change, and what a broken one is told by."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.shared import Pt

from service_index.publishing.documents import letter
from service_index.publishing.documents.office import TEMPLATES, BrokenTemplateError
from service_index.publishing.month import MonthRelease
from tests.letter_support import month_before, release
from tests.paper_reading import MM, docx_text, pages, pdf_body


def written(of: MonthRelease, folder: Path, templates: Path) -> tuple[Path, Path]:
    word, pdf = letter.write(of, [month_before()], folder, templates)
    return word, pdf


def own_templates(tmp_path: Path, name: str, change: Callable[[str], str]) -> Path:
    """An office's folder with one text template of its own."""
    folder = tmp_path / "own"
    folder.mkdir()
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    assert change(text) != text
    (folder / name).write_text(change(text), encoding="utf-8")
    return folder


def test_an_office_changes_the_wording_of_both_files(tmp_path: Path) -> None:
    own = own_templates(tmp_path, "letter.txt", lambda t: t.replace("5. Đề nghị", "5. Yêu cầu"))
    word, pdf = written(release(), tmp_path, templates=own)
    for text in (docx_text(word), pdf_body(pdf)):
        assert "5. Yêu cầu" in text and "5. Đề nghị" not in text


def test_an_office_changes_the_layout(tmp_path: Path) -> None:
    own = own_templates(tmp_path, "official.typ", lambda t: t.replace("left: 30mm", "left: 35mm"))
    document = docx.Document(str(TEMPLATES / "letter.docx"))
    document.styles["Thân văn bản"].font.size = Pt(13)
    document.save(str(own / "letter.docx"))
    word, pdf = written(release(), tmp_path, templates=own)
    assert docx.Document(str(word)).styles["Thân văn bản"].font.size == Pt(13)
    assert min(char["x0"] for char in pages(pdf)[1].chars) >= 35 * MM - 0.5


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("letter.txt", "{{ office }} đề nghị", "{{ ofice }} đề nghị", r"letter\.txt, line \d+: "),
        ("letter.txt", "[subject]", "[other]", r"letter\.docx: 'subject' is undefined"),
        ("letter.typ", '#appendix("first_appendix")', "#appendx()", r"letter\.typ: .*appendx"),
        ("letter.typ", '#appendix("first_appendix")', '#read("/etc/passwd")', r"letter\.typ: "),
        ("official.typ", "#let content", "#let contents", r"letter\.typ: .*content"),
        (
            "official.typ",
            "#let font",
            '#import "@preview/a:0.1.0": *\n#let font',
            r"official\.typ, ",
        ),
    ],
)
def test_a_broken_template_is_named(
    tmp_path: Path, name: str, old: str, new: str, message: str
) -> None:
    own = own_templates(tmp_path, name, lambda text: text.replace(old, new))
    with pytest.raises(BrokenTemplateError, match=f"(?s)^{message}"):
        written(release(), tmp_path, templates=own)


def test_a_broken_word_template_is_named(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    document = docx.Document(str(TEMPLATES / "letter.docx"))
    (text, *_) = (p for p in document.paragraphs if p.text == "{{ block.text }}")
    text.text = "{{ bodi }}"
    document.save(str(own / "letter.docx"))
    with pytest.raises(BrokenTemplateError, match=r"^letter\.docx: 'bodi' is undefined"):
        written(release(), tmp_path, templates=own)
    shutil.copyfile(TEMPLATES / "letter.txt", own / "letter.docx")
    with pytest.raises(BrokenTemplateError, match=r"^letter\.docx is no Word file"):
        written(release(), tmp_path, templates=own)
    with pytest.raises(BrokenTemplateError, match="no folder of templates"):
        written(release(), tmp_path, templates=tmp_path / "none")


def test_an_empty_folder_of_an_office_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    theirs = written(release(), tmp_path / "a", tmp_path / "own")
    ours = letter.write(release(), [month_before()], tmp_path / "b")
    assert [path.read_bytes() for path in theirs] == [path.read_bytes() for path in ours]
