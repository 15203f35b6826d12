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

from service_index.publishing import current, labels
from service_index.publishing.current import (
    Month,
    NationalStanding,
    ProvinceScore,
    RankedUnit,
    UnitBelowTarget,
)
from service_index.publishing.printing import (
    local_time,
    number,
    one_line,
    percent,
)
from service_index.publishing.tables import SAMPLE_NOTICE, release_folder

LISTED = 10
NOTHING = "–"

# The rates that the Office's letter quotes beside a group's points.
_QUOTED_RATES = {
    "timeliness": (("05", ""),),
    "online_service": (("08", ""),),
    "online_payment": (("11", ""),),
    "digitisation": (
        ("13", "hồ sơ số hóa (digitised)"),
        ("12", "kết quả điện tử (electronic results)"),
        ("14", "khai thác, sử dụng lại (reused)"),
    ),
    "satisfaction": (("21", ""),),
}


def show_month(
    connection: psycopg.Connection, month: date, releases: Path, console: Console
) -> None:
    """Print the current release of `month`; its files lie under `releases`.

    Reads published.current_* only. Raises LookupError when nothing is published.
    """
    console.print(render(current.read_month(connection, month), month, releases))


def render(view: Month, month: date, releases: Path) -> RenderableType:
    """The whole view of one release."""
    ranked = view.communes
    lowest = ranked[LISTED:][-LISTED:][::-1]
    parts: list[RenderableType] = [
        _head(view, month),
        _groups(view.province, view.national),
        _ranking("Xã, phường xếp hạng cao nhất (top communes)", ranked[:LISTED]),
    ]
    if lowest:
        parts.append(_ranking("Xã, phường xếp hạng thấp nhất (bottom communes)", lowest))
    parts.append(_below_target(view.below_target))
    folder = release_folder(releases, view.release.release_id)
    parts.append(Text(f"Tệp dữ liệu (files): {folder}", overflow="fold"))
    return Group(*parts)


def _head(view: Month, month: date) -> Panel:
    release, province = view.release, view.province
    lines = Text()
    if release.is_sample:
        lines.append(f"{SAMPLE_NOTICE} (sample data)\n", style="bold red")
    lines.append(f"Tổng điểm (total score): {_points(province.total_score, 2)}/100", style="bold")
    scored = sum(rate is not None for rate in province.rates.values())
    lines.append(
        f"\nĐiểm đạt (points): {_points(province.raw_points, 2)}"
        f"/{_points(province.applicable_max_points, 0)}"
        f" trên {scored}/{len(province.rates)} tiêu chí (criteria scored)"
    )
    if view.national is not None:
        lines.append(f"\nHạng toàn quốc (national rank): {_national_rank(view.national)}")
    lines.append(f"\nTrạng thái (status): {labels.STATUSES[release.status].both}")
    lines.append(f"\nSố liệu đến (data up to): {local_time(release.data_cutoff)}")
    title = Text(f"{one_line(province.unit_name)} · {month:%m/%Y} · {release.release_id}")
    return Panel(lines, title=title, title_align="left")


def _points(value: Decimal | None, places: int) -> str:
    return NOTHING if value is None else number(value, places)


def _rate(value: Decimal | None) -> str:
    return NOTHING if value is None else percent(value)


def _national_rank(national: NationalStanding) -> str:
    text = f"{national.rank}/{national.rank_out_of}"
    if national.computed_rank is None:
        return text
    return f"{text}, theo điểm tự tính (by the total above): {national.computed_rank}"


def _groups(province: ProvinceScore, national: NationalStanding | None) -> Table:
    headings = ["Điểm\n(points)", "Tối đa\n(max)", "Tỷ lệ\n(rate)"]
    if national is not None:
        headings += ["Hạng\n(national rank)", "Cả nước\n(average)"]
    table = _table("Nhóm chỉ số (criterion groups)", "Nhóm (group)", *headings)
    for group, (points, maximum) in province.groups.items():
        details = _QUOTED_RATES.get(group, ())
        rate = None
        if not details and points is not None and maximum:
            rate = points / maximum
        elif len(details) == 1:
            rate = province.rates.get(details[0][0])
        cells = [_points(points, 1), _points(maximum, 0), _rate(rate)]
        if national is not None:
            cells += [
                f"{national.ranks[group]}/{national.rank_out_of}",
                number(national.averages[group], 1),
            ]
        table.add_row(labels.GROUPS[group].both, *cells)
        if len(details) > 1:
            for criterion_code, label in details:
                table.add_row(f"  {label}", "", "", _rate(province.rates.get(criterion_code)))
    return table


def _ranking(title: str, units: Sequence[RankedUnit]) -> Table:
    table = _table(title, "Đơn vị (unit)", "Hạng\n(rank)", "Tổng điểm\n(total)", "Xếp loại\n(band)")
    for unit in units:
        table.add_row(
            Text(one_line(unit.unit_name)),
            f"{unit.rank}/{unit.rank_out_of}",
            number(unit.total_score, 2),
            Text(one_line(unit.band)),
        )
    return table


def _below_target(units: Sequence[UnitBelowTarget]) -> RenderableType:
    title = "Dưới chỉ tiêu xử lý trực tuyến toàn trình (below the end-to-end online target)"
    if not units:
        return Text(f"{title}: không có (none)")
    table = _table(
        None,
        "Đơn vị (unit)",
        "Tỷ lệ\n(rate)",
        "Chỉ tiêu\n(target)",
        "Đạt/đã giải quyết\n(met/resolved)",
        "Còn thiếu\n(shortfall)",
    )
    for unit in units:
        table.add_row(
            Text(one_line(unit.unit_name)),
            percent(unit.rate),
            percent(unit.target_rate),
            f"{unit.numerator}/{unit.denominator}",
            str(unit.shortfall),
        )
    # Not the table's own title, which would be wrapped to the table.
    return Group(Text(f"{title}: {len(units)}", style="bold"), table)


def _table(title: str | None, left: str, *right: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(left)
    for heading in right:
        # A number is never cut: what is short of room is the name on the left, which wraps.
        table.add_column(heading, justify="right", no_wrap=True)
    return table
