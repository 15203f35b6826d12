"""Record contract of the feed `units`: versions of units (source contract, version 1)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from service_index.loading.contract import Contract, Public, Rule
from service_index.loading.converters import choice, code, code_list, day, is_before, text

UNIT_TYPES = {
    "tinh": "province",
    "so": "department",
    "huyen": "district",
    "xa": "commune",
    "nganh_doc": "vertical_agency",
}


class UnitRecord(msgspec.Struct, gc=False):
    """The source's fields."""

    MaDonVi: Public = None
    HieuLucTu: Public = None
    HieuLucDen: Public = None
    TenDonVi: Public = None
    LoaiDonVi: Public = None
    MaDonViCha: Public = None
    MaTinh: Public = None
    MaDonViKeThua: Public = None


class UnitRow(NamedTuple):
    """A row of raw.units."""

    unit_code: Annotated[str, code("MaDonVi", is_key=True)]
    valid_from: Annotated[str, day("HieuLucTu", is_key=True)]
    valid_to: Annotated[str, day("HieuLucDen")]
    unit_name: Annotated[str, text("TenDonVi")]
    unit_type: Annotated[str, choice("LoaiDonVi", UNIT_TYPES, is_required=True)]
    parent_unit_code: Annotated[str, code("MaDonViCha")]
    province_code: Annotated[str, code("MaTinh")]
    successor_unit_codes: Annotated[str, code_list("MaDonViKeThua")]


def ends_before_begin(row: UnitRow) -> bool:
    """A version is valid on both its days and between them."""
    return is_before(row.valid_to, row.valid_from)


RULES = (Rule("ends_before_begin", "warn", "HieuLucDen is before HieuLucTu", ends_before_begin),)

CONTRACT = Contract(
    feed="units",
    record=UnitRecord,
    row=UnitRow,
    key=("unit_code", "valid_from"),
    is_snapshot=True,
    rules=RULES,
)
