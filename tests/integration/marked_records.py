"""Records with marks in every personal field, and wherever columns that shift would put them."""

from __future__ import annotations

from typing import Any

from simulator.canaries import FILE_MARK, NAME_MARK, NUMBER_MARK
from tests.integration.late_batch import ON_TIME, PROCEDURE, UNITS, dossier

NAME = f"Nguyễn Văn {NAME_MARK} An"
IDENTITY, PHONE, MAIL = f"{NUMBER_MARK}123456", f"{NUMBER_MARK}1234", f"an@{FILE_MARK}.invalid"
FILE = f"/tep/{FILE_MARK}.pdf"
PERSON: dict[str, Any] = {
    "ChuHoSo": NAME,
    "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": IDENTITY}],
    "SoDienThoai": PHONE,
    "Email": MAIL,
    "TaiLieuNop": [{"TenTepDinhKem": f"{NAME}.pdf", "DuongDanTaiTepTin": FILE}],
    "DanhSachGiayToKetQua": [{"TenGiayTo": f"Giấy của {NAME}", "DuongDanTepTinKetQua": FILE}],
    "GhiChu": f"Gọi {NAME}, {PHONE}",
}
# Columns have shifted, so that a person's data stand where others belong; keys and all.
BAD = [
    ON_TIME[0] | PERSON | {"MaHoSo": f"BAD{number}"} | shifted
    for number, shifted in enumerate(
        [
            {"TrangThaiHoSo": NAME},
            {"MaTTHC": PHONE},
            {"MaDonVi": NAME},
            {"NgayTiepNhan": IDENTITY},
            {"MaHoSo": IDENTITY, "KenhThucHien": MAIL},
            {"TaiLieuNop": NAME},
            {"DanhSachLePhi": [{"Gia": PHONE}]},
            {"DSKetNoiCSDL": [{"MaCSDL": NAME * 90}]},
            {NAME: NAME, "TrangThaiHoSo": ""},
        ]
    )
]
PETITION = {
    "MaPAKN": "K1", "MaDonVi": "X1", "TieuDe": f"Về ông {NAME}", "HoTen": NAME,
    "SoDienThoai": PHONE, "NgayTiepNhan": "20250303080000", "TrangThai": "2",
    "NgayCapNhat": "20250303080001",
}  # fmt: skip
FEEDS: dict[str, list[dict[str, Any]]] = {
    "units": UNITS,
    "procedures": [PROCEDURE],
    "dossiers": [*(record | PERSON for record in ON_TIME), *BAD],
    "petitions": [PETITION, PETITION | {"MaPAKN": "K2", "MaDonVi": NAME}],
}
# A key that March carried is gone: the gate refuses April.
APRIL = [
    dossier(n, "X1", resolved="20250402080000", updated="20250402080000")
    | {name: value for name, value in PERSON.items() if name != "Email"}
    for n in range(1000, 1120)
]
# The server's own words, as PostgreSQL writes them, quote the record.
QUOTING = """
create function public.quote_record() returns trigger language plpgsql as
'begin perform convert_from(new.body, ''UTF8'')::integer; return new; end';
create trigger quote_record before insert on quarantine.record
for each row execute function public.quote_record()
"""
