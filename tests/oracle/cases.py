"""Builders of hand-worked cases: records as the source serves them, and what comes out."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from tests.oracle import Delivery, OracleResult, calculate
from tests.oracle.compliance import Compliance
from tests.oracle.fields import ICT
from tests.oracle.form import calculate_form
from tests.oracle.policy import Policy

MARCH, APRIL, JUNE, JULY = (date(2025, month, 1) for month in (3, 4, 6, 7))
CUTOFF = datetime(2025, 9, 1, tzinfo=ICT)
POLICY = Policy(civil_status_field="HOTICH")
Json = dict[str, Any]


def unit(
    code: str, kind: str = "xa", since: str = "20000101", until: str = "", **more: str
) -> Json:
    """A version of a unit of province 33."""
    record = {"MaDonVi": code, "HieuLucTu": since, "HieuLucDen": until, "LoaiDonVi": kind}
    return record | {"MaTinh": "33", "MaDonViCha": "" if kind == "tinh" else "33"} | more


UNITS = [unit("33", "tinh"), unit("A"), unit("B"), unit("S", "so"), unit("N", "nganh_doc")]
# Before and after the merger of 1 July 2025.
MERGED = [
    unit("33", "tinh"),
    unit("34", "tinh", until="20250630", MaTinh="34", MaDonViKeThua="33"),
    # Reused by another unit; ended with a chain; with a circle; without anyone.
    unit("100", until="20250630", MaTinh="34", MaDonViCha="34", MaDonViKeThua="200"),
    unit("100", since="20250701"),
    unit("101", until="20250630", MaTinh="34", MaDonViCha="34", MaDonViKeThua="102;200"),
    unit("102", until="20250630", MaDonViKeThua="100"),
    unit("103", until="20250630", MaDonViKeThua="104"),
    unit("104", until="20250630", MaDonViKeThua="103;nobody"),
    unit("105", until="20250630", MaTinh="34", MaDonViCha="34"),
    unit("200", since="20250701"),
    unit("106", until="20250714"),
    unit("106", "so", since="20250715"),
]
# What makes a dossier handled end to end online, if it was submitted so.
END_TO_END = {
    "HinhThuc": "1",
    "CoBuocTrucTiep": "0",
    "DanhSachGiayToKetQua": [{"MaGiayToKetQua": "K", "DuongDanTepTinKetQua": "k.pdf"}],
    "MaLinhVuc": "HOTICH",
}


def procedure(code: str = "1.001", unit_code: str = "33", level: str = "4", **more: str) -> Json:
    """A row of a procedure."""
    return {"MaTTHC": code, "MaDonVi": unit_code, "MucDo": level, "TrangThai": "1"} | more


def dossier(key: str = "H1", /, **more: Any) -> Json:
    """A dossier of A, received on 10 March, resolved on 12 March, the day it was due."""
    record: Json = {
        "MaHoSo": key,
        "MaTTHC": "1.001",
        "MaDonVi": "A",
        "KenhThucHien": "2",
        "TrangThaiHoSo": "10",
        "NgayTiepNhan": "20250310080000",
        "NgayHenTra": "20250312000000",
        "NgayKetThucXuLy": "20250312235959",
        "NgayCapNhat": "20250401000000",
    }
    return record | more


def payment(key: str = "G1", /, **more: str) -> Json:
    """An online payment of H1 in March."""
    record = {"MaGiaoDich": key, "MaHoSo": "H1", "HinhThucThanhToan": "truc-tuyen"}
    record |= {"QuaNenTangQG": "1", "TrangThai": "Đã thanh toán"}
    return record | {"ThoiGianGD": "20250331235959", "NgayCapNhat": "20250401000000"} | more


def petition(key: str = "P1", /, **more: str) -> Json:
    """A petition to A, answered in March on the day it was due."""
    record = {"MaPAKN": key, "MaDonVi": "A", "NgayTiepNhan": "20250301000000", "TrangThai": "3"}
    record |= {"NgayHenTraLoi": "20250310000000", "NgayTraLoi": "20250310170000"}
    return record | {"MucDoHaiLong": "HL", "NgayCapNhat": "20250401000000"} | more


def delivered(
    units: list[Json] | None = None, procedures: list[Json] | None = None, **feeds: list[Any]
) -> list[Delivery]:
    """One delivery of each feed."""
    landed = datetime(2025, 9, 1, 1, tzinfo=ICT)
    deliveries = [Delivery("units", UNITS if units is None else units, landed)]
    deliveries.append(Delivery("procedures", procedures or [procedure()], landed))
    return deliveries + [Delivery(feed, records, landed, CUTOFF) for feed, records in feeds.items()]


def score(
    *months: date,
    cutoff: datetime = CUTOFF,
    units: list[Json] | None = None,
    procedures: list[Json] | None = None,
    **feeds: list[Any],
) -> OracleResult:
    """The result over one delivery of each feed."""
    return calculate(delivered(units, procedures, **feeds), months, cutoff, POLICY)


def form(
    period: str, province_code: str = "33", cutoff: datetime = CUTOFF, **feeds: list[Any]
) -> dict[str, int | Fraction | None]:
    """The computed rows of a statistical form over one delivery of each feed."""
    rows = calculate_form(delivered(**feeds), [period], [province_code], cutoff)
    return {row.row_code: row.value for row in rows}


def tally(
    result: OracleResult, criterion: str, unit_code: str = "A", month: date = MARCH
) -> tuple[int | None, int | None]:
    """Numerator and denominator of a criterion."""
    row = next(
        row
        for row in result.criterion_scores
        if (row.criterion_code, row.unit_code, row.period_month) == (criterion, unit_code, month)
    )
    return row.numerator, row.denominator


def lines(result: OracleResult, unit_code: str = "A", month: date = MARCH) -> dict[str, int]:
    """The lines of a balance that are not zero."""
    row = next(
        row for row in result.balances if (row.unit_code, row.period_month) == (unit_code, month)
    )
    counts = {name: value for name, value in vars(row).items() if isinstance(value, int)}
    return {name: value for name, value in counts.items() if value}


def compliance(result: OracleResult, unit_code: str, field_code: str = "*") -> Compliance:
    """The row of a month's end-to-end rate."""
    return next(
        row
        for row in result.compliances
        if row.metric_code == "end_to_end_online"
        and (row.basis, row.unit_code, row.field_code) == ("month", unit_code, field_code)
    )
