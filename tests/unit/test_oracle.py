"""The independent calculation on hand-worked cases: time, dossiers, petitions, ratings."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

import pytest

from tests.oracle import Delivery, calculate
from tests.oracle.cases import (
    APRIL,
    CUTOFF,
    MARCH,
    POLICY,
    UNITS,
    Json,
    dossier,
    lines,
    payment,
    petition,
    procedure,
    score,
    tally,
    unit,
)
from tests.oracle.fields import ICT


@pytest.mark.parametrize(
    ("received", "in_march", "in_april"),
    [
        ("20250228235959", 0, 0),
        ("20250301000000", 1, 0),
        ("20250331235959", 1, 0),
        ("20250401000000", 0, 1),
    ],
)
def test_a_month_begins_and_ends_at_midnight_in_vietnam(
    received: str, in_march: int, in_april: int
) -> None:
    result = score(MARCH, APRIL, dossiers=[dossier(NgayTiepNhan=received, TrangThaiHoSo="4")])
    assert tally(result, "13", month=MARCH) == (0, in_march)
    assert tally(result, "13", month=APRIL) == (0, in_april)


def test_on_time_is_a_matter_of_dates_not_of_hours() -> None:
    result = score(
        MARCH,
        dossiers=[
            dossier("on the day"),  # due at 00:00:00, done at 23:59:59
            dossier("late", NgayKetThucXuLy="20250313000000"),
            dossier("early", NgayKetThucXuLy="20250311235959"),
            dossier("never due", NgayHenTra=""),
        ],
    )
    assert tally(result, "05") == (3, 4)
    assert lines(result) == {
        "received_online": 4,
        "resolved_early": 2,
        "resolved_on_the_day": 1,
        "resolved_late": 1,
    }


def test_the_open_month_ends_at_the_cut_off() -> None:
    cutoff = datetime(2025, 3, 12, tzinfo=ICT)
    due = dossier("H2", NgayHenTra="20250311235959", NgayKetThucXuLy="20250312000000")
    later = dossier("H3", NgayTiepNhan="20250312000000", NgayKetThucXuLy="20250313000000")
    result = score(MARCH, cutoff=cutoff, dossiers=[dossier(), due, later])
    assert lines(result) == {"received_online": 2, "open_on_time": 1, "open_overdue": 1}
    assert tally(result, "05") == (0, 0)
    assert tally(result, "13") == (0, 2)


def test_what_happens_to_a_dossier_after_the_month_does_not_count_in_it() -> None:
    fee = {"DanhSachLePhi": [{"Gia": "0"}, {"Gia": "5000"}]}
    synced = dossier(NgayDongBoDVCQG="20250401000000", **fee)
    result = score(MARCH, dossiers=[synced], payments=[payment(ThoiGianGD="20250401000000")])
    assert tally(result, "04") == (0, 1)
    assert tally(result, "11") == (0, 1)
    assert lines(score(APRIL, dossiers=[dossier()]), month=APRIL) == {}


def test_withdrawn_and_stopped_dossiers_have_lines_of_their_own() -> None:
    result = score(
        MARCH,
        APRIL,
        dossiers=[
            dossier("withdrawn", TrangThaiHoSo="7"),
            dossier("stopped, no date", TrangThaiHoSo="8", NgayKetThucXuLy="", KenhThucHien="1"),
            dossier("not received", TrangThaiHoSo="1"),
            dossier("refused", TrangThaiHoSo="3", NgayTiepNhan="", KenhThucHien=None),
        ],
    )
    came = {"received_online": 1, "received_in_person": 1}
    assert lines(result) == came | {"withdrawn": 1, "open_overdue": 1}
    assert lines(result, month=APRIL) == {"carried_over": 1, "stopped": 1}
    assert tally(result, "05") == (0, 0)


def test_the_date_of_return_stands_in_for_a_missing_end() -> None:
    result = score(MARCH, dossiers=[dossier(NgayKetThucXuLy="", NgayTra="20250312120000")])
    assert lines(result) == {"received_online": 1, "resolved_on_the_day": 1}


def test_a_result_that_resends_the_input_is_no_electronic_result() -> None:
    decomposed = unicodedata.normalize("NFD", " tep/đơn.pdf")
    resent = {"MaGiayToKetQua": "K", "DuongDanTepTinKetQua": decomposed}
    own = {"MaGiayToKetQua": "K", "DuongDanTepTinKetQua": "tep/2.pdf"}
    handed_in = {"TaiLieuNop": [{"DuongDanTaiTepTin": "tep/đơn.pdf"}]}
    result = score(
        MARCH,
        dossiers=[
            dossier("resent", DanhSachGiayToKetQua=[resent], **handed_in),
            dossier("both", DanhSachGiayToKetQua=[resent, own], **handed_in),
            dossier("no code", DanhSachGiayToKetQua=[own | {"MaGiayToKetQua": ""}]),
        ],
    )
    assert tally(result, "12") == (1, 3)


def test_reuse_digitisation_and_population_data() -> None:
    result = score(
        MARCH,
        dossiers=[
            dossier("1", TaiLieuNop=[{"DuocTaiSuDung": "0"}, {"DuocTaiSuDung": "2"}]),
            dossier("2", TaiLieuNop=[{"DuocLayTuKhoDMQG": "1"}], HoSoCoThanhPhanSoHoa="1"),
            dossier("3", DSKetNoiCSDL=[{"MaCSDL": "CSDLDD"}, {"MaCSDL": "CSDLDC"}]),
        ],
    )
    assert [tally(result, code) for code in ("14", "13", "18")] == [(2, 3), (1, 3), (1, 3)]


@pytest.mark.parametrize(
    ("versions", "paid"),
    [
        ([payment()], 1),
        ([payment(TrangThai="Đã hoàn phí", NgayCapNhat="20250402000000"), payment()], 0),
        ([payment(TrangThai=unicodedata.normalize("NFD", "Đã\u00a0thanh toán "))], 1),
        ([payment(QuaNenTangQG="0")], 0),
        ([payment(HinhThucThanhToan="tien-mat")], 0),
        ([payment(), payment(ThoiGianGD="", NgayCapNhat="20250402000000")], 1),
        ([payment("G2", TrangThai="Hủy thanh toán"), payment()], 1),
        ([payment(), payment("G2", ThoiGianGD="20250405000000")], 1),
        ([payment(MaHoSo="unknown")], 0),
    ],
)
def test_the_latest_good_version_of_a_payment_counts(versions: list[Json], paid: int) -> None:
    result = score(MARCH, dossiers=[dossier(DanhSachLePhi=[{"Gia": "1"}])], payments=versions)
    assert tally(result, "11") == (paid, 1)


def test_the_level_is_read_from_the_dossiers_own_row_else_from_the_smallest_unit() -> None:
    rows = [
        procedure("1.001.000.00.00.H99", "B", "2"),
        procedure("1.001", "N", "3"),
        procedure("2.002", "a", "2"),
        procedure("2.002", "Z", "4"),
    ]
    result = score(
        MARCH,
        units=[*UNITS, unit("a"), unit("Z")],
        procedures=rows,
        dossiers=[
            dossier("own", MaDonVi="N", KenhThucHien="1"),
            dossier("smallest", MaDonVi="A"),  # B before N: level 2, not online
            dossier("bytes", MaTTHC="2.002.H1", MaDonVi="N"),  # Z before a: level 4
        ],
    )
    assert tally(result, "08", "A") == (0, 0)
    assert tally(result, "08", "N") == (1, 2)
    assert tally(result, "08", "33") == (1, 2)


def test_a_procedure_has_the_attributes_of_the_snapshot_at_the_end_of_the_month() -> None:
    landed = [datetime(2025, month, 15, tzinfo=ICT) for month in (4, 5, 6)]
    snapshots = [[procedure(level="4")], [procedure(level="2")], [procedure("9.999")]]
    deliveries = [Delivery("units", UNITS, landed[0])]
    deliveries += [
        Delivery("procedures", rows, when) for rows, when in zip(snapshots, landed, strict=True)
    ]
    received = [
        dossier(f"H{month}", NgayTiepNhan=f"2025{month:02}01000000", TrangThaiHoSo="4")
        for month in (3, 4, 5, 6)
    ]
    deliveries.append(Delivery("dossiers", received, CUTOFF, CUTOFF))
    months = [date(2025, month, 1) for month in (3, 4, 5, 6)]
    result = calculate(deliveries, months, CUTOFF, POLICY)
    online = [tally(result, "08", month=month) for month in months]
    # Before the first snapshot the first one; after it vanished the last one known.
    assert online == [(1, 1), (1, 1), (0, 0), (0, 0)]


def test_petitions() -> None:
    unanswered = {"NgayTraLoi": "", "TrangThai": "2"}
    result = score(
        MARCH,
        petitions=[
            petition("on the day", MucDoHaiLong="BT"),
            petition("late", NgayTraLoi="20250311000000", TrangThai="1", MucDoHaiLong="RHL"),
            petition("no due date", NgayHenTraLoi="", MucDoHaiLong=""),
            petition("due, not answered", **unanswered),
            petition("due, answered later", NgayTraLoi="20250401000000"),
            petition("due later", NgayHenTraLoi="20250401000000", **unanswered),
            petition("never due", NgayHenTraLoi="", **unanswered),
            petition("refused", TrangThai="4"),
            {"MaPAKN": "gone", "DaXoa": "1", "NgayCapNhat": "20250401000000"},
        ],
    )
    assert not result.refused
    assert tally(result, "19") == (2, 5)
    assert tally(result, "20") == (1, 2)


def test_a_rating_counts_for_its_own_unit_at_its_own_time() -> None:
    rating = {"MaDanhGia": "1", "MaDonVi": "B", "MaHoSo": "H1", "NgayCapNhat": "20250402000000"}
    rating |= {"ThoiGianDanhGia": "20250331235959", "DanhGia": "RHL"}
    neutral = rating | {"MaDanhGia": "2", "DanhGia": "BT", "MaHoSo": "unknown"}
    april = rating | {"MaDanhGia": "3", "ThoiGianDanhGia": "20250401000000"}
    result = score(MARCH, dossiers=[dossier()], ratings=[rating, neutral, april])
    assert tally(result, "21", "B") == (1, 2)
    assert tally(result, "21", "A") == (0, 0)
    assert tally(result, "21", "33") == (1, 2)
