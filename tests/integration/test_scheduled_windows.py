"""What scheduled runs fetch, one after the other, when a stretch of a feed is not to be had."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from extraction_support import NeverWhole
from late_batch import FEEDS

from service_index.orchestration import planning, stages
from service_index.settings import ICT
from service_index.sources.errors import IncompleteWindowError
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline

BY_THE_SCHEDULER: dict[str, Any] = {"overlap_minutes": 60}
MIDNIGHTS = [datetime(2025, 3, day, tzinfo=ICT) for day in range(1, 12)]
HOUR = timedelta(hours=1)


@pytest.fixture
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records(FEEDS) as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: SampleSource, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    return open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)


def night(day: datetime) -> None:
    """The scheduled run of a day, its parts in the order of the DAG; raises what `land` raises."""
    start = day + timedelta(hours=2)
    plan = planning.plan_ingest(
        BY_THE_SCHEDULER, (start, start + timedelta(days=1)), is_scheduled=True
    )
    try:
        stages.land(planning.window_of(plan), overlap=HOUR, fresh_from=planning.fresh_from(plan))
    finally:
        stages.load()
        stages.gate_batches()


def windows(pipeline: Pipeline, feed: str = "dossiers") -> list[tuple[datetime, datetime]]:
    """What was loaded of a feed, in the order in which it came."""
    with pipeline.connect() as connection:
        return connection.execute(
            "select window_from, window_to from ops.batch "
            "where feed = %s and kind = 'window' order by batch_id",
            [feed],
        ).fetchall()


def test_a_night_reaches_back_by_the_overlap_and_fetches_nothing_twice(
    pipeline: Pipeline, source: SampleSource
) -> None:
    one, two, three = MIDNIGHTS[:3]
    night(one)
    night(two)
    assert windows(pipeline) == [(one - HOUR, two), (two - HOUR, three)]
    asked = sum(request.target == "dossiers" for request in source.requests)
    night(two)
    assert sum(request.target == "dossiers" for request in source.requests) == asked


def test_a_day_that_is_never_whole_holds_up_no_later_one(
    pipeline: Pipeline, source: SampleSource
) -> None:
    one, two, three, four, five = MIDNIGHTS[:5]
    night(one)
    source.faults.append(NeverWhole(feed="dossiers", until=three))
    for day in (two, three, four):
        with pytest.raises(IncompleteWindowError, match=r"dossiers .* not whole"):
            night(day)
    # The first gap reaches back; the day after it was apart from it from the second night on.
    assert windows(pipeline) == [(one - HOUR, two), (three, four), (four - HOUR, five)]
    assert len(windows(pipeline, "payments")) == 4

    source.faults.clear()
    night(five)
    assert set(windows(pipeline)[3:]) == {(two - HOUR, three), (five - HOUR, MIDNIGHTS[5])}


def test_after_an_outage_each_day_missed_is_a_window(pipeline: Pipeline) -> None:
    one, two, three, four, five = MIDNIGHTS[:5]
    night(one)
    night(four)
    assert set(windows(pipeline)[1:]) == {(two - HOUR, three), (three, four), (four, five)}
