"""Schema drift on the whole way: a source that changes its keys is stopped before publishing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from service_index.orchestration import progress
from service_index.orchestration.dbt_build import TransformError
from service_index.orchestration.overriding import override_check
from service_index.orchestration.stages import StageError
from service_index.orchestration.windows import parse_month
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline

Record = dict[str, Any]
# As many as the source contract asks for before a missing key counts, in each window and snapshot.
COUNT = 100
DAYS = ("20250303", "20250304", "20250305", "20250306", "20250307")
MONTH = "2025-03"
# Of each feed a key that no record needs: without it all of them load, and a measure would change.
LOST = {
    "dossiers": "NgayHenTra",
    "payments": "QuaNenTangQG",
    "petitions": "LoaiPAKN",
    "ratings": "MaHoSo",
    "procedures": "CoPhi",
    "units": "MaDonViCha",
}


def _units() -> list[Record]:
    province = {"MaDonVi": "33", "LoaiDonVi": "tinh", "MaDonViCha": ""}
    communes = [
        {"MaDonVi": f"X{n}", "LoaiDonVi": "xa", "MaDonViCha": "33"} for n in range(1, COUNT + 1)
    ]
    return [{**unit, "HieuLucTu": "20100101", "MaTinh": "33"} for unit in (province, *communes)]


def _procedures() -> list[Record]:
    return [
        {"MaTTHC": f"1.{n:06}", "MaDonVi": f"X{n}", "MucDo": "4", "TrangThai": "1", "CoPhi": "1"}
        for n in range(1, COUNT + 1)
    ]


def _of_day(feed: str, day: str) -> list[Record]:
    stamp = {"NgayCapNhat": f"{day}150000"}
    numbers = range(1, COUNT + 1)
    match feed:
        case "dossiers":
            return [
                {"MaHoSo": f"H{day}-{n}", "MaTTHC": f"1.{n:06}", "MaDonVi": f"X{n}",
                 "KenhThucHien": "2", "TrangThaiHoSo": "10", "NgayTiepNhan": f"{day}080000",
                 "NgayHenTra": f"{day}170000", "NgayKetThucXuLy": f"{day}140000",
                 "DanhSachLePhi": [{"Gia": "8000"}], **stamp}
                for n in numbers
            ]  # fmt: skip
        case "payments":
            return [
                {"MaGiaoDich": f"T{day}-{n}", "MaHoSo": f"H{day}-{n}", "QuaNenTangQG": "1",
                 "HinhThucThanhToan": "truc-tuyen", "SoTien": "8000", "TrangThai": "Đã thanh toán",
                 "ThoiGianGD": f"{day}090000", **stamp}
                for n in numbers
            ]  # fmt: skip
        case "petitions":
            return [
                {"MaPAKN": f"K{day}-{n}", "MaDonVi": f"X{n}", "NgayTiepNhan": f"{day}080000",
                 "TrangThai": "1", "LoaiPAKN": "1", **stamp}
                for n in numbers
            ]  # fmt: skip
        case _:
            return [
                {"MaDanhGia": f"R{day}-{n}", "MaHoSo": f"H{day}-{n}", "MaDonVi": f"X{n}",
                 "ThoiGianDanhGia": f"{day}120000", "DanhGia": "RHL", **stamp}
                for n in numbers
            ]  # fmt: skip


def _records(feed: str) -> list[Record]:
    """All that the source has of a feed while it is well."""
    if feed == "units":
        return _units()
    if feed == "procedures":
        return _procedures()
    return [record for day in DAYS for record in _of_day(feed, day)]


@pytest.fixture
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records({feed: _records(feed) for feed in LOST}) as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: SampleSource, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    """The first day is loaded: it sets the keys of every feed."""
    opened = open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)
    _ingest(opened, 0)
    return opened


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the stages tell, in lines as long as they are."""
    text = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=text, soft_wrap=True))
    return text


def _ingest(pipeline: Pipeline, day: int) -> None:
    pipeline.ingest(f"2025-03-{3 + day:02}", f"2025-03-{4 + day:02}")


def _serve(source: SampleSource, feed: str, change: Callable[[Record], Record]) -> None:
    source.replace(feed, [change(record) for record in _records(feed)])


def _rows(pipeline: Pipeline, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with pipeline.connect() as connection:
        return connection.execute(query, parameters).fetchall()


@pytest.mark.fault(18, "a key removed, renamed or of another type")
@pytest.mark.parametrize(("feed", "key"), LOST.items())
def test_a_changed_key_stops_the_run_and_is_named(
    feed: str, key: str, source: SampleSource, pipeline: Pipeline, said: io.StringIO
) -> None:
    def without(record: Record) -> Record:
        return {name: value for name, value in record.items() if name != key}

    _serve(source, feed, without)
    with pytest.raises(StageError, match=rf"no_key_is_gone: {key} \("):
        _ingest(pipeline, 1)
    _serve(source, feed, lambda record: {**without(record), f"{key}Moi": record[key]})
    with pytest.raises(StageError, match=rf"no_key_is_gone: {key} \(new: {key}Moi\) \("):
        _ingest(pipeline, 2)
    _serve(source, feed, lambda record: {**record, key: 1})
    with pytest.raises(StageError, match="batches were refused"):
        _ingest(pipeline, 3)
    drift = _rows(
        pipeline,
        "select key_drift from ops.batch where feed = %s and status = 'refused' order by batch_id",
        feed,
    )
    assert [d["retyped"] for (d,) in drift] == [[], [], [f"{key} (string → number)"]]

    with pytest.raises(TransformError, match=rf"\({feed}\) was refused by its gate"):
        pipeline.score(MONTH)
    with pytest.raises(StageError, match="have not passed their gate"):
        pipeline.publish(MONTH)
    assert _rows(pipeline, "select count(*) from published.release") == [(0,)]


@pytest.mark.fault(18, "a key added")
def test_an_added_key_is_told_once_and_recorded(
    source: SampleSource, pipeline: Pipeline, said: io.StringIO
) -> None:
    _serve(source, "ratings", lambda record: {**record, "GhiChu": "x", "0912345678": "x"})
    _ingest(pipeline, 1)
    assert "warning: no_key_is_new: (no plain name), GhiChu (Keys that" in said.getvalue()
    (observed,) = _rows(
        pipeline,
        "select observed, report_path from ops.check join ops.gate_run using (gate_run_id) "
        "where check_name = 'no_key_is_new' and not passed",
    )
    assert observed[0]["names"] == ["(no plain name)", "GhiChu"]
    page = Path(observed[1]).read_text(encoding="utf-8")
    assert "GhiChu" in page
    assert "0912345678" not in page
    drifted = _rows(pipeline, "select feed, key_drift -> 'added' from ops.batch where key_drift @> "
                    """'{"added": ["GhiChu"]}'""")  # fmt: skip
    assert drifted == [("ratings", ["(no plain name)", "GhiChu"])]

    _ingest(pipeline, 2)
    assert said.getvalue().count("no_key_is_new") == 1
    pipeline.score(MONTH)
    assert pipeline.publish(MONTH)["is_new"] is True


@pytest.mark.fault(18, "a key removed inside a list")
def test_a_key_inside_a_list_counts_too(source: SampleSource, pipeline: Pipeline) -> None:
    _serve(source, "dossiers", lambda record: {**record, "DanhSachLePhi": [{"MucPhi": "8000"}]})
    gone = r"no_key_is_gone: DanhSachLePhi\[\]\.Gia \(new: DanhSachLePhi\[\]\.MucPhi\)"
    with pytest.raises(StageError, match=gone):
        _ingest(pipeline, 1)


def test_a_mended_source_or_a_named_reason_ends_it(
    source: SampleSource, pipeline: Pipeline
) -> None:
    def without(record: Record) -> Record:
        return {name: value for name, value in record.items() if name != "NgayHenTra"}

    _serve(source, "dossiers", without)
    with pytest.raises(StageError):
        _ingest(pipeline, 1)
    source.replace("dossiers", _records("dossiers"))
    _ingest(pipeline, 1)
    pipeline.score(MONTH)

    _serve(source, "dossiers", without)
    with pytest.raises(StageError):
        _ingest(pipeline, 2)
    with pipeline.connect() as connection:
        override_check(connection, parse_month(MONTH), "no_key_is_gone", "no due dates any more")
    # From now on the source carries no such key.
    _ingest(pipeline, 3)
    pipeline.score(MONTH)
    assert pipeline.publish(MONTH)["is_new"] is True
