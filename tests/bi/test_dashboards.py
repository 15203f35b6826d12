"""Every dashboard opened by a browser, and each number on it held against the marts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.bi.conftest import HOSTILE, HOSTILE_IN_A_TABLE, SCREENSHOTS, Served, Window

NEWEST = "(select max(period_month) from marts.mart_monthly_score)"
GROUPS = (
    "transparency",
    "timeliness",
    "online_service",
    "online_payment",
    "digitisation",
    "satisfaction",
)


@pytest.fixture(autouse=True)
def _nothing_amiss(window: Window, served: Served) -> Iterator[None]:
    yield
    assert window.complaints == []
    assert window.hosts == {served.address.removeprefix("http://")}


def printed(value: Decimal | int | None, decimals: int = 0) -> str:
    """As Vietnam writes numbers, rounded half up from the exact value."""
    if value is None:
        return "N/A"
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded:,}".translate(str.maketrans(",.", ".,"))


def percent(numerator: int, denominator: int) -> str:
    return printed(Decimal(100 * numerator) / denominator, 2)


def exact(value: Any) -> Decimal:
    """A figure of a chart's own rows, which come as JSON numbers."""
    return Decimal(repr(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def rows(marts: psycopg.Connection, query: str) -> list[Any]:
    return marts.execute(query).fetchall()


def keep_a_picture(window: Window, name: str, tmp_path: Path) -> None:
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    window.page.screenshot(path=folder / f"superset-{name}.png")


def criteria(marts: psycopg.Connection, unit: str) -> list[list[str]]:
    return [
        [
            f"{code}. {name}",
            printed(numerator),
            printed(denominator),
            printed(None if rate is None else 100 * rate, 2),
            printed(score, 2),
            printed(most, 2),
        ]
        for code, name, numerator, denominator, rate, score, most in marts.execute(
            f"""
            select f.criterion_code, d.name_vi, f.numerator, f.denominator, f.rate, f.score,
                f.max_points
            from marts.fct_criterion_score as f
            inner join marts.dim_criterion as d
                using (criterion_code, catalogue_version)
            where f.period_month = {NEWEST} and f.unit_code = %s
            order by f.criterion_code
            """,
            [unit],
        )
    ]


def test_province_overview(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("tong-quan", charts=8)
    _hold_the_province_s_month(window, marts, NEWEST)
    trend = rows(
        marts,
        "select to_char(period_month, 'YYYY-MM'), round(total_score, 2) "
        "from marts.mart_monthly_score where unit_type = 'province' and province_code = '33' "
        "order by 1",
    )
    shown = window.answers["Điểm tổng qua các tháng"]
    assert [(one["month"], exact(one["score_of_the_unit"])) for one in shown] == trend
    flow = rows(
        marts,
        """
        select to_char(period_month, 'YYYY-MM'),
            received_online + received_in_person + received_by_post,
            resolved_early + resolved_on_the_day + resolved_late, open_overdue
        from marts.mart_dossier_balance where unit_code = '33' order by 1
        """,
    )
    shown = window.answers["Hồ sơ tiếp nhận và giải quyết qua các tháng"]
    names = ("month", "received_in_all", "resolved_in_all", "overdue_in_all")
    assert [tuple(one[name] for name in names) for one in shown] == flow
    keep_a_picture(window, "province-overview", tmp_path)


def test_a_dashboard_follows_its_filters(window: Window, marts: psycopg.Connection) -> None:
    window.open("tong-quan", charts=8)
    window.choose("month", "2025-03")
    window.wait(charts=8)
    _hold_the_province_s_month(window, marts, "date '2025-03-01'")


def _hold_the_province_s_month(window: Window, marts: psycopg.Connection, month: str) -> None:
    where = f"where period_month = {month}"
    (total,) = rows(
        marts, f"select total_score from marts.mart_monthly_score {where} and unit_code = '33'"
    )
    assert window.number("Điểm tổng của tỉnh") == printed(*total, 2)
    (rank,) = rows(
        marts, f"select rank from marts.mart_national_ranking {where} and province_code = '33'"
    )
    assert window.number("Hạng toàn quốc") == printed(*rank)
    (online,) = rows(
        marts,
        f"""
        select numerator, denominator from marts.mart_target_compliance {where}
            and unit_code = '33' and basis = 'month' and metric_code = 'end_to_end_online'
            and field_code = '*'
        """,
    )
    assert window.number("Trực tuyến toàn trình (%)") == percent(*online)
    (on_time,) = rows(
        marts,
        f"""
        select resolved_early + resolved_on_the_day,
            resolved_early + resolved_on_the_day + resolved_late
        from marts.mart_dossier_balance {where} and unit_code = '33'
        """,
    )
    assert window.number("Giải quyết đúng hạn (%)") == percent(*on_time)
    shares = ", ".join(f"100 * {group} / nullif({group}_max, 0)" for group in GROUPS)
    (expected,) = rows(
        marts, f"select {shares} from marts.mart_monthly_score {where} and unit_code = '33'"
    )
    shown = window.answers["Sáu nhóm chỉ số: phần trăm điểm tối đa"]
    in_order = sorted(shown, key=lambda one: one["group_name"])
    assert [exact(one["share_of_maximum"]) for one in in_order] == [
        share.quantize(Decimal("0.01"), ROUND_HALF_UP) for share in expected
    ]


def test_province_criteria(window: Window, marts: psycopg.Connection) -> None:
    window.open("tong-quan", charts=8)
    expected = criteria(marts, "33")
    assert len(expected) == 21
    assert window.table("21 tiêu chí của tỉnh") == expected


def test_ranking(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("xep-hang", charts=4)
    points = ", ".join(GROUPS)
    expected = [
        [
            printed(rank),
            "N/A" if None in (rank, before) or is_break else f"{before - rank:+}",
            f"{name} ({code})",
            printed(total, 2),
            band,
            *(printed(group, 2) for group in groups),
        ]
        for rank, before, is_break, name, code, total, band, *groups in rows(
            marts,
            f"""
            select rank, previous_rank, is_series_break, unit_name, unit_code, total_score, band,
                {points}
            from marts.mart_monthly_score
            where period_month = {NEWEST} and unit_type = 'commune' and province_code = '33'
            order by rank, unit_name || ' (' || unit_code || ')'
            """,
        )
    ]
    # Markup and templates in a name are text.
    assert expected[0][2].startswith(HOSTILE)
    expected[0][2] = expected[0][2].replace(HOSTILE, HOSTILE_IN_A_TABLE)
    assert window.table("Bảng xếp hạng") == expected
    assert window.page.locator("table img, table b").count() == 0
    bands = rows(
        marts,
        f"""
        select band, count(*) from marts.mart_monthly_score
        where period_month = {NEWEST} and unit_type = 'commune' and province_code = '33'
        group by 1 order by 1
        """,
    )
    counted = window.answers["Số đơn vị theo xếp loại"]
    assert sorted((one["band"], one["units"]) for one in counted) == sorted(bands)
    assert sum(one["units"] for one in window.answers["Số đơn vị theo mức điểm"]) == len(expected)
    national = rows(
        marts,
        f"""
        select rank, total_score, {points} from marts.mart_national_ranking
        where period_month = {NEWEST} order by rank
        """,
    )
    assert [
        [row[0], *row[2:]] for row in window.table("Toàn quốc: bảng của Cổng dịch vụ công quốc gia")
    ] == [[printed(rank), *(printed(value, 2) for value in values)] for rank, *values in national]
    keep_a_picture(window, "ranking", tmp_path)


def test_unit_detail(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("don-vi", charts=9)
    # Of the newest month the first by name, the one whose name is markup.
    ((code, total, rank),) = rows(
        marts,
        f"""
        select unit_code, total_score, rank from marts.mart_monthly_score
        where period_month = {NEWEST} and unit_type = 'commune'
        order by unit_name || ' (' || unit_code || ')' limit 1
        """,
    )
    assert window.number("Điểm tổng") == printed(total, 2)
    assert window.number("Hạng trong tỉnh") == printed(rank)
    ((numerator, denominator, overdue),) = rows(
        marts,
        f"""
        select t.numerator, t.denominator, b.open_overdue
        from marts.mart_target_compliance as t
        inner join marts.mart_dossier_balance as b using (period_month, unit_code)
        where t.period_month = {NEWEST} and unit_code = '{code}' and t.basis = 'month'
            and t.metric_code = 'end_to_end_online' and t.field_code = '*'
        """,
    )
    assert window.number("Trực tuyến toàn trình (%)") == percent(numerator, denominator)
    assert window.number("Hồ sơ đang giải quyết, quá hạn") == printed(overdue)
    assert [row[:6] for row in window.table("Các tiêu chí của đơn vị")] == criteria(marts, code)
    balance = rows(
        marts,
        f"""
        select to_char(b.period_month, 'YYYY-MM'), b.carried_over,
            b.received_online + b.received_in_person + b.received_by_post, b.received_online,
            b.resolved_early + b.resolved_on_the_day, b.resolved_late, b.withdrawn + b.stopped,
            b.open_on_time, b.open_overdue
        from marts.mart_dossier_balance as b
        inner join marts.mart_monthly_score as s using (period_month, unit_code)
        where unit_code = '{code}'
            and s.unit_name = (
                select unit_name from marts.mart_monthly_score
                where period_month = {NEWEST} and unit_code = '{code}'
            )
        order by 1 desc
        """,
    )
    assert window.table("Hồ sơ qua các tháng") == [
        [month, *(printed(count) for count in counts)] for month, *counts in balance
    ]
    causes = rows(
        marts,
        f"""
        select dossiers_failing, dossiers_failing_only from marts.mart_compliance_cause
        where period_month = {NEWEST} and unit_code = '{code}' order by 1, 2
        """,
    )
    shown = window.answers["Vì sao hồ sơ chưa trực tuyến toàn trình"]
    assert sorted((one["failing"], one["failing_only"]) for one in shown) == causes
    keep_a_picture(window, "unit-detail", tmp_path)


def test_compliance(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("chi-tieu", charts=8)
    target = f"""
        from marts.mart_target_compliance as t
        inner join marts.mart_release_unit as u using (period_month, unit_code)
        where t.period_month = {NEWEST} and t.basis = 'month'
            and t.metric_code = 'end_to_end_online' and u.province_code = '33'
    """
    ((numerator, denominator, rate, shortfall),) = rows(
        marts,
        "select numerator, denominator, target_rate, shortfall "
        f"{target} and unit_code = '33' and field_code = '*'",
    )
    assert window.number("Toàn tỉnh (%)") == percent(numerator, denominator)
    assert window.number("Mức giao (%)") == printed(100 * rate, 2)
    assert window.number("Còn thiếu (hồ sơ)") == printed(shortfall)
    ((communes,),) = rows(
        marts,
        f"select count(*) {target} and u.unit_type = 'commune' and field_code = '*' "
        "and is_compliant",
    )
    assert window.number("Số xã, phường đạt") == printed(communes)
    expected = [
        [
            f"{name} ({code})",
            printed(above),
            printed(under),
            percent(above, under),
            printed(100 * wanted, 2),
            "Đạt" if complies else "Chưa đạt",
            printed(missing),
        ]
        for name, code, above, under, wanted, complies, missing in rows(
            marts,
            f"""
            select u.unit_name, unit_code, t.numerator, t.denominator, t.target_rate,
                t.is_compliant, t.shortfall
            {target} and field_code = '*' and u.unit_type <> 'province' and t.denominator > 0
                and t.target_rate is not null
            order by t.shortfall desc, u.unit_name || ' (' || unit_code || ')'
            """,
        )
    ]
    for row in expected:
        row[0] = row[0].replace(HOSTILE, HOSTILE_IN_A_TABLE)
    shown = [[row[0], *row[2:]] for row in window.table("Từng đơn vị, thiếu nhiều nhất trước")]
    assert shown == expected
    fields = rows(
        marts,
        f"""
        select t.numerator, t.denominator {target} and unit_code = '33' and field_code <> '*'
            and t.denominator > 0
        """,
    )
    shown = window.table("Từng lĩnh vực của tỉnh")
    assert sorted(row[1:4] for row in shown) == sorted(
        [printed(above), printed(under), percent(above, under)] for above, under in fields
    )
    keep_a_picture(window, "compliance", tmp_path)


def test_data_quality(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("chat-luong", charts=7)
    feeds = rows(
        marts,
        """
        select feed, to_char(loaded_until + interval '7 hours', 'YYYY-MM-DD HH24:MI'),
            records_in_quarantine
        from marts.mart_freshness order by feed
        """,
    )
    shown = window.table("Dữ liệu đã nạp đến khi nào (giờ Việt Nam)")
    assert [[row[0], row[1], row[3]] for row in shown] == [
        [feed, until or "N/A", printed(count)] for feed, until, count in feeds
    ]
    assert window.number("Bản ghi bị cách ly") == printed(sum(count for *_, count in feeds))
    ((broken,),) = rows(
        marts,
        "select count(*) from marts.mart_form_check where not holds and province_code = '33'",
    )
    assert window.number("Đẳng thức của biểu mẫu không khớp") == printed(broken)
    assert len(window.table("Đẳng thức của biểu mẫu thống kê không khớp")) == broken
    ((changed,),) = rows(
        marts,
        "select count(*) from published.change where release_id in "
        "(select release_id from published.current_release)",
    )
    assert changed > 0
    assert window.number("Giá trị đã công bố được chỉnh sửa") == printed(changed)
    compared = rows(
        marts,
        """
        select to_char(period_month, 'YYYY-MM'), computed_points, published_points, difference
        from marts.mart_score_reconciliation where province_code = '33'
        """,
    )
    shown = window.table("Điểm kho tính so với Cổng quốc gia")
    assert sorted([row[0], *row[2:]] for row in shown) == sorted(
        [month, *(printed(value, 2) for value in values)] for month, *values in compared
    )
    keep_a_picture(window, "data-quality", tmp_path)
