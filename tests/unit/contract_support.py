"""Records that every contract takes, and a reader that knows what they name."""

from __future__ import annotations

import json
from typing import Any

from service_index.loading.contracts import CONTRACTS
from service_index.loading.converters import Refused
from service_index.loading.reader import Knowledge, Reader

KNOWN = Knowledge(
    units=frozenset({"U1", "U2"}),
    procedures=frozenset({"1.000001"}),
    version_bound="20250401T000000+07",
)

GOOD: dict[str, dict[str, Any]] = {
    "dossiers": {
        "MaHoSo": "D1",
        "MaTTHC": "1.000001.000.00.00.H99",
        "KenhThucHien": "2",
        "MaDonVi": "U1",
        "TrangThaiHoSo": "10",
        "NgayTiepNhan": "20250303080000",
        "NgayHenTra": "20250310170000",
        "NgayKetThucXuLy": "20250305160000",
        "NgayTra": "20250306090000",
        "NgayCapNhat": "20250306090001",
    },
    "payments": {
        "MaGiaoDich": "P1",
        "MaHoSo": "D1",
        "HinhThucThanhToan": "truc-tuyen",
        "QuaNenTangQG": "1",
        "SoTien": "8000",
        "TrangThai": "Đã thanh toán",
        "ThoiGianGD": "20250303081000",
        "NgayCapNhat": "20250303081001",
    },
    "petitions": {
        "MaPAKN": "K1",
        "MaDonVi": "U1",
        "LoaiPAKN": "1",
        "NgayTiepNhan": "20250303080000",
        "NgayHenTraLoi": "20250320170000",
        "TrangThai": "2",
        "NgayCapNhat": "20250303080001",
    },
    "ratings": {
        "MaDanhGia": "R1",
        "MaHoSo": "D1",
        "MaDonVi": "U1",
        "ThoiGianDanhGia": "20250306100000",
        "DanhGia": "HL",
        "NgayCapNhat": "20250306100001",
    },
    "procedures": {
        "MaTTHC": "1.000001",
        "MaDonVi": "U1",
        "TenTTHC": "Đăng ký khai sinh",
        "MucDo": "4",
        "TrangThai": "1",
        "HieuLucTu": "20240101",
    },
    "units": {
        "MaDonVi": "U1",
        "HieuLucTu": "20200101",
        "TenDonVi": "Xã Mẫu",
        "LoaiDonVi": "xa",
    },
}


def reader(feed: str) -> Reader:
    return Reader(CONTRACTS[feed], KNOWN)


def read(feed: str, **changes: Any) -> Any:
    """The row of the feed's good record with some fields changed."""
    return read_body(feed, json.dumps(GOOD[feed] | changes).encode())


def read_body(feed: str, body: bytes) -> Any:
    return reader(feed).read(body)


def refusal(feed: str, **changes: Any) -> Refused:
    """What the contract says against the feed's good record with some fields changed."""
    return refusal_of_body(feed, json.dumps(GOOD[feed] | changes).encode())


def refusal_of_body(feed: str, body: bytes) -> Refused:
    try:
        row = read_body(feed, body)
    except Refused as refused:
        return refused
    raise AssertionError(f"taken as {row}")


def warnings(feed: str, **changes: Any) -> dict[str, int]:
    """The warnings that the contract counts for one record."""
    judge = reader(feed)
    judge.read(json.dumps(GOOD[feed] | changes).encode())
    return dict(judge.warnings)
