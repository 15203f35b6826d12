"""dbt's own unit tests, and the project on an empty warehouse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

from service_index.orchestration.dbt_build import dbt_environment
from service_index.settings import PROJECT_ROOT

BY_HAND = PROJECT_ROOT / "dbt_project" / "seeds" / "by_hand"


@pytest.fixture
def dbt(warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in dbt_environment(warehouse_dsn).items():
        monkeypatch.setenv(name, value)
    folders = ("--project-dir", "--profiles-dir")
    places = [part for folder in folders for part in (folder, str(PROJECT_ROOT / "dbt_project"))]
    places += ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]

    def run(*arguments: str) -> dbtRunnerResult:
        return dbtRunner().invoke([*arguments, "--quiet", *places])

    assert os.environ["DBT_DBNAME"].startswith("warehouse_")
    return run


def _bad(outcome: dbtRunnerResult) -> list[str]:
    assert outcome.exception is None, outcome.exception
    return [
        f"{result.node.name}: {result.status}: {result.message}"
        for result in outcome.result.results
        if result.status not in {"pass", "success"}
    ]


@pytest.mark.fault(20, "no petition, payment, rating or dossier, in dbt's unit tests")
def test_every_unit_test_passes_and_an_empty_warehouse_breaks_nothing(dbt) -> None:
    built = dbt("build", "--full-refresh", "--exclude-resource-type", "unit_test")
    assert _bad(built) == []
    # As a transform runs on an unchanged project: of the seeds those filled in by hand alone.
    selection = ("--exclude", "path:seeds/*.csv", "--indirect-selection", "cautious")
    again = dbt("build", "--exclude-resource-type", "unit_test", *selection)
    assert _bad(again) == []
    seeds = {r.node.name for r in again.result.results if r.node.resource_type == "seed"}
    assert seeds == {path.stem for path in BY_HAND.glob("*.csv")}
    tested = dbt("test", "--select", "test_type:unit")
    assert _bad(tested) == []
    assert len(tested.result.results) >= 30
