"""Definitions are data: an edit of a seed file, dated, changes what it is about and nothing else.

One warehouse of the small sample is scored by the project's own catalogue, and again by a copy
whose seeds change on 1 August 2025.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from psycopg.rows import dict_row

from service_index.orchestration import transform
from service_index.settings import PROJECT_ROOT, load
from service_index.warehouse.connection import connect
from simulator import dataset
from simulator.server import SampleSource
from tests.pipeline import open_pipeline
from tests.warehouses import fresh_warehouse

CHANGES_ON, DAY_BEFORE = "2025-08-01", "2025-07-31"
BEFORE, AFTER = "2025-07-01", "2025-08-01"
Row = dict[str, Any]
Rows = dict[tuple[Any, ...], Row]


def _edit(project: Path, seed: str, change: Callable[[Row], Row | None]) -> None:
    """End each row of which `change` gives another version, and add that version."""
    path = project / "seeds" / f"{seed}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    edited: list[Row] = []
    for row in rows:
        changed = change(dict(row))
        if changed is None:
            edited.append(row)
        else:
            edited.append(row | {"valid_to": DAY_BEFORE})
            edited.append(changed | {"valid_from": CHANGES_ON})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(edited)


def _criterion(row: Row) -> Row | None:
    """A maximum, the maximum that makes up for it, a target, a measure and a basis of units."""
    changes = {
        "05": {"max_points": "22"},
        "08": {"max_points": "4"},
        "12": {"target_rate": "0.5"},
        "13": {"numerator_measure": "dossiers_received_using_population_data"},
        "18": {"applies_to": "province;commune"},
    }
    code = row["criterion_code"]
    return row | changes[code] if code in changes else None


@pytest.fixture(scope="module")
def edited_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project root whose catalogue has a second version."""
    root = tmp_path_factory.mktemp("edited")
    project = root / "dbt_project"
    ignored = shutil.ignore_patterns("target", "logs")
    shutil.copytree(PROJECT_ROOT / "dbt_project", project, ignore=ignored)
    _edit(project, "criteria", _criterion)
    _edit(project, "zero_denominator_policy", lambda row: row | {"outcome": "zero"})
    _edit(
        project,
        "ranking_policy",
        lambda row: row | {"tie_rule": "dense", "compared_decimals": "0", "minimum_volume": "5"},
    )
    _edit(
        project,
        "bands",
        lambda row: row | {"minimum_score": "80.5"} if row["band_code"] == "excellent" else None,
    )
    return root


class Warehouse:
    """The marts of July and August by both catalogues."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def read(self, relation: str, *key: str) -> Rows:
        with connect(self._dsn) as connection, connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(f"select *, period_month::text as month from marts.{relation}")
            return {tuple(row[column] for column in ("month", *key)): row for row in cursor}


@pytest.fixture(scope="module")
def catalogues(
    edited_project: Path, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Rows], dict[str, Rows]]]:
    """The rows by the project's own catalogue, and by the edited one."""
    folder = dataset.ensure(tmp_path_factory.mktemp("sample") / "province", "small")
    home = tmp_path_factory.mktemp("home")
    with (
        pytest.MonkeyPatch.context() as patch,
        fresh_warehouse(postgres_server) as dsn,
        SampleSource(folder) as source,
    ):
        pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        pipeline.ingest("2025-07-01", "2025-09-01")
        read = []
        for root in (PROJECT_ROOT, edited_project):
            with connect(dsn) as connection:
                transform.transform(connection, dsn, replace(load(), project_root=root))
            warehouse = Warehouse(dsn)
            read.append(
                {
                    "criteria": warehouse.read(
                        "fct_criterion_score", "unit_code", "criterion_code"
                    ),
                    "totals": warehouse.read("mart_monthly_score", "unit_code"),
                }
            )
        yield read[0], read[1]


def _of(rows: Rows, month: str, criterion: str) -> dict[str, Row]:
    return {key[1]: row for key, row in rows.items() if key[0] == month and key[2] == criterion}


def test_months_before_the_change_are_scored_as_ever(catalogues) -> None:
    own, edited = catalogues
    for name in ("criteria", "totals"):
        kept = {key: row for key, row in own[name].items() if key[0] == BEFORE}
        assert kept
        assert kept == {key: row for key, row in edited[name].items() if key[0] == BEFORE}


def test_a_month_after_it_has_the_new_version(catalogues) -> None:
    _, edited = catalogues
    versions = {(row["month"], row["catalogue_version"]) for row in edited["criteria"].values()}
    assert (BEFORE, "2022-06-23") in versions
    assert (AFTER, CHANGES_ON) in versions
    assert len({month for month, _ in versions}) == len(versions)


def test_maximum_and_target_of_the_month_make_the_score(catalogues) -> None:
    own, edited = catalogues
    seen = 0
    for code, maximum, target in (("05", 22, 1), ("08", 4, 1), ("12", 6, Fraction(1, 2))):
        for unit, row in _of(edited["criteria"], AFTER, code).items():
            before = _of(own["criteria"], AFTER, code)[unit]
            assert (row["numerator"], row["denominator"]) == (
                before["numerator"],
                before["denominator"],
            )
            assert row["max_points"] == maximum
            if row["denominator"]:
                rate = Fraction(row["numerator"], row["denominator"])
                expected = maximum * min(Fraction(1), rate / target)
                assert abs(Fraction(row["score"]) - expected) < Fraction(1, 10**15)
                seen += row["score"] != before["score"]
    assert seen > 100


def test_another_measure_counts_from_its_month(catalogues) -> None:
    own, edited = catalogues
    population_data = _of(own["criteria"], AFTER, "18")
    reread = _of(edited["criteria"], AFTER, "13")
    assert {unit: row["numerator"] for unit, row in reread.items()} == {
        unit: row["numerator"] for unit, row in population_data.items()
    }


def test_another_basis_of_units_counts_from_its_month(catalogues) -> None:
    own, edited = catalogues
    departments = [
        unit
        for unit, row in _of(edited["criteria"], AFTER, "18").items()
        if row["unit_type"] == "department"
    ]
    assert departments
    for unit in departments:
        assert _of(edited["criteria"], AFTER, "18")[unit]["status"] == "not_applicable"
    assert any(
        _of(own["criteria"], AFTER, "18")[unit]["status"] == "scored" for unit in departments
    )


@pytest.mark.fault(20, "criteria with nothing to count")
def test_nothing_to_count_has_the_outcome_of_the_policy(catalogues) -> None:
    own, edited = catalogues
    empty = [key for key, row in own["criteria"].items() if row["denominator"] == 0]
    after = [key for key in empty if key[0] == AFTER and key[2] != "18"]
    assert after
    for key in after:
        assert own["criteria"][key]["status"] == "not_applicable"
        assert (edited["criteria"][key]["status"], edited["criteria"][key]["score"]) == (
            "scored",
            Decimal(0),
        )


@pytest.mark.fault(25, "equal scores under another rule for ties")
def test_bands_ranks_and_volumes_follow_their_policies(catalogues) -> None:
    _, edited = catalogues
    after = [row for row in edited["totals"].values() if row["month"] == AFTER]
    lifted = [row for row in after if Decimal("80.5") <= row["total_score"] < 90]
    assert lifted
    assert {row["band"] for row in lifted} == {"Xuất sắc"}
    small = [row for row in after if row["ranking_status"] == "below_minimum_volume"]
    assert small
    assert {row["rank"] for row in small} == {None}
    communes = [row for row in after if row["unit_type"] == "commune" and row["rank"]]
    ranks = sorted({row["rank"] for row in communes})
    # Whole points tie often, and the dense rule leaves no rank out.
    assert len(ranks) < len(communes)
    assert ranks == list(range(1, len(ranks) + 1))


def test_maxima_add_up_to_100_in_either_version(catalogues) -> None:
    for rows in catalogues:
        for month in (BEFORE, AFTER):
            by_unit: dict[str, Decimal] = {}
            for key, row in rows["criteria"].items():
                if key[0] == month:
                    by_unit[key[1]] = by_unit.get(key[1], Decimal(0)) + row["max_points"]
            assert set(by_unit.values()) == {Decimal(100)}
