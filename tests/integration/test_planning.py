"""What a run takes on: its window, and the months that can be scored and published after it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from late_batch import FEEDS

from service_index.loading import request_window
from service_index.orchestration import failures, form_stages, planning, stages
from service_index.orchestration.planning import IngestPlan
from service_index.orchestration.stages import StageError
from service_index.orchestration.windows import days_window
from service_index.settings import ICT
from simulator.server import SampleSource
from tests.pipeline import Pipeline, copy_of, open_pipeline
from tests.warehouses import fresh_warehouse

BY_THE_SCHEDULER: dict[str, Any] = {"window_from": None, "window_to": None}


@pytest.fixture(scope="module")
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records(FEEDS) as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: SampleSource, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    """Nothing is loaded yet."""
    return open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)


@pytest.fixture(scope="module")
def states_of_march(
    source: SampleSource, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Pipeline]]:
    """March loaded, then scored, then published, each as a state to copy."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        uri = source.connection_uri
        dsn = stack.enter_context(fresh_warehouse(postgres_server))
        loaded = open_pipeline(patch, tmp_path_factory.mktemp("loaded"), dsn, uri)
        loaded.ingest("2025-03-01", "2025-04-01")
        home = tmp_path_factory.mktemp("scored") / "home"
        scored = stack.enter_context(copy_of(loaded, patch, home, uri))
        scored.score("2025-03")
        home = tmp_path_factory.mktemp("published") / "home"
        published = stack.enter_context(copy_of(scored, patch, home, uri))
        published.publish("2025-03")
        yield {"loaded": loaded, "scored": scored, "published": published}


CopyOfMarch = Callable[[str], Pipeline]


@pytest.fixture
def copy_of_march(
    states_of_march: dict[str, Pipeline],
    source: SampleSource,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[CopyOfMarch]:
    """Opens a pipeline of the test's own in a state of March: all stages work on it then."""
    with ExitStack() as stack:

        def copy(state: str) -> Pipeline:
            home = tmp_path / state
            return stack.enter_context(
                copy_of(states_of_march[state], monkeypatch, home, source.connection_uri)
            )

        yield copy


def night_of(day: datetime) -> tuple[datetime, datetime]:
    """The data interval of the run at two in the night after `day`, in UTC as Airflow gives it."""
    start = day.replace(hour=2).astimezone(UTC)
    return start, start + timedelta(days=1)


def ict(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ICT)  # type: ignore[arg-type, misc]


def ends(plan: IngestPlan) -> tuple[datetime, datetime]:
    window = planning.window_of(plan)
    return window.start, window.end


def ingested_until(until: datetime) -> IngestPlan:
    return {"window_from": ict(2025, 3, 1).isoformat(), "window_to": until.isoformat(),
            "snapshots": True, "fresh_from": None}  # fmt: skip


def test_a_nightly_run_takes_the_day_before(pipeline: Pipeline) -> None:
    # 02:00 on 5 March in Vietnam is still 4 March in UTC.
    plan = planning.plan_ingest(BY_THE_SCHEDULER, night_of(ict(2025, 3, 5)), is_scheduled=True)
    assert ends(plan) == (ict(2025, 3, 5), ict(2025, 3, 6))


def test_a_scheduled_run_reaches_back_to_what_is_loaded(pipeline: Pipeline) -> None:
    pipeline.ingest("2025-03-01", "2025-03-03")
    plan = planning.plan_ingest(BY_THE_SCHEDULER, night_of(ict(2025, 3, 5)), is_scheduled=True)
    assert ends(plan) == (ict(2025, 3, 3), ict(2025, 3, 6))
    assert planning.fresh_from(plan) == ict(2025, 3, 5)


def test_a_scheduled_run_reaches_back_to_what_was_asked_for_and_never_came(
    pipeline: Pipeline,
) -> None:
    overlap = timedelta(hours=1)
    with pipeline.connect() as connection:
        for feed in ("dossiers", "payments"):
            request_window(connection, feed, ict(2025, 3, 3) - overlap, ict(2025, 3, 4))
        connection.commit()
    params = BY_THE_SCHEDULER | {"overlap_minutes": 60}
    plan = planning.plan_ingest(params, night_of(ict(2025, 3, 5)), is_scheduled=True)
    assert ends(plan) == (ict(2025, 3, 3), ict(2025, 3, 6))


def test_a_backfill_takes_its_day_and_no_more(pipeline: Pipeline) -> None:
    pipeline.ingest("2025-03-01", "2025-03-03")
    plan = planning.plan_ingest(BY_THE_SCHEDULER, night_of(ict(2025, 3, 5)))
    assert ends(plan) == (ict(2025, 3, 5), ict(2025, 3, 6))
    assert planning.fresh_from(plan) is None


def test_what_is_loaded_already_is_not_left_out_of_a_scheduled_window(pipeline: Pipeline) -> None:
    pipeline.ingest("2025-03-01", "2025-03-10")
    plan = planning.plan_ingest(BY_THE_SCHEDULER, night_of(ict(2025, 3, 5)), is_scheduled=True)
    assert ends(plan) == (ict(2025, 3, 5), ict(2025, 3, 6))


def test_every_few_minutes_the_interval_is_the_window(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_INDEX_INGEST_MINUTES", "15")
    interval = ict(2025, 3, 5, 9), ict(2025, 3, 5, 9, 15)
    plan = planning.plan_ingest(BY_THE_SCHEDULER, interval, is_scheduled=True)
    assert ends(plan) == interval


def test_every_few_minutes_snapshots_are_due_once_a_day(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_INDEX_INGEST_MINUTES", "15")
    now = datetime.now(ICT)

    def due(at: datetime) -> bool:
        interval = at - timedelta(minutes=15), at
        return planning.plan_ingest(BY_THE_SCHEDULER, interval, is_scheduled=True)["snapshots"]

    assert due(now)
    pipeline.ingest("2025-03-01", "2025-03-03")
    assert not due(now)
    assert due(now + timedelta(days=1))


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"window_from": "2025-03-01", "window_to": None}, "both ends"),
        (BY_THE_SCHEDULER, "no data interval"),
    ],
)
def test_a_run_without_a_window_says_what_to_name(params: dict[str, Any], reason: str) -> None:
    with pytest.raises(StageError, match=reason):
        planning.plan_ingest(params, None)


def test_a_month_is_due_when_it_is_loaded_and_its_cutoff_day_has_come(
    copy_of_march: CopyOfMarch,
) -> None:
    copy_of_march("loaded")
    open_march = [{"month": "2025-03", "publish": False}]
    assert planning.months_to_score(ingested_until(ict(2025, 4, 1))) == open_march
    assert planning.months_to_score(ingested_until(ict(2025, 4, 2))) == [
        {"month": "2025-03", "publish": True},
        {"month": "2025-04", "publish": False},
    ]


def test_a_later_cutoff_day_waits_for_it(
    copy_of_march: CopyOfMarch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_INDEX_CUTOFF_DAY", "5")
    copy_of_march("loaded")
    april = {"month": "2025-04", "publish": False}
    assert planning.months_to_score(ingested_until(ict(2025, 4, 4))) == [april]
    assert april in planning.months_to_score(ingested_until(ict(2025, 4, 5)))
    assert len(planning.months_to_score(ingested_until(ict(2025, 4, 5)))) == 2


def test_a_month_with_a_gap_is_not_due(pipeline: Pipeline) -> None:
    pipeline.ingest("2025-03-01", "2025-03-15")
    pipeline.ingest("2025-03-16", "2025-04-01")
    only_april = [{"month": "2025-04", "publish": False}]
    assert planning.months_to_score(ingested_until(ict(2025, 4, 2))) == only_april
    pipeline.ingest("2025-03-15", "2025-03-16")
    assert len(planning.months_to_score(ingested_until(ict(2025, 4, 2)))) == 2


def test_a_month_that_was_published_complete_is_due_no_more(copy_of_march: CopyOfMarch) -> None:
    copy_of_march("published")
    only_april = [{"month": "2025-04", "publish": False}]
    assert planning.months_to_score(ingested_until(ict(2025, 4, 2))) == only_april


def test_months_that_an_outage_held_up_are_due_together(copy_of_march: CopyOfMarch) -> None:
    copy_of_march("published").ingest("2025-04-01", "2025-06-01")
    due = planning.months_to_score(ingested_until(ict(2025, 6, 2)))
    assert [plan["month"] for plan in due if plan["publish"]] == ["2025-04", "2025-05"]


def test_a_scoring_takes_all_that_was_announced_since_the_last() -> None:
    announced: list[dict[str, Any]] = [
        {"months": [{"month": "2025-04", "publish": False}]},
        {"months": [{"month": "2025-03", "publish": True}, {"month": "2025-04", "publish": False}]},
        {"months": [{"month": "2025-03", "publish": False}]},
    ]
    assert planning.plan_months({"month": None}, announced, None) == [
        {"month": "2025-03", "publish": True},
        {"month": "2025-04", "publish": False},
    ]


def test_a_run_that_is_not_to_publish_publishes_nothing_that_was_announced() -> None:
    announced = [{"months": [{"month": "2025-03", "publish": True}]}]
    plans = planning.plan_months({"month": None, "publish": False}, announced, None)
    assert plans == [{"month": "2025-03", "publish": False}]


def test_a_form_waits_for_the_release_of_its_quarters_last_month(
    pipeline: Pipeline, copy_of_march: CopyOfMarch
) -> None:
    first_quarter = ict(2025, 1, 2, 6)
    assert form_stages.is_due({"period": "2025Q1"}, None)
    assert not form_stages.is_due({"period": None}, first_quarter)
    copy_of_march("scored")
    assert not form_stages.is_due({"period": None}, first_quarter)
    copy_of_march("published")
    assert form_stages.is_due({"period": None}, first_quarter)


def test_a_transform_waits_for_a_gate_that_is_on_its_way(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ingest of the schedule may be between its load and its gate when a scoring begins."""
    monkeypatch.setattr(failures, "_is_attended", [])
    stages.land(days_window("2025-03-01", "2025-04-01"), overlap=timedelta(0))
    stages.load()
    gate = threading.Timer(3, stages.gate_batches)
    gate.start()
    report = stages.transform("2025-03")
    gate.join()
    assert report.transform_run_id is not None
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["is_new"]


def test_a_scoring_by_the_clock_leaves_a_month_that_is_not_loaded(
    pipeline: Pipeline, copy_of_march: CopyOfMarch
) -> None:
    interval = ict(2025, 3, 2, 4), ict(2025, 4, 2, 4)
    assert planning.plan_months({"month": None}, [], interval) == []
    copy_of_march("loaded")
    march = [{"month": "2025-03", "publish": True}]
    assert planning.plan_months({"month": None}, [], interval) == march
    copy_of_march("published")
    assert planning.plan_months({"month": None}, [], interval) == []


def test_stages_take_the_months_that_were_planned(copy_of_march: CopyOfMarch) -> None:
    pipeline = copy_of_march("loaded")
    stages.transform(
        *(plan["month"] for plan in planning.months_to_score(ingested_until(ict(2025, 4, 2))))
    )
    with pipeline.connect() as connection:
        months = connection.execute(
            "select distinct to_char(period_month, 'YYYY-MM') from marts.mart_monthly_score "
            "order by 1"
        ).fetchall()
    assert months == [("2025-03",), ("2025-04",)]
