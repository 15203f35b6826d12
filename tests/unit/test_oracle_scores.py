"""The independent calculation on hand-worked cases: scores, ranks, bands, targets, causes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.oracle.cases import (
    APRIL,
    END_TO_END,
    JULY,
    JUNE,
    MARCH,
    MERGED,
    UNITS,
    Json,
    compliance,
    dossier,
    payment,
    score,
    tally,
    unit,
)
from tests.oracle.policy import band
from tests.oracle.scores import CriterionScore, MonthlyScore, at_ten_decimals, monthly_scores


def test_every_unit_has_every_criterion_and_nothing_is_not_zero_points() -> None:
    result = score(MARCH, dossiers=[dossier()])
    assert len(result.criterion_scores) == 21 * len(UNITS)
    of_b = next(row for row in result.monthly_scores if row.unit_code == "B")
    assert (of_b.total_score, of_b.band, of_b.rank) == (None, None, None)
    assert of_b.raw_points == of_b.applicable_max_points == 0
    assert not any(row.score is not None for row in result.criterion_scores if row.unit_code == "B")
    of_03 = {
        row.unit_code: (row.numerator, row.denominator, row.status)
        for row in result.criterion_scores
        if row.criterion_code == "03"
    }
    assert of_03["33"] == (0, 1, "scored")
    assert of_03["S"] == (0, 0, "not_applicable"), "it applies, and there is nothing"
    assert of_03["A"] == of_03["N"] == (None, None, "not_applicable"), "it does not apply"


def test_a_total_is_over_the_applicable_criteria() -> None:
    late = dossier("H2", NgayKetThucXuLy="20250320000000")
    row = next(
        row
        for row in score(MARCH, dossiers=[dossier(), late]).monthly_scores
        if row.unit_code == "A"
    )
    # 05: 20 x 1/2, 07: 4 x 1, 08: 6 x 1; nothing for 04 (6), 12 (6), 13 (4), 14 (2), 18 (2).
    assert row.raw_points == 20
    assert row.applicable_max_points == 50
    assert row.total_score == 40
    assert row.group_points["timeliness"] == 10
    assert row.group_maxima["online_payment"] == 0


def scored(code: str, points: str, kind: str = "commune", criterion: str = "05") -> CriterionScore:
    """A unit whose one criterion brings so many of 20 points."""
    return CriterionScore(
        MARCH, "33", code, kind, criterion, "timeliness", 1, 1, Fraction(1), 20,
        Fraction(points), "scored",
    )  # fmt: skip


def test_ties_share_a_rank_and_the_next_one_is_left_out() -> None:
    rows = [scored("1", "15"), scored("2", "15.000000000001"), scored("3", "14"), scored("4", "19")]
    others = [
        scored("5", "20", kind="department"),
        scored("6", "20", kind="vertical_agency"),
        scored("7", "20", kind="province"),
        scored("8", "20", criterion="21"),
    ]
    ranks = {row.unit_code: (row.rank, row.rank_out_of) for row in monthly_scores(rows + others)}
    assert [ranks[code] for code in "1234"] == [(2, 4), (2, 4), (4, 4), (1, 4)]
    assert ranks["5"] == (1, 1)
    assert [ranks[code][0] for code in "678"] == [None, None, None]


def test_totals_are_compared_at_ten_decimals_half_up() -> None:
    assert at_ten_decimals(Fraction("1.00000000005")) == 10_000_000_001
    assert at_ten_decimals(Fraction("1.00000000004999")) == 10_000_000_000


def test_a_band_is_taken_from_the_exact_total() -> None:
    almost = 90 - Fraction(1, 10**12)
    totals = [Fraction(90), almost, Fraction(70), Fraction(50), Fraction(0), None]
    expected = ["Xuất sắc", "Tốt", "Khá", "Trung bình", "Yếu", None]
    assert [band(total) for total in totals] == expected


def test_ranks_and_series_know_the_month_before() -> None:
    may = dossier("H2", NgayTiepNhan="20250601000000", NgayKetThucXuLy="20250602000000")
    moved = [
        may | {"NgayCapNhat": "20250801000000"},
        dossier(
            "H3",
            NgayTiepNhan="20250701000000",
            NgayKetThucXuLy="20250702000000",
            NgayCapNhat="20250801000000",
        ),
    ]
    result = score(JUNE, JULY, dossiers=moved)
    rows = {row.period_month: row for row in result.monthly_scores if row.unit_code == "A"}
    assert (rows[JUNE].rank, rows[JUNE].previous_rank, rows[JULY].previous_rank) == (1, None, 1)
    assert (rows[JUNE].is_series_break, rows[JULY].is_series_break) == (False, True)


def test_compliance_covers_a_unit_and_everything_under_it() -> None:
    units = [unit("33", "tinh"), unit("D", "huyen"), unit("A", MaDonViCha="D"), unit("B")]
    result = score(
        MARCH,
        units=units,
        dossiers=[
            dossier("1", **END_TO_END),
            dossier("2", **END_TO_END, KenhThucHien="1"),
            dossier("3", MaDonVi="D", **END_TO_END),
            dossier("4", MaDonVi="B"),
        ],
    )
    rows = {code: compliance(result, code) for code in ("A", "B", "D", "33")}
    assert [(row.numerator, row.denominator) for row in rows.values()] == [
        (1, 2), (0, 1), (2, 3), (2, 4),
    ]  # fmt: skip
    assert tally(result, "05", "D") == (1, 1)
    # 70 % of 4 is 2.8: one more would have had to count.
    assert (rows["33"].shortfall, rows["33"].is_compliant) == (1, False)
    assert compliance(result, "A", "HOTICH").target_rate == Fraction(7, 10)
    assert compliance(result, "D", "HOTICH").is_compliant is None
    causes = {
        (row.unit_code, row.cause): (row.dossiers_failing, row.dossiers_failing_only)
        for row in result.causes
    }
    assert causes["D", "not_submitted_online"] == (1, 1)
    assert causes["33", "not_submitted_online"] == (1, 1)
    assert causes["33", "in_person_step"] == (1, 0)
    assert causes["33", "not_paid_online"] == (0, 0)


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, 1),
        ({"HinhThuc": "0"}, 0),
        ({"HinhThuc": None}, 0),
        ({"CoBuocTrucTiep": None}, 0),
        ({"CoBuocTrucTiep": "1"}, 0),
        ({"DanhSachGiayToKetQua": []}, 0),
        ({"DanhSachLePhi": [{"Gia": "1"}]}, 0),
        ({"DanhSachLePhi": [{"Gia": "1"}], "MaHoSo": "paid"}, 1),
        ({"DanhSachLePhi": [{"Gia": "0"}]}, 1),
    ],
)
def test_end_to_end_online_needs_every_part(change: Json, counts: int) -> None:
    result = score(
        MARCH, dossiers=[dossier(**(END_TO_END | change))], payments=[payment(MaHoSo="paid")]
    )
    assert compliance(result, "A").numerator == counts


def test_the_year_to_date_begins_in_january_and_follows_the_unit_of_the_month() -> None:
    received = {"NgayTiepNhan": "20241201000000"}
    result = score(
        JULY,
        units=MERGED,
        dossiers=[
            dossier("1", **received, NgayKetThucXuLy="20241231235959", MaDonVi="102"),
            dossier("2", **received, NgayKetThucXuLy="20250101000000", MaDonVi="102"),
        ],
    )
    counted = {
        (row.basis, row.unit_code): row.denominator
        for row in result.compliances
        if row.metric_code == "end_to_end_online" and row.field_code == "*"
    }
    assert counted["year_to_date", "100"] == 1
    assert counted["month", "100"] == 0
    assert counted["year_to_date", "33"] == 1


def test_months_are_scored_in_order_with_one_row_a_unit() -> None:
    result = score(APRIL, MARCH, dossiers=[dossier()])
    assert result.months == [MARCH, APRIL]
    rows: list[MonthlyScore] = result.monthly_scores
    assert len({(row.unit_code, row.period_month) for row in rows}) == len(rows) == 10
