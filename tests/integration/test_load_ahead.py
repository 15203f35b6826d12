"""Judged in processes of their own, ahead of the load: the same rows, counts and refusals."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from load_support import Delivery, Landing, Loading, Record, dossier, procedure, unit

from service_index.landing.errors import LandingCorruptError
from service_index.loading import LoadReport, load_landed
from service_index.loading import load as load_module
from service_index.loading.judging_ahead import JudgingError, _Process
from service_index.warehouse.connection import connect
from tests.warehouses import fresh_warehouse

TABLES = ("raw.dossiers", "quarantine.record", "ops.batch", "ops.watermark")
# What tells one warehouse from another, though the data are the same.
OWN = ["record_id", "loaded_at", "quarantined_at", "finished_at", "started_at"]


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    ready = Loading(warehouse, Landing(tmp_path))
    ready.deliver("units", unit())
    ready.deliver("procedures", procedure())
    return ready


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two of them, however few records there are and whatever the machine has."""
    monkeypatch.setattr(load_module, "JUDGED_AHEAD_FROM", 1)
    monkeypatch.setattr(load_module, "processes", lambda: 2)
    yield


def records(first: int, count: int) -> list[Record | bytes]:
    """Good ones for the most part; some of every other kind."""
    kinds: list[Record | bytes] = [
        {"TrangThaiHoSo": "99"},
        {"MaDonVi": "UNKNOWN"},
        {"DaXoa": "1"},
        {"NgayHenTra": "20250302080000"},
        {"NgayTiepNhan": "20250303100000"},
        {"NgayCapNhat": "20250403090000"},
        {"Seen": "1"},
        {"DanhSachLePhi": [{"Gia": "10"}, {"Gia": "x"}]},
        b'"no object"',
        b"[1]",
    ]
    made: list[Record | bytes] = []
    for number in range(first, first + count):
        kind = kinds[number % 10] if number % 7 == 0 else {}
        made.append(kind if isinstance(kind, bytes) else dossier(f"D{number}") | kind)
    return made


def land(landing: Landing) -> None:
    for first, count in ((0, 2_500), (2_000, 1_700), (9_000, 1), (0, 900)):
        landing.land(Delivery("dossiers", records(first, count), page_size=500))


def tables(connection: psycopg.Connection) -> dict[str, list[str]]:
    found = {
        table: sorted(
            text
            for (text,) in connection.execute(
                f"select (to_jsonb(t) - %s::text[])::text from {table} as t", [OWN]
            )
        )
        for table in TABLES
    }
    connection.commit()
    return found


def told(reports: list[LoadReport]) -> list[LoadReport]:
    return [report for report in reports if report.feed == "dossiers"]


def test_the_same_as_judged_in_the_load(
    loading: Loading,
    postgres_server: str,
    processes: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    land(loading.landing)
    ahead = load_landed(loading.connection, loading.landing.store)
    assert capfd.readouterr().err == ""
    loading.assert_accounted()
    monkeypatch.setattr(load_module, "processes", lambda: 1)
    with fresh_warehouse(postgres_server) as dsn, connect(dsn) as other:
        here = load_landed(other, loading.landing.store)
        assert tables(other) == tables(loading.connection)
    assert told(ahead) == told(here)
    assert {report.quarantined > 0 for report in told(here)} == {True, False}
    assert any(report.warnings for report in told(here))


def test_landings_that_are_loaded_by_then_are_passed_over(
    loading: Loading, processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another run of the loader was there between the look and the load."""
    land(loading.landing)
    load_batch = load_module.load_batch
    calls = 0

    def other_is_first(*arguments: Any) -> LoadReport:
        nonlocal calls
        calls += 1
        if calls == 1:
            connection, store, *_ = arguments
            for path, manifest in list(store.manifests("dossiers"))[:3]:
                load_batch(connection, store, path, manifest)
        return load_batch(*arguments)

    monkeypatch.setattr(load_module, "load_batch", other_is_first)
    reports = told(load_landed(loading.connection, loading.landing.store))
    assert len(reports) == 4
    loading.assert_accounted()


def test_a_page_that_was_altered_leaves_nothing_of_its_landing(
    loading: Loading, processes: None, tmp_path: Path
) -> None:
    land(loading.landing)
    (path, manifest), (second, _), *_ = loading.landing.store.manifests("dossiers")
    (tmp_path / path / manifest.pages[2].file).write_bytes(b"other")
    with pytest.raises(LandingCorruptError, match=manifest.pages[2].file):
        load_landed(loading.connection, loading.landing.store)
    loading.connection.rollback()
    assert loading.value("select count(*) from raw.dossiers") == 0
    assert second not in {p for (p,) in loading.rows("select landed_path from ops.batch")}


def test_a_process_that_is_killed_is_told_of_and_the_next_run_goes_on(
    loading: Loading, processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(loading.landing)
    answers = _Process.answers
    asked = 0

    def killed_on_the_way(self: _Process) -> Iterator[Any]:
        nonlocal asked
        asked += 1
        if asked == 7:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._thread.join()
            self._waiting = type(self._waiting)()
            self._waiting.put(None)
        return answers(self)

    with monkeypatch.context() as patch:
        patch.setattr(_Process, "answers", killed_on_the_way)
        with pytest.raises(JudgingError, match="exit status -9"):
            load_landed(loading.connection, loading.landing.store)
    loading.connection.rollback()
    # The first landing has five pages and stands, of the second nothing.
    assert loading.value("select count(*) from ops.batch where feed = 'dossiers'") == 1
    assert len(told(load_landed(loading.connection, loading.landing.store))) == 3
    loading.assert_accounted()
