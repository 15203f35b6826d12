"""The units of the province: the versions of the snapshot, and who handles dossiers when."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.draws import Draws, Floats, Ints
from simulator.plan import COMMUNE, DEPARTMENT, DISTRICT, VERTICAL
from simulator.reference import Reference
from simulator.store import Record

PROVINCE_CODE = "33"
PROVINCE_NAME = "Tỉnh Hưng Yên"
MERGED_PROVINCE_CODE = "34"
MERGED_PROVINCE_NAME = "Tỉnh Thái Bình"
# Old units are given one common beginning; none of the sample's records is older.
_OLD_FROM, _OLD_TO, _NEW_FROM = "20040101", "20250630", "20250701"


def unit_rows(reference: Reference) -> Iterator[Record]:
    """Every version of every unit, as the units feed shows it."""
    yield _row(PROVINCE_CODE, PROVINCE_NAME, "tinh", valid_to=_OLD_TO)
    yield _row(PROVINCE_CODE, PROVINCE_NAME, "tinh", valid_from=_NEW_FROM)
    yield _row(
        MERGED_PROVINCE_CODE,
        MERGED_PROVINCE_NAME,
        "tinh",
        valid_to=_OLD_TO,
        province=MERGED_PROVINCE_CODE,
        successors=(PROVINCE_CODE,),
    )
    for agency in reference.agencies:
        yield _row(agency.code, agency.name, agency.unit_type, parent=PROVINCE_CODE)
    for district in reference.former_districts:
        yield _row(
            district.code,
            district.name,
            DISTRICT,
            valid_to=_OLD_TO,
            parent=district.province_code,
            province=district.province_code,
            successors=_district_successors(reference, district.code),
        )
    for former in reference.former_communes:
        yield _row(
            former.code,
            former.name,
            COMMUNE,
            valid_to=_OLD_TO,
            parent=former.district_code,
            province=former.province_code,
            successors=former.successors,
        )
    for commune in reference.communes:
        yield _row(commune.code, commune.name, COMMUNE, valid_from=_NEW_FROM, parent=PROVINCE_CODE)


def _row(
    code: str,
    name: str,
    unit_type: str,
    *,
    valid_from: str = _OLD_FROM,
    valid_to: str = "",
    parent: str = "",
    province: str = PROVINCE_CODE,
    successors: tuple[str, ...] = (),
) -> Record:
    return {
        "MaDonVi": code,
        "HieuLucTu": valid_from,
        "HieuLucDen": valid_to,
        "TenDonVi": name,
        "LoaiDonVi": unit_type,
        "MaDonViCha": parent,
        "MaTinh": province,
        "MaDonViKeThua": ";".join(successors),
    }


def _district_successors(reference: Reference, district_code: str) -> tuple[str, ...]:
    """The new communes of a former district; the one that merged most communes is the main one."""
    communes = [c for c in reference.communes if c.district_code == district_code]
    communes.sort(key=lambda commune: (-commune.former_commune_count, commune.code))
    return tuple(commune.code for commune in communes)


@dataclass(frozen=True)
class HandlingUnits:
    """The units that handle dossiers, numbered; an old and a new commune of one code are two.

    `weights` says how many dossiers a unit gets relative to the others of its kind.
    """

    codes: tuple[str, ...]
    agencies: dict[str, int]
    districts: Ints
    communes_before: Ints
    merged_in: Ints
    communes: Ints
    weights: Floats

    def of_march(self, unit_type: str) -> Ints:
        """The units of a type that has several of its kind in March."""
        return {DISTRICT: self.districts, COMMUNE: self.communes_before}[unit_type]


def handling_units(reference: Reference, draws: Draws) -> HandlingUnits:
    """Number the handling units and draw how busy each is."""
    codes: list[str] = []
    busy: list[float] = []

    def add(code: str, weight: float) -> int:
        codes.append(code)
        busy.append(weight)
        return len(codes) - 1

    agencies = {agency.code: add(agency.code, 1.0) for agency in reference.agencies}
    districts: list[int] = []
    before: list[int] = []
    merged_in: list[int] = []
    for district in reference.former_districts:
        own = district.province_code == PROVINCE_CODE
        (districts if own else merged_in).append(add(district.code, 1.0))
    for former in reference.former_communes:
        weight = 1.4 if former.name.startswith(("Phường", "Thị trấn")) else 1.0
        own = former.province_code == PROVINCE_CODE
        (before if own else merged_in).append(add(former.code, weight))
    communes = [
        add(commune.code, 1.5 if commune.name.startswith("Phường") else 1.0)
        for commune in reference.communes
    ]
    weights = np.array(busy) * np.exp(0.35 * draws.normal(len(busy)))
    return HandlingUnits(
        codes=tuple(codes),
        agencies=agencies,
        districts=np.array(districts),
        communes_before=np.array(before),
        merged_in=np.array(merged_in),
        communes=np.array(communes),
        weights=weights,
    )


def side_of(unit_type: str) -> str:
    """The side of the quarterly form that dossiers of a March unit end on, if still open then."""
    return {DEPARTMENT: DEPARTMENT, VERTICAL: VERTICAL}.get(unit_type, COMMUNE)
