"""The independent calculation on hand-worked cases: record rules and units of the month."""

from __future__ import annotations

import unicodedata
from datetime import datetime

import pytest

from tests.oracle import Delivery, calculate
from tests.oracle.cases import (
    CUTOFF,
    JULY,
    JUNE,
    MARCH,
    MERGED,
    POLICY,
    UNITS,
    Json,
    dossier,
    lines,
    petition,
    procedure,
    score,
    tally,
    unit,
)
from tests.oracle.fields import ICT


@pytest.mark.parametrize(
    "fault",
    [
        {"MaHoSo": " "},
        {"MaTTHC": "7.777"},
        {"MaDonVi": "unknown"},
        {"KenhThucHien": None},
        {"KenhThucHien": "4"},
        {"TrangThaiHoSo": "11"},
        {"NgayTiepNhan": "20250230080000"},
        {"NgayTiepNhan": ""},
        {"NgayHenTra": "20250312"},
        {"NgayKetThucXuLy": ""},
        {"NgayKetThucXuLy": "20250310075959"},
        {"NgayCapNhat": ""},
        {"NgayCapNhat": "20250901000000"},
        {"DanhSachLePhi": [{"Gia": "1,5"}]},
        {"TaiLieuNop": ["x"]},
    ],
)
def test_a_bad_version_is_refused_and_the_earlier_good_one_stands(fault: Json) -> None:
    worse = {"NgayCapNhat": "20250402000000", "HoSoCoThanhPhanSoHoa": "1"} | fault
    result = score(MARCH, dossiers=[dossier(), dossier(**worse), "torn"])
    assert tally(result, "13") == (0, 1)
    assert result.refused["dossiers"] == 2


def test_a_tombstone_needs_only_its_key_and_version() -> None:
    tombstone = {"MaHoSo": "H1", "DaXoa": "1", "NgayCapNhat": "20250402000000"}
    result = score(MARCH, dossiers=[tombstone, dossier()])
    assert tally(result, "13") == (0, 0)
    assert not result.refused


def test_the_later_version_wins_and_of_equal_ones_the_later_landing() -> None:
    older = dossier(NgayCapNhat="20250331000000", KenhThucHien="3")
    landed = [datetime(2025, 9, day, tzinfo=ICT) for day in (1, 2, 3)]
    deliveries = [
        Delivery("units", UNITS, landed[0]),
        Delivery("procedures", [procedure()], landed[0]),
        Delivery("dossiers", [older], landed[2], CUTOFF),
        Delivery("dossiers", [dossier(KenhThucHien="1")], landed[1], CUTOFF),
        Delivery("dossiers", [dossier(), dossier(KenhThucHien="2")], landed[0], CUTOFF),
    ]
    result = calculate(deliveries, [MARCH], CUTOFF, POLICY)
    assert lines(result) == {"received_in_person": 1, "resolved_on_the_day": 1}


def test_units_and_procedures_may_arrive_after_their_dossiers() -> None:
    landed = [datetime(2025, 4, day, tzinfo=ICT) for day in (1, 2)]
    deliveries = [
        Delivery("units", UNITS[:1], landed[0]),
        Delivery("dossiers", [dossier()], landed[0], landed[0]),
        # Its version lies at the end of the first window: taken once a window reaches further.
        Delivery("petitions", [petition()], landed[0], landed[0]),
        Delivery("petitions", [], landed[1], landed[1]),
        Delivery("units", UNITS, landed[1]),
        Delivery("procedures", [procedure()], landed[1]),
    ]
    result = calculate(deliveries, [MARCH], CUTOFF, POLICY)
    assert result.refused == {"dossiers": 1}
    assert tally(result, "19") == (1, 1)
    deliveries.append(Delivery("dossiers", [], landed[1], landed[1]))
    assert tally(calculate(deliveries, [MARCH], CUTOFF, POLICY), "05") == (1, 1)


def test_text_is_compared_in_nfc_trimmed_with_no_break_spaces_as_spaces() -> None:
    code = "Xã\u00a01"
    units = [*UNITS, unit(" Xã 1 ")]
    written = unicodedata.normalize("NFD", code)
    result = score(MARCH, units=units, dossiers=[dossier(MaDonVi=written)])
    assert tally(result, "05", "Xã 1") == (1, 1)


@pytest.mark.parametrize(
    ("code", "july_units"),
    [
        ("100", {"100", "33"}),  # whoever carries the code now, not the successor of the old one
        ("101", {"200", "33"}),  # breadth first: 102 is over, 200 is before 102's successor
        ("102", {"100", "33"}),
        ("103", {"33"}),
        ("105", {"33"}),  # 34 is over: what it merged into
        ("106", {"106", "33"}),
    ],
)
def test_a_record_counts_for_its_unit_of_the_month(code: str, july_units: set[str]) -> None:
    july = dossier(
        MaDonVi=code,
        NgayTiepNhan="20250702000000",
        NgayKetThucXuLy="20250703000000",
        NgayCapNhat="20250704000000",
    )
    result = score(JULY, units=MERGED, dossiers=[july])
    rows = [row for row in result.criterion_scores if row.criterion_code == "05"]
    assert {row.unit_code for row in rows} == {"33", "100", "106", "200"}
    assert {row.unit_code for row in rows if row.denominator} == july_units
    assert next(row.unit_type for row in rows if row.unit_code == "106") == "department"


def test_before_a_unit_exists_only_its_province_counts() -> None:
    result = score(JUNE, units=MERGED, dossiers=[dossier(MaDonVi="200")])
    assert lines(result, "33", JUNE) == {}
    result = score(MARCH, units=MERGED, dossiers=[dossier(MaDonVi="200")])
    assert tally(result, "05", "33") == (1, 1)
    assert not any(row.unit_code == "200" for row in result.monthly_scores)


def test_a_vanished_code_stays_known() -> None:
    landed = [datetime(2025, 4, day, tzinfo=ICT) for day in (1, 2)]
    deliveries = [
        Delivery("units", UNITS, landed[0]),
        Delivery("units", [row for row in UNITS if row["MaDonVi"] != "A"], landed[1]),
        Delivery("procedures", [procedure(unit_code="B")], landed[1]),
        Delivery("dossiers", [dossier()], CUTOFF, CUTOFF),
    ]
    assert not calculate(deliveries, [MARCH], CUTOFF, POLICY).refused
