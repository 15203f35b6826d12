"""Units of the generated provinces, and the snapshots of units and procedures."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from tests.oracle.generate_procedures import procedure_snapshots

Json = dict[str, object]

NEVER_SEEN = ("99998", "99999")
SPOILT_UNIT = "77777"
# The second has the same records as the first, so that their totals often tie.
TWINS = ("00001", "00002")
OLD_COMMUNES = {"33": ("11950", "11953", "11956", "11959"), "34": ("12454", "12457")}
NEW_COMMUNES = ("11953", "11956", "12454", "12999")
DISTRICTS = {"33": ("323", "325"), "34": ("336",)}


class Snapshot(NamedTuple):
    """What the two snapshot feeds serve at one time."""

    units: list[Json]
    procedures: list[Json]


def place_snapshots(rng: Random, count: int, civil_status_field: str) -> list[Snapshot]:
    """Snapshots of which the later ones know more units, and other states of procedures.

    Some rows of the late units come before their unit, others with it.
    """
    units = _units(rng)
    codes = sorted({str(unit["MaDonVi"]) for unit in units} - {SPOILT_UNIT})
    strangers = (NEVER_SEEN[0], SPOILT_UNIT)
    offering = [code for code in codes if code != TWINS[1]]
    served = procedure_snapshots(rng, offering, strangers, count, civil_status_field)
    for rows in served:
        rows += [row | {"MaDonVi": TWINS[1]} for row in rows if row["MaDonVi"] == TWINS[0]]
    late_units = {code for code in codes if rng.random() < 0.15}
    are_rows_late = {code for code in sorted(late_units) if rng.random() < 0.5}
    snapshots = []
    for number, rows in enumerate(served):
        late, held_back = (late_units, are_rows_late) if number == 0 else (set(), set())
        known = [unit for unit in units if unit["MaDonVi"] not in late]
        snapshots.append(Snapshot(known, [row for row in rows if row["MaDonVi"] not in held_back]))
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
