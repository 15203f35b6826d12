"""Two years of months filled in at random, twice: the marts of one window (I2)."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from late_batch import PROCEDURE, UNITS

from service_index.orchestration import stages
from service_index.settings import ICT
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse

LINEAGE = ("landed_file", "landed_line")
MONTHS = [date(2023 + number // 12, number % 12 + 1, 1) for number in range(24)]
BOUNDS = [*MONTHS, date(2025, 1, 1)]
LAST = datetime(2024, 12, 31, 23, tzinfo=ICT)


def _stamp(instant: datetime) -> str:
    return f"{instant:%Y%m%d%H%M%S}"


def _records(draw: random.Random) -> dict[str, list[dict[str, object]]]:
    """Dossiers of every month, many of them told of in a later month than they belong to."""
    dossiers: list[dict[str, object]] = []
    ratings: list[dict[str, object]] = []
    first = datetime(2023, 1, 1, tzinfo=ICT)
    seconds = int((LAST - first).total_seconds())
    for number in range(500):
        received = first + timedelta(seconds=draw.randrange(seconds))
        finished = received + timedelta(hours=draw.randrange(1, 24 * 90))
        told = min(finished + timedelta(days=draw.randrange(60)), LAST)
        is_resolved = finished <= told
        dossiers.append(
            {
                "MaHoSo": f"H{number}", "MaTTHC": "1.000001", "MaDonVi": draw.choice(["X1", "X2"]),
                "KenhThucHien": draw.choice("123"), "NgayTiepNhan": _stamp(received),
                "NgayHenTra": _stamp(received + timedelta(days=draw.randrange(3, 60))),
                "NgayKetThucXuLy": _stamp(finished) if is_resolved else "",
                "TrangThaiHoSo": "10" if is_resolved else "2",
                "NgayCapNhat": _stamp(told),
            }
        )  # fmt: skip
        if is_resolved and draw.random() < 0.3:
            ratings.append(
                {
                    "MaDanhGia": f"R{number}", "MaHoSo": f"H{number}",
                    "MaDonVi": dossiers[-1]["MaDonVi"], "ThoiGianDanhGia": _stamp(told),
                    "DanhGia": draw.choice(["RHL", "HL", "KHL"]), "NgayCapNhat": _stamp(told),
                }
            )  # fmt: skip
    return {"units": UNITS, "procedures": [PROCEDURE], "dossiers": dossiers, "ratings": ratings}


@pytest.mark.fault(24, "24 months in random order, twice")
def test_two_years_in_random_order_twice(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(24)
    with SampleSource.from_records(_records(draw)) as source:

        def opened(name: str, dsn: str) -> Pipeline:
            return open_pipeline(monkeypatch, tmp_path / name, dsn, source.connection_uri)

        with fresh_warehouse(postgres_server) as dsn:
            straight = opened("straight", dsn)
            straight.ingest(BOUNDS[0].isoformat(), BOUNDS[-1].isoformat())
            straight.score("2024-12")
            expected = straight.marts(LINEAGE)

        with fresh_warehouse(postgres_server) as dsn:
            shuffled = opened("shuffled", dsn)
            for round_ in range(2):
                order = draw.sample(range(24), 24)
                for place, number in enumerate(order):
                    first, after_last = BOUNDS[number], BOUNDS[number + 1]
                    # The second time over there is nothing new to gate.
                    take = shuffled.ingest if round_ == 0 else shuffled.load
                    take(first.isoformat(), after_last.isoformat())
                    if round_ == 0 and place in {5, 13}:
                        shuffled.score(f"{MONTHS[number]:%Y-%m}")
            stages.gate_batches()
            shuffled.score("2024-12")
            assert shuffled.marts(LINEAGE) == expected
            # Nothing is left to fetch: the resumable command asks the source for no window.
            asked = len(source.requests)
            shuffled.ingest(BOUNDS[0].isoformat(), BOUNDS[-1].isoformat(), skip_loaded=True)
            assert len(source.requests) == asked
    assert len(expected["mart_monthly_score"]) == 24 * len(UNITS)
