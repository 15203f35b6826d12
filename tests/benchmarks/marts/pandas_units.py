"""The analyst's script, its first part: the units of a month, and which records count where."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import pandas as pd

TYPES = {
    "tinh": "province",
    "so": "department",
    "huyen": "district",
    "xa": "commune",
    "nganh_doc": "vertical_agency",
}


class Places(NamedTuple):
    """Frames: the units; source code → unit and province; source code → the units that count it,
    by rows or by codes; unit → the units under it and itself."""

    units: pd.DataFrame
    resolution: pd.DataFrame
    counting: pd.DataFrame
    covering: pd.DataFrame


def places(versions: list[dict[str, Any]], first_day: date, last_day: date) -> Places:
    """Where the records of each code count in a month; dates are texts `yyyyMMdd`."""
    first, last = f"{first_day:%Y%m%d}", f"{last_day:%Y%m%d}"
    latest: dict[str, dict[str, Any]] = {}
    valid: dict[str, dict[str, Any]] = {}
    for version in sorted(versions, key=lambda version: version["HieuLucTu"]):
        latest[version["MaDonVi"]] = version
        if version["HieuLucTu"] <= last and (version["HieuLucDen"] or "99991231") >= first:
            valid[version["MaDonVi"]] = version
    provinces = {code: _province(code, valid, latest) for code in valid}
    parents = {
        code: _first_valid(unit["MaDonViCha"], valid, latest) for code, unit in valid.items()
    }
    found = {}
    for code, version in latest.items():
        unit = _first_valid(code, valid, latest)
        province = provinces[unit] if unit else _first_valid(version["MaTinh"], valid, latest)
        if unit or province:
            found[code] = (unit or province, province)
    counting = {
        (at, code, at == province)
        for code, (unit, province) in found.items()
        for at in (unit, province)
        if at
    }
    covering = {
        (above, code) for code in valid for above in _above(code, parents, provinces) if above
    }
    return Places(
        pd.DataFrame(
            [(code, TYPES[unit["LoaiDonVi"]], provinces[code]) for code, unit in valid.items()],
            columns=["unit_code", "unit_type", "province_code"],
        ),
        pd.DataFrame(
            [(code, *place) for code, place in found.items()],
            columns=["source_code", "unit_code", "province_code"],
        ),
        pd.DataFrame(sorted(counting), columns=["unit_code", "source_code", "counts_codes"]),
        pd.DataFrame(sorted(covering), columns=["above_code", "unit_code"]),
    )


def _first_valid(code: str, valid: dict[str, Any], latest: dict[str, Any]) -> str | None:
    """The code, or the first of its successors that is valid, breadth first."""
    queue = [code]
    for each in queue:
        if each in valid:
            return each
        named = latest[each]["MaDonViKeThua"].split(";") if each in latest else []
        queue += [successor for successor in named if successor and successor not in queue]
    return None


def _province(code: str, valid: dict[str, Any], latest: dict[str, Any]) -> str | None:
    unit = valid[code]
    if unit["LoaiDonVi"] == "tinh":
        return code
    if unit["MaTinh"]:
        return _first_valid(unit["MaTinh"], valid, latest)
    parent = _first_valid(unit["MaDonViCha"], valid, latest)
    return _province(parent, valid, latest) if parent and parent != code else None


def _above(
    code: str, parents: dict[str, str | None], provinces: dict[str, str | None]
) -> list[str | None]:
    """The unit, those above it, and its province."""
    found: list[str | None] = [code]
    while (parent := parents[str(found[-1])]) and parent not in found:
        found.append(parent)
    return [*found, provinces[code]]
