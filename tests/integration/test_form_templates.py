"""An office's own templates of the form."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest

from service_index.publishing.documents import form as documents
from service_index.publishing.documents.office import TEMPLATES, BrokenTemplateError
from service_index.publishing.form import FormRelease
from tests.form_paper import paper_form
from tests.form_reading import form_sheet, word_table, written
from tests.paper_reading import pdf_text


@pytest.fixture(scope="module")
def form() -> FormRelease:
    return paper_form()


def own_wording(folder: Path, old: str, new: str) -> Path:
    """A folder of an office with its own wording of the form."""
    folder.mkdir()
    wording = (TEMPLATES / "statistical_form.txt").read_text(encoding="utf-8")
    assert old in wording
    (folder / "statistical_form.txt").write_text(wording.replace(old, new), encoding="utf-8")
    return folder


def test_an_office_words_all_three_anew(form: FormRelease, tmp_path: Path) -> None:
    own = own_wording(tmp_path / "own", "THỦ TRƯỞNG CƠ QUAN", "CHÁNH VĂN PHÒNG")
    paths = written(form, tmp_path, templates=own)
    assert "CHÁNH VĂN PHÒNG" in pdf_text(paths["pdf"])
    assert "CHÁNH VĂN PHÒNG" in word_table(paths["docx"], 2).cell(0, 1).text
    cells = form_sheet(paths["xlsx"]).iter_rows(values_only=True)
    assert "CHÁNH VĂN PHÒNG" in [row[2] for row in cells]


def test_an_office_lays_out_anew(form: FormRelease, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    layout = (TEMPLATES / "statistical_form.typ").read_text(encoding="utf-8")
    (own / "statistical_form.typ").write_text(layout + "\nIn tại văn phòng.\n", encoding="utf-8")
    document = docx.Document(str(TEMPLATES / "statistical_form.docx"))
    document.add_paragraph("In tại văn phòng {{ number[0].text }}")
    document.save(str(own / "statistical_form.docx"))
    paths = written(form, tmp_path, templates=own)
    assert pdf_text(paths["pdf"]).endswith("In tại văn phòng.")
    assert docx.Document(str(paths["docx"])).paragraphs[-1].text.startswith("In tại văn phòng Số:")


@pytest.mark.parametrize("kind", ["docx", "typ"])
def test_a_layout_that_does_not_fit_is_named(form: FormRelease, tmp_path: Path, kind: str) -> None:
    name = f"statistical_form.{kind}"
    if kind == "docx":
        document = docx.Document(str(TEMPLATES / name))
        document.add_paragraph("{{ misspelt }}")
        document.save(str(tmp_path / name))
    else:
        layout = (TEMPLATES / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(layout + "#misspelt\n", encoding="utf-8")
    with pytest.raises(BrokenTemplateError, match=f"{name}.*misspelt"):
        documents.write(form, tmp_path / "release", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[values_title]", "[misspelt]", r"there is no section \[values_title\]"),
        ("| Mã dòng | Stt |", "| Mã dòng |", r"\[values_heads\] is no row of 9 heads"),
        ("{{ form.holding }}", "{{ form.misspelt }}", "misspelt"),
    ],
)
def test_a_wording_that_does_not_fit_is_named(
    form: FormRelease, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    own = own_wording(tmp_path / "own", old, new)
    with pytest.raises(BrokenTemplateError, match=f"statistical_form.txt.*{reason}"):
        documents.write(form, tmp_path, own)
