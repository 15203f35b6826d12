"""The tests bite: mutants with a name, each of a rule that must not break, are killed.

The campaign (`make test-mutation`) tries samples of all mutants, with the same bench and judges.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.bench import ROOT, Bench, open_bench
from tests.mutation.judge_dbt import EMPTY, BuildEmpty, UnitTests
from tests.mutation.judge_pytest import PytestRun
from tests.mutation.mutants import Mutant

NAMED = tomllib.loads((ROOT / "tests/mutation/named.toml").read_text(encoding="utf-8"))["mutants"]
OF_DBT = [one for one in NAMED if one["path"].startswith("dbt_project/")]
OF_PYTHON = [one for one in NAMED if one not in OF_DBT]
SECONDS = 240


@pytest.fixture(scope="module")
def bench(postgres_server: str) -> Iterator[Bench]:
    with open_bench(postgres_server) as opened:
        yield opened


@pytest.fixture(scope="module")
def built(bench: Bench) -> Bench:
    """With the models that are mutated, empty, in a database."""
    assert bench.judge(BuildEmpty(bench.server_dsn), SECONDS).outcome == "survived"
    return bench


def mutant(told: dict[str, Any]) -> Mutant:
    """The mutant of the one line that is meant."""
    lines = (ROOT / told["path"]).read_text(encoding="utf-8").splitlines()
    numbers = [at for at, line in enumerate(lines, 1) if line.strip() == told["before"]]
    assert len(numbers) == 1, f"{told['path']} has {len(numbers)} lines like {told['before']}"
    before = lines[numbers[0] - 1]
    return Mutant(told["path"], numbers[0], before, before.replace(told["before"], told["after"]))


@pytest.mark.parametrize("told", OF_PYTHON, ids=lambda told: told["name"])
def test_a_mutant_of_the_loader_is_killed(told: dict[str, Any], bench: Bench) -> None:
    with bench.mutated(mutant(told)):
        verdict = bench.judge(PytestRun(bench.server_dsn, tuple(told["tests"])), SECONDS)
    assert verdict.outcome == "killed", verdict


@pytest.mark.parametrize("told", OF_DBT, ids=lambda told: told["name"])
def test_a_mutant_of_the_score_path_is_killed(told: dict[str, Any], built: Bench) -> None:
    changed = mutant(told)
    judge = UnitTests(built.server_dsn, changed.path, changed.number, template=EMPTY)
    with built.mutated(changed):
        verdict = built.judge(judge, SECONDS)
    assert verdict.outcome == "killed", verdict
    assert verdict.by.startswith("unit test ")


def test_judges_are_content_without_a_mutant(built: Bench) -> None:
    tests = ("tests/integration/test_load_windows.py",)
    assert built.judge(PytestRun(built.server_dsn, tests), SECONDS).outcome == "survived"
    models = "dbt_project/models"
    for path in (f"{models}/marts/fct_dossier.sql", f"{models}/marts/mart_monthly_score.sql"):
        judge = UnitTests(built.server_dsn, path, 1, template=EMPTY)
        assert built.judge(judge, SECONDS).outcome == "survived"


def test_the_copy_is_what_is_judged_and_the_work_tree_stays(bench: Bench) -> None:
    changed = mutant(NAMED[0])
    file: Path = ROOT / changed.path
    before = file.read_bytes()
    with bench.mutated(changed):
        assert file.read_bytes() == before != (bench.root / changed.path).read_bytes()
    assert (bench.root / changed.path).read_bytes() == before
