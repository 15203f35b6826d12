"""What the letter says about the target of dossiers handled end to end online."""

from __future__ import annotations

from typing import Any

import pytest

from service_index.publishing import labels
from service_index.publishing.month import Compliance, MonthRelease
from tests.letter_support import (
    PROVINCE,
    body,
    month_before,
    progress,
    ranked,
    release,
    sections,
    starting,
    under,
    withheld,
)


def test_units_below_the_target_are_counted_and_the_worst_named() -> None:
    rows = [progress(PROVINCE, 1234, 2000), progress(PROVINCE, 2345, 4000, "year_to_date")]
    rows += [progress(f"C{n:03}", n, 20) for n in range(1, 9)]
    rows += [progress("D001", 20, 20), progress("D002", 13, 20)]
    of = release(units=[*ranked("department", 2), *ranked("commune", 8)], compliance=rows)
    earlier = [month_before(f"2025-{month:02}") for month in range(1, 8)]
    texts = under(body(of, *earlier), "4. ", "5. ")
    assert "1.234 trong số 2.000 hồ sơ" in texts[0]
    assert "đạt 61,70%; tính từ đầu năm đạt 58,63%" in texts[0]
    assert "là 70% cho mỗi đơn vị" in texts[0]
    assert "có 9/10 đơn vị dưới mức chỉ tiêu" in texts[0]
    assert texts[1] == "Sở, ban, ngành: 1/2 đơn vị, là Đơn vị D002 (65,00%, còn thiếu 1 hồ sơ);"
    assert texts[2].startswith(
        "Xã, phường: 8/8 đơn vị, thấp nhất là Đơn vị C001 (5,00%, còn thiếu 13 hồ sơ); "
    )
    assert [name for name in (f"C{n:03}" for n in range(1, 9)) if name in texts[2]] == [
        "C001", "C002", "C003", "C004", "C005",
    ]  # fmt: skip
    (table,) = sections(of)["below_target"]
    assert [row for row in table["rows"] if len(row) == 1] == [
        ["Sở, ban, ngành (1/2 đơn vị)"],
        ["Xã, phường (8/8 đơn vị)"],
    ]
    assert len([row for row in table["rows"] if len(row) == 7]) == 9
    assert ["8", "Đơn vị C008", "20", "8", "40,00%", "70%", "6"] in table["rows"]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"target_rate": None, "is_compliant": None, "shortfall": None}, "chưa có chỉ tiêu"),
        ({"is_compliant": True, "shortfall": 0}, "không có đơn vị nào dưới mức chỉ tiêu"),
    ],
)
def test_no_target_and_nobody_below_it(facts: dict[str, Any], sentence: str) -> None:
    rows = [progress(code, **facts) for code in (PROVINCE, "C001")]
    found = sections(release(units=ranked("commune", 1), compliance=rows))
    assert [block["kind"] for block in found["below_target"]] == ["paragraph"]
    for name in ("body", "below_target"):
        assert [b for b in found[name] if sentence in b.get("text", "")], name
    assert not [b for b in found["body"] if "Phụ lục II" in b["text"]]


def of_units(rows: list[Compliance], period: str = "2025-08") -> MonthRelease:
    """Two departments and eight communes with these rows of the month and of the year."""
    units = [*ranked("department", 2), *ranked("commune", 8)]
    return release(units=units, compliance=rows, period=period)


def test_a_unit_that_misses_the_target_does_so_without_numbers_too() -> None:
    of = of_units([withheld("C001", is_compliant=False), progress("D001", 20, 20)])
    texts = under(body(of), "4. ", "5. ")
    assert "có 1/2 đơn vị dưới mức chỉ tiêu, gồm:" in texts[0]
    assert texts[1] == "Xã, phường: 1/1 đơn vị, là Đơn vị C001 (n<5)."
    assert not [text for text in texts if "không có đơn vị nào" in text]
    found = sections(of)
    (table,) = found["below_target"]
    assert table["rows"] == [
        ["Xã, phường (1/1 đơn vị)"],
        ["1", "Đơn vị C001", "n<5", "n<5", "n<5", "70%", "n<5"],
    ]
    for notes in ("ranking_notes", "below_target_notes"):
        assert labels.SMALL_CELL.vi in " ".join(block["text"] for block in found[notes])


def test_lists_say_whether_they_are_whole() -> None:
    rows = [progress("D001", 1, 20), progress("D002", 2, 20)]
    rows += [withheld(f"C{n:03}", is_compliant=False) for n in range(1, 9)]
    texts = under(body(of_units(rows)), "4. ", "5. ")
    assert texts[1:3] == [
        "Sở, ban, ngành: 2/2 đơn vị, gồm Đơn vị D001 (5,00%, còn thiếu 13 hồ sơ); "
        "Đơn vị D002 (10,00%, còn thiếu 12 hồ sơ);",
        "Xã, phường: 8/8 đơn vị.",
    ]


def test_without_a_verdict_nobody_is_said_to_meet_the_target() -> None:
    for period in ("2025-08", "2025-12"):
        found = sections(
            of_units(
                [progress("C001", 0, 0, "month"), progress("C001", 0, 0, "year_to_date")], period
            )
        )
        for name in ("body", "below_target"):
            texts = " ".join(block["text"] for block in found[name])
            assert "không có đơn vị nào phát sinh hồ sơ để đánh giá" in texts
            assert "dưới mức chỉ tiêu" not in texts


@pytest.mark.parametrize("months", [[], [1, 2, 3, 5, 6, 7]])
def test_a_year_with_months_missing_is_that_of_the_warehouse(months: list[int]) -> None:
    rows = [progress(PROVINCE, 12, 20), progress(PROVINCE, 23, 40, "year_to_date")]
    earlier = [month_before(f"2025-{month:02}") for month in months]
    (text, *_) = under(body(of_units(rows), *earlier), "4. ", "5. ")
    held = "tính từ đầu năm, theo số liệu hiện có trong kho dữ liệu, đạt 57,50%."
    assert held in text


def year(period: str = "2025-12") -> MonthRelease:
    """A year that ended otherwise than its last month: all that met, and two that did not."""
    rows = [progress(PROVINCE, 7, 10), progress(PROVINCE, 600, 1000, "year_to_date")]
    rows += [progress("D001", 1, 10), progress("D001", 90, 100, "year_to_date")]
    rows += [progress("C001", 10, 10), progress("C001", 50, 100, "year_to_date")]
    rows += [progress("C002", 10, 10), withheld("C002", "year_to_date", is_compliant=False)]
    rows += [progress("C003", 1, 10), progress("C003", 70, 100, "year_to_date")]
    return of_units(rows, period)


def test_december_says_who_met_the_target_of_the_year() -> None:
    earlier = [month_before(f"2025-{month:02}") for month in range(1, 12)]
    texts = under(body(year(), *earlier), "4. ", "5. ")
    assert texts == [
        "Từ đầu năm đến hết tháng 12 toàn tỉnh có 600 trong số 1.000 hồ sơ đã giải quyết được xử "
        "lý trực tuyến toàn trình, đạt 60,00%; riêng trong tháng đạt 70,00%. Chỉ tiêu năm 2025 là "
        "70% cho mỗi đơn vị, xét theo kết quả từ đầu năm đến hết tháng 12. Kết thúc năm 2025, "
        "toàn tỉnh không hoàn thành chỉ tiêu; có 2/4 đơn vị hoàn thành và 2/4 đơn vị không hoàn "
        "thành chỉ tiêu, gồm:",
        "Xã, phường: 2/3 đơn vị không hoàn thành, gồm Đơn vị C001 (50,00%, còn thiếu 20 hồ sơ); "
        "Đơn vị C002 (n<5).",
        "Danh sách đầy đủ tại Phụ lục II.",
    ]
    request = starting(body(year()), "Các đơn vị không hoàn thành chỉ tiêu năm 2025")
    assert request.endswith("ngay từ đầu năm 2026;")
    assert not [text for text in body(year()) if "khi kết thúc năm 2025" in text]


def test_decembers_appendix_lists_those_who_met_it_too() -> None:
    found = sections(year())
    assert found["second_appendix_title"][0]["text"].endswith("TOÀN TRÌNH NĂM 2025")
    (table,) = found["below_target"]
    assert table["rows"] == [
        ["Sở, ban, ngành (1/1 đơn vị hoàn thành)"],
        ["1", "Đơn vị D001", "100", "90", "90,00%", "70%", "0"],
        ["Xã, phường (2/3 đơn vị không hoàn thành)"],
        ["1", "Đơn vị C001", "100", "50", "50,00%", "70%", "20"],
        ["2", "Đơn vị C002", "n<5", "n<5", "n<5", "70%", "n<5"],
        ["Xã, phường (1/3 đơn vị hoàn thành)"],
        ["1", "Đơn vị C003", "100", "70", "70,00%", "70%", "0"],
    ]
    assert "đến hết tháng 12, theo số liệu hiện có" in found["below_target_notes"][0]["text"]


def test_november_of_the_same_numbers_tells_of_progress() -> None:
    texts = under(body(year("2025-11")), "4. ", "5. ")
    assert "số liệu từng tháng cho biết tiến độ. Trong tháng có 2/4 đơn vị" in texts[0]
    assert [text for text in texts if "Đơn vị D001 (10,00%, còn thiếu 6 hồ sơ)" in text]
    assert not [text for text in body(year("2025-11")) if "không hoàn thành" in text]


def test_a_year_in_which_all_met_the_target_asks_nobody() -> None:
    rows = [
        progress(code, 9, 10, basis)
        for basis in labels.BASES
        for code in (PROVINCE, "C001", "D001")
    ]
    texts = body(of_units(rows, "2025-12"))
    assert (
        "Kết thúc năm 2025, toàn tỉnh hoàn thành chỉ tiêu; 2/2 đơn vị hoàn thành chỉ tiêu."
        in (under(texts, "4. ", "5. ")[0])
    )
    assert "Danh sách đầy đủ tại Phụ lục II." in texts
    assert not [text for text in texts if "không hoàn thành" in text]
