"""However the same days are cut, ordered or repeated, the marts come out the same (I2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from simulator import dataset
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse

FIRST, AFTER_LAST = date(2025, 3, 1), date(2025, 4, 1)
# Where a record lies tells which delivery brought it, which is what differs here.
LINEAGE = ("landed_file", "landed_line")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleSource]:
    folder = dataset.ensure(tmp_path_factory.mktemp("sample") / "province", "small")
    with SampleSource(folder) as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: SampleSource, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    return open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)


@pytest.fixture(scope="module")
def from_one_window(
    source: SampleSource, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    """March in one window, scored."""
    home = tmp_path_factory.mktemp("one")
    with pytest.MonkeyPatch.context() as patch, fresh_warehouse(postgres_server) as dsn:
        pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        _ingest(pipeline, FIRST, AFTER_LAST)
        pipeline.score("2025-03")
        yield pipeline


def _ingest(pipeline: Pipeline, first: date, after_last: date) -> None:
    pipeline.ingest(first.isoformat(), after_last.isoformat())


def test_halves_scored_one_by_one(pipeline: Pipeline, from_one_window: Pipeline) -> None:
    middle = date(2025, 3, 16)
    _ingest(pipeline, FIRST, middle)
    pipeline.score("2025-03")
    _ingest(pipeline, middle, AFTER_LAST)
    pipeline.score("2025-03")
    assert pipeline.marts(LINEAGE) == from_one_window.marts(LINEAGE)


def test_windows_in_reverse_order(pipeline: Pipeline, from_one_window: Pipeline) -> None:
    starts = [FIRST + timedelta(days=days) for days in range(0, 31, 3)]
    for start in reversed(starts):
        _ingest(pipeline, start, min(start + timedelta(days=3), AFTER_LAST))
        if start == starts[6]:
            pipeline.score("2025-03")
    pipeline.score("2025-03")
    assert pipeline.marts(LINEAGE) == from_one_window.marts(LINEAGE)


def test_a_window_twice(pipeline: Pipeline, from_one_window: Pipeline) -> None:
    for _ in range(2):
        _ingest(pipeline, FIRST, AFTER_LAST)
        pipeline.score("2025-03")
    assert pipeline.marts(LINEAGE) == from_one_window.marts(LINEAGE)
    with pipeline.connect() as connection:
        counts = connection.execute(
            "select sum(delivered), sum(loaded), sum(duplicates) from ops.batch"
        ).fetchone()
    assert counts is not None
    delivered, loaded, duplicates = counts
    assert loaded == duplicates == delivered / 2 > 0


def test_the_same_marts_make_no_new_release(pipeline: Pipeline) -> None:
    _ingest(pipeline, FIRST, AFTER_LAST)
    pipeline.score("2025-03")
    first = pipeline.publish("2025-03")
    assert (first["release_id"], first["is_new"], first["status"]) == ("2025-03.r1", True, "final")
    _ingest(pipeline, FIRST, AFTER_LAST)
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["is_new"] is False
