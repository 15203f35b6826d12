"""Two runs of the same window and month at once, and runs that stall while another goes on."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence

import psycopg
import pytest

from tests.reliability.conftest import SECOND_ROUND, Undisturbed
from tests.reliability.end_state import Reader, end_state, unchanged
from tests.reliability.installation import DATABASE, LONGEST_SECONDS, Installation, Run
from tests.reliability.stage_process import Step

LONG = pytest.mark.long
# Halted here, a run holds locks or is in a transaction; its sessions are then ended, as those of
# a machine that is suspended or cut off are.
STALLS = [
    "load.before_commit",
    "gate.before_commit",
    "dbt.after_node#60",
    "dbt.after_build",
    "release.before_commit",
    "release.after_commit",
    "files.before_hash",
    "files.before_rename",
    "files.after_rename",
]
# Here it holds nothing, and keeps its sessions.
HARMLESS_STALLS = ["land.before_manifest#5", pytest.param("load.after_commit#3", marks=LONG)]


def end_sessions(installation: Installation, application: str = "%") -> None:
    with psycopg.connect(installation.server_dsn, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = %s and application_name like %s",
            [DATABASE, application],
        )


def wait_for_a_lock(installation: Installation) -> None:
    """Return once somebody waits for a lock in the warehouse."""
    deadline = time.monotonic() + LONGEST_SECONDS
    with installation.connect() as connection:
        connection.autocommit = True
        while time.monotonic() < deadline:
            waiting = connection.execute(
                "select count(*) from pg_stat_activity "
                "where datname = current_database() and wait_event_type = 'Lock'"
            ).fetchone()
            if waiting and waiting[0]:
                return
            time.sleep(0.05)
    raise AssertionError("nobody waits for a lock")


@pytest.mark.fault(12, "two runs of one window and month, begun at once")
def test_two_runs_at_once(undisturbed: Undisturbed) -> None:
    installation = undisturbed.installation
    steps = undisturbed.begin_before("land")
    with Reader(installation.dsn) as reader:
        runs = [installation.start(steps) for _ in range(2)]
        outcomes = [run.wait() for run in runs]
        # What is refused is a batch that the other one is about to take through its gate.
        assert {0} <= set(outcomes) <= {0, 1}, [run.last_line for run in runs]
        installation.finish(SECOND_ROUND)
        assert reader.assert_saw_whole_releases() == {"2025-03.r1", "2025-03.r2"}
    assert end_state(installation) == undisturbed.end


@pytest.mark.fault(12, "a second transform and publication while the first is in mid-run")
@pytest.mark.parametrize(
    "point", [pytest.param("dbt.after_node#60", marks=LONG), "release.before_commit"]
)
def test_the_second_waits_for_the_first(undisturbed: Undisturbed, point: str) -> None:
    installation = undisturbed.installation
    steps = undisturbed.begin_before("transform")
    first = halted_at(installation, point, steps)
    second = installation.start(steps)
    wait_for_a_lock(installation)
    assert second.wait(0) is None, "it should wait for the one that has the lock"
    first.resume()
    assert (first.wait(), second.wait()) == (0, 0), (first.last_line, second.last_line)
    assert end_state(installation) == undisturbed.end


def halted_at(installation: Installation, point: str, steps: Sequence[Step]) -> Run:
    run = installation.start(
        steps, SERVICE_INDEX_KILL_AT=point, SERVICE_INDEX_KILL_BY=signal.SIGSTOP.name
    )
    run.wait_until_halted()
    return run


@pytest.mark.fault(13, "halted at a named point, its sessions ended; goes on after another's end")
@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, marks=[] if number % 4 == 3 else LONG)
        for number, point in enumerate(STALLS)
    ],
)
def test_a_stalled_run_changes_nothing(undisturbed: Undisturbed, point: str) -> None:
    installation = undisturbed.installation
    steps = undisturbed.begin_before("land")
    stalled = halted_at(installation, point, steps)
    end_sessions(installation)
    installation.finish(SECOND_ROUND)
    with unchanged(installation.home / "releases"):
        stalled.resume()
        assert stalled.wait() == 1, "it must notice that it has lost its place"
    assert end_state(installation) == undisturbed.end


@pytest.mark.fault(13, "halted where it holds nothing; goes on after another's end")
@pytest.mark.parametrize("point", HARMLESS_STALLS)
def test_a_stalled_run_that_holds_nothing_ends_as_any_other(
    undisturbed: Undisturbed, point: str
) -> None:
    installation = undisturbed.installation
    steps = undisturbed.begin_before("land")
    stalled = halted_at(installation, point, steps)
    installation.finish(SECOND_ROUND)
    stalled.resume()
    assert stalled.wait() == 0, stalled.last_line
    assert end_state(installation) == undisturbed.end


@pytest.mark.fault(13, "only the session with the lock is ended; dbt's own go on writing")
def test_dbt_without_its_lock_is_fenced(undisturbed: Undisturbed) -> None:
    installation = undisturbed.installation
    steps = undisturbed.begin_before("transform")
    stalled = halted_at(installation, "dbt.after_node#60", steps)
    end_sessions(installation, "service-index")
    other = installation.start(steps)
    assert other.wait_for_step("transform")
    other.wait(3)
    stalled.resume()
    assert stalled.wait() == 1, "it must notice that another has taken over"
    assert other.wait() == 0, other.last_line
    assert end_state(installation) == undisturbed.end
