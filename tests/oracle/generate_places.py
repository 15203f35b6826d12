"""Units and procedures of the generated provinces, snapshot by snapshot."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

Json = dict[str, object]

NEVER_SEEN = ("99998", "99999")
SPOILT_UNIT = "77777"
# The second has the same records as the first, so that their totals often tie.
TWINS = ("00001", "00002")
PROCEDURES = ("1.001193", "1.004222", "2.000488", "2.000815", "2.001023", "3.000005")
ONLY_IN_PROVINCE_01 = "2.001023"
FIELDS = ("DATDAI", "TUPHAP", None)
OLD_COMMUNES = {"33": ("11950", "11953", "11956", "11959"), "34": ("12454", "12457")}
NEW_COMMUNES = ("11953", "11956", "12454", "12999")
DISTRICTS = {"33": ("323", "325"), "34": ("336",)}


class Snapshot(NamedTuple):
    """What the two snapshot feeds serve at one time."""

    units: list[Json]
    procedures: list[Json]


def place_snapshots(rng: Random, count: int, civil_status_field: str) -> list[Snapshot]:
    """Snapshots of which the later ones know more units, and other levels of procedures."""
    units = _units(rng)
    procedures = _procedures(rng, units, civil_status_field)
    late_units = {str(unit["MaDonVi"]) for unit in units if rng.random() < 0.15}
    snapshots = []
    for number in range(count):
        late = late_units if number == 0 else set()
        known = [unit for unit in units if unit["MaDonVi"] not in late]
        rows = [
            _changed(rng, row) if number > 0 else row
            for row in procedures
            if row["MaDonVi"] not in late
        ]
        # The last snapshot holds all rows again, so a vanished one may come back.
        gone = 0.0 if number == count - 1 else 0.1
        kept = [row for row in rows if rng.random() >= gone]
        snapshots.append(Snapshot(known, kept or rows))
    return snapshots


def _unit(
    code: str, kind: str, province: str, parent: str = "", since: str = "19970101", **more: str
) -> Json:
    unit: Json = {
        "MaDonVi": code,
        "HieuLucTu": since,
        "HieuLucDen": "",
        "TenDonVi": f"Đơn vị {code} từ {since}",
        "LoaiDonVi": kind,
        "MaDonViCha": parent,
        "MaTinh": province,
        "MaDonViKeThua": "",
    }
    return unit | more


def _units(rng: Random) -> list[Json]:
    until_merger = {"HieuLucDen": "20250630"}
    units = [
        _unit("33", "tinh", "33", **until_merger),
        _unit("33", "tinh", "33", since="20250701"),
        _unit("34", "tinh", "34", **until_merger, MaDonViKeThua="33"),
        _unit("01", "tinh", "01"),
        _unit("01.S1", "so", "01", "01"),
        *(_unit(code, "xa", "01", "01") for code in (*TWINS, "00003", "00004")),
        _unit("33.S1", "so", "33", "33"),
        # Taken over from the centre in the middle of a month: two versions in June.
        _unit("33.S2", "nganh_doc", "33", "33", HieuLucDen="20250614"),
        _unit("33.S2", "so", "33", "33", since="20250615"),
        # Begins in the middle of a month.
        _unit("33.S5", "so", "33", "33", since="20250520"),
        # Merged within the province, and across provinces.
        _unit("33.S3", "so", "33", "33", HieuLucDen="20250430", MaDonViKeThua="33.S1"),
        _unit("34.S1", "so", "34", "34", **until_merger, MaDonViKeThua="33.S1;33.S2"),
        # Away for two months.
        _unit("33.S4", "so", "33", "33", HieuLucDen="20250510", MaDonViKeThua="33.S3"),
        _unit("33.S4", "so", "33", "33", since="20250701", MaDonViKeThua="33.S3"),
        _unit("33.N1", "nganh_doc", "33", "33"),
        _unit(SPOILT_UNIT, "phuong", "33", "33"),
    ]
    for province, districts in DISTRICTS.items():
        for district in districts:
            successors = rng.choice(("", ";".join(NEW_COMMUNES[:2]), province))
            units.append(
                _unit(
                    district, "huyen", province, province, **until_merger, MaDonViKeThua=successors
                )
            )
    return units + _old_communes(rng) + _new_communes()


def _old_communes(rng: Random) -> list[Json]:
    """Communes that end with June, or in spring, with every kind of successor."""
    units = []
    everyone = [code for codes in OLD_COMMUNES.values() for code in codes]
    targets = [*everyone, *NEW_COMMUNES, NEVER_SEEN[0]]
    for province, codes in OLD_COMMUNES.items():
        for code in codes:
            named = rng.sample(targets, rng.choice((0, 1, 1, 2, 3)))
            parent = rng.choice(DISTRICTS[province])
            # A code of 34 that 33 reuses later has no gap between: whose it were then is open.
            may_end_early = province == "33" or code not in NEW_COMMUNES
            until = "20250415" if may_end_early and rng.random() < 0.3 else "20250630"
            units.append(
                _unit(code, "xa", province, parent, HieuLucDen=until, MaDonViKeThua=";".join(named))
            )
    return units


def _new_communes() -> list[Json]:
    return [
        _unit(code, "xa", "33", "33", since="20250701", TenDonVi=f"Xã mới {code}")
        for code in NEW_COMMUNES
    ]


# The target of civil status is set for the field's name, which sources write as they like.
CIVIL_STATUS_NAMES = (
    "Hộ tịch",
    unicodedata.normalize("NFD", "Hộ tịch"),
    " Hộ\u00a0tịch",
    "Tư pháp - Hộ tịch",
)


def _procedures(rng: Random, units: Sequence[Json], civil_status_field: str) -> list[Json]:
    codes = sorted({str(unit["MaDonVi"]) for unit in units} - {SPOILT_UNIT})
    rows = []
    for procedure in PROCEDURES:
        own = rng.sample(codes, rng.randint(1, 6))
        for unit in ["01.S1"] if procedure == ONLY_IN_PROVINCE_01 else own:
            rows.append(_procedure(rng, procedure, unit, civil_status_field))
    return rows


def _procedure(rng: Random, procedure: str, unit: str, civil_status_field: str) -> Json:
    field = rng.choice((*FIELDS, civil_status_field))
    suffix = rng.choice(("", "", ".000.00.00.H99"))
    row: Json = {
        "MaTTHC": procedure + suffix,
        "MaDonVi": unit,
        "TenTTHC": f"Thủ tục {procedure}",
        "MaLinhVuc": field,
        "TenLinhVuc": rng.choice(CIVIL_STATUS_NAMES) if field == civil_status_field else None,
        "CapThucHien": rng.choice(("tinh", "xa")),
        "MucDo": rng.choice("234"),
        "TrangThai": rng.choice("110"),
        "HieuLucTu": rng.choice(("20200101", "20250601", "")),
        "HieuLucDen": rng.choice(("", "20250531")),
    }
    flags = ("CoPhi", "TichHopThanhToanQG", "KetNoiCSDLDC", "DuNoiDung")
    return row | {name: rng.choice("01") for name in flags}


def _changed(rng: Random, row: Json) -> Json:
    """The row in a later snapshot: sometimes at another level, sometimes spoilt."""
    chance = rng.random()
    if chance < 0.2:
        return row | {"MucDo": rng.choice("234")}
    if chance < 0.3:
        return row | {"MucDo": rng.choice(("", "5"))}
    return row
