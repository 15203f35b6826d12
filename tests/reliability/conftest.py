"""March published, then published again after a late batch: undisturbed, to compare with."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service_index.kill_points import STAGES, Stage
from simulator.server import SampleSource
from tests.integration.late_batch import FEEDS
from tests.reliability.end_state import end_state
from tests.reliability.installation import DATABASE, Installation, Snapshot, round_of
from tests.reliability.stage_process import Step
from tests.warehouses import TEMPLATE

FIRST_ROUND = round_of("2025-03-01", "2025-04-01", "2025-03")
SECOND_ROUND = round_of("2025-04-01", "2025-04-10", "2025-03")
# Each dossier's version, as the source has it.
VERSIONS = {str(one["MaHoSo"]): str(one["NgayCapNhat"]) for one in FEEDS["dossiers"]}


@dataclass(frozen=True)
class Undisturbed:
    """Both rounds without any fault: the states on the way, and where they end.

    empty           nothing fetched yet; dbt has read its project
    before          each stage of the second round: the state in which it begins
    end             what `end_state` says after the second round
    """

    installation: Installation
    empty: Snapshot
    before: dict[Stage, Snapshot]
    end: dict[str, Any]

    def begin_before(self, stage: Stage) -> tuple[Step, ...]:
        """Go back to before a stage of the second round; the steps from there on."""
        self.installation.go_back(self.before[stage])
        return SECOND_ROUND[STAGES.index(stage) :]


@pytest.fixture(scope="session")
def source() -> Iterator[SampleSource]:
    with SampleSource.from_records(FEEDS) as serving:
        yield serving


@pytest.fixture(scope="session")
def undisturbed(postgres_server: str, source: SampleSource) -> Iterator[Undisturbed]:
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"create database {DATABASE} template {TEMPLATE}")
    root = Path(tempfile.mkdtemp(prefix="si-reliability-"))
    home = root / "home"
    home.mkdir()
    installation = Installation(postgres_server, home, source.connection_uri, root / "runs.log")
    try:
        installation.finish(FIRST_ROUND)
        before: dict[Stage, Snapshot] = {}
        for stage, step in zip(STAGES, SECOND_ROUND, strict=True):
            before[stage] = installation.keep(f"before_{stage}")
            installation.finish([step])
        end = end_state(installation)
        wrong = ("(I1)", "(I5)", "not done")
        assert not any(found for name, found in end.items() if name.endswith(wrong)), end
        yield Undisturbed(installation, _empty(installation), before, end)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _empty(installation: Installation) -> Snapshot:
    """Nothing but dbt's own state, which tells of the project alone."""
    home = installation.home.with_name("empty")
    shutil.copytree(installation.home / "dbt", home / "dbt")
    return Snapshot(TEMPLATE, home)
