"""Daily runs under the real scheduler, an outage, and what they leave in the marts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service_index.orchestration.windows import ict_midnight
from service_index.settings import ICT
from service_index.warehouse.connection import connect
from simulator.server import SampleSource
from tests.integration.late_batch import PROCEDURE, UNITS
from tests.pipeline import Pipeline, open_pipeline
from tests.scheduler.real_airflow import RealAirflow, airflow_up
from tests.warehouses import fresh_warehouse

TODAY = datetime.now(ICT).date()
# Seven days by the scheduler, then two on which it does not run.
DAYS = [TODAY - timedelta(days=back) for back in range(9, 0, -1)]
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
def source() -> Iterator[SampleSource]:
    dossiers = [dossier(day, number) for day in DAYS for number in range(A_DAY)]
    feeds = {"units": UNITS, "procedures": [PROCEDURE], "dossiers": dossiers}
    with SampleSource.from_records(feeds) as serving:
        yield serving


@pytest.fixture(scope="module")
def airflow(
    source: SampleSource, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealAirflow]:
    """After seven daily runs, each with the scoring that it set off, and two days without any."""
    home = tmp_path_factory.mktemp("scheduler")
    with airflow_up(home, source.connection_uri) as running:
        running.switch("score_monthly", on=True)
        running.backfill("ingest_daily", ict_midnight(DAYS[0]), ict_midnight(DAYS[6]))
        running.wait_for_all("score_monthly")
        yield running


def test_a_scheduled_run_catches_up_after_an_outage(airflow: RealAirflow) -> None:
    def loaded_until() -> date:
        with connect(airflow.warehouse_dsn) as connection:
            row = connection.execute("select min(loaded_until) from ops.watermark").fetchone()
        assert row is not None
        return row[0].astimezone(ICT).date()  # type: ignore[no-any-return]

    assert loaded_until() == DAYS[7]
    before = len(airflow.runs("ingest_daily"))
    scored = len(airflow.runs("score_monthly"))
    airflow.switch("ingest_daily", on=True)
    airflow.wait_for_all("ingest_daily", at_least=before + 1)
    assert loaded_until() == TODAY
    airflow.wait_for_all("score_monthly", at_least=scored + 1)


def test_the_marts_are_those_of_one_direct_load(
    airflow: RealAirflow,
    source: SampleSource,
    postgres_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with fresh_warehouse(postgres_server) as dsn:
        direct = open_pipeline(monkeypatch, tmp_path, dsn, source.connection_uri)
        direct.ingest(str(DAYS[0]), str(TODAY))
        direct.score(f"{DAYS[-1]:%Y-%m}")
        by_scheduler = Pipeline(airflow.home, airflow.warehouse_dsn)
        assert by_scheduler.fingerprints() == direct.fingerprints()
