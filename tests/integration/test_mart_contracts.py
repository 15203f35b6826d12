"""What dbt states of the marts is what PostgreSQL holds: keys, comments, access, publications; and
every rate of the semantic layer, as MetricFlow computes it, is the marts' own."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from service_index.publishing.relations import FORM_RELATIONS, MONTHLY_RELATIONS
from tests import dashboard_files
from tests.integration.mart_support import Marts, Node, built_marts, constraints
from tests.pipeline import MARTS

MONTHLY_PUBLICATIONS = {"public_site", "monthly_open_data", "monthly_letter", "compliance_annex"}
# Of metrics over fct_measure: the measures above and under the line.
OF_MEASURES = {
    "on_time_rate": ("dossiers_resolved_on_time", "dossiers_resolved"),
    "online_submission_rate": (
        "dossiers_received_online_for_online_procedures",
        "dossiers_received_for_online_procedures",
    ),
    "online_payment_rate": (
        "dossiers_received_with_fee_paid_online",
        "dossiers_received_with_fee",
    ),
    "electronic_result_rate": ("dossiers_resolved_with_electronic_result", "dossiers_resolved"),
    "digitisation_rate": ("dossiers_received_digitised", "dossiers_received"),
    "satisfaction_rate": ("ratings_satisfied", "ratings_given"),
}
BY_UNIT = """
    select unit_code, sum(numerator) / nullif(sum(denominator), 0)
    from marts.mart_target_compliance
    where basis = 'month' and field_code = '*' and metric_code = '{metric}'
    group by unit_code
"""
# What each metric is by what it must at least be asked by (`always_by`), from the marts.
EXPECTED = {
    "criterion_rate": (
        "select period_month, unit_code, criterion_code, rate from marts.fct_criterion_score"
    ),
    "share_of_points": (
        "select period_month, unit_code, total_score / 100 from marts.mart_monthly_score"
    ),
    "end_to_end_online_rate": BY_UNIT.format(metric="end_to_end_online"),
    "result_in_vault_rate": BY_UNIT.format(metric="result_in_vault"),
    "end_to_end_online_rate_year_to_date": """
        select period_month, unit_code, rate from marts.mart_target_compliance
        where basis = 'year_to_date' and field_code = '*' and metric_code = 'end_to_end_online'
    """,
} | {
    name: f"""
        select unit_type,
            sum(value) filter (where measure_code = '{above}')
            / nullif(sum(value) filter (where measure_code = '{under}'), 0)
        from marts.fct_measure
        inner join marts.mart_monthly_score using (period_month, unit_code)
        group by unit_type
    """
    for name, (above, under) in OF_MEASURES.items()
}

Key = tuple[str, ...]


@pytest.fixture(scope="module")
def marts(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marts]:
    with built_marts(postgres_server, tmp_path_factory.mktemp("marts")) as built:
        yield built


def _primary_key(node: Node) -> Key:
    (key,) = (tuple(c["columns"]) for c in node["constraints"] if c["type"] == "primary_key")
    return key


def _foreign_keys(node: Node) -> list[tuple[Key, str, Key]]:
    """All that are stated, whether PostgreSQL holds them or not: columns, parent, its columns."""
    held = [
        (tuple(c["columns"]), c["to"].split("'")[1], tuple(c["to_columns"]))
        for c in node["constraints"]
        if c["type"] == "foreign_key"
    ]
    noted = [
        (tuple(key["columns"]), _relation(key["to"]), tuple(key["to_columns"]))
        for key in node["config"]["meta"].get("foreign_keys", [])
    ]
    return [(columns, _relation(parent), to) for columns, parent, to in held] + noted


def _relation(name: str) -> str:
    return f"catalogue.{name}" if name == "measures" else f"marts.{name.removeprefix('marts.')}"


def test_every_mart_is_public_of_version_1_and_nothing_else_is(marts: Marts) -> None:
    public = marts.public_models()
    assert set(public) == {*MARTS, "mart_form_period", "mart_freshness"}
    for name, node in public.items():
        assert node["config"]["meta"]["contract_version"] == 1, name
        assert node["contract"]["enforced"], name
    others = [
        node
        for node in marts.manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["name"] not in public
    ]
    assert {node["access"] for node in others} == {"private"}
    assert {node["schema"] for node in others} == {"staging", "intermediate"}


def test_postgresql_holds_the_stated_primary_keys_after_a_day_too(marts: Marts) -> None:
    tables = {
        name: node
        for name, node in marts.public_models().items()
        if node["config"]["materialized"] != "view"
    }
    assert len(tables) == 17
    with marts.pipeline.connect() as connection:
        held = constraints(connection, "p")
    assert held == {
        (f"marts.{name}", f"PRIMARY KEY ({', '.join(_primary_key(node))})")
        for name, node in tables.items()
    }


def test_keys_of_views_are_keys(marts: Marts) -> None:
    views = {
        name: node
        for name, node in marts.public_models().items()
        if node["config"]["materialized"] == "view"
    }
    for name, node in views.items():
        key = _primary_key(node)
        ((rows, distinct, nulls),) = marts.rows(
            f"select count(*), count(distinct ({', '.join(key)})), "
            f"count(*) filter (where num_nulls({', '.join(key)}) > 0) from marts.{name}"
        )
        assert (distinct, nulls) == (rows, 0), name
        assert rows > 0 or name == "mart_resolved_without_online_payment"


def test_postgresql_holds_foreign_keys_of_tables_that_are_made_anew_together(marts: Marts) -> None:
    with marts.pipeline.connect() as connection:
        held = constraints(connection, "f")
    period = "FOREIGN KEY (period, province_code) REFERENCES marts.mart_form_period"
    month = "FOREIGN KEY (period_month, province_code) REFERENCES marts.mart_national_ranking"
    group = "FOREIGN KEY (period_month, group_code) REFERENCES marts.mart_national_average"
    assert held == {
        ("marts.mart_statistical_form", f"{period}(period, province_code)"),
        ("marts.mart_form_check", f"{period}(period, province_code)"),
        ("marts.mart_score_reconciliation", f"{month}(period_month, province_code)"),
        ("marts.mart_score_reconciliation", f"{group}(period_month, group_code)"),
    }
    stated = sum(
        constraint["type"] == "foreign_key"
        for node in marts.public_models().values()
        for constraint in node["constraints"]
    )
    assert stated == len(held)


def test_every_stated_foreign_key_leads_to_one_row(marts: Marts) -> None:
    stated = [
        (name, *key) for name, node in marts.public_models().items() for key in _foreign_keys(node)
    ]
    assert len(stated) == 19
    for name, columns, parent, to_columns in stated:
        match = " and ".join(
            f"child.{own} = parent.{other}" for own, other in zip(columns, to_columns, strict=True)
        )
        ((found, wrong),) = marts.rows(
            f"select count(*), count(*) filter (where parents <> 1) from marts.{name} as child "
            f"cross join lateral (select count(*) as parents from {parent} as parent "
            f"where {match}) as counted"
        )
        assert wrong == 0, (name, parent)
        assert found > 0 or name == "mart_resolved_without_online_payment"


def test_every_mart_and_column_has_its_comment_in_both_languages(marts: Marts) -> None:
    comments: dict[tuple[str, str | None], str] = {
        (table, column): comment
        for table, column, comment in marts.rows(
            """
            select c.relname, null, obj_description(c.oid) from pg_class as c
            where c.relnamespace = 'marts'::regnamespace and c.relkind in ('r', 'v')
            union all
            select c.relname, a.attname, col_description(c.oid, a.attnum)
            from pg_class as c
            inner join pg_attribute as a on c.oid = a.attrelid
            where c.relnamespace = 'marts'::regnamespace and c.relkind in ('r', 'v')
            and a.attnum > 0 and not a.attisdropped
            """
        )
    }
    described: dict[tuple[str, str | None], Any] = {}
    for name, node in marts.public_models().items():
        described[name, None] = node["description"]
        described |= {
            (name, column["name"]): column["description"] for column in node["columns"].values()
        }
    assert comments == described
    for place, comment in comments.items():
        english, vietnamese = comment.split(" — ")
        assert english.isprintable(), place
        assert any(ord(letter) > 127 for letter in vietnamese), place


def test_exposures_name_the_marts_that_releases_freeze(marts: Marts) -> None:
    read = {
        exposure["name"]: {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]}
        for exposure in marts.manifest()["exposures"].values()
    }
    monthly = {relation.mart for relation in MONTHLY_RELATIONS}
    assert read["public_site"] == read["monthly_workbook"] == read["monthly_open_data"] == monthly
    assert set().union(*(read[name] for name in MONTHLY_PUBLICATIONS)) == monthly
    assert {relation.mart for relation in FORM_RELATIONS} < read["statistical_form"]
    assert set().union(*read.values()) == set(marts.public_models())


def test_exposures_name_the_marts_that_dashboards_read(marts: Marts) -> None:
    read = {
        exposure["url"].rsplit("/", 2)[-2]: {
            node.split(".")[-1] for node in exposure["depends_on"]["nodes"]
        }
        for exposure in marts.manifest()["exposures"].values()
        if exposure["name"].startswith("dashboard_")
    }
    assert read == {
        dashboard["slug"]: {
            relation.removeprefix("marts.")
            for relation in dashboard_files.relations_of(dashboard)
            if relation.startswith("marts.")
        }
        for dashboard in dashboard_files.dashboards()
    }


def test_a_bi_reader_gets_rows_of_every_dashboard_s_question(marts: Marts) -> None:
    with marts.pipeline.connect() as connection:
        connection.execute("set role bi_reader")
        for dataset in dashboard_files.datasets().values():
            metrics = [f"{sql} as {name}" for name, sql in dataset.metrics.items()]
            question = f"({dataset.content['sql']}) as virtual_table"
            row = connection.execute(
                f"select count(*), {', '.join(metrics)} from {question}".encode()
            ).fetchone()
            # Nothing was published here.
            assert row and (row[0] > 0 or dataset.name == "release"), dataset.name
            connection.execute(f"select {', '.join(dataset.columns)} from {question}".encode())


def test_no_rate_is_averaged(marts: Marts) -> None:
    manifest = marts.manifest("semantic_manifest")
    measures = [m for model in manifest["semantic_models"] for m in model["measures"]]
    assert {measure["agg"] for measure in measures} == {"sum"}
    assert not any("rate" in measure["expr"].split() for measure in measures)
    ratios = {metric["name"] for metric in manifest["metrics"] if metric["type"] == "ratio"}
    assert ratios == set(EXPECTED)
    simple = {metric["name"] for metric in manifest["metrics"] if metric["type"] == "simple"}
    assert simple == {measure["name"] for measure in measures}


def test_every_ratio_equals_the_marts(marts: Marts) -> None:
    questions: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for metric in marts.manifest()["metrics"].values():
        if metric["type"] == "ratio":
            questions[tuple(metric["config"]["meta"]["always_by"])].append(metric["name"])
    for group_by, metrics in questions.items():
        answer = marts.ask(metrics, list(group_by))
        keys = [column for column in answer[0] if column not in metrics]
        for metric in metrics:
            answered = {
                tuple(row[key].removesuffix(" 00:00:00") for key in keys): row[metric]
                for row in answer
            }
            expected = {
                tuple(str(part) for part in key): rate
                for *key, rate in marts.rows(EXPECTED[metric])
            }
            assert answered.keys() == expected.keys(), metric
            assert sum(rate is not None for rate in expected.values()) > 1, metric
            for key, rate in expected.items():
                shown = answered[key]
                assert (shown == "") == (rate is None), (metric, key)
                assert rate is None or math.isclose(float(shown), rate, rel_tol=1e-12), (
                    metric,
                    key,
                )


def test_over_more_than_one_unit_a_rate_is_no_mean_of_rates(marts: Marts) -> None:
    answer = marts.ask(["on_time_rate"], ["unit_month__unit_type"])
    shown = {row["unit_month__unit_type"]: float(row["on_time_rate"]) for row in answer}
    ((mean,),) = marts.rows(
        "select avg(rate)::float8 from marts.fct_criterion_score "
        "where criterion_code = '05' and unit_type = 'commune'"
    )
    assert not math.isclose(shown["commune"], mean, rel_tol=1e-4)
