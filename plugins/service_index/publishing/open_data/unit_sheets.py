"""The sheets of a month's workbook that have a row a unit, and what all sheets share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from service_index.publishing import labels
from service_index.publishing.labels import Label
from service_index.publishing.month import Compliance, CriterionScore, MonthRelease, UnitScore
from service_index.publishing.open_data.sheet import Cell, Heading, Sheet, Style, WholePercent

SUSPENDED = Label("tạm ngừng công bố", "suspended")
BLANK = Label("ô trống: không áp dụng hoặc không có", "blank: not applicable, or there is none")
NO_COUNT = "–"

_VERDICTS = {True: "Đạt", False: "Chưa đạt", None: None}

_UNIT = (
    Heading(Label("Loại đơn vị", "unit type"), Style.TEXT, 16),
    Heading(Label("Mã", "code"), Style.TEXT, 9),
    Heading(Label("Đơn vị", "unit"), Style.TEXT, 28),
)


def ordered_units(release: MonthRelease) -> list[UnitScore]:
    """The province, then by unit type in the order of the labels, rank and code."""
    types = list(labels.UNIT_TYPES)

    def place(unit: UnitScore) -> tuple[bool, int, str, bool, int, str]:
        known = types.index(unit.unit_type) if unit.unit_type in types else len(types)
        is_other = unit.unit_code != release.edition.province_code
        return is_other, known, unit.unit_type, not unit.rank, unit.rank or 0, unit.unit_code

    return sorted(release.units.values(), key=place)


def ranking(release: MonthRelease) -> Sheet:
    rows: list[list[Cell]] = []
    for unit in ordered_units(release):
        why = labels.NOT_RANKED.get(unit.ranking_status or "")
        rows.append(
            [
                *_unit(unit),
                unit.rank,
                unit.rank_out_of,
                unit.previous_rank,
                unit.total_score,
                unit.band,
                *(unit.groups[group].points for group in labels.GROUPS),
                unit.raw_points,
                unit.applicable_max_points,
                unit.former_unit_name,
                why.vi if why else None,
            ]
        )
    notes = [BLANK, labels.BANDS_UNCONFIRMED]
    if any(unit.is_series_break for unit in release.units.values()):
        notes.append(
            Label(
                "không so sánh với tháng trước: đơn vị hành chính đã được sắp xếp lại",
                "not comparable with the month before: the units were reorganised",
            )
        )
    return Sheet(
        "Xếp hạng",
        Label("Xếp hạng các đơn vị", "ranking of the units"),
        (
            *_UNIT,
            Heading(Label("Hạng", "rank"), Style.COUNT, 8),
            Heading(Label("Trên tổng số", "out of"), Style.COUNT, 8),
            Heading(Label("Hạng tháng trước", "rank the month before"), Style.COUNT, 10),
            Heading(Label("Tổng điểm", "total"), Style.POINTS, 9),
            Heading(Label("Xếp loại", "band"), Style.TEXT, 11),
            *(Heading(label, Style.POINTS, 10) for label in labels.GROUPS.values()),
            Heading(Label("Điểm đạt", "raw points"), Style.POINTS, 9),
            Heading(Label("Điểm tối đa áp dụng", "applicable maximum"), Style.POINTS, 11),
            Heading(Label("Huyện cũ", "former district"), Style.TEXT, 17),
            Heading(Label("Không xếp hạng vì", "not ranked because"), Style.TEXT, 26),
        ),
        rows,
        frozen=len(_UNIT),
        notes=tuple(notes),
        strong=frozenset({0}),
    )


def points(release: MonthRelease) -> Sheet:
    return _matrix(
        release,
        "Điểm theo tiêu chí",
        Label("Điểm của từng đơn vị theo tiêu chí", "points by unit and criterion"),
        Style.POINTS,
        points_of,
    )


def rates(release: MonthRelease) -> Sheet:
    return _matrix(
        release,
        "Tỷ lệ theo tiêu chí",
        Label("Tỷ lệ của từng đơn vị theo tiêu chí", "rates by unit and criterion"),
        Style.PERCENT,
        lambda score: shown(score, lambda s: s.rate),
    )


def _matrix(
    release: MonthRelease,
    name: str,
    title: Label,
    style: Style,
    cell: Callable[[CriterionScore | None], Cell],
) -> Sheet:
    codes = [criterion.criterion_code for criterion in release.criteria]
    return Sheet(
        name,
        title,
        (
            *_UNIT,
            *(
                Heading(
                    Label(f"{c.criterion_code}  {c.name_vi}", c.name_en),
                    style,
                    7.5,
                    is_upright=True,
                )
                for c in release.criteria
            ),
        ),
        [
            [
                *_unit(unit),
                *(cell(release.criterion_scores.get((unit.unit_code, code))) for code in codes),
            ]
            for unit in ordered_units(release)
        ]
        if codes
        else [],
        frozen=len(_UNIT),
        notes=(BLANK,),
        strong=frozenset({0}),
    )


def points_of(score: CriterionScore | None) -> Cell:
    """A unit's points are shown where its counts are withheld, too."""
    if score is None:
        return None
    return SUSPENDED.vi if score.status == "suspended" else score.score


def shown(score: CriterionScore | None, value: Callable[[CriterionScore], Cell]) -> Cell:
    if score is None:
        return None
    if score.status == "suspended":
        return SUSPENDED.vi
    return score.withheld or value(score)


_COMPLIANCE = (
    Heading(Label("Chỉ tiêu", "metric"), Style.TEXT, 32),
    Heading(Label("Kỳ", "basis"), Style.TEXT, 14),
    Heading(Label("Số đạt", "counted"), Style.COUNT, 11),
    Heading(Label("Tổng số", "of"), Style.COUNT, 11),
    Heading(Label("Tỷ lệ", "rate"), Style.PERCENT, 11),
    Heading(Label("Mức giao", "target"), Style.PERCENT, 11),
    Heading(Label("Kết luận", "verdict"), Style.TEXT, 11),
    Heading(Label("Còn thiếu", "short of the target by"), Style.COUNT, 13),
)


def compliance(release: MonthRelease) -> Sheet:
    return Sheet(
        "Chỉ tiêu",
        Label("Thực hiện chỉ tiêu theo đơn vị", "compliance with the targets by unit"),
        (*_UNIT, *_COMPLIANCE),
        [
            [*_unit(unit), *_result(row)]
            for unit, row in _compliance_rows(release)
            if row.field_code == "*"
        ],
        frozen=len(_UNIT),
        notes=(BLANK,),
    )


def compliance_by_field(release: MonthRelease) -> Sheet:
    found = [(unit, row) for unit, row in _compliance_rows(release) if row.field_code != "*"]
    is_rate_alone = any(_is_rate_alone(row) for _, row in found)
    return Sheet(
        "Chỉ tiêu theo lĩnh vực",
        Label("Thực hiện chỉ tiêu theo lĩnh vực", "compliance with the targets by field"),
        (*_UNIT, Heading(Label("Lĩnh vực", "field"), Style.TEXT, 32), *_COMPLIANCE),
        [[*_unit(unit), row.field_name or row.field_code, *_result(row)] for unit, row in found],
        frozen=len(_UNIT),
        notes=(BLANK, labels.RATE_ALONE) if is_rate_alone else (BLANK,),
    )


def _compliance_rows(release: MonthRelease) -> list[tuple[UnitScore, Compliance]]:
    """In the order of the release within each unit."""
    by_unit: dict[str, list[Compliance]] = {}
    for row in release.compliance:
        by_unit.setdefault(row.unit_code, []).append(row)
    return [
        (unit, row) for unit in ordered_units(release) for row in by_unit.get(unit.unit_code, [])
    ]


def _is_rate_alone(row: Compliance) -> bool:
    return row.field_code != "*" and row.target_rate is None


def _result(row: Compliance) -> Sequence[Cell]:
    metric, basis = labels.METRICS.get(row.metric_code), labels.BASES.get(row.basis)
    counts: list[Cell] = [row.withheld or row.numerator, row.withheld or row.denominator]
    rate: Cell = row.rate
    if _is_rate_alone(row):
        counts = [NO_COUNT, NO_COUNT]
        rate = None if row.rate is None else WholePercent(row.rate)
    return [
        metric.vi if metric else row.metric_code,
        basis.vi if basis else row.basis,
        *counts,
        row.withheld or rate,
        row.target_rate,
        _VERDICTS[row.is_compliant],
        row.withheld if row.withheld and row.target_rate is not None else row.shortfall,
    ]


def causes(release: MonthRelease) -> Sheet:
    by_key = {(cause.unit_code, cause.cause): cause for cause in release.causes}
    rows = []
    for unit in ordered_units(release):
        row = _unit(unit)
        for code in labels.CAUSES:
            cause = by_key.get((unit.unit_code, code))
            row += (
                [
                    cause.withheld or cause.dossiers_failing,
                    cause.withheld or cause.dossiers_failing_only,
                ]
                if cause
                else [None, None]
            )
        rows.append(row)
    return Sheet(
        "Nguyên nhân",
        Label(
            "Vì sao hồ sơ chưa được xử lý trực tuyến toàn trình",
            "why dossiers were not handled end to end online",
        ),
        (
            *_UNIT,
            *(
                Heading(Label(vi, en), Style.COUNT, 15)
                for label in labels.CAUSES.values()
                for vi, en in (
                    (label.vi, label.en),
                    (f"Chỉ vì: {label.vi[0].lower()}{label.vi[1:]}", f"only: {label.en}"),
                )
            ),
        ),
        rows if release.causes else [],
        frozen=len(_UNIT),
        notes=(
            Label("một hồ sơ có thể có nhiều nguyên nhân", "a dossier can have several causes"),
        ),
        strong=frozenset({0}),
    )


def _unit(unit: UnitScore) -> list[Cell]:
    unit_type = labels.UNIT_TYPES.get(unit.unit_type)
    return [unit_type.vi if unit_type else unit.unit_type, unit.unit_code, unit.unit_name]
