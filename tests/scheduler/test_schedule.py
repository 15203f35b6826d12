"""Daily runs under the real scheduler, an outage, and what they leave in the marts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service_index.orchestration import stages
from service_index.orchestration.windows import Window, ict_midnight
from service_index.settings import ICT, PROJECT_ROOT
from service_index.warehouse import embedded
from service_index.warehouse.connection import connect
from simulator.server import SampleSource
from tests.integration.late_batch import PROCEDURE, UNITS
from tests.pipeline import Pipeline, open_pipeline
from tests.scheduler.real_airflow import RealAirflow, airflow_up
from tests.warehouses import fresh_warehouse

AT_NIGHT = timedelta(hours=2)  # when the nightly run begins
TODAY = (datetime.now(ICT) - AT_NIGHT).date()
MISSED = 2
A_DAY = 12


def dossier(day: date, number: int) -> dict[str, Any]:
    """Received in the morning, and half of them resolved in the afternoon."""
    is_resolved = number % 2 == 0
    at = f"{day:%Y%m%d}"
    return {
        "MaHoSo": f"{at}-{number}", "MaTTHC": PROCEDURE["MaTTHC"], "MaDonVi": "X1",
        "KenhThucHien": "2", "NgayTiepNhan": f"{at}08{number:02}00",
        "NgayHenTra": f"{day + timedelta(days=3):%Y%m%d}170000",
        "TrangThaiHoSo": "10" if is_resolved else "4",
        "NgayCapNhat": f"{at}15{number:02}00",
        **({"NgayKetThucXuLy": f"{at}15{number:02}00"} if is_resolved else {}),
    }  # fmt: skip


@pytest.fixture(scope="module")
def days(request: pytest.FixtureRequest) -> list[date]:
    """A week of runs, with --long a month, or as many as asked for; then the days on which none is
    made, until yesterday."""
    option = request.config.getoption
    nights = option("--nights") or (30 if option("--long") else 7)
    return [TODAY - timedelta(days=back) for back in range(nights + MISSED, 0, -1)]


@pytest.fixture(scope="module")
def source(days: list[date]) -> Iterator[SampleSource]:
    dossiers = [dossier(day, number) for day in days for number in range(A_DAY)]
    feeds = {"units": UNITS, "procedures": [PROCEDURE], "dossiers": dossiers}
    with SampleSource.from_records(feeds) as serving:
        yield serving


@dataclass(frozen=True)
class Observed:
    """What the scheduler did, and how far it had come before the outage and after it."""

    home: Path
    loaded_until: list[datetime]
    dossiers: list[int]
    runs: dict[str, list[dict[str, Any]]]
    models: dict[str, str]

    @property
    def dsn(self) -> str:
        return embedded.database_dsn(self.home, "warehouse")


def reach(airflow: RealAirflow) -> tuple[datetime, int]:
    """How far the source is read, and how many dossiers the marts have."""
    with connect(airflow.warehouse_dsn) as connection:
        row = connection.execute(
            "select (select min(loaded_until) from ops.watermark), "
            "(select count(*) from marts.fct_dossier)"
        ).fetchone()
    assert row is not None
    return row


def wait_for_dossiers(airflow: RealAirflow, count: int) -> None:
    """The scoring that a night sets off comes after it, and may take several nights together."""
    deadline = time.monotonic() + 300
    while reach(airflow)[1] < count and time.monotonic() < deadline:
        time.sleep(2)


@pytest.fixture(scope="module")
def observed(
    source: SampleSource, days: list[date], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Observed]:
    """Nightly runs, each with the scoring that it sets off; two days without Airflow; then
    an Airflow that asks every five minutes."""
    home = tmp_path_factory.mktemp("scheduler")
    with airflow_up(home, source.connection_uri) as airflow:
        # Last night's run is part of the outage, and so is one that comes due meanwhile.
        for day in (days[-1], TODAY):
            airflow.pretend_success("ingest_daily", ict_midnight(day) + AT_NIGHT)
        airflow.switch("score_monthly", on=True)
        airflow.switch("ingest_daily", on=True)
        airflow.backfill("ingest_daily", ict_midnight(days[0]), ict_midnight(days[-MISSED]))
        airflow.wait_for_all("score_monthly", at_least=2)
        wait_for_dossiers(airflow, (len(days) - MISSED) * A_DAY)
        airflow.wait_for_all("score_monthly")
        before = reach(airflow)
    with airflow_up(home, source.connection_uri, SERVICE_INDEX_INGEST_MINUTES="5") as airflow:
        scored = len(airflow.runs("score_monthly"))
        airflow.wait_for("ingest_daily", lambda run: run["run_type"] == "scheduled")
        airflow.wait_for_all("score_monthly", at_least=scored + 1)
        airflow.switch("ingest_daily", on=False)
        airflow.wait_for_all("score_monthly")
        after = reach(airflow)
        scoring = airflow.runs("score_monthly")[-1]
        models = airflow.states("score_monthly", scoring["dag_run_id"], "dbt_models")
        runs = {dag_id: airflow.runs(dag_id) for dag_id in ("ingest_daily", "score_monthly")}
    yield Observed(home, [before[0], after[0]], [before[1], after[1]], runs, models)
    embedded.stop(home)


def test_a_run_a_day_loads_its_day(observed: Observed, days: list[date]) -> None:
    assert observed.loaded_until[0] == ict_midnight(days[-MISSED])
    assert observed.dossiers[0] == (len(days) - MISSED) * A_DAY
    nightly = [run for run in observed.runs["ingest_daily"] if run["run_type"] == "backfill"]
    assert len(nightly) == len(days) - MISSED


def test_the_first_scheduled_run_catches_up_after_an_outage(
    observed: Observed, days: list[date]
) -> None:
    assert observed.loaded_until[1] > ict_midnight(TODAY)
    assert observed.dossiers[1] == len(days) * A_DAY


def test_scorings_are_set_off_by_what_was_loaded(observed: Observed) -> None:
    kinds = {run["run_type"] for run in observed.runs["score_monthly"]}
    assert "asset_triggered" in kinds
    failed = [run for runs in observed.runs.values() for run in runs if run["state"] == "failed"]
    assert not failed


def test_the_grid_shows_what_became_of_every_model(observed: Observed) -> None:
    assert observed.models["dbt_models.marts.fct_dossier"] == "success"
    assert set(observed.models.values()) <= {"success", "skipped"}
    assert len(observed.models) == len([*(PROJECT_ROOT / "dbt_project/models").rglob("*.sql")])


def test_the_marts_are_those_of_one_direct_load(
    observed: Observed,
    source: SampleSource,
    days: list[date],
    postgres_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with fresh_warehouse(postgres_server) as dsn:
        direct = open_pipeline(monkeypatch, tmp_path, dsn, source.connection_uri)
        stages.land(Window(ict_midnight(days[0]), observed.loaded_until[1]), overlap=timedelta(0))
        stages.load()
        stages.gate_batches()
        open_day = (observed.loaded_until[1] - timedelta(seconds=1)).astimezone(ICT)
        for month in sorted({f"{day:%Y-%m}" for day in (*days, open_day)}):
            direct.score(month)
        by_scheduler = Pipeline(observed.home, observed.dsn)
        where = ("landed_file", "landed_line")
        assert by_scheduler.marts(leaving_out=where) == direct.marts(leaving_out=where)
