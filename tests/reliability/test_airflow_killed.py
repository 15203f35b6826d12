"""The command line, which runs the real DAGs in the real Airflow, killed and run again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reliability.conftest import VERSIONS, Undisturbed
from tests.reliability.end_state import (
    Reader,
    assert_watermark_holds,
    end_state,
    unchanged,
)
from tests.reliability.installation import Installation

# Each command, and the points at which it dies before it may end.
COMMANDS = {
    ("ingest", "--from", "2025-04-01", "--to", "2025-04-10"): (
        "land.before_manifest#3",
        "land.after_manifest#5",
        "load.before_commit#3",
        "load.after_commit#2",
        "gate.before_commit",
    ),
    ("publish", "--month", "2025-03"): (
        "dbt.after_node#60",
        "dbt.after_build",
        "release.before_commit",
        "files.before_hash",
        "files.before_rename",
    ),
}


def run(installation: Installation, command: tuple[str, ...], **variables: str) -> int:
    """The exit status of a command in a process of its own."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("service-index")), *command],
        env=os.environ | installation.environment | variables,
        capture_output=True,
        check=False,
    ).returncode


@pytest.mark.long
@pytest.mark.fault(9, "the commands under Airflow, killed at ten named points")
def test_commands_killed_under_airflow(
    undisturbed: Undisturbed, record_property: Callable[[str, object], None]
) -> None:
    installation = undisturbed.installation
    undisturbed.begin_before("land")
    with (
        unchanged(installation.home / "releases" / "2025-03" / "r1"),
        Reader(installation.dsn) as reader,
    ):
        for command, points in COMMANDS.items():
            for point in points:
                status = run(installation, command, SERVICE_INDEX_KILL_AT=point)
                assert status == -signal.SIGKILL, point
                assert_watermark_holds(installation, VERSIONS)
            assert run(installation, command) == 0
        assert reader.assert_saw_whole_releases() == {"2025-03.r1", "2025-03.r2"}
    assert end_state(installation) == undisturbed.end
    record_property("trials", sum(map(len, COMMANDS.values())))
