"""Compliance with targets as pages show it: by unit, by field, and how many units comply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service_index.publishing.month import Compliance, UnitScore
from service_index.publishing.site.material import ALL_FIELDS, Material

ONLINE = "end_to_end_online"
MONTH, YEAR = "month", "year_to_date"
BASES = (MONTH, YEAR)

Cells = Mapping[tuple[str, str], Compliance]


@dataclass(frozen=True)
class TargetRow:
    """A unit or a field of one; `cells` by (metric, basis)."""

    unit: UnitScore
    field_code: str
    field_name: str | None
    cells: Cells

    @property
    def withheld(self) -> bool:
        return any(cell.withheld for cell in self.cells.values())

    @property
    def is_withheld(self) -> bool:
        """Whether every figure that it has is withheld."""
        return self.withheld and all(cell.rate is None for cell in self.cells.values())

    @property
    def has_target(self) -> bool:
        return any(cell.target_rate is not None for cell in self.cells.values())

    @property
    def has_rate_alone(self) -> bool:
        """Whether a rate is published without the counts behind it, in whole percent."""
        return any(
            cell.rate is not None and cell.denominator is None for cell in self.cells.values()
        )


@dataclass(frozen=True)
class Tally:
    """How many units of a type comply, of those that have the target and something resolved."""

    unit_type: str
    met: int
    judged: int


def row_of(material: Material, unit: UnitScore, field_code: str = ALL_FIELDS) -> TargetRow:
    cells = {
        (metric, basis): cell
        for metric in material.metrics
        for basis in BASES
        if (cell := material.compliance_of(unit.unit_code, metric, basis, field_code))
    }
    name = next((cell.field_name for cell in cells.values() if cell.field_name), None)
    return TargetRow(unit, field_code, name, cells)


def fields_of(material: Material, unit: UnitScore, codes: Iterable[str]) -> list[TargetRow]:
    """The fields of a unit, those with a target of their own first."""
    rows = [row_of(material, unit, code) for code in codes if code != ALL_FIELDS]
    return sorted(rows, key=lambda row: (not row.has_target, row.field_code))


def field_codes(material: Material) -> dict[str, list[str]]:
    """The fields in which each unit has figures."""
    found: dict[str, dict[str, None]] = {}
    for unit_code, _, _, field_code in material.compliance:
        found.setdefault(unit_code, {})[field_code] = None
    return {unit_code: list(codes) for unit_code, codes in found.items()}


def with_own_target(material: Material) -> dict[tuple[str, str], list[TargetRow]]:
    """Units by the (field, metric) for which a target is set, in the order of the units."""
    keys = {
        (row.field_code, row.metric_code, row.unit_code)
        for row in material.release.compliance
        if row.field_code != ALL_FIELDS and row.target_rate is not None
    }
    return {
        (field_code, metric): [
            row_of(material, unit, field_code)
            for unit in material.units
            if (field_code, metric, unit.unit_code) in keys
        ]
        for field_code, metric in sorted({(field, metric) for field, metric, _ in keys})
    }


def tallies(material: Material, metric: str, basis: str) -> list[Tally]:
    """Of each type of unit that has more than one; types without a target are left out."""
    made = []
    for unit_type, units in material.by_type.items():
        if unit_type == "province":
            continue
        verdicts = [
            cell.is_compliant
            for unit in units
            if (cell := material.compliance_of(unit.unit_code, metric, basis))
            and cell.is_compliant is not None
        ]
        if verdicts:
            made.append(Tally(unit_type, sum(verdicts), len(verdicts)))
    return made


def is_below(material: Material, unit: UnitScore) -> bool:
    """Below its target of dossiers handled end to end online, since the year began."""
    cell = material.compliance_of(unit.unit_code, ONLINE, YEAR)
    return cell is not None and cell.is_compliant is False
