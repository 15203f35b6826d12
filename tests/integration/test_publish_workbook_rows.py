"""Every cell of a month's workbook is the published row's, and every sum is the database's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import openpyxl
import psycopg
import pytest
from openpyxl.workbook import Workbook
from psycopg.rows import dict_row
from publish_marts import MARCH, fill_march, publish, resolve_late
from release_files import sheet_rows

from service_index.publishing import labels
from service_index.publishing.folder import ensure_files
from tests.warehouses import fresh_warehouse

Row = dict[str, Any]
Ask = Callable[[str], list[Row]]
NOT_RANKED = {code: label.vi for code, label in labels.NOT_RANKED.items()}
VERDICTS = {True: "Đạt", False: "Chưa đạt", None: None}


@pytest.fixture(scope="module")
def published(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workbook, Ask]]:
    """The workbook in the folder of a second release, and how to ask for that release's rows.

    It has small cells, a field without a target of its own and a unit with too few dossiers.
    """
    with fresh_warehouse(postgres_server) as dsn, psycopg.connect(dsn) as connection:
        fill_march(connection, communes=9)
        add_odd_cells(connection)
        publish(connection)
        resolve_late(connection, "H31.003", 9)
        connection.execute(
            "update marts.mart_monthly_score set rank = null, rank_out_of = null, "
            "previous_rank = 3, ranking_status = 'below_minimum_volume' where unit_code = 'H31.009'"
        )
        connection.commit()
        folder = ensure_files(
            connection, publish(connection).release_id, tmp_path_factory.mktemp("releases")
        )

        def ask(query: str) -> list[Row]:
            with connection.cursor(row_factory=dict_row) as cursor:
                found = cursor.execute(query.replace("RELEASE", "'2025-03.r2'")).fetchall()
            assert found
            return found

        yield openpyxl.load_workbook(folder / "2025-03.xlsx"), ask


def add_odd_cells(connection: psycopg.Connection) -> None:
    connection.execute(
        "update marts.fct_criterion_score set numerator = 3, denominator = 4, rate = 0.75 "
        "where unit_code = 'H31.007' and criterion_code = '21'"
    )
    connection.execute(
        "insert into marts.mart_release_field values (%s, 'dat-dai', '=1+1')", [MARCH]
    )
    connection.execute(
        """
        insert into marts.mart_target_compliance
        select period_month, basis, metric_code, unit_code, 'dat-dai', part, whole,
            part / whole::numeric, null, null, null
        from marts.mart_target_compliance
        cross join lateral (
            select
                case when unit_code = 'H31.002' then 1 else numerator - 7 end as part,
                case when unit_code = 'H31.002' then 3 else denominator - 7 end as whole
        ) as of_field
        where field_code = 'ho-tich'
        """
    )
    connection.execute(
        "update marts.mart_target_compliance set numerator = 1, denominator = 2, rate = 0.5 "
        "where unit_code = 'H31.004' and field_code = 'ho-tich' and basis = 'month'"
    )
    connection.commit()


def assert_cells(found: list[Row], expected: Iterable[Row], key: str | None = "Mã") -> None:
    """The same rows, cell by cell; in the same order where `key` is None.

    A number is a double in the sixteen digits that the library writes.
    """
    expected = list(expected)
    if key is not None:
        found, expected = (sorted(rows, key=lambda row: row[key]) for rows in (found, expected))
    assert len(found) == len(expected)
    for row, exact in zip(found, expected, strict=True):
        assert row.keys() == exact.keys()
        for heading, value in exact.items():
            is_number = isinstance(value, Decimal | int)
            assert isinstance(row[heading], int | float) is is_number, (heading, exact)
            shown = float(f"{float(value):.16G}") if is_number else value
            assert row[heading] == shown, (heading, exact)


def assert_sums(found: list[Row], sums: Row) -> None:
    """The sums of whole columns as the database adds them up; what is withheld counts nothing."""
    for heading, exact in sums.items():
        cells = [row[heading] for row in found if isinstance(row[heading], int | float)]
        assert cells
        assert sum(cells) == pytest.approx(float(exact), rel=1e-13), heading


def unit(row: Row) -> Row:
    return {
        "Loại đơn vị": labels.UNIT_TYPES[row["unit_type"]].vi,
        "Mã": row["unit_code"],
        "Đơn vị": row["unit_name"],
    }


def test_ranking(published: tuple[Workbook, Ask]) -> None:
    book, ask = published
    found = sheet_rows(book, "Xếp hạng")
    rows = ask(
        "select s.*, u.former_unit_name from published.monthly_score as s "
        "join published.unit as u using (release_id, unit_code) where release_id = RELEASE"
    )
    assert_cells(
        found,
        (
            unit(row)
            | {
                "Hạng": row["rank"],
                "Trên tổng số": row["rank_out_of"],
                "Hạng tháng trước": row["previous_rank"],
                "Tổng điểm": row["total_score"],
                "Xếp loại": row["band"],
                "Điểm đạt": row["raw_points"],
                "Điểm tối đa áp dụng": row["applicable_max_points"],
                "Huyện cũ": row["former_unit_name"],
                "Không xếp hạng vì": NOT_RANKED.get(row["ranking_status"]),
            }
            | {label.vi: row[group] for group, label in labels.GROUPS.items()}
            for row in rows
        ),
    )
    assert {row["Không xếp hạng vì"] for row in found} == {
        NOT_RANKED["unit_type_not_ranked"],
        NOT_RANKED["below_minimum_volume"],
        None,
    }
    (sums,) = ask(
        'select sum(total_score) as "Tổng điểm", sum(raw_points) as "Điểm đạt", '
        'sum(applicable_max_points) as "Điểm tối đa áp dụng", sum(rank) as "Hạng" '
        "from published.monthly_score where release_id = RELEASE"
    )
    assert_sums(found, sums)


@pytest.mark.parametrize(
    ("sheet", "column"), [("Điểm theo tiêu chí", "score"), ("Tỷ lệ theo tiêu chí", "rate")]
)
def test_matrix_of_units_and_criteria(
    published: tuple[Workbook, Ask], sheet: str, column: str
) -> None:
    book, ask = published
    found = sheet_rows(book, sheet)
    expected: dict[str, Row] = {}
    for row in ask(
        "select c.*, s.unit_name, n.name_vi from published.public_criterion_score as c "
        "join published.monthly_score as s using (release_id, unit_code) "
        "join published.criterion as n using (release_id, criterion_code) "
        "where release_id = RELEASE"
    ):
        cells = expected.setdefault(row["unit_code"], unit(row))
        hidden = row["withheld"] if column == "rate" else None
        cells[f"{row['criterion_code']}  {row['name_vi']}"] = hidden or row[column]
    assert_cells(found, expected.values())
    assert ("n<5" in {row["21  Tiêu chí 21"] for row in found}) is (column == "rate")
    sums = ask(
        f"select criterion_code, sum({column}) as of_all from published.public_criterion_score "
        f"where release_id = RELEASE group by criterion_code having count({column}) > 0"
    )
    assert_sums(
        found, {f"{r['criterion_code']}  Tiêu chí {r['criterion_code']}": r["of_all"] for r in sums}
    )
    assert (labels.SMALL_CELL.vi in book[sheet]["A3"].value) is (column == "rate")


def test_criteria_of_the_province(published: tuple[Workbook, Ask]) -> None:
    book, ask = published
    rows = ask(
        "select n.*, s.numerator, s.denominator, s.rate, s.score "
        "from published.criterion as n "
        "left join published.public_criterion_score as s "
        "on s.release_id = n.release_id and s.criterion_code = n.criterion_code "
        "and s.unit_code = 'H31' where n.release_id = RELEASE"
    )
    found = sheet_rows(book, "Tiêu chí")
    assert_cells(
        found,
        (
            {
                "Mã": row["criterion_code"],
                "Nhóm chỉ số": labels.GROUPS[row["group_code"]].vi,
                "Tiêu chí": row["name_vi"],
                "Kỳ tính": labels.CRITERION_BASES[row["basis"]].vi,
                "Tử số": row["numerator_vi"],
                "Số đạt": row["numerator"],
                "Mẫu số": row["denominator_vi"],
                "Tổng số": row["denominator"],
                "Tỷ lệ": row["rate"],
                "Mức đạt điểm tối đa": row["target_rate"],
                "Điểm": row["score"],
                "Điểm tối đa": row["max_points"],
                "Chủ trì": row["lead_unit"],
                "Phối hợp": row["cooperating_units"],
                "Tạm ngừng vì": row["suspended_because"],
            }
            for row in rows
        ),
    )
    (sums,) = ask(
        'select sum(score) as "Điểm", sum(numerator) as "Số đạt", sum(denominator) as "Tổng số" '
        "from published.public_criterion_score where release_id = RELEASE and unit_code = 'H31'"
    )
    assert_sums(found, sums)


def compliance(row: Row) -> Row:
    """What a row of the database looks like on a sheet, without the unit."""
    hidden = row["withheld"]
    has_counts = row["field_code"] == "*" or row["target_rate"] is not None
    return {
        "Chỉ tiêu": labels.METRICS[row["metric_code"]].vi,
        "Kỳ": labels.BASES[row["basis"]].vi,
        "Số đạt": (hidden or row["numerator"]) if has_counts else "–",
        "Tổng số": (hidden or row["denominator"]) if has_counts else "–",
        "Tỷ lệ": hidden or row["rate"],
        "Mức giao": row["target_rate"],
        "Kết luận": VERDICTS[row["is_compliant"]],
        "Còn thiếu": (hidden or row["shortfall"]) if has_counts else None,
    }


def by_key(rows: Iterable[Row]) -> list[Row]:
    """With what tells rows apart under one heading."""
    names = ("Mã", "Chỉ tiêu", "Kỳ", "Lĩnh vực")
    return [row | {"key": tuple(row.get(name, "") for name in names)} for row in rows]


@pytest.mark.parametrize(
    ("sheet", "condition"), [("Chỉ tiêu", "= '*'"), ("Chỉ tiêu theo lĩnh vực", "<> '*'")]
)
def test_compliance(published: tuple[Workbook, Ask], sheet: str, condition: str) -> None:
    book, ask = published
    rows = ask(
        "select t.*, s.unit_name, s.unit_type from published.public_target_compliance as t "
        "join published.monthly_score as s using (release_id, unit_code) "
        f"where release_id = RELEASE and field_code {condition}"
    )
    of_field = {} if sheet == "Chỉ tiêu" else {"Lĩnh vực": "field_name"}
    expected = [
        unit(row) | compliance(row) | {heading: row[column] for heading, column in of_field.items()}
        for row in rows
    ]
    found = sheet_rows(book, sheet)
    assert_cells(by_key(found), by_key(expected), "key")
    (sums,) = ask(
        'select sum(numerator) as "Số đạt", sum(denominator) as "Tổng số", sum(rate) as "Tỷ lệ", '
        'sum(shortfall) as "Còn thiếu" from published.public_target_compliance '
        f"where release_id = RELEASE and field_code {condition}"
    )
    assert_sums(found, sums)


def test_rates_without_counts_are_shown_in_whole_percent(published: tuple[Workbook, Ask]) -> None:
    book, _ = published
    sheet = book["Chỉ tiêu theo lĩnh vực"]
    found = {
        (row[1].value, row[3].value, row[8].number_format, row[6].value == "–")
        for row in sheet.iter_rows(min_row=5)
        if isinstance(row[8].value, float | int)
    }
    assert {key[2:] for key in found if key[1] == "=1+1"} == {("0%", True)}
    assert {key[2:] for key in found if key[1] == "Hộ tịch"} == {("0.00%", False)}
    # Of three dossiers not even the rate.
    assert "H31.002" not in {unit_code for unit_code, field, *_ in found if field == "=1+1"}
    assert labels.RATE_ALONE.both in sheet["A3"].value
    assert labels.SMALL_CELL.both in sheet["A3"].value
    assert labels.RATE_ALONE.vi not in book["Chỉ tiêu"]["A3"].value


def test_causes(published: tuple[Workbook, Ask]) -> None:
    book, ask = published
    expected: dict[str, Row] = {}
    for row in ask(
        "select c.*, s.unit_name, s.unit_type from published.public_compliance_cause as c "
        "join published.monthly_score as s using (release_id, unit_code) "
        "where release_id = RELEASE"
    ):
        label = labels.CAUSES[row["cause"]].vi
        expected.setdefault(row["unit_code"], unit(row)).update(
            {
                label: row["withheld"] or row["dossiers_failing"],
                f"Chỉ vì: {label[0].lower()}{label[1:]}": (
                    row["withheld"] or row["dossiers_failing_only"]
                ),
            }
        )
    found = sheet_rows(book, "Nguyên nhân")
    assert_cells(found, expected.values())
    sums = ask(
        "select cause, sum(dossiers_failing) as of_all from published.public_compliance_cause "
        "where release_id = RELEASE group by cause"
    )
    assert_sums(found, {labels.CAUSES[row["cause"]].vi: row["of_all"] for row in sums})


def test_groups_of_the_province(published: tuple[Workbook, Ask]) -> None:
    book, ask = published
    (own,) = ask(
        "select * from published.monthly_score where release_id = RELEASE and unit_code = 'H31'"
    )
    (standing,) = ask(
        "select * from published.national_ranking "
        "where release_id = RELEASE and province_code = 'H31'"
    )
    means = {
        row["group_code"]: row["average_score"]
        for row in ask("select * from published.national_average where release_id = RELEASE")
    }

    def line(name: str, points: Any, maximum: Any, group: str, rank: str) -> Row:
        return {
            "Nhóm chỉ số": name,
            "Điểm": points,
            "Điểm tối đa": maximum,
            "Trung bình cả nước": means[group],
            "Hạng toàn quốc": standing[rank],
            "Số tỉnh xếp hạng": standing["rank_out_of"],
        }

    expected = [
        line(label.vi, own[group], own[f"{group}_max"], group, f"rank_{group}")
        for group, label in labels.GROUPS.items()
    ]
    total = line("Tổng điểm (quy về thang 100)", own["total_score"], 100, "total", "rank")
    found = sheet_rows(book, "Nhóm chỉ số")
    assert_cells(found, [*expected, total], key=None)
    assert_sums(found[:-1], {"Điểm": own["raw_points"]})


def test_national_ranking(published: tuple[Workbook, Ask]) -> None:
    book, ask = published
    rows = ask(
        "select * from published.national_ranking where release_id = RELEASE "
        'order by rank, province_code collate "C"'
    )
    found = sheet_rows(book, "Toàn quốc")
    assert_cells(
        found,
        (
            {
                "Hạng": row["rank"],
                "Mã": row["province_code"],
                "Tỉnh, thành phố": row["province_name"],
                "Tổng điểm": row["total_score"],
                "Hạng theo điểm tự tính": row["computed_rank"],
            }
            | {label.vi: row[group] for group, label in labels.GROUPS.items()}
            | {f"Hạng: {label.vi}": row[f"rank_{g}"] for g, label in labels.GROUPS.items()}
            for row in rows
        ),
        key=None,
    )
    assert_sums(found, {"Tổng điểm": sum(row["total_score"] for row in rows)})


def test_changes(published: tuple[Workbook, Ask]) -> None:
    book, ask = published
    rows = ask(
        "select * from published.public_change where release_id = RELEASE "
        'order by relation collate "C", key collate "C", column_name collate "C"'
    )
    assert_cells(
        sheet_rows(book, "Thay đổi"),
        (
            {
                "Bảng": row["relation"],
                "Dòng": row["key"],
                "Cột": row["column_name"],
                "Giá trị cũ": row["withheld"] or row["old_value"],
                "Giá trị mới": row["withheld"] or row["new_value"],
                "Lý do": labels.REASONS[row["cause"]].vi,
            }
            for row in rows
        ),
        key=None,
    )
