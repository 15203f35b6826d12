"""The national results on their way into a release: imported late, changed, wrong, cut short."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from service_index.orchestration import national, progress
from service_index.orchestration.stages import StageError
from service_index.publishing import terminal
from tests.integration.national_support import JULY, MARCH, Portal, import_month, rows, serve, table
from tests.pipeline import Pipeline, open_pipeline


@pytest.fixture
def source() -> Iterator[Portal]:
    with serve() as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: Portal, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    opened = open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)
    opened.ingest("2025-03-01", "2025-08-01")
    return opened


@pytest.fixture
def portal(source: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    return source


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the stages tell, in lines as long as they are."""
    text = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=text, soft_wrap=True))
    return text


def test_releases_go_on_without_national_results_and_take_them_in_once_they_are_there(
    source: Portal,
    pipeline: Pipeline,
    said: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert import_month("2025-03") == {"loaded": 0, "duplicates": 0, "quarantined": 0}
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    assert import_month("2025-02")["loaded"] == 0
    pipeline.score("2025-03")
    first = pipeline.publish("2025-03")
    assert (first["release_id"], first["is_new"]) == ("2025-03.r1", True)
    assert rows(pipeline, "select count(*) from published.national_ranking") == [(0,)]
    assert not (
        pipeline.home / "releases" / "2025-03" / "r1" / "data" / "national_ranking.csv"
    ).exists()

    import_month("2025-03")
    pipeline.score("2025-03")
    second = pipeline.publish("2025-03")
    assert second["release_id"] == "2025-03.r2"
    assert rows(
        pipeline,
        "select count(*), count(*) filter (where province_code = '33' and rank = 28) "
        "from published.current_national_ranking",
    ) == [(63, 1)]
    text = (
        pipeline.home / "releases" / "2025-03" / "r2" / "data" / "national_ranking.csv"
    ).read_text()
    assert text.count("DỮ LIỆU MẪU") == 63
    console = Console(file=io.StringIO(), width=160, record=True)
    with pipeline.connect() as connection:
        terminal.show_month(connection, MARCH, pipeline.home / "releases", console)
    assert "Hạng toàn quốc (national rank): 28/63" in console.export_text()

    for line in (
        "no portal is set (AIRFLOW_CONN_NATIONAL_PORTAL)",
        "the portal has no rows for 2025-02",
        "landed: 63 provinces of 2025-03",
    ):
        assert line in said.getvalue()


def test_the_same_table_makes_nothing_new_and_another_one_a_revision_with_its_changes(
    portal: Portal, pipeline: Pipeline, said: io.StringIO
) -> None:
    import_month("2025-03")
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["release_id"] == "2025-03.r1"
    assert import_month("2025-03") == {"loaded": 0, "duplicates": 63, "quarantined": 0}
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["is_new"] is False
    changed = table("2025-03")
    changed[0]["TONG_SCORE"] = "85,57"
    portal.show("2025-03", changed)
    assert import_month("2025-03", skip_landed=True)["loaded"] == 0
    assert import_month("2025-03")["loaded"] == 1
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["release_id"] == "2025-03.r2"
    assert rows(
        pipeline,
        "select relation, key, column_name, old_value, new_value from published.change "
        "where release_id = '2025-03.r2' order by relation",
    ) == [
        # 63 totals with one hundredth less in all.
        (
            "national_average",
            "group_code=total",
            "average_score",
            "70.99746031746031746031746031746",
            "70.997301587301587301587301587302",
        ),
        ("national_ranking", "province_code=64", "total_score", "85.58", "85.57"),
    ]
    assert "nothing new to fetch for 2025-03" in said.getvalue()


def test_a_wrong_mapping_stops_the_import_and_nothing_else(
    pipeline: Pipeline, portal: Portal
) -> None:
    swapped = [row | {"CLGQ": row["TTTT"], "TTTT": row["CLGQ"]} for row in table("2025-03")]
    swapped[0]["TTTT"] = "11,2"
    portal.show("2025-03", swapped)
    with pytest.raises(StageError, match=r"column TTTT holds 11\.2, but online_payment"):
        import_month("2025-03")
    assert import_month("2025-07")["loaded"] == 34
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["is_new"] is True
    assert rows(pipeline, "select distinct period_month from marts.mart_national_ranking") == [
        (JULY,)
    ]


def test_a_month_that_was_released_before_its_national_results_is_released_again(
    pipeline: Pipeline, portal: Portal, said: io.StringIO
) -> None:
    """As by schedule: the month is published on the second day, its table imported on the fifth."""
    pipeline.score("2025-03")
    pipeline.publish("2025-03")
    nothing = {"release_id": None, "is_new": False}
    assert national.restate("2025-03", wanted=True) == nothing
    assert "no national results of 2025-03 are loaded" in said.getvalue()

    import_month("2025-03")
    assert national.restate("2025-03", wanted=False) == nothing
    assert national.restate("2025-03", wanted=True)["release_id"] == "2025-03.r2"
    assert rows(
        pipeline,
        "select reason, (select count(*) from published.current_national_ranking) "
        "from published.release where is_current",
    ) == [("late_data", 63)]

    # The same table again is the same numbers.
    import_month("2025-03")
    again = national.restate("2025-03", wanted=True)
    assert (again["release_id"], again["is_new"]) == ("2025-03.r2", False)

    import_month("2025-07")
    assert national.restate("2025-07", wanted=True) == nothing
    assert "2025-07 has no release yet" in said.getvalue()
    assert rows(pipeline, "select count(*) from published.release") == [(2,)]


def test_an_import_that_was_asked_for_fails_where_there_is_nothing_to_import(
    source: Portal, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StageError, match="none for 2025-03, for no portal is set"):
        national.land("2025-03", skip_landed=False, required=True)
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    with pytest.raises(StageError, match="the portal has no rows for 2025-02"):
        national.land("2025-02", skip_landed=False, required=True)
    landed = national.land("2025-03", skip_landed=True, required=True)
    assert landed == {"rows": 63}
    # Landed already is not missing.
    assert national.land("2025-03", skip_landed=True, required=True) == {"rows": 0}


def test_a_table_cut_short_is_taken_with_a_warning(
    pipeline: Pipeline, portal: Portal, said: io.StringIO
) -> None:
    """Before any scoring, when the warehouse has no catalogue yet."""
    warnings = (
        "select passed from ops.check join ops.gate_run using (gate_run_id) "
        "where check_name = 'provinces_are_all_there' order by gate_run_id"
    )
    portal.show("2025-03", table("2025-03")[:40])
    assert import_month("2025-03")["loaded"] == 40
    assert "23 provinces are missing in national_scores/" in said.getvalue()
    assert rows(pipeline, warnings) == [(False,)]
    portal.show("2025-03", table("2025-03"))
    assert import_month("2025-03")["loaded"] == 23
    assert rows(pipeline, warnings) == [(False,), (True,)]
    assert rows(pipeline, "select distinct status from ops.batch") == [("passed",)]


def test_a_refused_table_is_told_of_and_holds_nothing_up(
    pipeline: Pipeline, portal: Portal, said: io.StringIO
) -> None:
    """Twenty rows and more that break the contract are a broken portal, not slips of the pen."""
    broken = table("2025-03")
    for row in broken[:25]:
        row["TDGQ"] = "n/a"
    portal.show("2025-03", broken)
    with pytest.raises(StageError, match="rejected_share_is_tolerable"):
        import_month("2025-03")
    told = "national results: the table of 2025-03 was refused by its gate and is not used"
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["release_id"] == "2025-03.r1"
    assert said.getvalue().count(told) == 1
    assert rows(pipeline, "select count(*) from marts.mart_national_ranking") == [(0,)]

    portal.show("2025-03", table("2025-03"))
    assert import_month("2025-03")["loaded"] == 63
    pipeline.score("2025-03")
    assert said.getvalue().count(told) == 1
    assert rows(pipeline, "select count(*) from marts.mart_national_ranking") == [(63,)]
