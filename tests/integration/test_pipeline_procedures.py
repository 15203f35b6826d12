"""Procedures through time: a month is judged by the snapshot valid at its end, always.

The snapshots of the sample year are landed on days of it; scoring a month again after later ones
came, and again after a full refresh, changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from service_index.orchestration import as_of, stages, transform
from service_index.settings import ICT, load
from simulator.server import SampleSource
from tests.pipeline import Pipeline, landing_at, open_pipeline

UNITS = [
    {"MaDonVi": "33", "HieuLucTu": "20100101", "LoaiDonVi": "tinh", "MaTinh": "33"},
    {"MaDonVi": "S1", "HieuLucTu": "20100101", "LoaiDonVi": "so", "MaTinh": "33",
     "MaDonViCha": "33"},
]  # fmt: skip
ASKED = ("01", "02", "03", "06", "08", "10", "17")


def _procedure(code: str, **changes: str) -> dict[str, str]:
    return {
        "MaTTHC": code, "MaDonVi": "S1", "MucDo": "4", "TrangThai": "1", "CoPhi": "1",
        "TichHopThanhToanQG": "1", "KetNoiCSDLDC": "1", "DuNoiDung": "1", "HieuLucTu": "20100101",
        "HanCongBo": "20250115", "NgayCongBo": "20250115",
        "HanCongKhai": "20250310", "NgayCongKhai": "20250311",
    } | changes  # fmt: skip


def _dossier(key: str, received: str, code: str) -> dict[str, str]:
    return {
        "MaHoSo": key, "MaTTHC": code, "MaDonVi": "S1", "KenhThucHien": "2", "TrangThaiHoSo": "4",
        "NgayTiepNhan": f"{received}080000", "NgayCapNhat": f"{received}080000",
    }  # fmt: skip


# As the source told them in March, in April and in May.
IN_MARCH = [_procedure("1.000001"), _procedure("1.000002", MucDo="2")]
IN_APRIL = [
    _procedure("1.000001", MucDo="2", DuNoiDung="0", TichHopThanhToanQG="0"),
    _procedure("1.000002", MucDo="3", CoPhi="0", NgayCongKhai="20250310"),
]
# The first one has vanished; the second one's new term lies in May.
IN_MAY = [_procedure("1.000002", MucDo="3", CoPhi="0", HanCongBo="20250520", NgayCongBo="")]
DOSSIERS = [
    _dossier("H1", "20250312", "1.000001"),
    _dossier("H2", "20250312", "1.000002"),
    _dossier("H3", "20250412", "1.000001"),
    _dossier("H4", "20250412", "1.000002"),
    _dossier("H5", "20250512", "1.000001"),
]
# Numerator and denominator of the department, worked out by hand.
EXPECTED = {
    "2025-03": {
        "01": (2, 2), "02": (0, 2), "03": (2, 2), "06": (1, 2), "08": (1, 1), "10": (2, 2),
        "17": (2, 2),
    },
    "2025-04": {
        "01": (2, 2), "02": (1, 2), "03": (1, 2), "06": (1, 2), "08": (1, 1), "10": (0, 1),
        "17": (2, 2),
    },
    # A vanished procedure is abolished: not active, but its terms of the year still count. Its
    # dossiers keep its last level.
    "2025-05": {
        "01": (1, 2), "02": (0, 2), "03": (1, 1), "06": (1, 1), "08": (0, 0), "10": (0, 0),
        "17": (1, 1),
    },
}  # fmt: skip

# Resolved without a field of their own, but for one: what the month's end says of the procedure.
RESOLVED = [
    _dossier(key, closed, "1.000001")
    | {"TrangThaiHoSo": "9", "NgayKetThucXuLy": f"{closed}080000", "MaLinhVuc": field}
    for key, closed, field in (
        ("R1", "20250312", ""), ("R2", "20250412", ""), ("R3", "20250412", "OWN"),
    )
]  # fmt: skip
FIELDS = {3: "LAND", 4: "CIVIL", 5: "TRADE"}
# Resolved by the department, by basis and field, worked out by hand.
RESOLVED_BY_FIELD = {
    "2025-03": {
        ("month", "*"): 1, ("month", "LAND"): 1,
        ("year_to_date", "*"): 1, ("year_to_date", "LAND"): 1,
    },
    "2025-04": {
        ("month", "*"): 2, ("month", "CIVIL"): 1, ("month", "OWN"): 1,
        ("year_to_date", "*"): 3, ("year_to_date", "CIVIL"): 2, ("year_to_date", "OWN"): 1,
    },
    "2025-05": {
        ("month", "*"): 0,
        ("year_to_date", "*"): 3, ("year_to_date", "TRADE"): 2, ("year_to_date", "OWN"): 1,
    },
}  # fmt: skip


@pytest.fixture
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records({"units": UNITS, "dossiers": DOSSIERS}) as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: SampleSource, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    return open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)


def _ingest(
    source: SampleSource, pipeline: Pipeline, procedures: list[dict[str, str]], month: int
) -> None:
    """Fetch a month on its 20th and on the first day after it; the source changed before both."""
    source.replace("procedures", procedures)
    with landing_at(datetime(2025, month, 20, 2, tzinfo=ICT)):
        pipeline.ingest(f"2025-{month:02d}-01", f"2025-{month:02d}-20")
    with landing_at(datetime(2025, month + 1, 1, 2, tzinfo=ICT)):
        pipeline.ingest(f"2025-{month:02d}-20", f"2025-{month + 1:02d}-01")


def _tallies(pipeline: Pipeline, month: str) -> dict[str, tuple[Any, Any]]:
    with pipeline.connect() as connection:
        rows = connection.execute(
            "select criterion_code, numerator, denominator from marts.fct_criterion_score "
            "where unit_code = 'S1' and period_month = %s and criterion_code = any(%s)",
            [f"{month}-01", list(ASKED)],
        )
        return {row[0]: (row[1], row[2]) for row in rows}


def test_a_month_keeps_its_procedures_however_late_it_is_scored(
    source: SampleSource, pipeline: Pipeline
) -> None:
    _ingest(source, pipeline, IN_MARCH, 3)
    pipeline.score("2025-03")
    assert _tallies(pipeline, "2025-03") == EXPECTED["2025-03"]

    _ingest(source, pipeline, IN_APRIL, 4)
    _ingest(source, pipeline, IN_MAY, 5)
    pipeline.score("2025-05")
    assert {month: _tallies(pipeline, month) for month in EXPECTED} == EXPECTED

    incremental = pipeline.marts()
    with pipeline.connect() as connection:
        transform.transform(connection, pipeline.dsn, load(), full_refresh=True)
    assert {month: _tallies(pipeline, month) for month in EXPECTED} == EXPECTED
    assert pipeline.marts() == incremental


def test_a_month_scored_for_the_first_time_a_year_later_is_judged_the_same(
    source: SampleSource, pipeline: Pipeline
) -> None:
    for procedures, month in ((IN_MARCH, 3), (IN_APRIL, 4), (IN_MAY, 5)):
        _ingest(source, pipeline, procedures, month)
    # A year on, the source tells of other levels; March is asked for only now.
    source.replace("procedures", [_procedure("1.000001", MucDo="2", TrangThai="0")])
    with landing_at(datetime(2026, 5, 20, 2, tzinfo=ICT)):
        pipeline.ingest("2025-05-31", "2025-06-01")
    pipeline.score("2025-03")
    assert {month: _tallies(pipeline, month) for month in EXPECTED} == EXPECTED


def _resolved_by_field(
    pipeline: Pipeline, month: str, schema: str = "marts"
) -> dict[tuple[str, str], int]:
    with pipeline.connect() as connection:
        rows = connection.execute(
            f"select basis, field_code, denominator from {schema}.mart_target_compliance "
            "where unit_code = 'S1' and metric_code = 'end_to_end_online' and period_month = %s",
            [f"{month}-01"],
        )
        return {(row[0], row[1]): row[2] for row in rows}


def test_a_month_keeps_the_fields_that_its_procedures_had(
    source: SampleSource, pipeline: Pipeline
) -> None:
    source.replace("dossiers", RESOLVED)
    for month, field in FIELDS.items():
        _ingest(source, pipeline, [_procedure("1.000001", MaLinhVuc=field)], month)
        pipeline.score(f"2025-{month:02d}")
        scored = [each for each in RESOLVED_BY_FIELD if each <= f"2025-{month:02d}"]
        assert {each: _resolved_by_field(pipeline, each) for each in scored} == {
            each: RESOLVED_BY_FIELD[each] for each in scored
        }

    with stages.open_warehouse() as (connection, dsn, loaded):
        known_until = datetime(2025, 5, 1, 3, tzinfo=ICT)
        as_of.build(connection, dsn, loaded, known_until, month=date(2025, 4, 1))
    assert _resolved_by_field(pipeline, "2025-04", "as_of_marts") == RESOLVED_BY_FIELD["2025-04"]

    incremental = pipeline.marts()
    with pipeline.connect() as connection:
        transform.transform(connection, pipeline.dsn, load(), full_refresh=True)
    assert pipeline.marts() == incremental
