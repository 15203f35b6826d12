"""The commands of docs/runbook.md, as whoever is called types them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from service_index.warehouse import embedded
from simulator import national_scores
from simulator.server import SampleSource
from tests.integration import late_batch

WINDOW = ("--from", "2025-01-01", "--to", "2025-04-01")
MARCH = ("--month", "2025-03")
BAD = [
    record | {"NgayTiepNhan": "when the office opened"} if number % 4 == 0 else record
    for number, record in enumerate(late_batch.ON_TIME)
]


@pytest.fixture
def source() -> Iterator[SampleSource]:
    records = late_batch.FEEDS | {"dossiers": BAD}
    tables = national_scores.rows_by_month()
    with SampleSource.from_records(records, national=tables) as serving:
        yield serving


@pytest.fixture
def home(
    source: SampleSource, warehouse_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """An installation that has never run."""
    # Not pytest's own folder: a Unix socket's path may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="si-runbook-"))
    folder.chmod(0o755)
    monkeypatch.setenv("SERVICE_INDEX_HOME", str(folder))
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", warehouse_dsn)
    monkeypatch.setenv("AIRFLOW_CONN_DOSSIER_API", source.connection_uri)
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("service-index")), *arguments],
        env=os.environ | {"COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


def done(*arguments: str) -> str:
    """What a command that succeeds tells."""
    ran = run(*arguments)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


def test_refused_batches_are_found_overridden_and_mended_and_the_rest_follows(
    home: Path, source: SampleSource
) -> None:
    refused = run("ingest", *WINDOW)
    assert refused.returncode == 1
    assert "batches were refused, first check: rejected_share_is_tolerable" in refused.stderr
    assert "rejected_share_is_tolerable" in done("status")
    assert "invalid_instant" in done("quarantine", "list")
    because = ("--override-gate", "rejected_share_is_tolerable", "--because", "told by the office")
    assert "2025-03.r1" in done("publish", *MARCH, *because)

    source.replace("dossiers", late_batch.ON_TIME)
    done("ingest", *WINDOW)
    assert "landed: 63 provinces of 2025-03" in done("import-national", *MARCH)
    assert "2025-03.r2" in done("publish", *MARCH)
    assert "loaded: nothing new" in done("reload")
    assert "2025Q1.r1" in done("publish", "--period", "2025Q1")
