"""A month's current release in a terminal: Vietnamese labels, with English beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from service_index.publishing import labels
from service_index.publishing.current import read_current_month
from service_index.publishing.edition import SAMPLE_NOTICE
from service_index.publishing.month import Compliance, LetterFigure, MonthRelease, UnitScore
from service_index.publishing.printing import local_time, number, one_line, percent
from service_index.publishing.relations import GROUPS

LISTED = 10
NOTHING = "–"


def show_month(
    connection: psycopg.Connection, month: date, releases: Path, console: Console
) -> None:
    """Print the current release of `month`; its files lie under `releases`.

    Reads published alone. Raises LookupError when nothing is published.
    """
    console.print(render(read_current_month(connection, f"{month:%Y-%m}"), releases))


def render(release: MonthRelease, releases: Path) -> RenderableType:
    """The whole view of one release."""
    communes = sorted(
        (u for u in release.units.values() if u.unit_type == "commune" and u.rank is not None),
        key=lambda unit: unit.rank or 0,
    )
    lowest = communes[LISTED:][-LISTED:][::-1]
    parts: list[RenderableType] = [
        _head(release),
        _groups(release),
        _ranking("Xã, phường xếp hạng cao nhất (top communes)", communes[:LISTED]),
    ]
    if lowest:
        parts.append(_ranking("Xã, phường xếp hạng thấp nhất (bottom communes)", lowest))
    parts.append(_below_target(release))
    folder = release.edition.folder(releases)
    parts.append(Text(f"Tệp của bản công bố (files): {folder}", overflow="fold"))
    return Group(*parts)


def _head(release: MonthRelease) -> Panel:
    edition, province = release.edition, release.province
    lines = Text()
    if edition.is_sample:
        lines.append(f"{SAMPLE_NOTICE} (sample data)\n", style="bold red")
    lines.append(f"Tổng điểm (total score): {_points(province.total_score, 2)}/100", style="bold")
    scores = [
        release.criterion_scores.get((province.unit_code, c.criterion_code))
        for c in release.criteria
    ]
    scored = sum(score is not None and score.status == "scored" for score in scores)
    lines.append(
        f"\nĐiểm đạt (points): {_points(province.raw_points, 2)}"
        f"/{_points(province.applicable_max_points, 0)}"
        f" trên {scored}/{len(scores)} tiêu chí (criteria scored)"
    )
    if (national := _national_rank(release)) is not None:
        lines.append(f"\nHạng toàn quốc (national rank): {national}")
    lines.append(f"\nTrạng thái (status): {labels.STATUSES[edition.status].both}")
    lines.append(f"\nSố liệu đến (data up to): {local_time(edition.data_cutoff)}")
    title = Text(f"{one_line(province.unit_name)} · {edition.month:%m/%Y} · {edition.release_id}")
    return Panel(lines, title=title, title_align="left")


def _points(value: Decimal | None, places: int) -> str:
    return NOTHING if value is None else number(value, places)


def _national_rank(release: MonthRelease) -> str | None:
    own = [row for row in release.national if row.province_code == release.edition.province_code]
    if not own:
        return None
    text = f"{own[0].rank}/{own[0].rank_out_of}"
    if own[0].computed_rank is None:
        return text
    return f"{text}, theo điểm tự tính (by the total above): {own[0].computed_rank}"


def _groups(release: MonthRelease) -> Table:
    """As the letter quotes them: its figures of a group are named after the group."""
    headings = ["Điểm\n(points)", "Tối đa\n(max)", "Tỷ lệ\n(rate)"]
    if release.national:
        headings += ["Hạng\n(national rank)", "Cả nước\n(average)"]
    table = _table("Nhóm chỉ số (criterion groups)", "Nhóm (group)", *headings)
    for group in GROUPS:
        points = release.province.groups[group]
        figures = release.letter
        cells = [
            _points(points.points, 1),
            _points(points.maximum, 0),
            _figure(figures.get(f"{group}_rate")),
        ]
        if release.national:
            rank = figures.get(f"{group}_rank")
            cells += [
                f"{_figure(rank)}/{rank.out_of}" if rank and rank.value else NOTHING,
                _figure(figures.get(f"{group}_average")),
            ]
        table.add_row(labels.GROUPS[group].both, *cells)
        for detail in figures.values():
            if detail.criterion_code and _is_detail(detail, group):
                table.add_row(f"  {one_line(detail.label_vi)}", "", "", _figure(detail))
    return table


def _is_detail(figure: LetterFigure, group: str) -> bool:
    return figure.row_code.startswith(f"{group}_") and figure.row_code != f"{group}_rate"


def _figure(figure: LetterFigure | None) -> str:
    if figure is None:
        return NOTHING
    return figure.printed_value or figure.withheld or NOTHING


def _ranking(title: str, units: Sequence[UnitScore]) -> Table:
    table = _table(title, "Đơn vị (unit)", "Hạng\n(rank)", "Tổng điểm\n(total)", "Xếp loại\n(band)")
    for unit in units:
        table.add_row(
            Text(one_line(unit.unit_name)),
            f"{unit.rank}/{unit.rank_out_of}",
            _points(unit.total_score, 2),
            Text(one_line(unit.band or "")),
        )
    return table


def _below_target(release: MonthRelease) -> RenderableType:
    title = "Dưới chỉ tiêu xử lý trực tuyến toàn trình (below the end-to-end online target)"
    below = sorted(
        (
            row
            for row in release.compliance
            if (row.metric_code, row.basis, row.field_code) == ("end_to_end_online", "month", "*")
            and row.is_compliant is False
        ),
        # Rates that are withheld come last.
        key=lambda row: (row.rate is None, row.rate or 0),
    )
    if not below:
        return Text(f"{title}: không có (none)")
    table = _table(
        None,
        "Đơn vị (unit)",
        "Tỷ lệ\n(rate)",
        "Chỉ tiêu\n(target)",
        "Đạt/đã giải quyết\n(met/resolved)",
        "Còn thiếu\n(shortfall)",
    )
    for row in below:
        name = release.units[row.unit_code].unit_name
        table.add_row(Text(one_line(name)), *_compliance_cells(row))
    # Not the table's own title, which would be wrapped to the table.
    return Group(Text(f"{title}: {len(below)}", style="bold"), table)


def _compliance_cells(row: Compliance) -> tuple[str, str, str, str]:
    target = NOTHING if row.target_rate is None else percent(row.target_rate)
    if row.rate is None:
        hidden = row.withheld or NOTHING
        return hidden, target, hidden, hidden
    return percent(row.rate), target, f"{row.numerator}/{row.denominator}", str(row.shortfall)


def _table(title: str | None, left: str, *right: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(left)
    for heading in right:
        # A number is never cut: what is short of room is the name on the left, which wraps.
        table.add_column(heading, justify="right", no_wrap=True)
    return table
