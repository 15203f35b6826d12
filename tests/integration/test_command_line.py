"""The command line on a foreign source and a foreign PostgreSQL, as a user has them.

Every command is a process of its own and runs the real DAGs in the real Airflow.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from service_index.warehouse import embedded
from service_index.warehouse.connection import connect
from simulator.faults import WrongTotal
from simulator.server import SampleSource

Run = Callable[..., subprocess.CompletedProcess[str]]

UNITS = [
    {"MaDonVi": "T1", "HieuLucTu": "20100101", "TenDonVi": "Tỉnh Một", "LoaiDonVi": "tinh",
     "MaTinh": "T1"},
    {"MaDonVi": "X1", "HieuLucTu": "20100101", "TenDonVi": "Xã Một", "LoaiDonVi": "xa",
     "MaTinh": "T1", "MaDonViCha": "T1"},
    {"MaDonVi": "X2", "HieuLucTu": "20100101", "TenDonVi": "Xã Hai", "LoaiDonVi": "xa",
     "MaTinh": "T1", "MaDonViCha": "T1"},
]  # fmt: skip
PROCEDURES = [
    {"MaTTHC": "1.000001", "MaDonVi": unit, "MucDo": "4", "TrangThai": "1", "MaLinhVuc": "HT",
     "TenLinhVuc": "Hộ tịch", "CoPhi": "0"}
    for unit in ("X1", "X2")
]  # fmt: skip


def _dossier(number: int, unit: str, finished: str) -> dict[str, str]:
    return {
        "MaHoSo": f"HS{number}", "MaTTHC": "1.000001", "MaDonVi": unit, "KenhThucHien": "2",
        "NgayTiepNhan": "20250303080000", "NgayHenTra": "20250310170000",
        "NgayKetThucXuLy": finished, "TrangThaiHoSo": "10", "NgayCapNhat": finished,
    }  # fmt: skip


SHOWN = {
    "CKMB": "9,3", "TDGQ": "19,3", "CLGQ": "7,5", "TTTT": "4,7", "MDHL": "17,8", "MDSH": "14,6",
    "TONG_SCORE": "73,2",
}  # fmt: skip
DOSSIERS = [
    _dossier(1, "X1", "20250310235959"),  # on the day
    _dossier(2, "X1", "20250311000000"),  # a second later: late
    _dossier(3, "X2", "20250305090000"),  # early
]


@pytest.fixture
def source() -> Iterator[SampleSource]:
    records = {"units": UNITS, "procedures": PROCEDURES, "dossiers": DOSSIERS}
    rows = [{"TEN": f"Tỉnh {name}", "ROW_STT": str(place), **SHOWN}
            for place, name in enumerate(("Hưng Yên", "Thái Bình"), start=1)]  # fmt: skip
    with SampleSource.from_records(records, national={"2025-03": rows}) as serving:
        yield serving


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home for all tests here, so that Airflow's own database is made once."""
    # Not pytest's own folder: a Unix socket's path may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="si-cli-"))
    folder.chmod(0o755)
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run_program(source: SampleSource, warehouse_dsn: str, home: Path, tmp_path: Path) -> Run:
    """Runs a program of the environment, as a user of this source and this warehouse does."""
    # Another test's warehouse published them.
    shutil.rmtree(home / "releases", ignore_errors=True)

    def run_program(
        program: str, *arguments: str, without: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        settings = {
            "SERVICE_INDEX_HOME": str(home),
            "SERVICE_INDEX_LANDING": str(tmp_path / "landing"),
            "AIRFLOW_CONN_DOSSIER_API": source.connection_uri,
            "AIRFLOW_CONN_WAREHOUSE": warehouse_dsn,
            "COLUMNS": "120",
        }
        settings.pop(without or "", None)
        return subprocess.run(
            [str(Path(sys.executable).with_name(program)), *arguments],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
        )

    return run_program


@pytest.fixture
def run(run_program: Run) -> Run:
    return partial(run_program, "service-index")


def test_ingest_score_and_publish_fill_the_marts(run: Run, warehouse_dsn: str) -> None:
    ingested = run("ingest", "--from", "2025-03-01", "--to", "2025-04-01")
    assert ingested.returncode == 0, ingested.stderr
    scored = run("score", "--month", "2025-03")
    assert scored.returncode == 0, scored.stderr
    with connect(warehouse_dsn) as connection:
        rows = connection.execute(
            "select unit_code, numerator, denominator from marts.fct_criterion_score "
            "where criterion_code = '05' order by unit_code"
        ).fetchall()
    assert rows == [("T1", 2, 3), ("X1", 1, 2), ("X2", 1, 1)]

    published = run("publish", "--month", "2025-03")
    assert published.returncode == 0, published.stderr
    assert "2025-03.r1" in published.stdout
    again = run("publish", "--month", "2025-03")
    assert again.returncode == 0, again.stderr
    assert "no new release" in again.stderr
    shown = run("status")
    assert shown.returncode == 0, shown.stderr
    assert "2025-03.r1" in shown.stdout
    told = json.loads(run("status", "--json").stdout)
    assert [release["release_id"] for release in told["releases"]] == ["2025-03.r1"]


@pytest.mark.fault(7, "a wrong total, by the command line")
def test_a_window_that_is_never_whole_fails_in_one_line_and_marks_nothing_done(
    run: Run, source: SampleSource, warehouse_dsn: str
) -> None:
    source.faults.append(WrongTotal(feed="dossiers", times=None, by=1))
    ingested = run("ingest", "--from", "2025-03-01", "--to", "2025-03-08")
    assert ingested.returncode == 1
    assert re.search(r"^error: land: dossiers .* not whole", ingested.stderr, re.MULTILINE)
    assert "Traceback" not in ingested.stderr
    with connect(warehouse_dsn) as connection:
        row = connection.execute(
            "select count(*) from ops.watermark where feed = 'dossiers'"
        ).fetchone()
    assert row == (0,)

    source.faults.clear()
    assert run("backfill", "--from", "2025-03-01", "--to", "2025-03-08").returncode == 0


def test_national_results_are_imported_where_a_portal_has_them(
    run: Run, source: SampleSource, warehouse_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = run("import-national", "--month", "2025-03")
    assert without.returncode == 1
    assert "error: land: national results: none for 2025-03, for no portal is set" in without.stderr
    assert "Traceback" not in without.stderr

    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    imported = run("import-national", "--month", "2025-03")
    assert imported.returncode == 0, imported.stderr
    with connect(warehouse_dsn) as connection:
        rows = connection.execute(
            "select province_code, rank, ckmb, status from raw.national_scores "
            "join ops.batch using (batch_id) order by rank"
        ).fetchall()
    assert rows == [("33", 1, Decimal("9.3"), "passed"), ("34", 2, Decimal("9.3"), "passed")]

    missing = run("import-national", "--month", "2025-02")
    assert missing.returncode == 1
    assert "error: land: national results: the portal has no rows for 2025-02" in missing.stderr

    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", f"{source.national_portal_uri}/nowhere")
    failed = run("import-national", "--month", "2025-03")
    assert failed.returncode == 1
    assert "error: land: national_scores 2025-03: status 404" in failed.stderr
    assert "Traceback" not in failed.stderr


# What the schedule does, which names a month by its data interval and nothing else.
AS_SCHEDULED = """
from service_index import settings
from service_index.orchestration import progress  # bound before Airflow's talk is sent to its log
from service_index.orchestration.local_airflow import LocalAirflow

LocalAirflow(settings.load()).run("import_national", {"month": "2025-03"})
"""


def test_a_scheduled_import_ends_with_the_months_next_release_the_command_does_not(
    run: Run,
    run_program: Run,
    source: SampleSource,
    warehouse_dsn: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def releases() -> list[tuple[str, str | None]]:
        with connect(warehouse_dsn) as connection:
            return connection.execute(
                "select release_id, reason from published.release order by release_id"
            ).fetchall()

    for command in (
        ("ingest", "--from", "2025-03-01", "--to", "2025-04-01"),
        ("publish", "--month", "2025-03"),
    ):
        ran = run(*command)
        assert ran.returncode == 0, ran.stderr
    without = run_program("python", "-c", AS_SCHEDULED)
    assert without.returncode == 0, without.stderr
    assert "no portal is set (AIRFLOW_CONN_NATIONAL_PORTAL)" in without.stderr

    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    by_hand = run("import-national", "--month", "2025-03")
    assert by_hand.returncode == 0, by_hand.stderr
    assert releases() == [("2025-03.r1", None)]
    scheduled = run_program("python", "-c", AS_SCHEDULED)
    assert scheduled.returncode == 0, scheduled.stderr
    assert releases() == [("2025-03.r1", None), ("2025-03.r2", "late_data")]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("import-national", "--month", "2025-3"), "is not a month"),
        (("ingest", "--from", "2025-13-01", "--to", "2025-04-01"), "is not a date"),
        (("ingest", "--from", "2025-04-01", "--to", "2025-03-01"), "ends"),
        (("score", "--month", "March"), "is not a month"),
        (("show", "--month", "2025-03"), "not published yet"),
        (("publish",), "name what to publish"),
        (("publish", "--period", "2025Q9"), "is not a period"),
        (
            ("publish", "--period", "2025Q3", "--override-gate", "x", "--because", "y"),
            "goes with --month",
        ),
    ],
)
def test_a_wrong_wish_gets_a_reason_in_one_line(
    run: Run, arguments: tuple[str, ...], reason: str
) -> None:
    ran = run(*arguments)
    assert ran.returncode == 1
    assert reason in ran.stderr
    assert ran.stderr.startswith("error: ")
    assert len(ran.stderr.strip().splitlines()) == 1


def test_migrate_prepares_an_installation_and_can_be_said_again(
    run: Run, warehouse_dsn: str
) -> None:
    with connect(warehouse_dsn, autocommit=True) as connection:
        connection.execute("drop table public.alembic_version")
        for schema in ("raw", "quarantine", "ops", "access", "catalogue", "published"):
            connection.execute(f"drop schema if exists {schema} cascade")
    first, second = run("migrate"), run("migrate")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "its schema is renewed" in first.stderr
    assert "its schema is the newest" in second.stderr
    with connect(warehouse_dsn) as connection:
        assert connection.execute("select count(*) from ops.batch").fetchone() == (0,)


def test_migrate_needs_no_source(run: Run) -> None:
    ended = run("migrate", without="AIRFLOW_CONN_DOSSIER_API")
    assert ended.returncode == 0, ended.stderr
    assert "Dossier source: none yet" in ended.stderr


def test_an_ingest_without_a_source_tells_how_to_give_one(run: Run) -> None:
    march = ("--from", "2025-03-01", "--to", "2025-03-02")
    ended = run("ingest", *march, without="AIRFLOW_CONN_DOSSIER_API")
    assert ended.returncode == 1
    assert "error: land: no source is set: give AIRFLOW_CONN_DOSSIER_API=" in ended.stderr


def test_airflow_own_command_line_knows_the_installation(run: Run) -> None:
    run("migrate")
    ended = run("airflow", "pools", "get", "dossier_source", "--output", "json")
    assert '"slots": "1"' in ended.stdout, ended.stdout + ended.stderr
    assert "Usage: airflow" in run("airflow", "--help").stdout
