"""What a revision changed, value by value, as a reader understands it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from service_index.publishing.labels import Label
from service_index.publishing.month import Change
from service_index.publishing.notice import restatements
from service_index.publishing.printing import number, percent
from service_index.publishing.site.figures import NOTHING, name
from service_index.publishing.site.material import Material

LISTED = 400
_MOST_PLACES = 8
_RELATIONS = {
    "monthly_score": Label("Điểm và xếp hạng của đơn vị", "scores and ranks of units"),
    "criterion_score": Label("Điểm từng tiêu chí", "scores by criterion"),
    "target_compliance": Label("Mức độ đạt chỉ tiêu", "compliance with targets"),
    "compliance_cause": Label("Nguyên nhân chưa đạt", "causes of falling short"),
    "national_ranking": Label("Bảng xếp hạng toàn quốc", "national table"),
    "national_average": Label("Trung bình cả nước", "national averages"),
    "letter_figure": Label("Số liệu của công văn", "figures of the letter"),
}
_COLUMNS = {
    "numerator": Label("tử số", "numerator"),
    "denominator": Label("mẫu số", "denominator"),
    "rate": Label("tỷ lệ", "rate"),
    "score": Label("điểm", "points"),
    "max_points": Label("điểm tối đa", "maximum"),
    "status": Label("trạng thái", "status"),
    "total_score": Label("tổng điểm", "total score"),
    "raw_points": Label("điểm đạt được", "points reached"),
    "applicable_max_points": Label("điểm tối đa áp dụng", "maximum that applies"),
    "band": Label("xếp loại", "band"),
    "rank": Label("xếp hạng", "rank"),
    "rank_out_of": Label("số đơn vị được xếp hạng", "units ranked"),
    "previous_rank": Label("xếp hạng tháng trước", "rank of the month before"),
    "target_rate": Label("chỉ tiêu", "target"),
    "is_compliant": Label("đạt chỉ tiêu", "target met"),
    "shortfall": Label("còn thiếu", "shortfall"),
    "dossiers_failing": Label("hồ sơ vướng", "dossiers failing"),
    "dossiers_failing_only": Label("hồ sơ chỉ vướng điều này", "dossiers failing only this"),
}
_RATES = {"rate", "target_rate"}


@dataclass(frozen=True)
class ChangedValue:
    """`subject` is the unit's name where the row has one; `rest` the remaining key."""

    unit_code: str | None
    subject: str | None
    rest: str
    column: Label
    old: str
    new: str
    cause: str


@dataclass(frozen=True)
class ChangedRelation:
    """At most LISTED values; `left_out` counts the others, which CHANGES.csv has."""

    label: Label
    rows: list[ChangedValue]
    left_out: int


@dataclass(frozen=True)
class Sentences:
    """What the notice of the revision says; `left_out` counts the sentences beyond LISTED."""

    lines: list[Label]
    left_out: int


def sentences(material: Material) -> Sentences:
    found = restatements(material.release)
    shown = [replace(item, unit_name=name(item.unit_name)).line for item in found[:LISTED]]
    return Sentences(shown, max(0, len(found) - LISTED))


def changed(material: Material) -> list[ChangedRelation]:
    """The changes of the release, by relation, known relations first."""
    by_relation: dict[str, list[Change]] = defaultdict(list)
    for change in material.release.changes:
        by_relation[change.relation].append(change)
    known = [relation for relation in _RELATIONS if relation in by_relation]
    made = []
    for relation in known + sorted(set(by_relation) - set(known)):
        changes = by_relation[relation]
        made.append(
            ChangedRelation(
                label=_RELATIONS.get(relation) or Label(relation, relation),
                rows=[_value(material, change) for change in changes[:LISTED]],
                left_out=max(0, len(changes) - LISTED),
            )
        )
    return made


def _value(material: Material, change: Change) -> ChangedValue:
    unit_code, rest = _key(material, change.key)
    unit = material.release.units.get(unit_code or "")
    old, new = (
        (change.withheld, change.withheld)
        if change.withheld
        else _printed(change.column_name, change.old_value, change.new_value)
    )
    return ChangedValue(
        unit_code=unit_code if unit else None,
        subject=unit.unit_name if unit else None,
        rest=rest,
        column=_COLUMNS.get(change.column_name) or Label(change.column_name, change.column_name),
        old=old,
        new=new,
        cause=change.cause,
    )


def _key(material: Material, key: str) -> tuple[str | None, str]:
    """The unit of a key such as `unit_code=11953, criterion_code=05`, and the rest of it.

    A code that holds the separator itself is left in the rest.
    """
    parts = key.split(", ")
    units = [part for part in parts if part.startswith("unit_code=")]
    code = units[0].removeprefix("unit_code=") if units else None
    if code not in material.release.units:
        return None, key
    return code, ", ".join(part.partition("=")[2] for part in parts if part not in units)


def _printed(column: str, old: str | None, new: str | None) -> tuple[str, str]:
    """Both values with the fewest decimals that tell them apart, two at least."""
    values = [_decimal(value) for value in (old, new)]
    if all(value is None or value == value.to_integral_value() for value in values) and (
        column not in _RATES
    ):
        return _text(values[0], old, column, 0), _text(values[1], new, column, 0)
    for places in range(2, _MOST_PLACES + 1):
        printed = _text(values[0], old, column, places), _text(values[1], new, column, places)
        if printed[0] != printed[1]:
            break
    return printed


def _text(value: Decimal | None, raw: str | None, column: str, places: int) -> str:
    if value is None:
        return raw or NOTHING
    return percent(value, places) if column in _RATES else number(value, places)


def _decimal(raw: str | None) -> Decimal | None:
    try:
        value = None if raw is None else Decimal(raw)
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None
