"""What a daily run costs, in counts: no more than it did, and the same on a longer history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cost_meter import Costs, Meter, steady_server
from late_batch import PROCEDURE, UNITS

from service_index.orchestration import stages
from service_index.orchestration.windows import days_window
from service_index.settings import ICT
from simulator.server import SampleSource
from tests.pipeline import open_pipeline
from tests.warehouses import fresh_warehouse

MONTH, DAY, AFTER_DAY = "2025-08", "2025-08-20", "2025-08-21"
# The short history begins with July, the long one with January and much larger months.
SHORT, LONG = 7, 1
RECENT, EARLIER = 300, 2000
CHANGED = 40
RESOLVED_AFTER = timedelta(days=3)

# What a day of CHANGED dossiers may cost on the short history: the counts of the day it was
# written and a tenth more (bytes a quarter). To renew it after a change that is worth its cost, or
# that saves some: `pytest -s tests/integration/test_costs.py` prints what is counted.
MOST = {
    # queries, connections, records read, rows read, rows written, bytes written, gates, dbt
    "land": Costs(30, 2, 0, 60, 10, 4_000, 0, 0),
    "load": Costs(174, 2, 0, 440, 1_300, 350_000, 0, 0),
    "gate_batches": Costs(227, 5, 150, 400, 115, 40_000, 1, 0),
    "transform": Costs(1_700, 200, 1_900, 9_000, 11_000, 2_600_000, 0, 1),
    "gate_marts": Costs(275, 5, 0, 4_100, 80, 30_000, 1, 0),
}
# The long history has twenty times the dossiers and four times the months. A day on it may cost so
# many times what it costs on the short one: the other rows read are one a month or a batch.
LONGER = {"records_read": 1.1, "rows_read": 4, "rows_written": 1.3, "bytes_written": 2}


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, dict[str, Costs]]]:
    """Stage → costs of the same day, on the short history and on the long one."""
    with steady_server() as server:
        found = {}
        for first_month in (SHORT, LONG):
            with pytest.MonkeyPatch.context() as patch:
                home = tmp_path_factory.mktemp("costs")
                found[first_month] = _daily_run(server, home, patch, first_month)
            for stage, counts in found[first_month].items():
                print(f"from month {first_month}: {stage}: {counts}")
        yield found


@pytest.mark.parametrize("stage", MOST)
def test_a_stage_costs_no_more_than_it_did(stage: str, costs: dict[int, dict[str, Costs]]) -> None:
    assert costs[SHORT][stage].above(MOST[stage]) == {}


def test_every_stage_has_its_limits(costs: dict[int, dict[str, Costs]]) -> None:
    assert set(costs[SHORT]) == set(MOST)


def test_a_daily_run_starts_dbt_once_and_each_gate_once(
    costs: dict[int, dict[str, Costs]],
) -> None:
    for by_stage in costs.values():
        whole = sum(by_stage.values(), Costs(0, 0, 0, 0, 0, 0, 0, 0))
        assert (whole.dbt, whole.gates) == (1, 2)
        # What counts nothing finds nothing.
        assert min(astuple(whole)) > 0, whole


@pytest.mark.parametrize("stage", MOST)
def test_a_longer_history_makes_no_day_dearer(
    stage: str, costs: dict[int, dict[str, Costs]]
) -> None:
    short, long = costs[SHORT][stage], costs[LONG][stage]
    assert long.above(short.times(**LONGER)) == {}


def _daily_run(
    server: str, home: Path, patch: pytest.MonkeyPatch, first_month: int
) -> dict[str, Costs]:
    """What each stage of the day costs, on a history that is loaded and scored."""
    costs: dict[str, Costs] = {}
    with (
        SampleSource.from_records(_records(first_month)) as source,
        fresh_warehouse(server) as dsn,
    ):
        pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        pipeline.ingest(f"2025-{first_month:02}-01", DAY)
        pipeline.score(MONTH)
        with pipeline.connect() as connection:
            connection.execute("analyze")
        meter = Meter(server, dsn, home)
        for name, run in _stages().items():
            with meter.counting(costs, name):
                run()
    return costs


def _stages() -> dict[str, Callable[[], object]]:
    window = days_window(DAY, AFTER_DAY)
    return {
        "land": lambda: stages.land(window, overlap=timedelta(0)),
        "load": stages.load,
        "gate_batches": stages.gate_batches,
        "transform": lambda: stages.transform(MONTH),
        "gate_marts": lambda: stages.gate_marts(MONTH),
    }


def _records(first_month: int) -> dict[str, list[dict[str, object]]]:
    """Dossiers from the first of a month to the eve of the day, and those of the day.

    Those of the months that the long history alone has are resolved.
    """
    dossiers = []
    for month in range(first_month, 9):
        begin = datetime(2025, month, 1, 8, tzinfo=ICT)
        is_recent = month >= SHORT
        days, count = (19 if month == 8 else 25), (RECENT if is_recent else EARLIER)
        for number in range(count):
            received = begin + timedelta(minutes=number * days * 1440 // count)
            told = received if is_recent else received + RESOLVED_AFTER
            dossiers.append(_dossier(f"{month}-{number}", received, told))
    morning = datetime(2025, 8, 20, 9, tzinfo=ICT)
    for number in range(CHANGED):
        told = morning + timedelta(minutes=number)
        new = _dossier(f"new-{number}", told, told)
        changed = _dossier(f"8-{number}", datetime(2025, 8, 1, 8, tzinfo=ICT), told)
        dossiers.append(new if number % 2 else changed)
    return {"units": UNITS, "procedures": [PROCEDURE], "dossiers": dossiers}


def _dossier(key: str, received: datetime, told: datetime) -> dict[str, object]:
    """Resolved after three days, if they have passed when it is told of."""
    resolved = received + RESOLVED_AFTER
    is_resolved = resolved <= told
    return {
        "MaHoSo": key, "MaTTHC": "1.000001", "MaDonVi": "X1" if key[-1] in "02468" else "X2",
        "KenhThucHien": "2", "NgayTiepNhan": f"{received:%Y%m%d%H%M%S}",
        "NgayHenTra": f"{received + timedelta(days=5):%Y%m%d%H%M%S}",
        "NgayKetThucXuLy": f"{resolved:%Y%m%d%H%M%S}" if is_resolved else "",
        "TrangThaiHoSo": "10" if is_resolved else "2", "NgayCapNhat": f"{told:%Y%m%d%H%M%S}",
    }  # fmt: skip
