"""Every dashboard opened by a browser, and every chart on it held against the marts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service_index.publishing import labels
from service_index.publishing.labels import STATUSES, UNIT_TYPES, Label
from tests.bi import expected
from tests.bi.conftest import HOSTILE, HOSTILE_IN_A_TABLE, SCREENSHOTS, Served, Window
from tests.bi.expected import GROUPS, NEWEST, hundredths, percent, printed, rows

GROUP_LABELS = labels.GROUPS | {"total": Label("Tổng", "total")}
PIXEL = "apachesuperset.gateway.scarf.sh"
# Of the targets: those of the newest month in the province, by the filters' first choice.
TARGETS = f"""
    from marts.mart_target_compliance as t
    inner join marts.mart_release_unit as u using (period_month, unit_code)
    where t.period_month = {NEWEST} and t.basis = 'month'
        and t.metric_code = 'end_to_end_online' and u.province_code = '33'
"""


@pytest.fixture(autouse=True)
def _nothing_amiss(window: Window, served: Served) -> Iterator[None]:
    yield
    assert window.complaints == []
    # Superset's pages ask for a pixel of its makers: the policy forbids it, and all the rest.
    own = served.address.removeprefix("http://")
    assert window.asked - {own} <= {PIXEL}
    assert window.refused <= {(PIXEL, "csp")}


def test_province_overview(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("tong-quan")
    _hold_the_province_s_month(window, marts, NEWEST)
    trend = expected.province_by_month(
        marts,
        "select period_month, total_score from marts.mart_monthly_score "
        "where unit_code = '33' order by 1",
    )
    assert expected.by_version(window.rows("Điểm tổng qua các tháng"), "score_of_the_unit") == trend
    flow = expected.province_by_month(
        marts,
        """
        select period_month, received_online + received_in_person + received_by_post,
            resolved_early + resolved_on_the_day + resolved_late, open_overdue
        from marts.mart_dossier_balance where unit_code = '33' order by 1
        """,
    )
    names = ("Tiếp nhận", "Đã giải quyết", "Quá hạn chưa giải quyết")
    shown = window.rows("Hồ sơ tiếp nhận và giải quyết qua các tháng")
    assert expected.by_version(shown, *names) == flow
    assert {version for _, version, _ in flow} == {"đến 30/06/2025", "hiện nay"}
    criteria = expected.criteria(marts, "33")
    assert len(criteria) == 21
    assert window.table("21 tiêu chí của tỉnh") == [row[:6] for row in criteria]
    window.assert_all_held()
    _keep_a_picture(window, "province-overview", tmp_path)


def test_a_dashboard_follows_its_filters(window: Window, marts: psycopg.Connection) -> None:
    window.open("tong-quan")
    window.choose(month="2025-03")
    _hold_the_province_s_month(window, marts, "date '2025-03-01'")


def test_a_code_that_was_used_again_is_two_units(window: Window, marts: psycopg.Connection) -> None:
    ((name, code, total),) = rows(
        marts,
        """
        select old.unit_name, old.unit_code, old.total_score
        from marts.mart_monthly_score as old
        inner join marts.mart_monthly_score as new using (unit_code, unit_name)
        where old.period_month = '2025-03-01' and new.period_month = '2025-08-01'
            and old.unit_type = 'commune' and old.total_score is not null
        order by unit_code limit 1
        """,
    )
    window.open("don-vi")
    window.choose(month="2025-03", unit=f"{name} ({code}) – đến 30/06/2025")
    assert window.number("Điểm tổng") == printed(total, 2)
    months = {one["month"] for one in window.rows("Điểm tổng qua các tháng")}
    assert "2025-03" in months and max(months) < "2025-07"
    assert max(row[0] for row in window.table("Hồ sơ của riêng đơn vị qua các tháng")) < "2025-07"


def test_targets_follow_what_is_counted_and_since_when(
    window: Window, marts: psycopg.Connection
) -> None:
    window.open("chi-tieu")
    window.choose(metric="Kết quả điện tử lưu vào Kho dữ liệu", basis="Từ đầu năm")
    ((numerator, denominator),) = rows(
        marts,
        f"""
        select numerator, denominator from marts.mart_target_compliance
        where period_month = {NEWEST} and unit_code = '33' and field_code = '*'
            and basis = 'year_to_date' and metric_code = 'result_in_vault'
        """,
    )
    assert window.number("Toàn tỉnh (%)") == percent(numerator, denominator)


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
    _hold_the_groups(window, marts, "33", month)


def _hold_the_groups(window: Window, marts: psycopg.Connection, unit: str, month: str) -> None:
    shown = window.rows("Sáu nhóm chỉ số: phần trăm điểm tối đa")
    in_order = sorted(shown, key=lambda one: one["group_name"])
    assert [hundredths(one["share_of_maximum"]) for one in in_order] == expected.shares_of_groups(
        marts, unit, month
    )


def test_ranking(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("xep-hang")
    points = ", ".join(GROUPS)
    ranked = [
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
    assert ranked[0][2].startswith(HOSTILE)
    ranked[0][2] = ranked[0][2].replace(HOSTILE, HOSTILE_IN_A_TABLE)
    assert window.table("Bảng xếp hạng") == ranked
    assert window.page.locator("table img, table b").count() == 0
    grouped = (
        f"from marts.mart_monthly_score where period_month = {NEWEST} "
        "and unit_type = 'commune' and province_code = '33' group by 1"
    )
    bands = rows(marts, f"select band, count(*) {grouped}")
    shown = window.rows("Số đơn vị theo xếp loại")
    assert sorted((one["band"], one["units"]) for one in shown) == sorted(bands)
    spread = rows(
        marts, f"select least(95, 5 * floor(round(total_score, 2) / 5)), count(*) {grouped}"
    )
    shown = window.rows("Số đơn vị theo mức điểm")
    assert sorted((int(one["Mức điểm"].split("–")[0]), one["units"]) for one in shown) == sorted(
        spread
    )
    national = rows(
        marts,
        f"""
        select rank, province_name, province_code, total_score, {points}
        from marts.mart_national_ranking where period_month = {NEWEST} order by rank
        """,
    )
    shown = window.table("Toàn quốc: bảng của Cổng dịch vụ công quốc gia")
    # The province's own name has its kind before it.
    assert [[row[0], row[1].removeprefix("Tỉnh "), *row[2:]] for row in shown] == [
        [printed(rank), f"{name} ({code})", *(printed(value, 2) for value in values)]
        for rank, name, code, *values in national
    ]
    window.assert_all_held()
    _keep_a_picture(window, "ranking", tmp_path)


def test_unit_detail(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("don-vi")
    # Of the newest month the first by name, the one whose name is markup.
    ((code, name, total, rank),) = rows(
        marts,
        f"""
        select unit_code, unit_name, total_score, rank from marts.mart_monthly_score
        where period_month = {NEWEST} and unit_type = 'commune'
        order by unit_name || ' (' || unit_code || ')' limit 1
        """,
    )
    assert name == HOSTILE
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
    trend = window.rows("Điểm tổng qua các tháng")
    assert [
        (one["month"], hundredths(one["score_of_the_unit"])) for one in trend
    ] == expected.totals_by_month(marts, code)
    _hold_the_groups(window, marts, code, NEWEST)
    shown = window.table("Các tiêu chí của đơn vị")
    assert shown == expected.criteria(marts, code)
    shown = window.table("Hồ sơ của riêng đơn vị qua các tháng")
    assert shown == expected.balance_by_month(marts, code)
    causes = window.rows("Vì sao hồ sơ chưa trực tuyến toàn trình (gồm đơn vị trực thuộc)")
    assert expected.causes_shown(causes) == expected.causes(marts, code)
    window.assert_all_held()
    _keep_a_picture(window, "unit-detail", tmp_path)


def test_compliance(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("chi-tieu")
    ((numerator, denominator, rate, shortfall),) = rows(
        marts,
        "select numerator, denominator, target_rate, shortfall "
        f"{TARGETS} and unit_code = '33' and field_code = '*'",
    )
    assert window.number("Toàn tỉnh (%)") == percent(numerator, denominator)
    assert window.number("Mức giao (%)") == printed(100 * rate, 2)
    assert window.number("Còn thiếu (hồ sơ)") == printed(shortfall)
    ((communes,),) = rows(
        marts,
        f"select count(*) {TARGETS} and u.unit_type = 'commune' and field_code = '*' "
        "and is_compliant",
    )
    assert window.number("Số xã, phường đạt") == printed(communes)
    _hold_the_tables_of_targets(window, marts)
    trend = expected.province_by_month(
        marts,
        """
        select period_month, 100.0 * numerator / nullif(denominator, 0), 100 * target_rate
        from marts.mart_target_compliance
        where unit_code = '33' and basis = 'month' and metric_code = 'end_to_end_online'
            and field_code = '*'
        order by 1
        """,
    )
    shown = window.rows("Tỷ lệ và mức giao qua các tháng (%)")
    assert expected.by_version(shown, "Tỷ lệ", "Mức giao") == trend
    causes = window.rows("Vì sao hồ sơ chưa trực tuyến toàn trình (trong tháng)")
    assert expected.causes_shown(causes) == expected.causes(marts, "33")
    window.assert_all_held()
    _keep_a_picture(window, "compliance", tmp_path)


def _hold_the_tables_of_targets(window: Window, marts: psycopg.Connection) -> None:
    units = [
        [
            f"{name.replace(HOSTILE, HOSTILE_IN_A_TABLE)} ({code})",
            UNIT_TYPES[kind].vi,
            *expected.target(*figures),
        ]
        for name, code, kind, *figures in rows(
            marts,
            f"""
            select u.unit_name, unit_code, u.unit_type, t.numerator, t.denominator, t.target_rate,
                t.is_compliant, t.shortfall
            {TARGETS} and field_code = '*' and u.unit_type <> 'province' and t.denominator > 0
                and t.target_rate is not null
            order by t.shortfall desc, u.unit_name || ' (' || unit_code || ')'
            """,
        )
    ]
    assert window.table("Từng đơn vị, thiếu nhiều nhất trước") == units
    fields = rows(
        marts,
        f"""
        select coalesce(f.field_name, field_code), t.numerator, t.denominator, t.target_rate,
            t.is_compliant, t.shortfall
        {
            TARGETS.replace(
                "where",
                "left join marts.mart_release_field as f using (period_month, field_code) where",
            )
        }
            and unit_code = '33' and field_code <> '*' and t.denominator > 0
        """,
    )
    assert sorted(window.table("Từng lĩnh vực của tỉnh")) == sorted(
        [name, *expected.target(*figures)] for name, *figures in fields
    )


def test_data_quality(window: Window, marts: psycopg.Connection, tmp_path: Path) -> None:
    window.open("chat-luong")
    feeds = rows(
        marts,
        """
        select feed, to_char(loaded_until + interval '7 hours', 'YYYY-MM-DD HH24:MI'),
            to_char(last_batch_at + interval '7 hours', 'YYYY-MM-DD HH24:MI'),
            records_in_quarantine
        from marts.mart_freshness order by feed
        """,
    )
    shown = window.table("Dữ liệu đã nạp đến khi nào (giờ Việt Nam)")
    assert shown == [
        [feed, until or "N/A", last or "N/A", printed(count)] for feed, until, last, count in feeds
    ]
    assert window.number("Bản ghi bị cách ly") == printed(sum(count for *_, count in feeds))
    broken = rows(
        marts,
        """
        select period, description_vi, left_value, right_value, difference
        from marts.mart_form_check
        where not holds and province_code = '33'
        """,
    )
    assert window.number("Đẳng thức của biểu mẫu không khớp") == printed(len(broken))
    shown = window.table("Đẳng thức của biểu mẫu thống kê không khớp")
    assert sorted(shown) == sorted(
        [period, identity, *(printed(value) for value in values)]
        for period, identity, *values in broken
    )
    releases = rows(
        marts,
        """
        select r.release_id, r.status,
            to_char(r.created_at + interval '7 hours', 'YYYY-MM-DD HH24:MI'), count(c.release_id)
        from published.current_release as r
        left join published.change as c using (release_id)
        group by 1, 2, 3 order by 1
        """,
    )
    changed = sum(count for *_, count in releases)
    assert changed > 0
    assert window.number("Giá trị đã công bố được chỉnh sửa") == printed(changed)
    assert sorted(window.table("Các bản công bố hiện hành")) == [
        [release_id, STATUSES[status].vi, made, printed(count)]
        for release_id, status, made, count in releases
    ]
    compared = rows(
        marts,
        """
        select to_char(period_month, 'YYYY-MM'), group_code, computed_points, published_points,
            difference
        from marts.mart_score_reconciliation where province_code = '33'
        """,
    )
    shown = window.table("Điểm kho tính so với Cổng quốc gia")
    assert sorted([month, re.sub(r"^\d\. ", "", group), *row] for month, group, *row in shown) == (
        sorted(
            [month, GROUP_LABELS[group].vi, *(printed(value, 2) for value in values)]
            for month, group, *values in compared
        )
    )
    window.assert_all_held()
    _keep_a_picture(window, "data-quality", tmp_path)


def _keep_a_picture(window: Window, name: str, tmp_path: Path) -> None:
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    window.page.screenshot(path=folder / f"superset-{name}.png")
