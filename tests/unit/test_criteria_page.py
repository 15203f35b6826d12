"""docs/criteria.md: written from the project's files, complete, and up to date."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from docs.criteria_page import examples
from docs.criteria_page.__main__ import EXAMPLES, PAGE, PROJECT
from docs.criteria_page.catalogue import Documented, Row, read_documentation, read_seed
from docs.criteria_page.measures import Models
from docs.criteria_page.page import build, exact, number, percent
from docs.criteria_page.queries import Expression, Select, parse, render

CRITERIA = read_seed(PROJECT, "criteria")
MEASURES = read_seed(PROJECT, "measures")
RESOLVED = "models/intermediate/measures/int_measure__dossiers_resolved.sql"


@pytest.fixture(scope="module")
def documentation() -> dict[str, Documented]:
    return read_documentation(PROJECT)


@pytest.fixture(scope="module")
def models(documentation: dict[str, Documented]) -> Models:
    return Models(PROJECT, documentation)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project, to be edited."""
    leave_out = shutil.ignore_patterns("target", "logs")
    return shutil.copytree(PROJECT, tmp_path / "dbt_project", ignore=leave_out)


def _page(project: Path) -> str:
    return build(project, examples.read_examples(EXAMPLES), project.parent / "docs" / "page.md")


def _section(page: str, criterion_code: str) -> str:
    return page.split(f'<a id="criterion-{criterion_code}"></a>')[1].split("<a id=", maxsplit=1)[0]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("( ", "(").replace(" )", ")")


def _edit_seed(project: Path, seed: str, change: Callable[[list[Row]], None]) -> None:
    path = project / "seeds" / f"{seed}.csv"
    rows = read_seed(project, seed)
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_page_is_up_to_date() -> None:
    fresh = build(PROJECT, examples.read_examples(EXAMPLES), PAGE)
    assert PAGE.read_text(encoding="utf-8") == fresh, "run `make docs`"


def test_every_criterion_has_its_section() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(CRITERIA) == 21
    for row in CRITERIA:
        section = _section(page, row["criterion_code"])
        told = ["name_vi", "name_en", "lead_unit", "cooperating_units", "source_code"]
        for column in (*told, "numerator_measure", "denominator_measure"):
            assert row[column] in section, (row["criterion_code"], column)
        for measure in (row["numerator_measure"], row["denominator_measure"]):
            assert f" as {measure}\n" in section, (row["criterion_code"], measure)
        assert row["reading"][:30] in section
        assert "DỮ LIỆU MẪU" in section


def test_links_lead_somewhere() -> None:
    page = PAGE.read_text(encoding="utf-8")
    targets = set(re.findall(r"\]\(([^)]+)\)", page))
    anchors = re.findall(r'<a id="([^"]+)">', page)
    assert len(anchors) == len(set(anchors))
    assert len(targets) > 40
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in anchors
        else:
            assert (PAGE.parent / target).is_file(), target


@pytest.mark.parametrize("measure", [row["measure_code"] for row in MEASURES])
def test_sql_of_every_measure_is_that_of_its_model(
    models: Models, documentation: dict[str, Documented], measure: str
) -> None:
    lineage = models.lineage(measure)
    step = [step for step in lineage.steps if step.column == measure][-1]
    path = PROJECT / "models" / "intermediate" / "measures" / f"{step.model}.sql"
    assert f"{step.expression} as {measure}" in _one_line(path.read_text(encoding="utf-8"))
    assert measure in documentation[lineage.model].columns


def test_there_are_36_measures_and_criteria_use_them_all() -> None:
    used = {row[side] for row in CRITERIA for side in ("numerator_measure", "denominator_measure")}
    assert used == {row["measure_code"] for row in MEASURES}
    assert len(used) == 36


def test_sql_goes_down_to_what_the_facts_describe(models: Models) -> None:
    lineage = models.lineage("dossiers_received_with_fee_paid_online")
    assert [(step.model, step.query, step.expression) for step in lineage.steps[1:]] == [
        (
            "int_measure__dossiers_received",
            "",
            "sum(dossiers_received_with_fee_paid_online)::bigint",
        ),
        (
            "int_measure__procedures_received",
            "",
            "count(*) filter (where has_fee and is_paid_online)",
        ),
        (
            "int_measure__procedures_received",
            "received",
            "record.paid_online_at < period.period_end",
        ),
    ]
    assert lineage.reads == [("fct_dossier", "has_fee"), ("fct_dossier", "paid_online_at")]


def test_a_measure_that_no_model_counts_is_an_error(project: Path) -> None:
    _replace(project / "macros" / "measures.sql", "'petitions_replied_rated',", "")
    with pytest.raises(LookupError, match="no measure petitions_replied_rated"):
        _page(project)


def test_a_measure_without_its_column_is_an_error(project: Path) -> None:
    _replace(project / RESOLVED, "as dossiers_resolved_on_time", "as dossiers_in_time")
    with pytest.raises(LookupError, match="dossiers_resolved_on_time, which nothing describes"):
        _page(project)


def test_sql_that_reads_what_nothing_describes_is_an_error(project: Path) -> None:
    _replace(project / RESOLVED, "where is_on_time", "where is_unheard_of")
    with pytest.raises(LookupError, match="is_unheard_of, which nothing describes"):
        _page(project)


def test_an_edit_of_the_sql_shows(project: Path) -> None:
    _replace(project / RESOLVED, "filter (where is_on_time)", "filter (where not is_digitised)")
    section = _section(_page(project), "05")
    assert "count(*) filter (where not is_digitised) as dossiers_resolved_on_time" in section


def test_an_edit_of_the_catalogue_shows(project: Path) -> None:
    def change(rows: list[Row]) -> None:
        rows[4] |= {"numerator_measure": "digitised_dossiers_resolved", "target_rate": "0.5"}

    _edit_seed(project, "criteria", change)
    section = _section(_page(project), "05")
    assert "count(*) filter (where is_digitised) as digitised_dossiers_resolved" in section
    assert "dossiers_resolved_on_time" not in section
    assert "| 50 % |" in section
    assert "= **20,00** of 20 points" in section


def test_a_later_version_of_a_criterion_stands_before_the_former(project: Path) -> None:
    def change(rows: list[Row]) -> None:
        later = rows[4] | {"max_points": "10.5", "valid_from": "2026-01-01"}
        rows[4]["valid_to"] = "2025-12-31"
        rows.insert(5, later)

    _edit_seed(project, "criteria", change)
    section = _section(_page(project), "05")
    assert "| điểm tối đa · maximum | 10,5 |" in section
    assert "2022-06-23 – 2025-12-31: maximum 20, target 100 %" in section
    assert "of 20 points" in section  # of the version that held in the example's month


@pytest.mark.parametrize(
    ("seed", "column", "value", "sentence"),
    [
        ("zero_denominator_policy", "outcome", "not_applicable", "the criterion is *not appl"),
        ("zero_denominator_policy", "outcome", "zero", "the unit gets no points of the maximum"),
        ("zero_denominator_policy", "outcome", "full_marks", "the unit gets the maximum"),
        ("ranking_policy", "tie_rule", "standard", "(1, 1, 3)"),
        ("ranking_policy", "tie_rule", "dense", "(1, 1, 2)"),
        ("ranking_policy", "minimum_volume", "", "there is no minimum volume"),
        ("ranking_policy", "minimum_volume", "25", "whose `dossiers_received` is at least 25"),
        ("ranking_policy", "compared_decimals", "4", "compared at\n  4 decimals"),
        ("bands", "minimum_score", "91.5", "Xuất sắc · Excellent from 91,5"),
    ],
)
def test_policies_are_told_as_they_are(
    project: Path, seed: str, column: str, value: str, sentence: str
) -> None:
    def change(rows: list[Row]) -> None:
        rows[0][column] = value

    _edit_seed(project, seed, change)
    assert sentence in _page(project)


@pytest.mark.parametrize(
    ("counts", "outcome", "points"),
    [
        ((1, 4), "not_applicable", Fraction(3)),  # 6 × (1/4) ÷ (1/2)
        ((3, 4), "not_applicable", Fraction(6)),
        ((0, 4), "full_marks", Fraction(0)),
        ((0, 0), "not_applicable", None),
        ((0, 0), "zero", Fraction(0)),
        ((0, 0), "full_marks", Fraction(6)),
    ],
)
def test_points_are_linear_up_to_the_target(
    counts: tuple[int, int], outcome: str, points: Fraction | None
) -> None:
    criterion = {"max_points": "6", "target_rate": "0.5"}
    assert examples.worked(criterion, counts, outcome).points == points


def test_examples_are_marked_and_kept(tmp_path: Path) -> None:
    counts = examples.read_examples(EXAMPLES)
    assert sorted(counts) == sorted(row["criterion_code"] for row in CRITERIA)
    written = tmp_path / "examples.csv"
    examples.write_examples(written, counts)
    assert written.read_bytes() == EXAMPLES.read_bytes()
    _replace(written, f"21,{counts['21'][0]},{counts['21'][1]},DỮ LIỆU MẪU", "21,1,2,")
    with pytest.raises(ValueError, match="DỮ LIỆU MẪU"):
        examples.read_examples(written)


def test_numbers_are_printed_half_up() -> None:
    assert number(Fraction(1, 8), 2) == "0,13"  # half to even would give 0,12
    assert number(16095) == "16.095"
    assert percent(Fraction(96565, 100000)) == "96,57 %"
    assert exact(Fraction("98.5")) == "98,5"
    assert exact(Fraction(100)) == "100"


def test_columns_are_followed_through_ctes_unions_and_sub_queries() -> None:
    (left, right) = parse(
        "with a as (select b.x, 1 as y from b)"
        "select x /* as it is */ from a union select sum(c.y) as y from (select * from a) as c"
        " cross join lateral (values (1)) as d (z)"
    )
    (a,) = left.sources["a"]
    (c,) = right.sources["c"]
    assert isinstance(a, Select)
    assert isinstance(c, Select)
    assert [*left.columns, *right.columns] == ["x", "y"]
    assert list(a.columns) == ["x", "y"]
    assert left.columns["x"].passes_on("x")
    assert right.columns["y"] == Expression("sum(c.y)", ("c.y",))
    assert c.passes_all_on
    assert not c.columns
    assert c.sources == {"a": (a,)}
    assert a.sources == {"b": "b"}
    assert right.sources["d"] == ()


@pytest.mark.parametrize("sql", ["select a as b from", "select (a as b from c"])
def test_a_query_that_does_not_parse_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match=r"unparsable|closing bracket"):
        parse(sql)


def test_a_model_that_does_not_render_is_refused(project: Path) -> None:
    _replace(project / RESOLVED, "measure_model_config('dossier')", "unheard_of()")
    with pytest.raises(ValueError, match="unheard_of"):
        render(project / RESOLVED, project / "macros")
