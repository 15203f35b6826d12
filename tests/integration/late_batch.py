"""A province of two communes: March as it was known in March, and what arrived in April."""

from __future__ import annotations

from typing import Any

UNITS = [
    {"MaDonVi": "33", "TenDonVi": "Tỉnh Mẫu", "HieuLucTu": "20100101", "LoaiDonVi": "tinh"},
    *(
        {
            "MaDonVi": code, "TenDonVi": name, "HieuLucTu": "20100101", "LoaiDonVi": "xa",
            "MaTinh": "33", "MaDonViCha": "33",
        }
        for code, name in (("X1", "Xã A"), ("X2", "Xã B"))
    ),
]  # fmt: skip
PROCEDURE = {"MaTTHC": "1.000001", "MaDonVi": "33", "MucDo": "4", "TrangThai": "1"}
LATE = 12


def dossier(number: int, unit: str, *, resolved: str, updated: str) -> dict[str, object]:
    """A dossier of March that is due on the tenth."""
    return {
        "MaHoSo": f"H{number}", "MaTTHC": "1.000001", "MaDonVi": unit, "KenhThucHien": "2",
        "NgayTiepNhan": "20250303080000", "NgayHenTra": "20250310170000",
        "NgayKetThucXuLy": resolved, "TrangThaiHoSo": "10", "NgayCapNhat": updated,
    }  # fmt: skip


ON_TIME = [
    dossier(n, unit, resolved="20250307080000", updated="20250307080000")
    for unit, numbers in (("X1", range(60)), ("X2", range(100, 140)))
    for n in numbers
]
# Done in March after their day, and reported in April.
TOO_LATE = [
    dossier(n, "X1", resolved="20250312080000", updated="20250404080000")
    for n in range(200, 200 + LATE)
]
FEEDS: dict[str, list[dict[str, Any]]] = {
    "units": UNITS,
    "procedures": [PROCEDURE],
    "dossiers": [*ON_TIME, *TOO_LATE],
}
