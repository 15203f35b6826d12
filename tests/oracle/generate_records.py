"""Dossiers, payments, petitions and ratings of the generated provinces, version by version."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from tests.oracle.fields import ICT
from tests.oracle.generate_places import NEVER_SEEN, SPOILT_UNIT, TWINS, Snapshot
from tests.oracle.generate_procedures import PROCEDURES, SUFFIXES

Json = dict[str, object]

FIRST_UPDATE = datetime(2025, 3, 1, tzinfo=ICT)
NAMES_OF_FILES = ("tep/đơn.pdf", "tep/kết quả.pdf", "tep/a.pdf")
PAYMENT_STATES = (
    "Đã thanh toán",
    "Đã thanh toán",
    "Đã thanh toán",
    "Đã hoàn phí",
    "Hủy thanh toán",
    "Chờ thanh toán",
    "Chưa thanh toán",
)


def stamp(instant: datetime) -> str:
    """The instant as the source writes it."""
    return f"{instant:%Y%m%d%H%M%S}"


class RecordMaker:
    """Makes records about the places of a province; each record as the list of its versions."""

    def __init__(
        self, rng: Random, snapshots: Sequence[Snapshot], civil_status_field: str, cutoff: datetime
    ) -> None:
        self._rng = rng
        self._civil_status_field = civil_status_field
        self._cutoff = cutoff
        known = sorted(
            {str(unit["MaDonVi"]) for each in snapshots for unit in each.units} - {TWINS[1]}
        )
        self._units = [*known, *known, *known, *NEVER_SEEN, SPOILT_UNIT]

    def dossier(self, number: int) -> list[Json]:
        """The versions of a dossier: each with a life of its own, the last maybe a tombstone."""
        return self._versions(lambda: self._dossier(f"HS{number:05}"), "MaHoSo")

    def payment(self, number: int, dossiers: int) -> list[Json]:
        """The versions of a payment: paid, refunded, and paid again in any order."""
        # One for most dossiers, so that many are paid, and some at random: two for a few.
        is_own = number < dossiers and self._rng.random() < 0.7
        dossier_id = f"HS{number:05}" if is_own else self._dossier_id(dossiers)
        return self._versions(lambda: self._payment(f"GD{number:05}", dossier_id), None)

    def petition(self, number: int) -> list[Json]:
        """The versions of a petition."""
        return self._versions(lambda: self._petition(f"PA{number:05}"), "MaPAKN")

    def rating(self, number: int, dossiers: int) -> list[Json]:
        """The versions of a rating."""
        return self._versions(lambda: self._rating(f"DG{number:05}", dossiers), "MaDanhGia")

    def _versions(self, make: Callable[[], Json], tombstone_key: str | None) -> list[Json]:
        """One to three versions in order of their update; `tombstone_key` None: no tombstones."""
        rng = self._rng
        span = self._cutoff - FIRST_UPDATE
        updates = sorted(
            FIRST_UPDATE + timedelta(seconds=rng.randrange(int(span.total_seconds())))
            for _ in range(rng.choice((1, 1, 2, 3)))
        )
        versions = []
        for update in updates:
            record = make() | {"NgayCapNhat": stamp(update)}
            versions.append(_untidy(rng, record))
        if tombstone_key is not None and rng.random() < 0.1:
            kept = {name: versions[-1][name] for name in (tombstone_key, "NgayCapNhat")}
            versions[-1] = (versions[-1] if rng.random() < 0.5 else kept) | {"DaXoa": "1"}
        return versions

    def _moment(self) -> datetime:
        """An instant from January to after the cut-off, half of them at a month's edge."""
        rng = self._rng
        if rng.random() < 0.5:
            edge = datetime(2025, rng.randint(1, 8), 1, tzinfo=ICT)
            return edge + timedelta(seconds=rng.choice((-86_400, -1, 0, 1, 3_600)))
        if rng.random() < 0.1:
            return self._cutoff + timedelta(seconds=rng.choice((-1, 0, 1, 86_400)))
        return datetime(2025, 1, 1, tzinfo=ICT) + timedelta(minutes=rng.randrange(225 * 1_440))

    def _later(self, than: datetime) -> datetime:
        """An instant not before another one, often on the same day or at a month's edge."""
        rng = self._rng
        if rng.random() < 0.3:
            return than + timedelta(seconds=rng.choice((0, 1, 60)))
        return max(than, self._moment())

    def _around(self, instant: datetime) -> datetime:
        """A due time near an instant: before, on and after its day, to the second."""
        rng = self._rng
        midnight = instant.replace(hour=0, minute=0, second=0)
        return rng.choice((midnight, instant)) + timedelta(
            seconds=rng.choice((-1, 0, 1, 86_399, 86_400, -86_400, 5 * 86_400))
        )

    def _maybe(self, instant: datetime, chance: float = 0.7) -> str | None:
        rng = self._rng
        return stamp(instant) if rng.random() < chance else rng.choice((None, ""))

    def _flag(self) -> str | None:
        return self._rng.choice(("0", "1", "1", None))

    def _dossier_id(self, dossiers: int) -> str:
        known = f"HS{self._rng.randrange(max(1, dossiers)):05}"
        return known if self._rng.random() < 0.9 else "HS-KHONG-CO"

    def _dossier(self, key: str) -> Json:
        rng = self._rng
        received = self._moment()
        closed = self._later(received)
        state = rng.choice(("1", "2", "3", "4", "5", "6", "7", "8", *["9", "10"] * 5))
        record: Json = {
            "MaHoSo": key,
            "MaTTHC": rng.choice(PROCEDURES) + rng.choice(SUFFIXES),
            "MaLinhVuc": rng.choice((None, "", "DATDAI", self._civil_status_field)),
            "KenhThucHien": rng.choice(("1", "2", "2", "2", "3")),
            "MaDonVi": rng.choice(self._units),
            "NgayTiepNhan": stamp(received),
            "NgayHenTra": self._maybe(self._around(closed)),
            "TrangThaiHoSo": state,
            "HinhThuc": rng.choice(("0", "1", "2", "2", None)),
            "HoSoCoThanhPhanSoHoa": self._flag(),
            "DuocThanhToanTrucTuyen": rng.choice(("0", "1", "3")),
            "CoBuocTrucTiep": rng.choice(("0", "0", "0", "1", "", None)),
            "NgayDongBoDVCQG": self._maybe(self._later(received)),
            "NgayDongBoKho": self._maybe(self._later(received)),
            "DaXoa": rng.choice(("0", "", None)),
        }
        if state in ("1", "3") and rng.random() < 0.5:
            record |= {"NgayTiepNhan": None, "KenhThucHien": ""}
        return record | self._closing(state, received, closed) | self._nested()

    def _closing(self, state: str, received: datetime, closed: datetime) -> Json:
        """The closing times; withdrawn and stopped dossiers may be without, if they are old."""
        if state in ("9", "10"):
            if self._rng.random() < 0.3:
                return {"NgayTra": stamp(closed)}
            later = self._maybe(self._later(closed))
            return {"NgayKetThucXuLy": stamp(closed), "NgayTra": later}
        if state in ("7", "8"):
            has_none = received < FIRST_UPDATE and self._rng.random() < 0.5
            return {"NgayKetThucXuLy": "" if has_none else stamp(closed)}
        return {}

    def _nested(self) -> Json:
        rng = self._rng
        files = rng.sample(NAMES_OF_FILES, 2)
        documents = [
            {
                "TepDinhKemId": f"T{index}",
                "DuongDanTaiTepTin": name,
                "DuocSoHoa": self._flag(),
                "DuocTaiSuDung": rng.choice(("0", "0", "1", "2", None)),
                "DuocLayTuKhoDMQG": rng.choice(("0", "0", "0", "1", "")),
            }
            for index, name in enumerate(files[: rng.randint(0, 2)])
        ]
        results = [
            {
                "TenGiayTo": "Kết quả",
                "MaGiayToKetQua": rng.choice(("KQ1", "KQ1", "KQ1", "", None)),
                # Among them the input itself, also in another Unicode form.
                "DuongDanTepTinKetQua": unicodedata.normalize(
                    rng.choice(("NFC", "NFD")), rng.choice((*NAMES_OF_FILES, *files, ""))
                ),
            }
            for _ in range(rng.choice((0, 1, 1, 1, 2)))
        ]
        fees = [
            {"TenPhiLePhi": "Lệ phí", "Gia": rng.choice(("0", "50000", "50000", "", None))}
            for _ in range(rng.randint(0, 2))
        ]
        databases = [{"MaCSDL": name} for name in rng.sample(("CSDLDC", "CSDLDD"), 1)]
        return {
            "TaiLieuNop": documents,
            "DanhSachGiayToKetQua": results,
            "DanhSachLePhi": rng.choice((fees, fees, None)),
            "DSKetNoiCSDL": rng.choice((databases, [])),
        }

    def _payment(self, key: str, dossier_id: str) -> Json:
        rng = self._rng
        return {
            "MaGiaoDich": key,
            "MaHoSo": dossier_id,
            "HinhThucThanhToan": rng.choice(("truc-tuyen",) * 4 + ("tien-mat", "chuyen-khoan")),
            "QuaNenTangQG": rng.choice(("1", "1", "1", "0", None)),
            "SoTien": "50000",
            "TrangThai": rng.choice(PAYMENT_STATES),
            "ThoiGianGD": stamp(self._moment()),
        }

    def _petition(self, key: str) -> Json:
        rng = self._rng
        received = self._moment()
        answered = self._later(received)
        return {
            "MaPAKN": key,
            "MaDonVi": rng.choice(self._units),
            "LoaiPAKN": rng.choice(("1", "2", None)),
            "NgayTiepNhan": stamp(received),
            "NgayHenTraLoi": self._maybe(self._around(answered)),
            "NgayTraLoi": self._maybe(answered),
            "TrangThai": rng.choice(("1", "2", "3", "3", "4")),
            "MucDoHaiLong": rng.choice(("", "RHL", "HL", "BT", "KHL", "RKHL")),
            "DaXoa": rng.choice(("0", None)),
        }

    def _rating(self, key: str, dossiers: int) -> Json:
        rng = self._rng
        return {
            "MaDanhGia": key,
            "MaHoSo": rng.choice((self._dossier_id(dossiers), None)),
            "MaDonVi": rng.choice(self._units),
            "ThoiGianDanhGia": stamp(self._moment()),
            "DanhGia": rng.choice(("RHL", "HL", "BT", "KHL", "RKHL")),
            "DaXoa": rng.choice(("0", None)),
        }


def twins(records: Sequence[list[Json]], key: str) -> list[list[Json]]:
    """The same records for the second twin, of all that have a version at the first."""
    return [
        [
            version
            | {key: f"{version[key]}T"}
            | ({"MaDonVi": TWINS[1]} if _is_at(version, TWINS[0]) else {})
            for version in versions
        ]
        for versions in records
        if any(_is_at(version, TWINS[0]) for version in versions)
    ]


def _is_at(version: Json, unit_code: str) -> bool:
    return str(version.get("MaDonVi")).strip() == unit_code


def _untidy(rng: Random, record: Json) -> Json:
    """The same record by the contract's rules of text and missing values, written otherwise."""
    record = {
        name: value for name, value in record.items() if value is not None or rng.random() < 0.5
    }
    for name in ("MaDonVi", "MaTTHC", "TrangThai", "MaLinhVuc"):
        value = record.get(name)
        if isinstance(value, str) and rng.random() < 0.3:
            spaced = value.replace(" ", "\u00a0")
            record[name] = rng.choice((f" {value}", f"{spaced}\u00a0", _decomposed(value)))
    if rng.random() < 0.1:
        record["GhiChu"] = "một trường mới"
    return record


def _decomposed(value: str) -> str:
    return unicodedata.normalize("NFD", value)


SPOILERS: dict[str, tuple[Json, ...]] = {
    "dossiers": (
        {"MaHoSo": ""},
        {"MaTTHC": None},
        {"MaTTHC": "9.999999"},
        {"MaDonVi": ""},
        {"MaDonVi": NEVER_SEEN[1]},
        {"TrangThaiHoSo": "11", "DaXoa": "0"},
        {"NgayTiepNhan": "20250230101010", "DaXoa": "0"},
        {"NgayTiepNhan": "", "TrangThaiHoSo": "4"},
        {"KenhThucHien": "", "TrangThaiHoSo": "2", "NgayTiepNhan": "20250401080000"},
        {"NgayKetThucXuLy": "", "NgayTra": None, "TrangThaiHoSo": "9"},
        {
            "NgayTiepNhan": "20250401080000",
            "NgayKetThucXuLy": "20250401075959",
            "TrangThaiHoSo": "10",
        },
        {"NgayCapNhat": None},
        {"NgayCapNhat": "hôm nay"},
        {"DanhSachLePhi": [{"Gia": "12,5"}]},
    ),
    "payments": (
        {"MaGiaoDich": ""},
        {"MaHoSo": None},
        {"TrangThai": "Đã trả"},
        {"TrangThai": "Đã thanh toán", "ThoiGianGD": ""},
        {"ThoiGianGD": "20251301000000"},
        {"NgayCapNhat": ""},
    ),
    "petitions": (
        {"MaPAKN": None},
        {"MaDonVi": NEVER_SEEN[0]},
        {"NgayTiepNhan": ""},
        {"TrangThai": "", "DaXoa": "0"},
        {"NgayTraLoi": "2025-07-01"},
    ),
    "ratings": (
        {"MaDanhGia": " "},
        {"DanhGia": "TOT"},
        {"ThoiGianDanhGia": None},
        {"MaDonVi": NEVER_SEEN[0]},
    ),
}


def spoil(rng: Random, feed: str, record: Json) -> Json:
    """The record with one thing wrong that the contract names (not in tombstones: there the
    rest of a record does not matter)."""
    return record | rng.choice(SPOILERS[feed]) | {"DaXoa": "0"}
