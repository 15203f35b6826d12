"""What a daily run costs, in counts: as little as it did, and the same on a longer history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cost_meter import Costs, Meter, steady_server
from late_batch import PROCEDURE, UNITS

from service_index.orchestration import stages
from service_index.settings import ICT
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse

FIRST, DAY, AFTER_DAY = "2025-01-01", "2025-08-20", "2025-08-21"
MONTH = "2025-08"
# Dossiers a month: of the two months before the day in both, of two years before in one.
RECENT, EARLIER = 300, 2000
CHANGED = 40


def dossier(key: str, received: datetime, told: datetime) -> dict[str, object]:
    """One that was resolved on its fourth day, if that had come when it was told of."""
    resolved = received + timedelta(days=3)
    is_resolved = resolved <= told
    return {
        "MaHoSo": key, "MaTTHC": "1.000001", "MaDonVi": f"X{1 + ord(key[-1]) % 2}",
        "KenhThucHien": "2", "NgayTiepNhan": f"{received:%Y%m%d%H%M%S}",
        "NgayHenTra": f"{received + timedelta(days=5):%Y%m%d%H%M%S}",
        "NgayKetThucXuLy": f"{resolved:%Y%m%d%H%M%S}" if is_resolved else "",
        "TrangThaiHoSo": "10" if is_resolved else "2", "NgayCapNhat": f"{told:%Y%m%d%H%M%S}",
    }  # fmt: skip


def records(*, is_long: bool) -> dict[str, list[dict[str, object]]]:
    """July and August to the day before, the half-year before them if `is_long`, and the day."""
    dossiers = []
    for month in range(1 if is_long else 7, 9):
        first = datetime(2025, month, 1, 8, tzinfo=ICT)
        days, count = (19, RECENT) if month == 8 else (28, RECENT if month == 7 else EARLIER)
        for number in range(count):
            received = first + timedelta(minutes=number * days * 1440 // count)
            dossiers.append(dossier(f"{month}-{number}", received, received))
    morning = datetime(2025, 8, 20, 9, tzinfo=ICT)
    for number in range(CHANGED):
        told = morning + timedelta(minutes=number)
        dossiers.append(
            dossier(f"new-{number}", told, told)
            if number % 2
            else dossier(f"8-{number}", datetime(2025, 8, 1, 8, tzinfo=ICT), told)
        )
    return {"units": UNITS, "procedures": [PROCEDURE], "dossiers": dossiers}


def daily_run(server: str, home: Path, *, is_long: bool) -> dict[str, Costs]:
    """What each stage of the day costs, on a history that is loaded and scored."""
    costs: dict[str, Costs] = {}
    with (
        SampleSource.from_records(records(is_long=is_long)) as source,
        fresh_warehouse(server) as dsn,
        pytest.MonkeyPatch.context() as patch,
    ):
        pipeline: Pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        pipeline.ingest(FIRST if is_long else "2025-07-01", DAY)
        pipeline.score(MONTH)
        with pipeline.connect() as connection:
            connection.execute("analyze")
        meter = Meter(server, dsn, home)
        window = stages.plan_ingest({"window_from": DAY, "window_to": AFTER_DAY}, None)
        for name, stage in {
            "land": lambda: stages.land(window, overlap=timedelta(0), skip_loaded=False),
            "load": stages.load,
            "gate_batches": stages.gate_batches,
            "transform": lambda: stages.transform(MONTH),
            "gate_marts": lambda: stages.gate_marts(MONTH),
        }.items():
            with meter.counting(costs, name):
                stage()
    return costs


def test_x(tmp_path: Path) -> None:
    with steady_server() as server:
        for is_long in (False, True, True):
            costs = daily_run(server, tmp_path / f"{is_long}", is_long=is_long)
            for name, found in costs.items():
                print(is_long, name, found)
            import shutil
            shutil.rmtree(tmp_path / f"{is_long}")
