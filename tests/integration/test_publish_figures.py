"""Letter and annex of a published month: each printed figure is the exact one, rounded half up.

What is expected is computed here in whole numbers, from the published rows and the seeds' rules.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from service_index.publishing import labels
from service_index.publishing.documents import compliance, letter
from service_index.publishing.edition import editions
from service_index.publishing.month_reading import read_earlier_months, read_month
from service_index.settings import PROJECT_ROOT
from service_index.warehouse.connection import connect
from tests.integration.publish_marts import fill_march, publish
from tests.letter_support import half_up
from tests.paper_reading import docx_tables, docx_text, pdf_body, pdf_tables
from tests.warehouses import fresh_warehouse

RULES = PROJECT_ROOT / "dbt_project" / "seeds" / "rounding_rules.csv"
Row = dict[str, Any]
# Numbers that lie in the middle between two printed ones, and a field without a target.
EDGES = """
update marts.mart_monthly_score set total_score = trunc(total_score, 2) + 0.005
where unit_type <> 'province';
update marts.mart_target_compliance set numerator = 21, denominator = 32, rate = 0.65625,
    is_compliant = false, shortfall = 2
where unit_code in ('H31.003', 'H31.D02');
update marts.mart_compliance_cause set dossiers_failing = dossiers_failing + length(cause);
update marts.mart_letter_figure set printed_value = '02' where row_code = 'rank';
insert into marts.mart_target_compliance
select period_month, basis, metric_code, unit_code, 'dat-dai', 93, 200, 0.465, null, null, null
from marts.mart_target_compliance where unit_code = 'H31' and field_code = '*';
insert into marts.mart_release_field
select period_month, 'dat-dai', 'Đất đai' from marts.mart_release_field;
"""


@pytest.fixture(scope="module")
def march(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[psycopg.Connection, dict[str, Path]]]:
    """A warehouse with March published, and the month's papers by their names."""
    folder = tmp_path_factory.mktemp("march")
    with fresh_warehouse(postgres_server) as dsn, connect(dsn) as warehouse:
        fill_march(warehouse)
        warehouse.execute(EDGES)
        warehouse.commit()
        edition = editions(warehouse, publish(warehouse).release_id)[-1]
        of = read_month(warehouse, edition)
        paths = letter.write(of, read_earlier_months(warehouse, edition), folder)
        paths += compliance.write(of, folder)
        yield warehouse, {path.name: path for path in paths}


@pytest.fixture(params=["docx", "pdf"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def rows(warehouse: psycopg.Connection, query: str) -> list[Row]:
    with warehouse.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def text_of(path: Path) -> str:
    return docx_text(path) if path.suffix == ".docx" else pdf_body(path)


def tables_of(path: Path, width: int) -> list[list[str]]:
    """The numbered rows of so many cells."""
    tables = docx_tables(path) if path.suffix == ".docx" else pdf_tables(path)
    return [row for table in tables for row in table if len(row) == width and row[0].isdigit()]


def percent(rate: Decimal, places: int = 2) -> str:
    return f"{half_up(Fraction(rate) * 100, places)}%"


def counted(row: Row) -> list[str]:
    return [
        half_up(row["numerator"], 0),
        half_up(row["denominator"], 0),
        percent(row["rate"]),
        half_up(row["shortfall"], 0),
    ]


def online(warehouse: psycopg.Connection, condition: str = "field_code = '*'") -> list[Row]:
    return rows(
        warehouse,
        "select c.*, s.unit_name, s.unit_type from published.target_compliance as c "
        "join published.monthly_score as s using (release_id, unit_code) "
        f"where metric_code = 'end_to_end_online' and {condition} order by unit_code, basis",
    )


def test_the_figures_of_the_letter(march, kind: str) -> None:
    warehouse, papers = march
    text = text_of(papers[f"letter.{kind}"])
    with RULES.open(encoding="utf-8") as file:
        rules = {r["row_code"]: r for r in csv.DictReader(file) if r["document"] == "letter"}
    figures = rows(warehouse, "select * from published.letter_figure")
    assert len(figures) == 6
    for figure in figures:
        rule = rules[figure["row_code"]]
        assert rule["rule"] == "half_up"
        shown = half_up(figure["value"], int(rule["decimals"])) + rule["suffix"]
        shown = shown.zfill(int(rule["minimum_digits"]))
        if figure["out_of"] is not None:
            shown += f"/{half_up(figure['out_of'], 0)}"
        assert f" {shown}" in text, figure["row_code"]
    of_province = {r["basis"]: r for r in online(warehouse) if r["unit_type"] == "province"}
    met, resolved, rate, _ = counted(of_province["month"])
    assert f"có {met} trong số {resolved} hồ sơ" in text
    year = percent(of_province["year_to_date"]["rate"])
    # January and February are not published.
    held = "theo số liệu hiện có trong kho dữ liệu"
    assert f"đạt {rate}; tính từ đầu năm, {held}, đạt {year}" in text


def test_the_rankings(march, kind: str) -> None:
    warehouse, papers = march
    rates = {row["unit_code"]: row["rate"] for row in online(warehouse) if row["basis"] == "month"}
    published = rows(
        warehouse,
        "select * from published.monthly_score where rank is not null "
        "order by unit_type = 'commune', rank, unit_code",
    )
    assert len(published) == 35
    assert tables_of(papers[f"letter.{kind}"], 6) == [
        [
            str(row["rank"]),
            row["unit_name"],
            half_up(row["total_score"], 2),
            row["band"],
            "–",
            percent(rates[row["unit_code"]]),
        ]
        for row in published
    ]


def test_the_units_below_the_target(march, kind: str) -> None:
    warehouse, papers = march
    below = [
        row
        for row in online(warehouse)
        if row["basis"] == "month" and not row["is_compliant"] and row["unit_type"] != "province"
    ]
    below.sort(key=lambda row: (row["unit_type"] == "commune", row["rate"], row["unit_code"]))
    found = tables_of(papers[f"letter.{kind}"], 7)
    assert [row[1:] for row in found] == [
        [row["unit_name"], resolved, met, rate, "70%", shortfall]
        for row in below
        for met, resolved, rate, shortfall in [counted(row)]
    ]
    judged = len(published_units(warehouse))
    assert f"Trong tháng có {len(below)}/{judged} đơn vị" in text_of(papers[f"letter.{kind}"])


def published_units(warehouse: psycopg.Connection) -> list[Row]:
    return rows(warehouse, "select * from published.monthly_score where unit_type <> 'province'")


def test_the_rows_of_the_annex(march, kind: str) -> None:
    warehouse, papers = march
    annex = papers[f"compliance.{kind}"]

    def line(month: Row, year: Row) -> list[str]:
        cells = []
        for row in (month, year):
            cells += [*counted(row), "Đạt" if row["is_compliant"] else "Chưa đạt"]
        return cells

    def lines(found: list[Row]) -> dict[str, list[str]]:
        pairs = zip(found[::2], found[1::2], strict=True)
        return {month["unit_name"]: line(month, year) for month, year in pairs}

    by_unit = lines(online(warehouse))
    printed = tables_of(annex, 13)
    # The second metric has the same rows, in a table of its own.
    assert len(printed) == 2 * len(by_unit) == 72
    assert {row[1]: row[3:] for row in printed[: len(by_unit)]} == by_unit
    of_field = lines(online(warehouse, "field_code = 'ho-tich'"))
    assert {row[1]: row[4:] for row in tables_of(annex, 14)} == of_field
    causes = rows(
        warehouse,
        "select * from published.compliance_cause "
        "join published.monthly_score using (release_id, unit_code)",
    )
    expected: dict[str, list[str]] = {}
    for row in sorted(causes, key=lambda row: list(labels.CAUSES).index(row["cause"])):
        shown = [half_up(row[name], 0) for name in ("dossiers_failing", "dossiers_failing_only")]
        expected.setdefault(row["unit_name"], []).extend(shown)
    assert {row[1]: row[2:] for row in tables_of(annex, 12)} == expected


def test_fields_without_a_target_have_whole_percents(march, kind: str) -> None:
    warehouse, papers = march
    of_land = online(warehouse, "field_code = 'dat-dai'")
    of_status = online(warehouse, "field_code = 'ho-tich' and unit_code = 'H31'")
    assert [row["basis"] for row in of_land] == ["month", "year_to_date"]
    assert tables_of(papers[f"compliance.{kind}"], 4) == [
        ["1", "Đất đai", *(percent(row["rate"], 0) for row in of_land)],
        ["2", "Hộ tịch", *(percent(row["rate"]) for row in of_status)],
    ]
