"""How many records were refused, in the gate's report and in a release's files: counts alone."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from load_support import Landing, Loading, petition, unit
from publish_marts import fill_march, publish, resolve_late

from service_index.publishing import quarantined
from service_index.publishing.folder import ensure_files
from service_index.publishing.verification import verify
from service_index.quality.gate import run_batch_gate

SECRETS = ("Nguyễn Văn Mẫu", "0912345678")


def refuse(connection: psycopg.Connection, folder: Path) -> Loading:
    """Three petitions in quarantine: two by one rule, one by another."""
    loading = Loading(connection, Landing(folder))
    loading.deliver("units", unit())
    person = {"HoTen": SECRETS[0], "SoDienThoai": SECRETS[1]}
    loading.deliver(
        "petitions",
        petition("K1", TrangThai="9", **person),
        petition("K2", TrangThai=SECRETS[0]),
        petition("K3", MaDonVi="U9", **person),
        petition("K4"),
    )
    return loading


def publish_and_keep(connection: psycopg.Connection) -> str:
    release_id = publish(connection).release_id
    counted = connection.execute(
        "select from published.release_quarantine where release_id = %s", [release_id]
    ).fetchone()
    if counted is None:
        quarantined.keep(connection, release_id)
    connection.commit()
    return release_id


def test_the_batch_gates_report_counts_refused_records(
    warehouse: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    loading = refuse(warehouse, tmp_path / "landing")
    loading.deliver("units", unit(), unit("U9"))
    loading.retry()
    result = run_batch_gate(warehouse_dsn, [1, 2, 3], tmp_path)
    page = result.report_path.read_text(encoding="utf-8")
    words = page.replace("<", " <").replace(">", "> ").split()
    counted = [word for word in words if word in {"unknown_value", "unknown_unit"}]
    assert counted == ["unknown_value", "unknown_unit"]
    cells = [line.strip() for line in page.splitlines() if 'class="number"' in line]
    assert '<td class="number">2</td>' in cells
    assert all(secret not in page for secret in SECRETS)


def test_a_release_tells_what_was_in_quarantine_when_it_was_made(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    fill_march(warehouse)
    loading = refuse(warehouse, tmp_path / "landing")
    expected = [
        {"feed": "petitions", "rule": "unknown_unit", "records": 1},
        {"feed": "petitions", "rule": "unknown_value", "records": 2},
    ]
    first = ensure_files(warehouse, publish_and_keep(warehouse), tmp_path / "releases")
    package = json.loads((first / "datapackage.json").read_text(encoding="utf-8"))
    assert package["quarantine"] == expected
    loading.deliver("units", unit(), unit("U9"))
    loading.retry()
    resolve_late(warehouse, "H31.003", 9)
    second = ensure_files(warehouse, publish_and_keep(warehouse), tmp_path / "releases")
    package = json.loads((second / "datapackage.json").read_text(encoding="utf-8"))
    assert package["quarantine"] == expected[1:]
    notice = (second / "NOTICE.txt").read_text(encoding="utf-8")
    assert "in none of the numbers: 2 (petitions, unknown_value: 2)." in notice
    assert "không có trong số liệu: 2 (petitions, unknown_value: 2)." in notice
    assert list(verify(warehouse, second)) == []
    for path in (tmp_path / "releases").rglob("*"):
        if path.suffix in {".json", ".txt", ".csv", ".html"}:
            text = path.read_text(encoding="utf-8")
            assert all(secret not in text for secret in SECRETS), path.name


def test_an_empty_quarantine_is_told_too(warehouse: psycopg.Connection) -> None:
    fill_march(warehouse)
    release_id = publish_and_keep(warehouse)
    row = warehouse.execute("select release_id, records from published.release_quarantine")
    assert row.fetchall() == [(release_id, [])]
    assert quarantined.sentence([]).en == "No record was in quarantine when it was published."
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        warehouse.execute("delete from published.release_quarantine")
