"""What goes wrong on the way in, provoked in the real DAGs, and the messages that arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from service_index.orchestration import stages
from service_index.orchestration.windows import days_window
from simulator.faults import ServerError, WrongTotal
from simulator.server import SampleSource
from tests.integration import late_batch
from tests.integration.alert_support import Duty, Unattended
from tests.pipeline import Pipeline, open_pipeline

WINDOW = {"window_from": "2025-03-01", "window_to": "2025-03-08", "overlap_minutes": 0}
NO_RECORDS = "No new records come in, so scores and rankings stand still. What is published stays."


@pytest.fixture
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records(late_batch.FEEDS) as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: SampleSource,
    duty: Duty,
    warehouse_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Pipeline:
    (tmp_path / "alerts.urls").write_text(duty.addresses, encoding="utf-8")
    return open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)


def test_a_source_that_does_not_answer(
    airflow: Unattended, duty: Duty, source: SampleSource, pipeline: Pipeline
) -> None:
    source.faults.append(ServerError(feed="dossiers", times=None))
    assert airflow.run("ingest_daily", **WINDOW)
    told = duty.told_once()
    assert told.subject == "Service index: the source does not answer (ingest_daily.land)"
    assert told.part("What") == (
        "dossiers 2025-03-01T00:00:00+07:00 to 2025-03-08T00:00:00+07:00: "
        "gave up after 6 tries, the last one: status 503"
    )
    assert told.part("It blocks") == NO_RECORDS
    assert told.part("To mend it") == (
        "Call the source's operator. The next scheduled run fetches what is missing by itself; "
        "to have it at once: `service-index backfill --from 2025-03-01 --to 2025-03-08`."
    )
    assert told.part("More") == "docs/runbook.md#the-source-does-not-answer"

    assert airflow.run("ingest_daily", **WINDOW)
    assert duty.told() == []
    source.faults.clear()
    assert airflow.run("ingest_daily", **WINDOW) is None
    duty.assert_told_the_end_of(told)
    assert airflow.run("ingest_daily", **WINDOW) is None
    assert duty.told() == []


def test_a_source_that_refuses_us_and_one_whose_answers_are_not_whole(
    airflow: Unattended,
    duty: Duty,
    source: SampleSource,
    pipeline: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = source.connection_uri
    monkeypatch.setenv("AIRFLOW_CONN_DOSSIER_API", good.replace("//", "//nobody:", 1))
    assert airflow.run("ingest_daily", **WINDOW)
    told = duty.told_once()
    assert told.subject == "Service index: the source refuses our credentials (ingest_daily.land)"
    assert "the source refuses the client credentials (status 401)" in told.part("What")
    assert "put them into the connection dossier_api" in told.part("To mend it")
    assert told.part("More") == "docs/runbook.md#the-source-refuses-us"
    # Still the same task, and nobody need be called again for another reason of it.
    monkeypatch.setenv("AIRFLOW_CONN_DOSSIER_API", good)
    source.faults.append(WrongTotal(feed="dossiers", times=None, by=1))
    assert airflow.run("ingest_daily", **WINDOW)
    assert duty.told() == []
    source.faults.clear()
    assert airflow.run("ingest_daily", **WINDOW) is None
    duty.assert_told_the_end_of(told)

    source.faults.append(WrongTotal(feed="dossiers", times=None, by=1))
    before = batches(pipeline)
    assert airflow.run("ingest_daily", **WINDOW)
    # What is whole is loaded and gated, though the run ends as failed.
    new = batches(pipeline) - before
    assert {feed for _, feed, _ in new} == {
        "units", "procedures", "payments", "petitions", "ratings"
    }  # fmt: skip
    assert {status for _, _, status in new} == {"passed"}
    told = duty.told_once()
    assert told.subject == "Service index: the source's answers are not whole (ingest_daily.land)"
    assert told.part("It blocks").endswith("Other windows are loaded.")
    assert "not whole after 3 readings" in told.part("What")
    assert "`service-index backfill --from 2025-03-01 --to 2025-03-08`" in told.part("To mend it")


def batches(pipeline: Pipeline) -> set[tuple[int, str, str]]:
    with pipeline.connect() as connection:
        rows = connection.execute("select batch_id, feed, status from ops.batch")
        return set(rows.fetchall())


def test_landed_files_that_are_damaged(airflow: Unattended, duty: Duty, pipeline: Pipeline) -> None:
    stages.land(days_window("2025-03-01", "2025-03-08"), overlap=timedelta(0))
    page = max((pipeline.home / "landing").rglob("dossiers/**/*.zst"))
    whole = page.read_bytes()
    page.write_bytes(whole[:-20])
    later = WINDOW | {"window_from": "2025-03-08", "window_to": "2025-03-09"}
    assert airflow.run("ingest_daily", **later)
    told = duty.told_once()
    assert told.subject == "Service index: records cannot be loaded (ingest_daily.load)"
    assert page.parent.name in told.part("What")
    assert told.part("It blocks") == NO_RECORDS
    assert "`service-index reload`" in told.part("To mend it")

    assert airflow.run("ingest_daily", **later)
    assert duty.told() == []
    page.write_bytes(whole)
    assert airflow.run("ingest_daily", **later) is None
    duty.assert_told_the_end_of(told)


def test_a_refused_batch_is_one_incident_wherever_it_is_met(
    airflow: Unattended, duty: Duty, source: SampleSource, pipeline: Pipeline
) -> None:
    bad = [
        record | {"NgayTiepNhan": "when the office opened"} if number % 4 == 0 else record
        for number, record in enumerate(late_batch.ON_TIME)
    ]
    source.replace("dossiers", bad)
    assert airflow.run("ingest_daily", **WINDOW)
    told = duty.told_once()
    assert told.subject == "Service index: delivered batches were refused (refused_batches)"
    assert told.part("What").startswith("1 batches were refused, first check: rejected_share")
    assert told.part("It blocks") == (
        "New records are not in the scores; releases that are due wait. What is published stays."
    )
    assert told.part("To mend it") == (
        "`service-index status` names the failed check and its report. Have the source mended, "
        "then fetch the days again: `service-index ingest --from 2025-03-01 --to 2025-03-08`. "
        "If they are right as they are: `service-index publish --month 2025-03 --override-gate "
        "CHECK --because REASON`."
    )
    assert told.part("More") == "docs/runbook.md#delivered-batches-were-refused"

    # The next day passes, and the refused one still holds the scores up.
    next_day = WINDOW | {"window_from": "2025-03-08", "window_to": "2025-03-09"}
    assert airflow.run("ingest_daily", **next_day) is None
    assert "was refused by its gate" in str(airflow.run("score_monthly", month="2025-03"))
    assert duty.told() == []
    source.replace("dossiers", late_batch.ON_TIME)
    assert airflow.run("ingest_daily", **WINDOW) is None
    duty.assert_told_the_end_of(told)


def test_a_gate_that_breaks(airflow: Unattended, duty: Duty, pipeline: Pipeline) -> None:
    def rename(column: str, other: str) -> None:
        with pipeline.connect() as connection:
            connection.execute(f"alter table raw.ratings rename column {column} to {other}")

    stages.land(days_window("2025-03-01", "2025-03-08"), overlap=timedelta(0))
    stages.load()
    rename("satisfaction", "hidden")
    assert airflow.run("ingest_daily", **WINDOW, skip_loaded=True)
    told = duty.told_once()
    # The database's own words could hold a row's.
    assert told.part("What").startswith("batch gate could not be run: ")
    assert "satisfaction" not in told.text
    assert told.subject == "Service index: the gate of batches broke (ingest_daily.gate)"
    assert "`service-index reload`" in told.part("To mend it")
    assert told.part("More") == "docs/runbook.md#a-gate-broke"
    rename("hidden", "satisfaction")
    assert airflow.run("ingest_daily", **WINDOW) is None
    duty.assert_told_the_end_of(told)


def test_records_that_are_out_of_date_and_a_source_that_delivers_nothing(
    airflow: Unattended, duty: Duty, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert airflow.run("watch") is None
    assert duty.told() == []  # nothing was ever asked for

    assert airflow.run("ingest_daily", **WINDOW) is None
    assert airflow.run("watch") is None
    stale = duty.told_once()
    assert stale.subject == "Service index: the records are out of date (stale.all_feeds)"
    assert stale.part("What") == (
        "dossiers end at 2025-03-08 00:00; payments end at 2025-03-08 00:00; "
        "petitions end at 2025-03-08 00:00; ratings end at 2025-03-08 00:00 "
        "(more than 36 hours ago)"
    )
    assert stale.part("It blocks") == NO_RECORDS
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011 - the machine's day does as well
    assert "the DAG ingest_daily is on" in stale.part("To mend it")
    assert "`service-index backfill --from 2025-03-08 --to 20" in stale.part("To mend it")
    assert airflow.run("watch") is None
    assert duty.told() == []

    # Read to the end of yesterday: nothing more has been entered since the last of March's.
    today = str(tomorrow - timedelta(days=1))
    for first, after_last in (("2025-03-08", "2025-04-05"), ("2025-04-05", today)):
        window = WINDOW | {"window_from": first, "window_to": after_last}
        assert airflow.run("ingest_daily", **window) is None
    duty.assert_told_the_end_of(stale)
    assert airflow.run("watch") is None
    silent = duty.told_once()
    assert silent.subject == (
        "Service index: the source answers and delivers nothing (silent_source)"
    )
    assert silent.part("What").startswith("no feed has brought a record since 2025-04-0")
    assert "Ask the source's operator whether records are still entered." in silent.text
