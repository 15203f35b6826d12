"""What the sheets of a month's workbook hold: tables of the publishing province."""

from __future__ import annotations

from dataclasses import replace

from service_index.publishing import labels
from service_index.publishing.labels import Label
from service_index.publishing.month import MonthRelease
from service_index.publishing.open_data import unit_sheets
from service_index.publishing.open_data.sheet import Cell, Heading, Sheet, Style
from service_index.publishing.open_data.unit_sheets import BLANK, points_of, shown

_SMALL = "n<5"


def sheets_of(release: MonthRelease) -> list[Sheet]:
    """Sheets in their order; what the release has nothing of gets none."""
    found = [
        _groups(release),
        unit_sheets.ranking(release),
        _criteria(release),
        unit_sheets.points(release),
        unit_sheets.rates(release),
        unit_sheets.compliance(release),
        unit_sheets.compliance_by_field(release),
        unit_sheets.causes(release),
        _national(release),
        _changes(release),
    ]
    return [_explained(sheet) for sheet in found if sheet.rows]


def _explained(sheet: Sheet) -> Sheet:
    if any(_SMALL in row for row in sheet.rows):
        return replace(sheet, notes=(*sheet.notes, labels.SMALL_CELL))
    return sheet


def _groups(release: MonthRelease) -> Sheet:
    province = release.province
    own = next((row for row in release.national if row.province_code == province.unit_code), None)
    rows: list[list[Cell]] = []
    for group, label in labels.GROUPS.items():
        points, average = province.groups[group], release.averages.get(group)
        rows.append(
            [
                label.vi,
                points.points,
                points.maximum,
                average.average_score if average else None,
                own.ranks[group] if own else None,
                own.rank_out_of if own else None,
            ]
        )
    average = release.averages.get("total")
    rows.append(
        [
            "Tổng điểm (quy về thang 100)",
            province.total_score,
            100,
            average.average_score if average else None,
            own.rank if own else None,
            own.rank_out_of if own else None,
        ]
    )
    return Sheet(
        "Nhóm chỉ số",
        Label("Điểm của tỉnh theo nhóm chỉ số", "the province's points by group"),
        (
            Heading(Label("Nhóm chỉ số", "group"), Style.TEXT, 34),
            Heading(Label("Điểm", "points"), Style.POINTS, 12),
            Heading(Label("Điểm tối đa", "maximum"), Style.POINTS, 12),
            Heading(Label("Trung bình cả nước", "national average"), Style.POINTS, 14),
            Heading(Label("Hạng toàn quốc", "national rank"), Style.COUNT, 14),
            Heading(Label("Số tỉnh xếp hạng", "provinces ranked"), Style.COUNT, 14),
        ),
        rows,
        frozen=1,
        strong=frozenset({len(rows) - 1}),
    )


def _criteria(release: MonthRelease) -> Sheet:
    province = release.edition.province_code
    rows: list[list[Cell]] = []
    for criterion in release.criteria:
        score = release.criterion_scores.get((province, criterion.criterion_code))
        basis = labels.CRITERION_BASES.get(criterion.basis)
        group = labels.GROUPS.get(criterion.group_code)
        rows.append(
            [
                criterion.criterion_code,
                group.vi if group else criterion.group_code,
                criterion.name_vi,
                basis.vi if basis else criterion.basis,
                criterion.numerator_vi,
                shown(score, lambda s: s.numerator),
                criterion.denominator_vi,
                shown(score, lambda s: s.denominator),
                shown(score, lambda s: s.rate),
                criterion.target_rate,
                points_of(score),
                criterion.max_points,
                criterion.lead_unit,
                criterion.cooperating_units,
                criterion.suspended_because,
            ]
        )
    return Sheet(
        "Tiêu chí",
        Label("Kết quả của tỉnh theo tiêu chí", "the province's results by criterion"),
        (
            Heading(Label("Mã", "code"), Style.TEXT, 6),
            Heading(Label("Nhóm chỉ số", "group"), Style.TEXT, 17),
            Heading(Label("Tiêu chí", "criterion"), Style.TEXT, 42),
            Heading(Label("Kỳ tính", "basis"), Style.TEXT, 15),
            Heading(Label("Tử số", "numerator"), Style.TEXT, 22),
            Heading(Label("Số đạt", "counted"), Style.COUNT, 10),
            Heading(Label("Mẫu số", "denominator"), Style.TEXT, 22),
            Heading(Label("Tổng số", "of"), Style.COUNT, 10),
            Heading(Label("Tỷ lệ", "rate"), Style.PERCENT, 10),
            Heading(Label("Mức đạt điểm tối đa", "rate for full points"), Style.PERCENT, 11),
            Heading(Label("Điểm", "points"), Style.POINTS, 9),
            Heading(Label("Điểm tối đa", "maximum"), Style.POINTS, 9),
            Heading(Label("Chủ trì", "lead"), Style.TEXT, 22),
            Heading(Label("Phối hợp", "cooperating"), Style.TEXT, 24),
            Heading(Label("Tạm ngừng vì", "suspended because"), Style.TEXT, 18),
        ),
        rows,
        frozen=1,
        notes=(BLANK,),
    )


def _national(release: MonthRelease) -> Sheet:
    own = release.edition.province_code
    return Sheet(
        "Toàn quốc",
        Label("Xếp hạng các tỉnh, thành phố", "ranking of the provinces"),
        (
            Heading(Label("Hạng", "rank"), Style.COUNT, 7),
            Heading(Label("Mã", "code"), Style.TEXT, 7),
            Heading(Label("Tỉnh, thành phố", "province"), Style.TEXT, 26),
            Heading(Label("Tổng điểm", "total"), Style.POINTS, 10),
            *(Heading(label, Style.POINTS, 13) for label in labels.GROUPS.values()),
            *(
                Heading(Label(f"Hạng: {label.vi}", f"rank: {label.en}"), Style.COUNT, 13)
                for label in labels.GROUPS.values()
            ),
            Heading(Label("Hạng theo điểm tự tính", "rank by the computed total"), Style.COUNT, 12),
        ),
        [
            [
                row.rank,
                row.province_code,
                row.province_name,
                row.total_score,
                *(row.groups[group] for group in labels.GROUPS),
                *(row.ranks[group] for group in labels.GROUPS),
                row.computed_rank,
            ]
            for row in release.national
        ],
        frozen=3,
        strong=frozenset(
            index for index, row in enumerate(release.national) if row.province_code == own
        ),
    )


def _changes(release: MonthRelease) -> Sheet:
    rows = []
    for change in release.changes:
        reason = labels.REASONS.get(change.cause)
        rows.append(
            [
                change.relation,
                change.key,
                change.column_name,
                change.withheld or change.old_value,
                change.withheld or change.new_value,
                reason.vi if reason else change.cause,
            ]
        )
    return Sheet(
        "Thay đổi",
        Label("Thay đổi so với bản công bố trước", "changes since the revision before"),
        (
            Heading(Label("Bảng", "table"), Style.TEXT, 20),
            Heading(Label("Dòng", "row"), Style.TEXT, 46),
            Heading(Label("Cột", "column"), Style.TEXT, 22),
            Heading(Label("Giá trị cũ", "old value"), Style.TEXT, 34),
            Heading(Label("Giá trị mới", "new value"), Style.TEXT, 34),
            Heading(Label("Lý do", "reason"), Style.TEXT, 26),
        ),
        rows,
    )
