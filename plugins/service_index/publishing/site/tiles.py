"""The grid of tiles: each commune a tile, in its former district, coloured by its score."""

from __future__ import annotations

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from service_index.publishing.month import UnitScore
from service_index.publishing.site.material import Material

_LAYOUT = Path(__file__).parent / "data" / "former_districts.csv"
# Lower ends of the steps of colour, the same in every month, so that months can be compared.
# Close together where most scores lie; they are no verdict, unlike bands.
STEPS = tuple(Decimal(step) for step in (60, 70, 75, 80, 85, 90))


@dataclass(frozen=True)
class Tile:
    """`step` is 0 below the first of STEPS, up to their number; None without a score."""

    unit: UnitScore
    step: int | None


@dataclass(frozen=True)
class TileGroup:
    """Tiles of a district; `name` is None where none is known. Places count from 1."""

    name: str | None
    tiles: list[Tile]
    row: int | None
    column: int | None


@dataclass(frozen=True)
class TileGrid:
    """`is_schematic` tells that the groups stand roughly where they lie."""

    unit_type: str
    groups: list[TileGroup]
    is_schematic: bool
    steps: tuple[Decimal, ...] = STEPS


def tile_grid(material: Material) -> TileGrid | None:
    """Communes by former district, else by present one; without communes, districts."""
    for unit_type in ("commune", "district"):
        units = material.by_type.get(unit_type)
        if units:
            return _grid(unit_type, units, material.release.units)
    return None


def _grid(unit_type: str, units: list[UnitScore], known: Mapping[str, UnitScore]) -> TileGrid:
    groups: dict[tuple[str, str], list[UnitScore]] = defaultdict(list)
    for unit in sorted(units, key=lambda u: u.unit_code):
        groups[_district(unit, known)].append(unit)
    places = _places(set(groups))
    made = [
        TileGroup(
            name=district_name or None,
            tiles=[Tile(unit, _step(unit.total_score)) for unit in members],
            row=places[code][0] if places else None,
            column=places[code][1] if places else None,
        )
        for (code, district_name), members in sorted(groups.items())
    ]
    return TileGrid(unit_type, made, bool(places))


def _district(unit: UnitScore, known: Mapping[str, UnitScore]) -> tuple[str, str]:
    if unit.former_unit_code and unit.former_unit_name:
        return unit.former_unit_code, unit.former_unit_name
    parent = known.get(unit.parent_unit_code or "")
    if parent is not None and parent.unit_type == "district":
        return parent.unit_code, parent.unit_name
    return "", ""


def _places(districts: set[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Row and column of each district; empty unless the layout knows all of them."""
    with _LAYOUT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {(row["unit_code"], row["unit_name"]) for row in rows}
    if not {(code, unicodedata.normalize("NFC", name)) for code, name in districts} <= known:
        return {}
    return {row["unit_code"]: (int(row["row"]), int(row["column"])) for row in rows}


def _step(score: Decimal | None) -> int | None:
    return None if score is None else sum(score >= lower for lower in STEPS)
