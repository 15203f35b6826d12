"""The letter's own sentences: what stands in them, and what they leave out."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_index.publishing import labels
from service_index.publishing.month import Criterion
from service_index.publishing.relations import GROUPS
from tests.letter_support import (
    PROVINCE,
    body,
    month_before,
    printed_figures,
    ranked,
    release,
    sections,
    starting,
    under,
    unit,
)

LABELS = {labels.GROUPS[group].vi: group for group in GROUPS}


def test_every_figure_stands_in_the_sentence_of_its_group() -> None:
    figures = printed_figures()
    texts = body(release(letter=figures))
    at = {code: row.printed_value for code, row in figures.items()}
    assert f"{at['total']}/100 điểm, đứng thứ {at['rank']}/34" in starting(texts, "Tổng điểm")
    for label, group in LABELS.items():
        text = starting(texts, f"{label}: ")
        maximum = figures[group].out_of
        assert text.startswith(
            f"{label}: {at[group]}/{maximum} điểm "
            f"(bình quân cả nước {at[f'{group}_average']}/{maximum} điểm)"
        )
        assert f"xếp hạng {at[f'{group}_rank']}/34" in text
        if group != "digitisation":
            assert re.search(rf"tỷ lệ [^,]+ {re.escape(at[f'{group}_rate'] or '')},", text)
    for code in ("13", "12", "14_dossiers", "14"):
        row = figures[f"digitisation_{code}"]
        assert starting(texts, row.label_vi).rstrip(";.") == f"{row.label_vi}: {row.printed_value}"


@settings(deadline=None, max_examples=40)  # each fills in the whole wording
@given(
    own=st.lists(st.integers(0, 99), min_size=6, max_size=6),
    average=st.lists(st.integers(0, 99), min_size=6, max_size=6),
)
def test_every_group_stands_in_one_list_by_its_printed_points(
    own: list[int], average: list[int]
) -> None:
    """Tenths of points differ by a hundredth, which the letter does not print."""
    points = {g: f"{n / 10:.1f}4" for g, n in zip(GROUPS, own, strict=True)}
    averages = {g: f"{n / 10:.1f}1" for g, n in zip(GROUPS, average, strict=True)}
    of = release(letter=printed_figures(points, averages))
    texts = under(body(of), "2. ", "3. ")
    expected = {
        "cao hơn": {g for g, a, b in zip(GROUPS, own, average, strict=True) if a > b},
        "thấp hơn": {g for g, a, b in zip(GROUPS, own, average, strict=True) if a < b},
        "bằng": {g for g, a, b in zip(GROUPS, own, average, strict=True) if a == b},
    }
    for name, groups in expected.items():
        found = [text for text in texts if text.startswith(f"Nhóm {name} bình quân: ")]
        assert len(found) == bool(groups)
        listed = {LABELS[label] for text in found for label in LABELS if f"{label} (" in text}
        assert listed == groups


def test_what_rose_and_fell_is_told_with_both_months() -> None:
    figures = printed_figures(
        {"total": "73.04", "timeliness": "19.34", "satisfaction": "17.76", "digitisation": "14.6"}
    )
    before = month_before(
        total="71.99",
        points={
            "timeliness": "19.0", "satisfaction": "17.85", "digitisation": "14.64",
            "transparency": "0.75", "online_service": "2.75", "online_payment": "3.75",
        },
    )  # fmt: skip
    texts = under(body(release(letter=figures), before), "3. So với tháng 7/2025", "4. ")
    assert texts == [
        "Tổng điểm tăng 1,05 điểm, từ 71,99 lên 73,04 điểm.",
        "Nhóm tăng điểm: Tiến độ giải quyết (0,3 điểm, từ 19,0 lên 19,3).",
        "Nhóm giảm điểm: Mức độ hài lòng (0,1 điểm, từ 17,9 xuống 17,8).",
        "Nhóm không đổi: Công khai, minh bạch; Dịch vụ công trực tuyến; "
        "Thanh toán trực tuyến; Số hóa hồ sơ.",
    ]


def test_a_first_month_and_a_reform_say_that_nothing_is_compared() -> None:
    assert under(body(release()), "3. ", "4. ") == [
        "Chưa có kết quả tháng 7/2025 được công bố để so sánh."
    ]
    broken = release()
    broken.units[PROVINCE] = replace(broken.province, is_series_break=True)
    (text,) = under(body(broken, month_before()), "3. ", "4. ")
    assert "không so sánh được với tháng 7/2025" in text
    notes = " ".join(block["text"] for block in sections(broken)["ranking_notes"])
    assert "Không so sánh hạng với tháng trước" in notes


def test_without_national_results_no_sentence_needs_them() -> None:
    texts = body(release(letter=printed_figures(has_national=False)))
    (text,) = under(texts, "2. ", "3. ")
    assert text.startswith("Chưa có kết quả tháng 8/2025 của các tỉnh, thành phố")
    assert not [t for t in texts if "xếp hạng " in t or "đứng thứ" in t or "(bình quân" in t]


def test_ranks_without_averages_are_not_called_missing() -> None:
    figures = printed_figures()
    for code in [code for code in figures if code.endswith("_average")]:
        figures[code] = replace(figures[code], value=None, printed_value=None)
    texts = body(release(letter=figures))
    assert f"đứng thứ {figures['rank'].printed_value}/34" in starting(texts, "Tổng điểm")
    assert under(texts, "2. ", "3. ") == [
        "Trong tháng 8/2025 không có nhóm nào so sánh được với bình quân cả nước."
    ]


def test_withheld_figures_say_so_instead_of_a_number() -> None:
    figures = printed_figures()
    for code, why in (("satisfaction_rate", "suspended"), ("digitisation_14", "n<5")):
        figures[code] = replace(figures[code], withheld=why, value=None, printed_value=None)
    of = release(letter=figures)
    texts = body(of)
    assert "tỷ lệ hài lòng tạm ngừng công bố, xếp hạng" in starting(texts, "Mức độ hài lòng: ")
    assert starting(texts, figures["digitisation_14"].label_vi).endswith(": n<5.")
    notes = " ".join(block["text"] for block in sections(of)["ranking_notes"])
    assert labels.SMALL_CELL.vi in notes


def test_suspended_criteria_are_named_with_the_reason() -> None:
    criterion = Criterion(
        criterion_code="21", group_code="satisfaction", official_number="V",
        official_subheading=None, name_vi="Mức độ hài lòng trong giải quyết", name_en="",
        max_points=Decimal(6), basis="M", applies_to="all", target_rate=Decimal(1),
        numerator_vi="", numerator_en="", denominator_vi="", denominator_en="",
        counts="ratings", lead_unit=None, cooperating_units=None, suspended_because="đang rà soát",
    )  # fmt: skip
    texts = body(replace(release(), criteria=[criterion]))
    assert "Mức độ hài lòng trong giải quyết (lý do: đang rà soát)." in texts
    assert not [text for text in body(release()) if "tạm ngừng" in text]


def test_the_letter_asks_for_what_is_low() -> None:
    figures = printed_figures(dict.fromkeys(GROUPS, "5"), dict.fromkeys(GROUPS, "5"))
    texts = body(release(letter=figures), month_before(points=dict.fromkeys(GROUPS, "5")))
    assert not [text for text in texts if text.startswith("Làm rõ nguyên nhân")]
    figures = printed_figures(
        dict.fromkeys(GROUPS, "5"), dict.fromkeys(GROUPS, "5") | {"timeliness": "6"}
    )
    texts = body(release(letter=figures))
    assert "(Tiến độ giải quyết);" in starting(texts, "Làm rõ nguyên nhân")
    assert texts[-1].endswith("./.")


def test_provisional_revised_and_sample_say_so() -> None:
    of = release(status="provisional", previous_release_id="2025-08.r1", reason="late_data")
    found = sections(of)
    assert found["status_line"][0]["text"].startswith("TẠM TÍNH – Số liệu đến 00:00 05/01/2026")
    texts = [block["text"] for block in found["body"]]
    assert [text for text in texts if "là tạm tính" in text]
    assert "Kết quả này thay thế bản công bố 2025-08.r1 (lý do: dữ liệu đến muộn)." in texts
    assert not [text for text in body(release()) if "tạm tính" in text or "thay thế" in text]


@pytest.mark.parametrize(
    ("name", "issuer", "place"),
    [
        ("Tỉnh Bình An", "UBND TỈNH BÌNH AN", "Bình An, ngày"),
        ("Thành phố Bình An", "UBND THÀNH PHỐ BÌNH AN", "Bình An, ngày"),
        ("Bình An", "UBND TỈNH BÌNH AN", "Bình An, ngày"),
    ],
)
def test_the_issuer_is_that_of_the_province(name: str, issuer: str, place: str) -> None:
    found = sections(release(province_name=name))
    assert found["parent_issuer"][0]["text"] == issuer
    assert found["place_and_date"][0]["text"].startswith(place)
    assert ("thành phố" in found["body"][0]["text"].rsplit("UBND", 1)[1]) == name.startswith("Th")


@pytest.mark.parametrize(
    ("period", "year"), [("2025-08", "2025"), ("2025-11", "2025"), ("2025-12", "2026")]
)
def test_the_letter_of_december_is_dated_in_the_next_year(period: str, year: str) -> None:
    assert sections(release(period=period))["place_and_date"][0]["text"].endswith(f"năm {year}")


@pytest.mark.parametrize(
    ("types", "addressees"),
    [
        (("department", "commune"), ["Các sở, ban, ngành tỉnh;", "UBND các xã, phường."]),
        (("district", "commune"), ["UBND các huyện, thị xã, thành phố."]),
        (("department",), ["Các sở, ban, ngành tỉnh."]),
    ],
)
def test_the_letter_goes_to_the_units_that_there_are(
    types: tuple[str, ...], addressees: list[str]
) -> None:
    found = sections(release(units=[u for unit_type in types for u in ranked(unit_type, 3)]))
    assert [block["text"] for block in found["addressees"]] == addressees
    headings = [b["text"] for b in found["rankings"] if b["kind"] == "heading"]
    assert [text.split(". ", 1)[1] for text in headings] == [
        f"{labels.UNIT_TYPES[unit_type].vi} (3 đơn vị được xếp hạng)" for unit_type in types
    ]


def test_the_appendices_leave_room_for_number_and_symbol_of_the_letter() -> None:
    attached = [block["text"] for block in sections(release())["attached"]]
    blanks = r"\(Kèm theo Công văn số {8,}/…{4,} ngày {4,}tháng {4,}năm 2025"
    assert re.fullmatch(blanks, attached[0])
    assert attached[1] == "của Văn phòng UBND tỉnh Bình An)"


def test_a_province_without_units_still_has_a_letter() -> None:
    found = sections(release(units=[], compliance=[], letter={}))
    assert found["rankings"][0]["text"] == "Trong tháng không có đơn vị nào được xếp hạng."
    assert "Tổng điểm của tỉnh: chưa có số liệu." in [b["text"] for b in found["body"]]


def test_points_of_part_of_the_criteria_are_told_as_such() -> None:
    of = release()
    of.units[PROVINCE] = replace(
        of.province, raw_points=Decimal("61.2"), applicable_max_points=Decimal(84)
    )
    assert "(quy đổi từ 61,20/84 điểm" in starting(body(of), "Tổng điểm")
    assert not [text for text in body(release()) if "quy đổi" in text]


def test_unranked_units_are_listed_with_the_reason() -> None:
    units = [
        unit("V", "vertical_agency", unit_name="Thuế tỉnh"),
        unit("C", "commune", ranking_status="below_minimum_volume", total_score=None),
    ]
    (table,) = sections(release(units=units))["unranked"]
    assert [[row[0], *row[2:]] for row in table["rows"]] == [
        ["Đơn vị C", "–", labels.NOT_RANKED["below_minimum_volume"].vi],
        ["Thuế tỉnh", "60,00", labels.NOT_RANKED["unit_type_not_ranked"].vi],
    ]
