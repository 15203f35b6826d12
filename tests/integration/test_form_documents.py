"""The form's documents read back: each printed figure is the published one, in its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pdfplumber
import psycopg
import pytest
from form_support import fill_form, release_form
from gate_support import change, rows

from service_index.publishing.documents import form as documents
from service_index.publishing.documents.office import TEMPLATES, BrokenTemplateError
from service_index.publishing.edition import SAMPLE_NOTICE
from service_index.publishing.form import FormRelease
from tests.form_paper import FAILING, PRINTED, paper_form
from tests.form_reading import (
    form_sheet,
    pdf_lines,
    pdf_tables,
    pdf_text,
    plain,
    sheet_lines,
    word_table,
)

BY_HAND = "Số liệu nhập tay"
MM = 72 / 25.4
STATUS_LINE = "TẠM TÍNH – Số liệu đến 00:00 16/09/2025 – Bản công bố 2025Q3.r1"
HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "<script>alert(1)</script>",
    "{{ 7*7 }} {% raw %} {%tr x %}",
    '#import "x.typ": *; #panic() $x$ \\ @ref <label>',
    "chữ\x1b[2J \u202engược \ufffe\uffff \ue000 字 🏛",
    "&amp; ]]> ' \" \\n",
    "a" * 5000,
]

Line = tuple[str, str, str, str, str]


@pytest.fixture
def form(warehouse: psycopg.Connection) -> FormRelease:
    fill_form(warehouse)
    return release_form(warehouse)


def written(form: FormRelease, folder: Path, **options: Any) -> dict[str, Path]:
    paths = documents.write(form, folder, **options)
    assert sorted(path.name for path in (folder / "documents").iterdir()) == [
        "statistical_form.docx",
        "statistical_form.pdf",
        "statistical_form.xlsx",
    ]
    return {path.suffix[1:]: path for path in paths}


def published_lines(connection: psycopg.Connection) -> list[Line]:
    """The published rows in order, as number, label, unit, figure and the note of the clerk."""
    return [
        (
            re.sub(r"^(CD|DVC)\.", "", row["row_code"]),
            row["label_vi"],
            row["unit_of_measure"] or "",
            row["printed_value"] or "",
            row["origin"],
        )
        for row in rows(
            connection,
            "select * from published.current_statistical_form order by position",
        )
    ]


def as_published(lines: list[list[str]]) -> list[Line]:
    """The rows of a document's table, without titles, as `published_lines` has them."""
    found = []
    for number, label, unit, value, note in lines:
        if unit or value or note:
            origin = "by_hand" if "nhập" in note else "computed"
            found.append((number.removesuffix("."), label, unit, value, origin))
    return found


# PDF


def assert_within_margins(page: Any) -> None:
    """But for the page's head, and blanks at the end of a line, nothing stands outside."""
    for char in page.chars:
        if not char["text"].isspace():
            assert char["x0"] >= 30 * MM - 1 and char["x1"] <= page.width - 15 * MM + 1
            assert char["top"] >= 5 * MM and char["bottom"] <= page.height - 20 * MM + 1


def test_the_pdf_holds_each_published_figure_in_its_row(
    form: FormRelease, warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    lines = pdf_lines(written(form, tmp_path)["pdf"])
    assert as_published(lines) == published_lines(warehouse)
    assert len(as_published(lines)) == 38
    titles = [(number, label) for number, label, *rest in lines if not any(rest)]
    assert titles == [
        ("I", "CÔNG TÁC CHỈ ĐẠO, ĐIỀU HÀNH"),
        ("2.", "Thực hiện nhiệm vụ Chính phủ, Thủ tướng Chính phủ giao"),
        ("II", "CẢI CÁCH THỦ TỤC HÀNH CHÍNH"),
        ("1.", "Thống kê TTHC"),
        ("2.", "Thực hiện cơ chế một cửa, một cửa liên thông"),
        ("3.", "Kết quả giải quyết TTHC"),
        ("III", "XÂY DỰNG VÀ PHÁT TRIỂN CHÍNH QUYỀN ĐIỆN TỬ, CHÍNH QUYỀN SỐ"),
        ("3.", "Cung cấp dịch vụ công trực tuyến (DVCTT)"),
    ]
    notes = {number: note for number, _, _, _, note in lines if note}
    assert notes["1.2"] == "bao gồm công bố chuẩn hóa (số liệu nhập tay)"
    assert notes["1."] == "Chưa nhập số liệu"
    assert notes["2.1"] == BY_HAND


def test_each_page_of_the_pdf_has_heads_notice_status_and_margins(
    form: FormRelease, tmp_path: Path
) -> None:
    with pdfplumber.open(written(form, tmp_path)["pdf"]) as pdf:
        assert len(pdf.pages) == 4
        for number, page in enumerate(pdf.pages, 1):
            text = page.extract_text()
            assert f"{SAMPLE_NOTICE} – {STATUS_LINE}" in text.splitlines()[:2]
            # Of the second page and those after it, as the decree has it.
            assert (text.splitlines()[0] == str(number)) is (number > 1)
            assert (round(page.width), round(page.height)) == (595, 842)
            assert_within_margins(page)
        for page in pdf.pages[:-1]:
            (table,) = page.extract_tables()
            assert [plain(cell) for cell in table[0]] == [
                "Stt",
                "Chỉ tiêu thống kê (Sử dụng trong kỳ báo cáo hàng quý, 6 tháng, năm)",
                "Kết quả thống kê",
                "",
                "Ghi chú",
            ]
            assert [plain(cell) for cell in table[1]][2:4] == ["Đơn vị tính", "Số liệu"]
        fonts = {char["fontname"] for page in pdf.pages for char in page.chars}
        assert {font.split("+")[1].split("-")[0] for font in fonts} == {"Tinos"}
        assert all("+" in font for font in fonts), "every font is embedded, as a subset"


def test_the_title_block_is_that_of_an_official_paper(form: FormRelease, tmp_path: Path) -> None:
    paths = written(form, tmp_path)
    with pdfplumber.open(paths["pdf"]) as pdf:
        first, *_, of_form, _ = (plain(page.extract_text()) for page in pdf.pages)
    of_word = docx.Document(str(paths["docx"]))
    word = " ".join(plain(paragraph.text) for paragraph in all_paragraphs(of_word))
    sheet = openpyxl.load_workbook(paths["xlsx"])["Biểu mẫu"]
    cells = " ".join(plain(str(cell.value)) for row in sheet.iter_rows() for cell in row)
    for expected in (
        "ỦY BAN NHÂN DÂN",
        "TỈNH HƯNG YÊN",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Số: /",
        "Hưng Yên, ngày tháng năm",
        "BIỂU MẪU THỐNG KÊ",
        "Công tác cải cách thủ tục hành chính quý III năm 2025",
    ):
        assert expected in first
        assert expected in word
        assert expected in cells
    for signer in ("NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG CƠ QUAN"):
        assert signer in of_form
        assert signer in word
        assert signer in cells


@pytest.mark.parametrize(
    ("period", "name"),
    [
        ("2025Q3", "quý III năm 2025"),
        ("2025H1", "6 tháng đầu năm 2025"),
        ("2025H2", "6 tháng cuối năm 2025"),
        ("2025", "năm 2025"),
    ],
)
def test_a_half_year_and_a_year_are_named(
    warehouse: psycopg.Connection, tmp_path: Path, period: str, name: str
) -> None:
    fill_form(warehouse, period)
    paths = written(release_form(warehouse, period), tmp_path)
    title = f"Công tác cải cách thủ tục hành chính {name}"
    assert f"{title} (Tạm tính" in pdf_text(paths["pdf"])
    assert title in [plain(p.text) for p in docx.Document(str(paths["docx"])).paragraphs]
    cells = openpyxl.load_workbook(paths["xlsx"])["Biểu mẫu"].iter_rows(values_only=True)
    assert title in [row[0] for row in cells]
    assert as_published(pdf_lines(paths["pdf"])) == published_lines(warehouse)


@pytest.mark.parametrize(
    ("province", "issuer", "place"),
    [
        ("Tỉnh Hưng Yên", "TỈNH HƯNG YÊN", "Hưng Yên"),
        ("Thành phố Hà Nội", "THÀNH PHỐ HÀ NỘI", "Hà Nội"),
        ("99", "TỈNH 99", "99"),
    ],
)
def test_the_issuer_is_the_province_that_publishes(
    tmp_path: Path, province: str, issuer: str, place: str
) -> None:
    text = pdf_text(written(paper_form(province_name=province), tmp_path)["pdf"])
    assert f"{issuer} Độc lập - Tự do - Hạnh phúc" in text
    assert f"{place}, ngày tháng năm" in text


# Word


def all_paragraphs(document: Any) -> Iterator[Any]:
    yield from document.paragraphs
    for table in document.tables:
        for row in table.rows:
            for cell in row.cells:
                yield from cell.paragraphs


def test_the_word_file_holds_each_published_figure_in_its_row(
    form: FormRelease, warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    paths = written(form, tmp_path)
    table = word_table(paths["docx"], 1)
    lines = [[plain(cell.text) for cell in row.cells] for row in table.rows]
    assert as_published(lines[2:]) == published_lines(warehouse)
    # The same as in the PDF: titles, numbers and notes, too.
    assert lines[2:] == pdf_lines(paths["pdf"])


def test_the_word_file_repeats_its_heads_and_says_what_it_is(
    form: FormRelease, tmp_path: Path
) -> None:
    document = docx.Document(str(written(form, tmp_path)["docx"]))
    repeated = "w:trPr/w:tblHeader"
    for table, heads in ((document.tables[1], 2), (document.tables[3], 1)):
        marked = [bool(row._tr.xpath(repeated)) for row in table.rows]
        assert marked == [True] * heads + [False] * (len(table.rows) - heads)
    (section,) = document.sections
    assert section.different_first_page_header_footer
    for header in (section.first_page_header, section.header):
        assert header.paragraphs[-1].text == f"{SAMPLE_NOTICE} – {STATUS_LINE}"
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert document.core_properties.author == ""
    assert document.core_properties.created.isoformat() == form.edition.stamped_at.strftime(
        "%Y-%m-%dT%H:%M:%S+00:00"
    )


# Spreadsheet


def shown(cell: Any) -> str:
    """What a spreadsheet shows of a cell of the form."""
    value, shape = cell.value, cell.number_format
    if not isinstance(value, int | float):
        return str(value or "")
    assert value == int(value), "only whole numbers are printed exactly"
    if shape == '[>=1000000]0"."000"."000;[>=1000]0"."000;0':
        return f"{int(value):,}".replace(",", ".")
    if shape == '0"%"':
        return f"{int(value)}%"
    assert set(shape) == {"0"}, shape
    return str(int(value)).zfill(len(shape))


def test_the_spreadsheet_shows_each_published_figure_in_its_row(
    form: FormRelease, warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    paths = written(form, tmp_path)
    cells = sheet_lines(form_sheet(paths["xlsx"]))
    lines = [[plain(shown(cell)) for cell in row] for row in cells]
    assert as_published(lines) == published_lines(warehouse)
    assert lines == pdf_lines(paths["pdf"])
    values = [row[3].value for row in cells if row[3].value is not None]
    # A cell would round what the form cuts off, so those are texts; all others can be added up.
    assert [value for value in values if isinstance(value, str)] == [
        text for text in PRINTED.values() if "%" in text and text != "100%"
    ]
    assert [value for value in values if isinstance(value, int)] == [
        int(text.replace(".", "").removesuffix("%"))
        for text in PRINTED.values()
        if "%" not in text or text == "100%"
    ]


def test_the_exact_values_stand_beside_the_printed_ones(
    form: FormRelease, warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    sheet = openpyxl.load_workbook(written(form, tmp_path)["xlsx"])["Giá trị"]
    table = list(sheet.iter_rows(values_only=True))
    (heads,) = (place for place, row in enumerate(table) if row[0] == "Mã dòng")
    found = {row[0]: row for row in table[heads + 1 :]}
    published = rows(warehouse, "select * from published.current_statistical_form")
    assert len(found) == len(published) == 38
    for row in published:
        code, _, label, _, value, exact, printed, origin, _ = found[row["row_code"]]
        assert label == row["label_vi"]
        assert (printed or None) == row["printed_value"]
        assert origin == {"computed": "tính", "by_hand": "nhập tay"}[row["origin"]]
        if row["value"] is None:
            assert code == "CD.1" and not value and not exact
        else:
            assert Decimal(exact) == row["value"]
            assert math.isclose(value, row["value"], rel_tol=1e-15)


def test_the_workbook_is_set_up_for_paper_and_screen(form: FormRelease, tmp_path: Path) -> None:
    path = written(form, tmp_path)["xlsx"]
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Biểu mẫu", "Đối chiếu số liệu", "Giá trị"]
    for sheet in book:
        assert sheet.page_setup.paperSize == 9
        # One page wide, which is what a workbook means that does not say.
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.oddHeader.right.text == SAMPLE_NOTICE
        assert sheet.oddFooter.center.text == STATUS_LINE
        assert SAMPLE_NOTICE in [row[0] for row in sheet.iter_rows(values_only=True)]
        first, last = (int(part) for part in re.findall(r"\d+", sheet.print_title_rows))
        assert sheet.cell(first, 1).value in {"Stt", "Mã dòng"}
        assert sheet.freeze_panes == f"A{last + 1}"
    assert book["Biểu mẫu"].page_setup.orientation == "portrait"
    merged = {str(area) for area in book["Biểu mẫu"].merged_cells.ranges}
    assert {"A8:A9", "B8:B9", "C8:D8", "E8:E9"} <= merged


# What does not add up


def test_the_identities_that_fail_are_told_to_the_clerk(form: FormRelease, tmp_path: Path) -> None:
    assert {check.identity for check in form.failing} == set(FAILING)
    paths = written(form, tmp_path)
    *_, pdf_table = pdf_tables(paths["pdf"])
    word = [[plain(c.text) for c in row.cells] for row in word_table(paths["docx"], 3).rows]
    assert word == pdf_table
    assert word[1:] == [
        [
            "1",
            "Tiếp nhận và kỳ trước chuyển qua bằng đã giải quyết, rút, dừng và đang giải quyết "
            "balance_closes",
            "267.922",
            "=",
            "256.669",
            "11.253",
        ],
        [
            "2",
            "Đã giải quyết: lời văn bằng biểu Dòng II.3.1.1, II.3.2.1 text_resolved_is_the_tables",
            "246.821",
            "=",
            "246.656",
            "165",
        ],
    ]
    with pdfplumber.open(paths["pdf"]) as pdf:
        last = plain(pdf.pages[-1].extract_text())
    counts = f"khớp: {form.holding}; không khớp: 2; chưa đủ số liệu để xét: {form.undecided}."
    assert counts in last
    sheet = openpyxl.load_workbook(paths["xlsx"])["Đối chiếu số liệu"]
    cells = [row for row in sheet.iter_rows(values_only=True) if row[0] in {"1", "2"}]
    sides = {row[6].split(":")[0]: (row[2], row[4], row[5]) for row in cells}
    assert sides == {name: (left, right, left - right) for name, (left, right) in FAILING.items()}


def test_a_form_that_adds_up_says_so(warehouse: psycopg.Connection, tmp_path: Path) -> None:
    fill_form(warehouse)
    change(warehouse, "update marts.mart_form_check set holds = true where not holds")
    paths = written(release_form(warehouse), tmp_path)
    assert "Không có đẳng thức nào không khớp." in pdf_text(paths["pdf"])
    document = docx.Document(str(paths["docx"]))
    assert document.paragraphs[-1].text == "Không có đẳng thức nào không khớp."
    assert len(document.tables) == 3


# Whatever may come


def test_without_figures_of_a_clerk_the_blanks_say_so(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    fill_form(warehouse)
    change(
        warehouse,
        "update marts.mart_statistical_form set value = null, printed_value = null, "
        "note_vi = null where origin = 'by_hand' or row_code in ('DVC.3.1', '3.2')",
    )
    paths = written(release_form(warehouse), tmp_path)
    lines = pdf_lines(paths["pdf"])
    blank = {number: note for number, _, _, value, note in lines if note and not value}
    assert blank["3.2"] == "Không có số liệu"
    assert blank["2.2"] == "Chưa nhập số liệu"
    assert len([note for *_, note in lines if note]) == 14
    assert BY_HAND.lower() not in pdf_text(paths["pdf"]).lower()
    assert "Ô số liệu để trống" in pdf_text(paths["pdf"])
    cells = sheet_lines(form_sheet(paths["xlsx"]))
    assert [[plain(shown(cell)) for cell in row] for row in cells] == lines


def test_real_data_say_nothing_of_a_sample(warehouse: psycopg.Connection, tmp_path: Path) -> None:
    fill_form(warehouse)
    paths = written(release_form(warehouse, is_sample=False), tmp_path)
    assert SAMPLE_NOTICE not in pdf_text(paths["pdf"])
    document = docx.Document(str(paths["docx"]))
    for header in (document.sections[0].first_page_header, document.sections[0].header):
        assert header.paragraphs[-1].text == STATUS_LINE
    for sheet in openpyxl.load_workbook(paths["xlsx"]):
        assert not sheet.oddHeader.right.text
        for row in sheet.iter_rows(values_only=True):
            assert SAMPLE_NOTICE not in row


def test_a_revision_says_what_it_replaces_and_why(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    fill_form(warehouse)
    release_form(warehouse)
    fill_form(warehouse, printed=PRINTED | {"1.3": "67"})
    paths = written(release_form(warehouse, reason="our_error"), tmp_path)
    replaced = "thay cho bản công bố 2025Q3.r1, lý do: sai sót của đơn vị công bố"
    assert f"số liệu đến 00:00 16/09/2025; {replaced})" in pdf_text(paths["pdf"])
    text = " ".join(p.text for p in docx.Document(str(paths["docx"])).paragraphs)
    assert replaced in text
    sheet = form_sheet(paths["xlsx"])
    assert any(replaced in str(row[0]) for row in sheet.iter_rows(values_only=True))


def test_the_same_edition_gives_the_same_bytes(form: FormRelease, tmp_path: Path) -> None:
    first, second = (written(form, tmp_path / name) for name in ("first", "second"))
    for kind, path in first.items():
        assert path.read_bytes() == second[kind].read_bytes(), kind


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(warehouse: psycopg.Connection, tmp_path: Path, text: str) -> None:
    fill_form(warehouse)
    for edit in (
        "mart_statistical_form set label_vi = %(text)s, note_vi = %(text)s, "
        "unit_of_measure = %(text)s where row_code in ('CD.2.1', '3.1')",
        "mart_statistical_form set heading_vi = %(text)s where heading_vi like 'Thống kê%%'",
        "mart_form_check set description_vi = %(text)s, formula = %(text)s",
        "mart_release_unit set unit_name = %(text)s",
    ):
        warehouse.execute(f"update marts.{edit}", {"text": text})
    warehouse.commit()
    form = release_form(warehouse)
    paths = written(form, tmp_path)

    (kept, *others) = (
        line["label"]
        for line in documents.printed(form)["lines"]
        if line["code"] in {"CD.2.1", "3.1"}
    )
    assert others == [kept]
    lines = [[plain(cell.text) for cell in row.cells] for row in word_table(paths["docx"], 1).rows]
    assert [line[1] for line in lines].count(plain(kept)) == 3
    assert [line[3] for line in lines if line[3] in PRINTED.values()] == list(PRINTED.values())

    with pdfplumber.open(paths["pdf"]) as pdf:
        for page in pdf.pages:
            assert_within_margins(page)
        assert not any(page.annots or page.hyperlinks for page in pdf.pages)

    for sheet in openpyxl.load_workbook(paths["xlsx"]):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None
    labels = [row[1].value for row in sheet_lines(form_sheet(paths["xlsx"]))]
    assert labels.count(kept) == 3


# Templates of an office


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
