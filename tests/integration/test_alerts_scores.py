"""What goes wrong on the way out: scores, releases, national results, the form, and its message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service_index.orchestration import stages
from tests.integration import late_batch, national_support
from tests.integration.alert_support import Duty, Unattended
from tests.integration.national_support import Portal
from tests.pipeline import Pipeline, open_pipeline

MONTH = "2025-03"
NO_SCORES = (
    "New records are not in the scores; releases that are due wait. What is published stays."
)
NO_RANKING = "Ranks and averages of other provinces stay out of the month. Our own scores go on."
NO_FORM = "The statistical form of the period is not published. The monthly scores go on."


@pytest.fixture
def source() -> Iterator[Portal]:
    tables = national_support.serve()._national
    with Portal.from_records(late_batch.FEEDS, national=tables) as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: Portal,
    duty: Duty,
    warehouse_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Pipeline:
    """March is loaded and has passed its gate."""
    (tmp_path / "alerts.urls").write_text(duty.addresses, encoding="utf-8")
    opened = open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)
    opened.ingest("2025-03-01", "2025-04-01")
    return opened


def _execute(pipeline: Pipeline, statement: str) -> None:
    with pipeline.connect() as connection:
        connection.execute(statement)


def test_scores_that_cannot_be_computed_fail_their_gate_or_cannot_be_published(
    airflow: Unattended, duty: Duty, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The database would quote the row that it stumbles over.
    _execute(pipeline, "alter table raw.dossiers rename column state to hidden")
    assert airflow.run("score_monthly", month=MONTH)
    told = duty.told_once()
    assert told.subject == (
        "Service index: the scores cannot be computed (score_monthly.transform)"
    )
    assert told.part("What").startswith("dbt: ")
    assert "nodes failed, first stg_dossiers (log: " in told.part("What")
    assert "hidden" not in told.text
    assert told.part("It blocks") == NO_SCORES
    assert told.part("To mend it") == (
        "Look into the log that the reason names. When it is mended: "
        "`service-index publish --month 2025-03`."
    )
    assert told.part("More") == "docs/runbook.md#the-scores-cannot-be-computed"
    assert airflow.run("score_monthly", month=MONTH)
    assert duty.told() == []
    _execute(pipeline, "alter table raw.dossiers rename column hidden to state")
    monkeypatch.setenv("SERVICE_INDEX_PROVINCE", "99")
    assert airflow.run("score_monthly", month=MONTH)

    end, told = duty.told()
    assert end.subject == (
        "Service index: over: the scores cannot be computed (score_monthly.transform)"
    )
    assert told.subject == (
        "Service index: 2025-03 cannot be published (score_monthly.month.publish.2025-03)"
    )
    assert told.part("What") == (
        "the marts hold no province 99 in 2025-03: look at the units feed, or at "
        "SERVICE_INDEX_PROVINCE"
    )
    assert told.part("It blocks") == (
        "The month is not published or its files are not whole; the release before it stays."
    )
    assert told.part("To mend it") == (
        "Mend what the reason names, then `service-index publish --month 2025-03`."
    )
    assert told.part("More") == "docs/runbook.md#a-release-cannot-be-published"
    assert airflow.run("score_monthly", month=MONTH)
    assert duty.told() == []
    monkeypatch.setenv("SERVICE_INDEX_PROVINCE", "")
    assert airflow.run("score_monthly", month=MONTH) is None
    duty.assert_told_the_end_of(told)


def test_scores_that_fail_their_gate(airflow: Unattended, duty: Duty, pipeline: Pipeline) -> None:
    stages.transform(MONTH)
    _execute(pipeline, "update marts.mart_monthly_score set total_score = total_score + 1000")
    assert airflow.run("score_monthly", month=MONTH)
    told = duty.told_once()
    assert told.subject == (
        "Service index: the scores of 2025-03 have failed their gate "
        "(score_monthly.month.gate.2025-03)"
    )
    assert told.part("What").startswith("the marts of 2025-03 failed ")
    assert told.part("It blocks") == (
        "The month is not published; its last release, if it has one, stays. Other months go on."
    )
    assert "Have the records mended, then `service-index publish --month 2025-03`." in told.text
    assert (
        "`service-index publish --month 2025-03 --override-gate CHECK --because REASON`"
        in told.text
    )
    assert told.part("More") == "docs/runbook.md#the-scores-have-failed-their-gate"
    assert airflow.run("score_monthly", month=MONTH)
    assert duty.told() == []
    _execute(pipeline, "update marts.mart_monthly_score set total_score = total_score - 1000")
    assert airflow.run("score_monthly", month=MONTH) is None
    duty.assert_told_the_end_of(told)


def test_national_results_that_do_not_come_or_are_of_no_use(
    airflow: Unattended,
    duty: Duty,
    source: Portal,
    pipeline: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", f"{source.national_portal_uri}/nowhere")
    assert airflow.run("import_national", month=MONTH)
    told = duty.told_once()
    assert told.subject == (
        "Service index: the national portal does not answer (import_national.land.2025-03)"
    )
    assert told.part("What") == "national_scores 2025-03: status 404"
    assert told.part("It blocks") == NO_RANKING
    assert "`service-index import-national --month 2025-03`" in told.part("To mend it")
    assert told.part("More") == "docs/runbook.md#the-national-portal-does-not-answer"
    assert airflow.run("import_national", month=MONTH)
    assert duty.told() == []

    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    table = national_support.table(MONTH)
    swapped = [row | {"CLGQ": row["TTTT"], "TTTT": row["CLGQ"]} for row in table]
    swapped[0]["TTTT"] = "11,2"
    source.show(MONTH, swapped)
    assert airflow.run("import_national", month=MONTH)
    end, told = duty.told()
    assert end.subject.startswith("Service index: over: the national portal does not answer")
    assert told.subject == (
        "Service index: the national results cannot be loaded (import_national.load.2025-03)"
    )
    assert "column TTTT holds 11.2" in told.part("What")
    assert told.part("It blocks") == NO_RANKING
    assert told.part("More") == "docs/runbook.md#the-national-results-cannot-be-used"


def test_national_results_that_are_refused(
    airflow: Unattended,
    duty: Duty,
    source: Portal,
    pipeline: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    table = national_support.table(MONTH)
    source.show(MONTH, [row | {"ROW_STT": "first"} for row in table[:20]] + table[20:])
    assert airflow.run("import_national", month=MONTH)
    told = duty.told_once()
    assert told.subject == (
        "Service index: the national results were refused (refused_national_tables)"
    )
    assert told.part("What").startswith("1 batches were refused, first check: ")
    assert told.part("It blocks") == NO_RANKING
    assert "`service-index import-national --month" in told.part("To mend it")
    source.show(MONTH, table)
    assert airflow.run("import_national", month=MONTH) is None
    duty.assert_told_the_end_of(told)


def test_a_form_that_cannot_be_made(airflow: Unattended, duty: Duty, pipeline: Pipeline) -> None:
    assert airflow.run("report_period", period="2025Q3")
    told = duty.told_once()
    assert told.subject == (
        "Service index: the statistical form has failed its gate (report_period.gate.2025Q3)"
    )
    assert told.part("What").startswith("the marts hold no form of 2025Q3")
    assert told.part("It blocks") == NO_FORM
    assert "`service-index publish --period 2025Q3`" in told.part("To mend it")
    assert told.part("More") == "docs/runbook.md#the-form-has-failed-its-gate"
    assert airflow.run("report_period", period="2025Q3")
    assert duty.told() == []
