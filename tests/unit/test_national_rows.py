"""The national portal's rows: provinces told by code or name, numbers read or refused."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service_index.landing.store import LandedRecord
from service_index.loading.catalogue import NationalCatalogue, read_national
from service_index.loading.national_rows import SCORE_FIELDS, Judged, MappingError, judge
from service_index.loading.provinces import Province, Provinces, comparable_name
from service_index.settings import PROJECT_ROOT

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"
MARCH, AUGUST = date(2025, 3, 1), date(2025, 8, 1)
SCORES = ("9.3", "19.3", "7.5", "4.7", "17.8", "14.6", "73.04")


def row(**changes: Any) -> dict[str, Any]:
    """Hưng Yên's row of March 2025."""
    return {
        "ID": "1",
        "TEN": "Tỉnh Hưng Yên",
        "MA_COQUAN": "33",
        "ROW_STT": "28",
        **dict(zip(SCORE_FIELDS, SCORES, strict=True)),
        **changes,
    }


def judged(*rows: Any, month: date = MARCH) -> Judged:
    bodies = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in rows]
    records = [LandedRecord("page", line, body) for line, body in enumerate(bodies, start=1)]
    result = judge(records, read_national(SEEDS, month))
    assert result.delivered == len(rows)
    return result


def refusal(body: Any) -> tuple[str, str]:
    (refused,) = judged(body).refusals
    return refused.rule, refused.reason


def test_numbers_are_taken_as_they_were_printed() -> None:
    (found,) = judged(row()).rows
    assert (found.province_code, found.rank) == ("33", 28)
    assert found.scores == tuple(map(Decimal, SCORES))


def test_point_comma_trailing_zeros_and_json_numbers_are_one_content() -> None:
    ways = [
        row(),
        row(CKMB="9,3", TONG_SCORE="73,04"),
        row(CKMB="9.30", TDGQ="19,300"),
        row(ROW_STT=28, CKMB=9.3),
        row(TEN="HƯNG YÊN", MA_COQUAN="", CKMB="\u00a09.3 "),
        row(ID="7"),
    ]
    found = judged(*ways)
    assert len(found.rows) == 1
    assert found.duplicates == len(ways) - 1
    assert len({one.content_hash for way in ways for one in judged(way).rows}) == 1
    assert judged(row(CKMB="9.31")).rows[0].content_hash != found.rows[0].content_hash
    assert judged(row(ROW_STT="29")).rows[0].content_hash != found.rows[0].content_hash


@pytest.mark.fault(21, "1.234,56 and 1,234.56 in the national table")
@pytest.mark.parametrize(
    "text",
    [
        *("1.234,56", "1,234.56", "-9.3", "+9.3", "9.", ".3", "9e0", "n/a", "9 3", "1234"),
        *("٩", "９", "=9.3", "NaN", "9.3.1", "9.3%"),
    ],
)
def test_a_number_that_can_be_read_two_ways_or_none_is_refused(text: str) -> None:
    assert refusal(row(CKMB=text)) == (
        "invalid_number",
        "CKMB is not a score with a point or a comma",
    )


@pytest.mark.parametrize("rank", ["0", "-1", "28.0", "a", "1,5", "99999"])
def test_a_rank_that_is_no_place_is_refused(rank: str) -> None:
    assert refusal(row(ROW_STT=rank)) == ("invalid_number", "ROW_STT is not a place")


@pytest.mark.parametrize("nothing", ["", " ", None])
def test_a_missing_number_is_no_zero(nothing: str | None) -> None:
    assert refusal(row(MDSH=nothing)) == ("missing_field", "MDSH is missing")
    assert refusal({"TEN": "Hưng Yên"})[0] == "missing_field"


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"[]", "wrong_type"),
        (b'"x"', "wrong_type"),
        (b'{"TEN": ', "invalid_json"),
        (b'{"TEN": "\xff"}', "invalid_json"),
        (b'{"TEN": "x' + b"x" * 1024 * 1024 + b'"}', "record_too_large"),
        (b"[" * 100_000, "wrong_type"),
        (row(CKMB=["9.3"]), "wrong_type"),
        (row(TEN={"vi": "Hưng Yên"}), "wrong_type"),
    ],
)
def test_what_is_no_row_is_refused(body: Any, rule: str) -> None:
    assert refusal(body)[0] == rule


@pytest.mark.fault(21, "provinces in any spelling of their names")
@pytest.mark.parametrize(
    "name",
    [
        *("Hòa Bình", "Hoà Bình", "Tỉnh Hòa Bình", "TỈNH HÒA BÌNH", "tỉnh  hoà\u00a0bình "),
        unicodedata.normalize("NFD", "Tỉnh Hòa Bình"),
        unicodedata.normalize("NFD", "HOÀ BÌNH"),
    ],
)
def test_a_province_is_found_by_any_spelling_of_its_name(name: str) -> None:
    assert judged(row(MA_COQUAN="", TEN=name)).rows[0].province_code == "17"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("TP. Hồ Chí Minh", "79"),
        ("TP Hồ Chí Minh", "79"),
        ("Tp.Hồ Chí Minh", "79"),
        ("Thành phố Hà Nội", "01"),
        ("Bà Rịa–Vũng Tàu", "77"),
        ("Tỉnh Bà Rịa - Vũng Tàu", "77"),
        ("Thành phố Huế", "46"),
    ],
)
def test_cities_and_hyphens(name: str, code: str) -> None:
    assert judged(row(MA_COQUAN="H00", TEN=name)).rows[0].province_code == code


def test_a_code_that_no_province_has_is_passed_over() -> None:
    assert judged(row(MA_COQUAN="000.00.00.H31")).rows[0].province_code == "33"
    assert judged(row(MA_COQUAN="33", TEN="Province of Hung Yen")).rows[0].province_code == "33"
    assert refusal(row(MA_COQUAN="H31", TEN="Hung Yen"))[0] == "unknown_province"
    assert refusal(row(MA_COQUAN="", TEN=""))[0] == "unknown_province"


def test_code_and_name_of_two_provinces_are_a_contradiction() -> None:
    assert refusal(row(MA_COQUAN="34"))[0] == "province_contradiction"


def test_provinces_are_those_of_the_month() -> None:
    thai_binh = row(MA_COQUAN="34", TEN="Tỉnh Thái Bình")
    assert judged(thai_binh).rows[0].province_code == "34"
    (refused,) = judged(thai_binh, month=AUGUST).refusals
    assert (refused.rule, refused.province_code) == ("unknown_province", None)
    # Gia Lai took the code of Bình Định over, which is a part of it now.
    gia_lai = row(MA_COQUAN="64", TEN="Tỉnh Gia Lai")
    assert judged(gia_lai).rows[0].province_code == "64"
    assert judged(gia_lai, month=AUGUST).rows[0].province_code == "52"


@pytest.mark.parametrize(("month", "count"), [(MARCH, 63), (date(2025, 6, 1), 63), (AUGUST, 34)])
def test_no_two_provinces_of_a_day_have_one_comparable_name(month: date, count: int) -> None:
    catalogue = read_national(SEEDS, month)
    assert len(catalogue.provinces) == count
    assert sum(points for group, points in catalogue.maxima.items() if group != "total") == 100


def test_provinces_that_cannot_be_told_apart_are_no_list_of_provinces() -> None:
    assert comparable_name("Tỉnh Hoà Bình") == comparable_name("hòa  bình")
    with pytest.raises(ValueError, match="two provinces"):
        Provinces([Province("1", "Hoà Bình"), Province("2", "Tỉnh Hòa Bình")])


def test_rows_of_one_province_that_differ_are_all_refused_in_any_order() -> None:
    one, other = row(), row(CKMB="9.4")
    for rows in ((one, other), (other, one), (one, other, one)):
        found = judged(*rows)
        assert found.rows == []
        assert [r.rule for r in found.refusals] == ["duplicate_province"] * len(rows)
        assert {r.province_code for r in found.refusals} == {"33"}
    beside = judged(one, other, row(MA_COQUAN="34", TEN="Thái Bình"))
    assert [r.province_code for r in beside.rows] == ["34"]


def test_a_column_beyond_its_groups_maximum_is_a_wrong_mapping() -> None:
    """CLGQ and TTTT the other way round: 10.5 points cannot be online payment."""
    swapped = row(CLGQ="4.7", TTTT="10.5")
    with pytest.raises(MappingError) as error:
        judged(row(MA_COQUAN="34", TEN="Thái Bình"), swapped)
    for wanted in ("TTTT", "10.5", "online_payment", "10:", "national_portal_columns.csv"):
        assert wanted in str(error.value)


@pytest.mark.parametrize(
    ("column", "maximum"),
    [
        *(("CKMB", "18"), ("TDGQ", "20"), ("CLGQ", "12"), ("TTTT", "10"), ("MDHL", "18")),
        *(("MDSH", "22"), ("TONG_SCORE", "100")),
    ],
)
def test_the_maximum_itself_is_possible(column: str, maximum: str) -> None:
    assert judged(row(**{column: maximum})).refusals == []
    with pytest.raises(MappingError, match=column):
        judged(row(**{column: f"{maximum}.01"}))


def test_a_mapping_to_nothing_is_told() -> None:
    catalogue = read_national(SEEDS, MARCH)
    record = LandedRecord("page", 1, json.dumps(row()).encode())
    for groups in ({"CLGQ2": "online_service"}, {"CLGQ": "online_services"}):
        with pytest.raises(MappingError, match="CLGQ"):
            judge([record], NationalCatalogue(catalogue.provinces, groups, catalogue.maxima))
