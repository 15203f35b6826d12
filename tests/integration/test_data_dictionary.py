"""docs/data-dictionary.md: complete, up to date, and right about the warehouse."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from docs.dictionary_page.marts import parse, read_marts
from docs.dictionary_page.page import PAGE, ROOT, build
from docs.dictionary_page.published import read_published
from docs.dictionary_page.relation import Relation

# What the warehouse contract promises to BI.
CONTRACT = {
    "marts": {
        "dim_unit",
        "dim_procedure",
        "dim_criterion",
        "fct_dossier",
        "fct_measure",
        "fct_criterion_score",
        "mart_monthly_score",
        "mart_target_compliance",
        "mart_compliance_cause",
        "mart_dossier_balance",
        "mart_statistical_form",
        "mart_form_check",
        "mart_national_ranking",
        "mart_national_average",
        "mart_score_reconciliation",
        "mart_former_unit_score",
        "mart_freshness",
    },
    "published": {
        "release",
        "monthly_score",
        "criterion_score",
        "target_compliance",
        "national_ranking",
        "statistical_form",
        "change",
        "current_monthly_score",
        "current_criterion_score",
        "current_target_compliance",
        "current_national_ranking",
        "current_statistical_form",
        "current_change",
    },
}
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def manifest() -> Any:
    return parse(ROOT / "dbt_project")


@pytest.fixture(scope="module")
def marts(manifest: Any) -> dict[str, Relation]:
    return {relation.name: relation for relation in read_marts(manifest)}


@pytest.fixture
def published(warehouse: psycopg.Connection) -> dict[str, Relation]:
    return {relation.name: relation for relation in read_published(warehouse)}


def _section(name: str) -> str:
    return TEXT.split(f'<a id="{name}"></a>')[1].split("<a id=")[0]


def test_the_page_is_up_to_date(marts: dict[str, Relation], published: dict[str, Relation]) -> None:
    fresh = build(ROOT, list(marts.values()), list(published.values()))
    assert fresh == TEXT, "run `make docs`"


def test_every_relation_of_the_contract_is_told(
    marts: dict[str, Relation], published: dict[str, Relation]
) -> None:
    assert CONTRACT["marts"] <= marts.keys()
    assert CONTRACT["published"] <= published.keys()
    for relation in (*marts.values(), *published.values()):
        section = _section(relation.full_name)
        assert relation.key, relation.full_name
        assert set(relation.key) <= {column.name for column in relation.columns}
        for column in relation.columns:
            assert re.search(
                rf"^\| (\*\*)?`{column.name}`(\*\*)? \| {column.type} \|", section, re.M
            )
        assert f"**Read by:** {', '.join(relation.readers) or 'no role of BI'}" in section


def test_comments_are_in_both_languages(published: dict[str, Relation]) -> None:
    assert len(published) > 30
    for relation in published.values():
        for text in (relation.text, *(column.text for column in relation.columns)):
            english, vietnamese = text.split(" — ")
            assert english and vietnamese, (relation.name, text)


def test_a_relation_without_a_comment_is_an_error(warehouse: psycopg.Connection) -> None:
    warehouse.execute("comment on column published.unit.unit_type is null")
    with pytest.raises(ValueError, match=r"published\.unit has no comment, or its column unit_ty"):
        read_published(warehouse)


def test_a_table_without_a_key_is_an_error(warehouse: psycopg.Connection) -> None:
    warehouse.execute("create table published.keyless (release_id text)")
    warehouse.execute("comment on table published.keyless is 'key — khóa'")
    warehouse.execute("comment on column published.keyless.release_id is 'key — khóa'")
    with pytest.raises(ValueError, match=r"no key of published\.keyless is known"):
        read_published(warehouse)


def test_a_mart_without_a_description_is_an_error(manifest: Any) -> None:
    model = manifest.nodes["model.service_index.dim_unit"]
    column = model.columns["unit_type"]
    told, column.description = column.description, ""
    try:
        with pytest.raises(ValueError, match="dim_unit: no description of unit_type"):
            read_marts(manifest)
    finally:
        column.description = told


def test_single_dossiers_are_not_for_every_reader(marts: dict[str, Relation]) -> None:
    assert marts["fct_dossier"].readers == ("unit_reader",)
    assert marts["mart_resolved_without_online_payment"].readers == ()
    assert marts["mart_monthly_score"].readers == ("bi_reader", "unit_reader")


def test_it_is_told_where_a_relation_goes(
    marts: dict[str, Relation], published: dict[str, Relation]
) -> None:
    assert "published.monthly_score" in marts["mart_monthly_score"].feeds
    assert "marts.mart_monthly_score" in marts["fct_criterion_score"].feeds
    assert "Chỉ giao dịch tạo bản công bố" in _section("published.unit")
    assert "published.current_monthly_score" in published["monthly_score"].feeds
    assert "cookbook.md#question-5" in _section("published.current_monthly_score")
    assert "publishing/month_state.py" in _section("marts.mart_monthly_score")


def test_links_lead_somewhere() -> None:
    anchors = set(re.findall(r'<a id="([^"]+)">', TEXT))
    cookbook = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")
    for target in set(re.findall(r"\]\(([^)]+)\)", TEXT)):
        path, _, anchor = target.partition("#")
        if not path:
            assert anchor in anchors, target
        elif anchor:
            assert path == "cookbook.md" and f'<a id="{anchor}">' in cookbook, target
        else:
            assert (PAGE.parent / path).is_file(), target
