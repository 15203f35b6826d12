"""Great Expectations, dbt or the database breaks (fault 23): nothing passes, nothing is published.

An error is not a failed check: it says nothing of the data, and nobody can let it pass.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service_index.orchestration import stages, transform
from service_index.orchestration.dbt_build import TransformError
from service_index.orchestration.overriding import override_check
from service_index.orchestration.stages import StageError
from service_index.orchestration.windows import parse_month
from service_index.quality.override import OverrideError
from service_index.quality.results import GateError
from service_index.settings import PROJECT_ROOT, load
from simulator.server import SampleSource
from tests.pipeline import Pipeline, copy_of, open_pipeline
from tests.warehouses import fresh_warehouse

MONTH = "2025-03"
UNITS = [
    {"MaDonVi": "33", "HieuLucTu": "20100101", "LoaiDonVi": "tinh", "MaTinh": "33"},
    {"MaDonVi": "X1", "HieuLucTu": "20100101", "LoaiDonVi": "xa", "MaTinh": "33",
     "MaDonViCha": "33"},
]  # fmt: skip
PROCEDURES = [{"MaTTHC": "1.000001", "MaDonVi": "X1", "MucDo": "4", "TrangThai": "1"}]
DOSSIERS = [
    {"MaHoSo": f"H{day}", "MaTTHC": "1.000001", "MaDonVi": "X1", "KenhThucHien": "2",
     "TrangThaiHoSo": "10", "NgayTiepNhan": f"202503{day}080000",
     "NgayHenTra": f"202503{day}170000", "NgayKetThucXuLy": f"202503{day}140000",
     "NgayCapNhat": f"202503{day}150000"}
    for day in ("03", "04", "05")
]  # fmt: skip


@pytest.fixture(scope="module")
def source() -> Iterator[SampleSource]:
    records = {"units": UNITS, "procedures": PROCEDURES, "dossiers": DOSSIERS}
    with SampleSource.from_records(records) as serving:
        yield serving


@pytest.fixture(scope="module")
def published(
    source: SampleSource, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    """The first days of March are published; each test works on a copy."""
    home = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch, fresh_warehouse(postgres_server) as dsn:
        opened = open_pipeline(patch, home, dsn, source.connection_uri)
        opened.ingest("2025-03-01", "2025-03-05")
        opened.score(MONTH)
        assert opened.publish(MONTH)["release_id"] == "2025-03.r1"
        yield opened


@pytest.fixture
def pipeline(
    published: Pipeline,
    source: SampleSource,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Pipeline]:
    """A copy of what is published, with the next day loaded and not gated yet."""
    # No ingest of a schedule is under way here, whose gate a scoring would wait for.
    monkeypatch.setattr(transform, "LONGEST_GATE_SECONDS", 1)
    with copy_of(published, monkeypatch, tmp_path / "home", source.connection_uri) as opened:
        opened.load("2025-03-05", "2025-03-06")
        yield opened


def _rows(pipeline: Pipeline, query: str) -> list[tuple[Any, ...]]:
    with pipeline.connect() as connection:
        return connection.execute(query).fetchall()


def _execute(pipeline: Pipeline, statement: str) -> None:
    with pipeline.connect() as connection:
        connection.execute(statement)
        connection.commit()


def _assert_nothing_new_is_published(pipeline: Pipeline) -> None:
    with pytest.raises(StageError, match="have not passed their gate"):
        pipeline.publish(MONTH)
    assert _rows(pipeline, "select release_id, is_current from published.release") == [
        ("2025-03.r1", True)
    ]


def _assert_the_batches_wait(pipeline: Pipeline) -> None:
    statuses = _rows(
        pipeline, "select status, count(*) from ops.batch where transformed_at is null group by 1"
    )
    assert statuses == [("loaded", 6)]
    with pytest.raises(TransformError, match="has not been through its gate"):
        pipeline.score(MONTH)


def _assert_goes_on_when_mended(pipeline: Pipeline) -> None:
    stages.gate_batches()
    pipeline.score(MONTH)
    assert pipeline.publish(MONTH)["release_id"] == "2025-03.r2"


def _status_of_the_last_run(pipeline: Pipeline) -> str:
    return str(
        _rows(pipeline, "select status from ops.gate_run order by gate_run_id desc limit 1")[0][0]
    )


@contextmanager
def _killed_while_waiting_for(pipeline: Pipeline, table: str) -> Iterator[None]:
    """Whoever waits for `table` in this block loses its connection."""
    over = threading.Event()

    def kill() -> None:
        with psycopg.connect(pipeline.dsn, autocommit=True) as admin:
            while not over.wait(0.05):
                admin.execute(
                    "select pg_terminate_backend(pid) from pg_locks "
                    "where not granted and relation = %s::regclass",
                    [table],
                )

    killer = threading.Thread(target=kill)
    with pipeline.connect() as holder:
        holder.execute(f"lock table {table} in access exclusive mode")
        killer.start()
        try:
            yield
        finally:
            over.set()
            killer.join()


@pytest.mark.fault(23, "Great Expectations breaks in the gate of batches")
def test_a_batch_gate_that_breaks_lets_nothing_pass(pipeline: Pipeline) -> None:
    # A column that a check asks for is not there: Great Expectations raises inside the check.
    _execute(pipeline, "alter table raw.ratings rename column satisfaction to hidden")
    with pytest.raises(GateError, match=r"batch gate could not be run: .*satisfaction"):
        stages.gate_batches()
    assert _status_of_the_last_run(pipeline) == "error"
    _assert_the_batches_wait(pipeline)
    with pipeline.connect() as connection, pytest.raises(OverrideError, match="no failed check"):
        override_check(connection, parse_month(MONTH), "satisfaction_is_allowed", "in a hurry")
    _execute(pipeline, "alter table raw.ratings rename column hidden to satisfaction")
    _assert_goes_on_when_mended(pipeline)


@pytest.mark.fault(23, "the database is lost in mid-gate")
def test_a_database_lost_in_mid_gate_lets_no_batch_pass(pipeline: Pipeline) -> None:
    with (
        _killed_while_waiting_for(pipeline, "raw.ratings"),
        pytest.raises(GateError, match="batch gate could not be run"),
    ):
        stages.gate_batches()
    _assert_the_batches_wait(pipeline)
    _assert_goes_on_when_mended(pipeline)


@pytest.mark.fault(23, "Great Expectations breaks in the gate of marts")
def test_a_marts_gate_that_breaks_withholds_the_month(pipeline: Pipeline) -> None:
    stages.gate_batches()
    stages.transform(MONTH)
    _execute(pipeline, "alter table marts.fct_measure rename column value to hidden")
    with pytest.raises(GateError, match="marts gate could not be run"):
        stages.gate_marts(MONTH)
    assert _status_of_the_last_run(pipeline) == "error"
    _assert_nothing_new_is_published(pipeline)
    _execute(pipeline, "alter table marts.fct_measure rename column hidden to value")

    with (
        _killed_while_waiting_for(pipeline, "marts.mart_monthly_score"),
        pytest.raises(GateError, match="marts gate could not be run"),
    ):
        stages.gate_marts(MONTH)
    _assert_nothing_new_is_published(pipeline)
    _assert_goes_on_when_mended(pipeline)


# It is no template; it compiles and fails as it runs; a test that breaks has not passed.
BROKEN = {
    "models/marts/mart_monthly_score.sql": "{{ ref('nowhere') }}",
    "models/marts/fct_criterion_score.sql": "select 1 / (select 0) as period_month",
    "tests/identities/scores_lie_within_their_bounds.sql": "select 1 / (select 0)",
}


@pytest.mark.fault(23, "dbt breaks")
def test_dbt_that_breaks_withholds_the_month(pipeline: Pipeline, tmp_path: Path) -> None:
    stages.gate_batches()
    for broken, text in BROKEN.items():
        root = tmp_path / Path(broken).stem
        shutil.copytree(PROJECT_ROOT / "dbt_project", root / "dbt_project")
        (root / "dbt_project" / broken).write_text(text, encoding="utf-8")
        with pipeline.connect() as connection, pytest.raises(TransformError):
            transform.transform(connection, pipeline.dsn, replace(load(), project_root=root))
        _assert_nothing_new_is_published(pipeline)
    _assert_goes_on_when_mended(pipeline)
