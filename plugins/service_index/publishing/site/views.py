"""What each kind of page but the overview shows: the context of its template."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from service_index.publishing import labels
from service_index.publishing.labels import Label
from service_index.publishing.month import Cause, Criterion, CriterionScore, UnitScore
from service_index.publishing.relations import GROUPS
from service_index.publishing.site import (
    changed,
    charts,
    downloads,
    standing,
    targets,
    trend,
)
from service_index.publishing.site.material import Material

_NOT_RANKED = Label("không xếp hạng", "not ranked")


@dataclass(frozen=True)
class CriterionRow:
    """A unit's score in a criterion, and its change since the month before."""

    unit: UnitScore
    score: CriterionScore
    change: Decimal | None


def ranking(material: Material) -> dict[str, Any]:
    sections, bands, has_withheld = [], dict[str, None](), False
    for unit_type, units in material.by_type.items():
        rows = []
        for unit in units:
            online = material.compliance_of(unit.unit_code, targets.ONLINE, targets.YEAR)
            has_withheld = has_withheld or bool(online and online.withheld)
            below = targets.is_below(material, unit)
            rows.append({"unit": unit, "online": online, "is_below": below})
        sections.append(
            {
                "unit_type": unit_type,
                "rows": rows,
                "is_ranked": any(unit.rank is not None for unit in units),
                "has_districts": any(unit.former_unit_name for unit in units),
            }
        )
    scored = [unit for unit in material.units if unit.band]
    for unit in sorted(scored, key=lambda u: -(u.total_score or 0)):
        bands[str(unit.band)] = None
    return {
        "sections": sections,
        "bands": list(bands),
        "groups": GROUPS,
        "has_withheld": has_withheld,
    }


def criteria(material: Material) -> dict[str, Any]:
    rows = sorted(
        standing.lost_points(material, material.release.province),
        key=lambda row: row.criterion.criterion_code,
    )
    return {"rows": rows, "has_withheld": any(row.score.withheld for row in rows)}


def criterion(material: Material, shown: Criterion) -> dict[str, Any]:
    code, province = shown.criterion_code, material.release.province
    applies_to = [] if shown.applies_to == "all" else shown.applies_to.split(";")
    rows = [row for unit in material.units if (row := _criterion_row(material, unit, code))]
    own = next((row for row in rows if row.unit is province), None)
    is_suspended = shown.suspended_because is not None or (
        own is not None and standing.is_suspended(shown, own.score)
    )
    listed = [row for row in rows if not applies_to or row.unit.unit_type in applies_to]
    return {
        "criterion": shown,
        "applies_to": applies_to,
        "own": own,
        "is_suspended": is_suspended,
        "histogram": None if is_suspended else _histogram(listed, own),
        "rows": sorted(listed, key=_highest_rate_first),
        "has_withheld": any(row.score.withheld for row in listed),
    }


def _criterion_row(material: Material, unit: UnitScore, code: str) -> CriterionRow | None:
    score = material.release.criterion_scores.get((unit.unit_code, code))
    if score is None:
        return None
    change = standing.change_of(score, material.criterion_before(unit, code))
    return CriterionRow(unit, score, change)


def _histogram(rows: list[CriterionRow], own: CriterionRow | None) -> Markup | None:
    """Units by rate in percent, the province's own as a line."""
    rates = [row.score.rate * 100 for row in rows if row is not own and row.score.rate is not None]
    mark = own.score.rate * 100 if own and own.score.rate is not None else None
    return charts.histogram(rates, mark, first=0, last=100, steps=20)


def _highest_rate_first(row: CriterionRow) -> tuple[bool, Decimal, str]:
    rate = row.score.rate
    return (rate is None, -rate if rate is not None else Decimal(0), row.unit.unit_code)


def compliance(material: Material) -> dict[str, Any]:
    metrics = material.metrics
    sections = []
    for metric in metrics:
        for unit_type, units in material.by_type.items():
            rows = [targets.row_of(material, unit) for unit in units]
            rows = [row for row in rows if any(key[0] == metric for key in row.cells)]
            if rows:
                sections.append({"metric": metric, "unit_type": unit_type, "rows": rows})
    province = material.release.province
    codes = targets.field_codes(material).get(province.unit_code, [])
    fields = targets.fields_of(material, province, codes)
    return {
        "metrics": metrics,
        "bases": targets.BASES,
        "tallies": [
            (metric, basis, tally)
            for metric in metrics
            for basis in targets.BASES
            for tally in targets.tallies(material, metric, basis)
        ],
        "sections": sections,
        "field_sections": [
            {"field_name": rows[0].field_name or field_code, "metric": metric, "rows": rows}
            for (field_code, metric), rows in targets.with_own_target(material).items()
        ],
        "province_fields": [row for row in fields if not row.is_withheld],
        "withheld_fields": [row for row in fields if row.is_withheld],
        "has_withheld": any(row.withheld for row in material.release.compliance),
        "has_rate_alone": any(row.has_rate_alone for row in fields),
    }


def changes(material: Material, groups: list[downloads.DownloadGroup]) -> dict[str, Any]:
    names = {"CHANGES.csv", "NOTICE.txt"}
    return {
        "sentences": changed.sentences(material),
        "relations": changed.changed(material),
        "count": len(material.release.changes),
        "files": [file for group in groups for file in group.files if file.path in names],
        "has_withheld": any(change.withheld for change in material.release.changes),
    }


def unit(material: Material, shown: UnitScore, field_codes: list[str]) -> dict[str, Any]:
    """`field_codes` are the fields in which the unit has figures."""
    lost = standing.lost_points(material, shown)
    comparisons = standing.comparisons(material, shown)
    months = trend.trend_of(material, shown)
    overall = targets.row_of(material, shown)
    above, under = _neighbours(material, shown)
    is_province = shown.unit_code == material.edition.province_code
    return {
        "unit": shown,
        "parent": material.release.units.get(shown.parent_unit_code or ""),
        "is_province": is_province,
        "national": material.national if is_province else None,
        "not_ranked": labels.NOT_RANKED.get(shown.ranking_status or "", _NOT_RANKED),
        "online_year": overall.cells.get((targets.ONLINE, targets.YEAR)),
        "comparisons": comparisons,
        "has_other_maximum": any(row.is_other_maximum for row in comparisons),
        "lost": lost,
        "largest_loss": max((row.lost for row in lost if row.lost is not None), default=None),
        "trend": months,
        "trend_chart": charts.trend_chart(months),
        "has_peers": any(month.peer_median is not None for month in months.months),
        "overall": overall,
        "above": above,
        "under": under,
        **_compliance_of(material, shown, field_codes),
        "has_withheld_rate": any(row.score.withheld for row in lost),
    }


def _compliance_of(material: Material, shown: UnitScore, field_codes: list[str]) -> dict[str, Any]:
    """Fields and causes of a unit."""
    fields = targets.fields_of(material, shown, field_codes)
    causes = sorted(material.causes.get(shown.unit_code, []), key=_most_failing_first)
    return {
        "metrics": material.metrics,
        "bases": targets.BASES,
        "fields": [row for row in fields if not row.is_withheld],
        "withheld_fields": [row for row in fields if row.is_withheld],
        "metrics_by_field": {
            metric
            for row in fields
            for (metric, _), cell in row.cells.items()
            if cell.target_rate is not None
        },
        "has_rate_alone": any(row.has_rate_alone for row in fields),
        "causes": causes,
        "most_failing": max((cause.dossiers_failing or 0 for cause in causes), default=0),
        "has_withheld": any(row.withheld for row in fields)
        or targets.row_of(material, shown).withheld
        or any(cause.withheld for cause in causes),
    }


def _most_failing_first(cause: Cause) -> tuple[int, str]:
    return (-(cause.dossiers_failing or 0), cause.cause)


def _neighbours(material: Material, unit: UnitScore) -> tuple[UnitScore | None, UnitScore | None]:
    peers = material.peers(unit)
    place = peers.index(unit)
    above = peers[place - 1] if place else None
    under = peers[place + 1] if place + 1 < len(peers) else None
    return above, under
