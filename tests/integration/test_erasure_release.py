"""The command erases a person of a published month: the release, its files and the marts stay."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from late_batch import FEEDS

from service_index import settings
from service_index.orchestration import as_of, stages
from service_index.warehouse.connection import connect
from simulator.canaries import NAME_MARK, NUMBER_MARK
from simulator.server import SampleSource
from tests.canary_search import marks_in_database, marks_in_tree
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse

PROGRAM = Path(sys.executable).with_name("service-index")
IDENTITY = f"{NUMBER_MARK}123456"
PERSON = {
    "ChuHoSo": f"Nguyễn Văn {NAME_MARK} An",
    "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": IDENTITY}],
}
WITH_A_PERSON = {
    **FEEDS,
    "dossiers": [
        *(d | PERSON if d["MaHoSo"] in {"H0", "H1"} else d for d in FEEDS["dossiers"]),
        FEEDS["dossiers"][0] | PERSON | {"MaHoSo": "BAD", "TrangThaiHoSo": "77"},
    ],
}


@pytest.fixture
def pipeline(
    warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    with SampleSource.from_records(WITH_A_PERSON) as source:
        yield open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)


def command(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), "personal-data", *arguments],
        env=os.environ | {"COLUMNS": "100"},
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )


def sha256_of_files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_release_stands_and_can_be_made_again(
    pipeline: Pipeline, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.ingest("2025-03-01", "2025-04-01")
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["release_id"] == "2025-03.r1"
    releases, marts = pipeline.home / "releases", pipeline.marts()
    files = sha256_of_files(releases)
    assert marks_in_tree(pipeline.home).keys()

    erased = command("erase", "--identity-number", "--because", "asked for", said=f"{IDENTITY}\n")
    assert (erased.returncode, erased.stderr) == (0, "")
    assert "from 3 landed records in 1 landings and from 1 in quarantine" in erased.stdout
    assert IDENTITY not in erased.stdout
    assert marks_in_tree(pipeline.home) == {}
    with pipeline.connect() as connection:
        assert marks_in_database(connection) == {}

    assert sha256_of_files(releases) == files
    pipeline.score("2025-03")
    assert pipeline.marts() == marts
    with connect(pipeline.dsn) as connection:
        rebuilt = as_of.rebuild(connection, pipeline.dsn, settings.load(), "2025-03.r1")
    assert (rebuilt.is_equal, rebuilt.other_batches) == (True, [])

    with fresh_warehouse(postgres_server) as dsn:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", dsn)
        stages.load()
        stages.gate_batches()
        again = Pipeline(pipeline.home, dsn)
        again.score("2025-03")
        # Snapshot times are those of landing, so that all of it is the same.
        assert again.marts() == marts


def test_what_is_wrong_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, warehouse_dsn: str
) -> None:
    monkeypatch.setenv("SERVICE_INDEX_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", warehouse_dsn)
    because = ("--because", "asked for")
    for arguments, said, told in (
        (("erase", *because), "", "say whom"),
        (("erase", "--dossier", "D1", "--identity-number", *because), "", "say whom"),
        (("erase", "--identity-number", *because), "12\n", "9 digits at least"),
        (("erase", "--dossier", "D1", "--because", f"asked by {IDENTITY}"), "", "of a person"),
        (("retain", "--before", "2025", *because), "", "2025-03-01"),
    ):
        refused = command(*arguments, said=said)
        assert refused.returncode == 1
        assert told in " ".join(refused.stderr.split())
        assert "Traceback" not in refused.stderr
    kept = command("retain", "--before", "2025-03-01", *because)
    assert kept.returncode == 0
    assert "from 0 landed records in 0 landings" in kept.stdout
