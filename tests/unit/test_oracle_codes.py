"""The independent calculation on hand-worked cases: codes in use, certified copies, the vault."""

from __future__ import annotations

from tests.oracle.cases import MARCH, dossier, payment, procedure, score, tally

PAID = {"DanhSachLePhi": [{"Gia": "1"}]}
COPY = {"DanhSachGiayToKetQua": [{"MaGiayToKetQua": "K", "DuongDanTepTinKetQua": "k.pdf"}]}


def test_services_in_use_are_distinct_codes_at_each_level() -> None:
    rows = [
        procedure("1.1", "A", "4"),
        procedure("1.1", "B", "3"),
        procedure("1.2", "A", "3"),
        procedure("1.2", "B", "2"),
        procedure("1.3", "A", "4"),
    ]
    counter = {"KenhThucHien": "1"}
    result = score(
        MARCH,
        procedures=rows,
        dossiers=[
            dossier("1", MaTTHC="1.1"),
            dossier("2", MaTTHC="1.1.000.00.00.H33"),
            dossier("3", MaTTHC="1.1", MaDonVi="B", **counter),
            dossier("4", MaTTHC="1.2", **counter),
            # Online, but at B the procedure is information only.
            dossier("5", MaTTHC="1.2", MaDonVi="B"),
            # B has no row of 1.3: that of A stands in.
            dossier("6", MaTTHC="1.3", MaDonVi="B"),
            dossier("7", MaTTHC="1.3", NgayTiepNhan="20250401000000", TrangThaiHoSo="4"),
        ],
    )
    assert tally(result, "07", "A") == (1, 2)  # 1.1 online, 1.2 at the counter
    assert tally(result, "07", "B") == (1, 2)  # 1.3 online, 1.1 at the counter
    assert tally(result, "07", "33") == (2, 3)  # 1.1 and 1.3 of 1.1, 1.2 and 1.3
    assert tally(result, "08", "33") == (3, 5)


def test_procedures_with_online_payment_are_distinct_codes_of_dossiers_with_a_fee() -> None:
    rows = [procedure(code) for code in ("1.1", "1.2", "1.3")]
    result = score(
        MARCH,
        procedures=rows,
        dossiers=[
            dossier("H1", MaTTHC="1.1", **PAID),
            dossier("H2", MaTTHC="1.1", **PAID),
            dossier("H3", MaTTHC="1.2", MaDonVi="B", **PAID),
            dossier("H4", MaTTHC="1.1", MaDonVi="B", **PAID),
            dossier("H5", MaTTHC="1.3"),  # paid, but nothing was due
            dossier("H6", MaTTHC="1.2", **PAID),  # refunded
        ],
        payments=[
            payment("G1"),
            payment("G3", MaHoSo="H3", ThoiGianGD="20250401000000"),
            payment("G5", MaHoSo="H5"),
            payment("G6", MaHoSo="H6"),
            payment("G6", MaHoSo="H6", TrangThai="Đã hoàn phí", NgayCapNhat="20250402000000"),
        ],
    )
    assert tally(result, "09", "A") == (1, 2)
    assert tally(result, "09", "B") == (0, 2)
    assert tally(result, "09", "33") == (1, 2)
    assert tally(result, "11", "33") == (1, 5)


def test_certified_copies_are_two_procedures() -> None:
    rows = [procedure(code) for code in ("2.000815", "2.000843", "2.000816")]
    result = score(
        MARCH,
        procedures=rows,
        dossiers=[
            dossier("1", MaTTHC="2.000815", **COPY),
            dossier("2", MaTTHC="2.000843.000.00.00.H33", **COPY),
            dossier("3", MaTTHC="2.000843"),
            dossier("4", MaTTHC="2.000816", **COPY),
            dossier("5", MaTTHC="2.000815", NgayKetThucXuLy="20250401000000", **COPY),
            dossier("6", MaTTHC="2.000815", TrangThaiHoSo="7", **COPY),
        ],
    )
    assert tally(result, "15") == tally(result, "15", "33") == (2, 3)
    assert tally(result, "12") == (3, 4)
    assert tally(result, "15", "B") == (0, 0)


def test_in_the_vault_by_the_end_of_the_month_of_those_resolved_and_digitised() -> None:
    digitised = {"HoSoCoThanhPhanSoHoa": "1"}
    result = score(
        MARCH,
        dossiers=[
            dossier("1", NgayDongBoKho="20250331235959", **digitised),
            dossier("2", NgayDongBoKho="20250401000000", **digitised),
            dossier("3", **digitised),
            dossier("4", NgayDongBoKho="20250315000000"),
            dossier("5", NgayDongBoKho="20250315000000", TrangThaiHoSo="4", **digitised),
        ],
    )
    assert tally(result, "16") == tally(result, "16", "33") == (1, 3)
