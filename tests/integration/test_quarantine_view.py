"""What the terminal shows of the quarantine: whole at 80 columns, and nobody's data."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from load_support import Landing, Loading, dossier, petition, procedure, unit
from rich.console import Console, RenderableType

from service_index.landing.manifest import MendingRule
from service_index.loading.mending import mend_by_rule, note
from service_index.orchestration import overview, quarantine_view

Command = Callable[..., subprocess.CompletedProcess[str]]

PERSON = {
    "ChuHoSo": "Nguyễn Văn Mẫu",
    "SoDienThoai": "0912345678",
    "Email": "nguoi.mau@example.vn",
    "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "001099123456"}],
    "GhiChu": "Trần Thị B, 0987654321",
}
SECRETS = ("Nguyễn", "Mẫu", "0912345678", "nguoi.mau", "001099123456", "Trần", "0987654321")


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    """Two dossiers and a petition in quarantine, personal data in all the places there are."""
    made = Loading(warehouse, Landing(tmp_path / "landing"))
    made.deliver("units", unit())
    made.deliver("procedures", procedure())
    shifted = {"TrangThaiHoSo": PERSON["ChuHoSo"], "MaTTHC": PERSON["SoDienThoai"]}
    made.deliver("dossiers", dossier("D1", TrangThaiHoSo="77", **PERSON), dossier("D3"))
    made.deliver("dossiers", dossier("001099123456", **PERSON | shifted))
    made.deliver("petitions", petition("K1", MaDonVi="U9", HoTen="Nguyễn Văn Mẫu"))
    return made


def printed(renderable: RenderableType) -> str:
    page = io.StringIO()
    Console(file=page, width=80, highlight=False).print(renderable)
    return page.getvalue()


def assert_whole(page: str, *words: str) -> None:
    """As wide as a terminal at most, nothing cut off, and nobody's data."""
    assert max(map(len, page.splitlines())) <= 80
    assert "…" not in page
    for word in words:
        assert word in page
    for secret in SECRETS:
        assert secret not in page


def test_list(loading: Loading) -> None:
    page = printed(quarantine_view.render_list(loading.connection))
    assert_whole(page, "dossiers", "unknown_value", "1–2", "2025-10-01", "(tried again)", "MaDonVi")
    assert "petitions" not in printed(quarantine_view.render_list(loading.connection, "dossiers"))
    of_rule = printed(quarantine_view.render_list(loading.connection, rule="unknown_unit"))
    assert "dossiers" not in of_rule
    empty = printed(quarantine_view.render_list(loading.connection, "units"))
    assert empty.strip() == "Nothing of that is in quarantine."


def test_inspect(loading: Loading) -> None:
    (record,) = quarantine_view.read_records(loading.connection, 1)
    page = printed(quarantine_view.render_record(record))
    assert_whole(page, "D1", '"77"', "unknown_value", "page-00001.json.zst", "name", "phone")
    assert "list of 1" in page
    assert "identity number" in page
    assert "no, it waits" in page
    assert f"{record.landed_file}:1" in page.replace("\n", "")
    (record,) = quarantine_view.read_records(loading.connection, 2)
    page = printed(quarantine_view.render_record(record))
    assert_whole(page, "text, 12 characters (0 letters, 12 digits)")


def test_inspect_by_rule_shows_so_many(loading: Loading) -> None:
    read = quarantine_view.read_records
    both = read(loading.connection, rule="unknown_value", limit=5)
    assert [record.record_id for record in both] == [1, 2]
    assert len(read(loading.connection, rule="unknown_value", limit=1)) == 1
    assert read(loading.connection, feed="units", limit=5) == []


def test_inspect_tells_who_mended(loading: Loading) -> None:
    rule = MendingRule(refused_rule="unknown_unit", field="MaDonVi", from_value="U9", to_value="U1")
    by = note("clerk", "the unit was renamed")
    mend_by_rule(loading.connection, loading.landing.store, rule, by)
    (record,) = quarantine_view.read_records(loading.connection, 3)
    page = printed(quarantine_view.render_record(record))
    assert_whole(page, "mended by clerk: the unit was renamed")


def test_status_counts_by_rule_in_80_columns(loading: Loading) -> None:
    million = 1_234_567
    loading.connection.execute(
        "update ops.batch set delivered = %s, loaded = %s - quarantined - 12345, "
        "duplicates = 12345 where feed = 'dossiers' and batch_id = 3",
        [million, million],
    )
    loading.connection.execute(
        "insert into ops.transform_run (status, is_full_refresh, finished_at, data_cutoff) "
        "values ('succeeded', true, now(), now())"
    )
    loading.connection.execute(
        "insert into ops.batch (feed, kind, source, landed_at, distinct_keys, delivered, loaded, "
        "duplicates, quarantined) values ('national_scores', 'retry', 't', now(), 0, 0, 0, 0, 0)"
    )
    loading.connection.commit()
    page = printed(overview.render(overview.read(loading.connection)))
    assert_whole(page, "national_scores", "2025-04-01 00:00", "1,222,221", "duplicates", "waiting")
    assert_whole(page, "unknown_value", "once mended", "unknown_unit", "by itself")


def test_status_shows_failed_checks_as_lines(loading: Loading) -> None:
    loading.connection.execute(
        "insert into ops.gate_run (gate, subject, status, report_path) "
        "values ('batch', '{}', 'failed', '/reports/batch/1.html')"
    )
    loading.connection.execute(
        "insert into ops.check (gate_run_id, suite, check_name, severity, reason, passed) "
        "values (1, 'ledger', 'loaded_rows_are_there', 'fail', 'Rows are missing.', false)"
    )
    loading.connection.commit()
    page = printed(overview.render(overview.read(loading.connection)))
    assert_whole(page, "batch gate 1: ledger.loaded_rows_are_there", "/reports/batch/1.html")


@pytest.fixture
def run(loading: Loading, warehouse_dsn: str, tmp_path: Path) -> Command:
    """Runs the command in a process of its own."""
    loading.connection.commit()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("service-index")), "quarantine", *arguments],
            env=os.environ
            | {
                "SERVICE_INDEX_HOME": str(tmp_path / "home"),
                "SERVICE_INDEX_LANDING": str(tmp_path / "landing"),
                "AIRFLOW_CONN_WAREHOUSE": warehouse_dsn,
                "COLUMNS": "80",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        for secret in SECRETS:
            assert secret not in done.stdout + done.stderr
        return done

    return run


def test_from_list_to_mended_on_the_command_line(
    run: Command, loading: Loading, tmp_path: Path
) -> None:
    assert '"77"' in run("inspect", "1").stdout
    assert run("inspect", "999").returncode == 1
    file = tmp_path / "mend.ndjson"
    assert run("export", "--rule", "unknown_value", str(file)).returncode == 0
    first, second = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    first["body"]["TrangThaiHoSo"] = "4"
    file.write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n", encoding="utf-8")
    mended = run("mend", str(file), "--because", "told by the office", "--by", "clerk")
    assert mended.returncode == 1
    assert "dossiers: 1 records mended and loaded" in mended.stdout
    assert "line 2: unknown_value" in mended.stdout
    file.write_text(f"{json.dumps(first)}\n", encoding="utf-8")
    again = run("mend", str(file), "--because", "told by the office")
    assert (again.returncode, "1 records were mended before" in again.stdout) == (0, True)
    rule = ("--rule", "unknown_unit", "--field", "MaDonVi", "--from", "U9", "--to", "U1")
    assert run("mend", *rule, "--because", "renamed").returncode == 0
    assert run("mend", *rule[:4], "--because", "renamed").returncode == 1
    loading.assert_accounted()
    assert loading.rows(
        "select feed, status from ops.batch where kind = 'mend' order by batch_id"
    ) == [("dossiers", "passed"), ("petitions", "passed")]


def test_export_into_the_releases_is_refused(run: Command, tmp_path: Path) -> None:
    releases = tmp_path / "home" / "releases"
    releases.mkdir(parents=True)
    refused = run("export", "--rule", "unknown_value", str(releases / "mend.ndjson"))
    assert refused.returncode == 1
    assert "do not belong there" in refused.stderr
    assert list(releases.iterdir()) == []
