"""What becomes of single records, from the HTTP answer to the marts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service_index.orchestration import stages
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline

PROVINCE = {"MaDonVi": "T1", "HieuLucTu": "20100101", "LoaiDonVi": "tinh", "MaTinh": "T1"}
COMMUNE = {
    "MaDonVi": "X1", "HieuLucTu": "20100101", "LoaiDonVi": "xa", "MaTinh": "T1",
    "MaDonViCha": "T1",
}  # fmt: skip
PROCEDURE = {"MaTTHC": "1.000001", "MaDonVi": "T1", "MucDo": "4", "TrangThai": "1"}


def _dossier(key: str, **changes: str) -> dict[str, str]:
    return {
        "MaHoSo": key, "MaTTHC": "1.000001.000.00.00.H99", "MaDonVi": "X1", "KenhThucHien": "2",
        "NgayTiepNhan": "20250303080000", "TrangThaiHoSo": "4", "NgayCapNhat": "20250303080000",
        "ChuHoSo": "NGUYỄN THỊ MẪU",
    } | changes  # fmt: skip


@pytest.fixture
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records({"units": [PROVINCE], "procedures": [PROCEDURE]}) as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: SampleSource, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    return open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)


def _received(pipeline: Pipeline) -> list[tuple[str, int]]:
    with pipeline.connect() as connection:
        return connection.execute(
            "select unit_code, sum(value)::int from marts.fct_measure "
            "where measure_code = 'dossiers_received' and value > 0 group by 1 order by 1"
        ).fetchall()


def _on_time(pipeline: Pipeline) -> list[tuple[str, int, int]]:
    """Of each unit: dossiers resolved on time in March, and all resolved."""
    with pipeline.connect() as connection:
        return connection.execute(
            "select unit_code, numerator::int, denominator::int from marts.fct_criterion_score "
            "where criterion_code = '05' and period_month = '2025-03-01' order by 1"
        ).fetchall()


def _in_quarantine(pipeline: Pipeline) -> list[tuple[str, str]]:
    with pipeline.connect() as connection:
        return connection.execute(
            "select record_key, rule from quarantine.record where resolved_at is null order by 1"
        ).fetchall()


@pytest.mark.fault(15, "a unit after its dossiers")
@pytest.mark.fault(19, "a unit that becomes known a day later")
def test_dossiers_that_arrive_before_their_unit_count_once_it_is_known(
    source: SampleSource, pipeline: Pipeline
) -> None:
    source.replace("dossiers", [_dossier("H1"), _dossier("H2", MaDonVi="T1")])
    pipeline.ingest("2025-03-01", "2025-04-01")
    assert _in_quarantine(pipeline) == [("H1", "unknown_unit")]
    stages.transform("2025-03")
    assert _received(pipeline) == [("T1", 1)]

    # The next day brings the unit, and nothing else.
    source.replace("units", [PROVINCE, COMMUNE])
    pipeline.ingest("2025-04-01", "2025-04-02")
    assert _in_quarantine(pipeline) == []
    stages.transform("2025-03")
    assert _received(pipeline) == [("T1", 2), ("X1", 1)]


@pytest.mark.fault(16, "two of four dossiers are deleted a month later")
def test_dossiers_deleted_at_the_source_leave_numerator_and_denominator(
    source: SampleSource, pipeline: Pipeline
) -> None:
    done = {"TrangThaiHoSo": "10", "NgayHenTra": "20250310170000"}
    on_time = {"NgayKetThucXuLy": "20250310235959", "NgayCapNhat": "20250310235959"}
    late = {"NgayKetThucXuLy": "20250311000000", "NgayCapNhat": "20250311000000"}
    dossiers = [_dossier(f"H{n}", **done, **(on_time if n < 3 else late)) for n in range(4)]
    source.replace("units", [PROVINCE, COMMUNE])
    source.replace("dossiers", dossiers)
    pipeline.ingest("2025-03-01", "2025-04-01")
    stages.transform("2025-03")
    assert _on_time(pipeline) == [("T1", 3, 4), ("X1", 3, 4)]

    gone = [{"MaHoSo": key, "DaXoa": "1", "NgayCapNhat": "20250405000000"} for key in ("H0", "H3")]
    source.replace("dossiers", [*dossiers[1:3], *gone])
    pipeline.ingest("2025-04-01", "2025-05-01")
    stages.transform("2025-03")
    assert _on_time(pipeline) == [("T1", 2, 2), ("X1", 2, 2)]


def test_a_record_with_a_bad_date_is_kept_whole_and_counts_once_it_is_mended(
    source: SampleSource, pipeline: Pipeline, capfd: pytest.CaptureFixture[str]
) -> None:
    source.replace("units", [PROVINCE, COMMUNE])
    bad = _dossier("H1", NgayTiepNhan="20250231080000")
    source.replace("dossiers", [bad, _dossier("H2")])
    pipeline.ingest("2025-03-01", "2025-04-01")
    [(key, rule)] = _in_quarantine(pipeline)
    assert key == "H1"
    with pipeline.connect() as connection:
        row = connection.execute(
            "select body, reason, landed_file, landed_line from quarantine.record"
        ).fetchone()
    assert row is not None
    body, reason, landed_file, landed_line = row
    assert "NGUYỄN THỊ MẪU".encode() in body
    assert "NgayTiepNhan" in reason
    assert landed_file.startswith("dossiers/")
    assert landed_line in (1, 2)
    stages.transform("2025-03")
    assert _received(pipeline) == [("T1", 1), ("X1", 1)]

    source.replace("dossiers", [_dossier("H1", NgayCapNhat="20250402000000"), _dossier("H2")])
    pipeline.ingest("2025-04-01", "2025-04-03")
    stages.transform("2025-03")
    assert _received(pipeline) == [("T1", 2), ("X1", 2)]

    with pipeline.connect() as connection:
        rows = connection.execute("select d::text from raw.dossiers as d").fetchall()
    printed = "".join(capfd.readouterr()) + str(rows)
    reports = "".join(path.read_text("utf-8") for path in pipeline.home.rglob("*.html"))
    assert "NGUYỄN" not in printed + reports
    assert rule == "invalid_instant"


def test_a_file_in_the_inbox_is_taken_once(source: SampleSource, pipeline: Pipeline) -> None:
    source.replace("units", [PROVINCE, COMMUNE])
    inbox = pipeline.home / "inbox"
    inbox.mkdir()
    header = "MaHoSo,MaTTHC,MaDonVi,KenhThucHien,NgayTiepNhan,TrangThaiHoSo,NgayCapNhat"
    row = "H9,1.000001,X1,1,20250305080000,2,20250305080000"
    (inbox / "dossiers-tay.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    for first, after_last in (("2025-03-01", "2025-04-01"), ("2025-04-01", "2025-04-02")):
        pipeline.ingest(first, after_last)
    stages.transform("2025-03")
    assert _received(pipeline) == [("T1", 1), ("X1", 1)]
    with pipeline.connect() as connection:
        files = connection.execute("select count(*) from ops.batch where kind = 'file'").fetchone()
    assert files == (1,)
