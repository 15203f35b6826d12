"""dbt's own unit tests, and the project on an empty warehouse."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

from service_index.orchestration.dbt_build import dbt_environment
from service_index.settings import PROJECT_ROOT

# As a transform does.
BUILT = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure")
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
    built = dbt("build", "--full-refresh", *BUILT)
    assert _bad(built) == []
    # As a transform runs on an unchanged project: of the seeds those filled in by hand alone.
    selection = ("--exclude", "path:seeds/*.csv", "--indirect-selection", "cautious")
    again = dbt("build", *BUILT, *selection)
    assert _bad(again) == []
    seeds = {r.node.name for r in again.result.results if r.node.resource_type == "seed"}
    assert seeds == {path.stem for path in BY_HAND.glob("*.csv")}
    tested = dbt("test", "--select", "test_type:unit")
    assert _bad(tested) == []
    assert len(tested.result.results) >= 30


@pytest.mark.parametrize(
    "slip",
    [
        "delete from catalogue.gate_bounds where bound_code = 'volume_deviations'",
        "update catalogue.gate_bounds set valid_to = '2025-03-30' "
        "where bound_code = 'volume_deviations'",
        "insert into catalogue.gate_bounds select * from catalogue.gate_bounds "
        "where bound_code = 'volume_deviations'",
    ],
    ids=["missing", "ended", "twice"],
)
def test_a_month_has_every_bound_once(dbt, warehouse: psycopg.Connection, slip: str) -> None:
    # The bounds, like the criteria, begin in June 2022.
    warehouse.execute(
        "insert into ops.requested_month (period_month) values ('2022-05-01'), ('2025-03-01')"
    )
    warehouse.commit()
    selection = ("--select", "+int_period", "gate_bounds", "--indirect-selection", "buildable")
    assert _bad(dbt("build", *selection, "--exclude-resource-type", "unit_test")) == []
    bounds = ("test", "--select", "gate_bounds,test_name:one_value_every_month")
    assert [r.status for r in dbt(*bounds).result.results] == ["pass"]
    warehouse.execute(slip)
    warehouse.commit()
    assert [(r.status, r.failures) for r in dbt(*bounds).result.results] == [("fail", 1)]
