"""How the form numbers its lines, prints the sides of identities and fills cells."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from service_index.publishing.documents import form_workbook
from service_index.publishing.documents.form import period_name
from service_index.publishing.form import FormCheck, FormRow, Level, exact, lines
from tests.form_paper import paper_rows

ROW = FormRow("1.1", "Phần", "Mục", "Chỉ tiêu", "Hồ sơ", None, None, "computed", None)


def test_lines_are_numbered_as_on_paper() -> None:
    shown = [(line.level, line.part, line.number) for line in lines(paper_rows())]
    assert shown[:5] == [
        (Level.PART, "I", "I"),
        (Level.ROW, "I", "1."),
        (Level.HEADING, "I", "2."),
        (Level.ROW, "I", "2.1"),
        (Level.ROW, "I", "2.2"),
    ]
    # A row that follows the rows under a heading, and has none itself.
    assert (Level.ROW, "I", "3.") in shown
    assert [number for level, _, number in shown if level is Level.PART] == ["I", "II", "III"]
    assert [number for level, part, number in shown if level is Level.ROW and part == "III"] == [
        *("3.1", "3.1.1", "3.1.2", "3.2", "3.2.1", "3.2.2", "3.3", "3.3.1", "3.3.2"),
        *("3.4", "3.4.1", "3.4.2", "3.5", "3.5.1", "3.5.2"),
    ]


@pytest.mark.parametrize(
    ("codes", "number"),
    [
        (["DVC.3.1", "DVC.3.1.1", "DVC.3.2"], "3."),
        (["CD.2.1"], "2."),
        (["3.1.1", "3.1.2"], "3.1"),
        (["1.1", "2.1"], ""),
        (["DVC.1", "DVC.2"], ""),
        (["A"], ""),
    ],
)
def test_a_heading_has_the_number_that_its_rows_have_in_common(
    codes: list[str], number: str
) -> None:
    rows = [replace(ROW, row_code=code) for code in codes]
    (heading,) = (line for line in lines(rows) if line.level is Level.HEADING)
    assert heading.number == number


def test_a_form_of_other_parts_is_numbered_too() -> None:
    rows = [replace(ROW, part_vi=f"Phần {place}", heading_vi=None) for place in range(12)]
    parts = [line.number for line in lines(rows) if line.level is Level.PART]
    assert parts == ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "11", "12"]
    # Releases of the first version have neither parts nor headings.
    bare = list(lines([replace(ROW, part_vi=None, heading_vi=None)]))
    assert [(line.level, line.number) for line in bare] == [(Level.ROW, "1.1")]


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (None, ""),
        (Decimal("267922.000"), "267.922"),
        (Decimal("-11253"), "-11.253"),
        (Decimal("1E+4"), "10.000"),
        (Decimal("12.50"), "12,5"),
        (Decimal("0.0001"), "0,0001"),
    ],
)
def test_sides_keep_all_their_decimals(value: Decimal | None, printed: str) -> None:
    assert exact(value) == printed


@pytest.mark.parametrize(
    ("formula", "sign", "row_codes"),
    [
        ("row.3.1.1 + row.DVC.3.2 = counted.row.x", "=", ["3.1.1", "DVC.3.2"]),
        ("row.1.4.1 <= row.1.4", "≤", ["1.4.1", "1.4"]),
        ("text.dossiers >= row.CD.2.1? + text.row", "≥", ["CD.2.1"]),
        ("something else", "", []),
    ],
)
def test_a_formula_tells_its_sign_and_rows(formula: str, sign: str, row_codes: list[str]) -> None:
    check = FormCheck("name", "", formula, None, None, None, None)
    assert (check.sign, check.row_codes) == (sign, row_codes)


@pytest.mark.parametrize("period", ["2025Q5", "2025H3", "2025-03", "25", "2025Q3.r1"])
def test_no_other_period_has_a_name(period: str) -> None:
    with pytest.raises(ValueError, match="no quarter, half-year or year"):
        period_name(period)


@pytest.mark.parametrize(
    ("value", "printed", "number_format"),
    [
        ("0", "0", form_workbook.GROUPED),
        ("230561", "230.561", form_workbook.GROUPED),
        ("6", "06", "00"),
        ("100", "100%", '0"%"'),
        # Texts: cut off, longer than the groups of the format, separated or signed otherwise.
        ("99.99", "99%", None),
        ("97.546", "97.54%", None),
        ("1000000000", "1.000.000.000", None),
        ("1000", "1.000%", None),
        ("2273", "2,273", None),
        ("-5", "-5", None),
        ("5", "5 hồ sơ", None),
    ],
)
def test_a_figure_is_a_number_where_a_cell_prints_it_alike(
    value: str, printed: str, number_format: str | None
) -> None:
    row = replace(ROW, value=Decimal(value), printed_value=printed)
    expected = (
        form_workbook.Figure(None)
        if number_format is None
        else form_workbook.Figure(Decimal(value), number_format)
    )
    assert form_workbook.figure(row) == expected
