"""Disk full, statement timeout, deadlock: a failure in one line, and nothing of it stays."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from service_index.kill_points import STAGES, Stage
from tests.reliability.conftest import SECOND_ROUND, Undisturbed
from tests.reliability.end_state import Reader, end_state, unchanged
from tests.reliability.installation import DATABASE, Installation
from tests.reliability.small_disk import SmallDisk, small_disk
from tests.reliability.stage_process import Step

LONG = pytest.mark.long
TABLESPACE = "small_disk"
# What a stage writes within its transaction, first and later.
WRITES: dict[Stage, tuple[str, str]] = {
    "load": ("ops.batch", "raw.dossiers"),
    "publish": ("published.release_record", "published.release_pointer"),
}


@pytest.fixture(scope="module")
def disk() -> Iterator[SmallDisk]:
    try:
        with small_disk() as mounted:
            yield mounted
    except PermissionError as error:
        pytest.skip(f"no small disk to fill: {error}")


@contextmanager
def failing(undisturbed: Undisturbed, installation: Installation, stage: Stage) -> Iterator[None]:
    """In this block a stage of the second round fails: the first release is served all the while,
    and after it the stage and those that follow succeed, and the end is as ever.
    """
    with (
        unchanged(installation.home / "releases" / "2025-03" / "r1"),
        Reader(installation.dsn) as reader,
    ):
        yield
        with installation.connect() as connection:
            served = connection.execute("select release_id from published.current_release")
            assert served.fetchall() == [("2025-03.r1",)]
        installation.finish(from_stage(stage))
        assert reader.assert_saw_whole_releases() == {"2025-03.r1", "2025-03.r2"}
    assert end_state(installation) == undisturbed.end


def from_stage(stage: Stage) -> tuple[Step, ...]:
    return SECOND_ROUND[STAGES.index(stage) :]


def fails(installation: Installation, stage: Stage, reason: str) -> None:
    """A stage of the second round ends with the reason, in one line."""
    run = installation.start(from_stage(stage)[:1])
    assert run.wait() == 1, f"it should have failed: {run.last_line}"
    assert reason in run.last_line


@pytest.mark.fault(11, "no space left for what is landed, for dbt's files or for a release's")
@pytest.mark.parametrize(
    "stage", [*(pytest.param(stage, marks=LONG) for stage in ("land", "transform")), "publish"]
)
def test_disk_of_the_files_is_full(undisturbed: Undisturbed, disk: SmallDisk, stage: Stage) -> None:
    elsewhere = replace(undisturbed.installation, home=disk.folder / "home")
    elsewhere.go_back(undisturbed.before[stage])
    if stage == "publish":
        # The numbers are published first; a release is served before its files are there.
        with disk.full():
            fails(elsewhere, stage, "No space left on device")
        elsewhere.finish(from_stage(stage))
        assert end_state(elsewhere) == undisturbed.end
        return
    with failing(undisturbed, elsewhere, stage), disk.full():
        fails(elsewhere, stage, "No space left on device")


@pytest.fixture
def database_on_disk(undisturbed: Undisturbed, disk: SmallDisk) -> Iterator[Installation]:
    """The installation, whose database can be put on the small disk by `go_back`."""
    installation = undisturbed.installation
    folder = disk.folder / "database"
    folder.mkdir(mode=0o700)
    with psycopg.connect(installation.server_dsn, autocommit=True) as admin:
        row = admin.execute("show data_directory").fetchone()
        assert row is not None
        owner = Path(row[0]).stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        admin.execute(f"create tablespace {TABLESPACE} location '{folder}'")
        yield replace(installation, tablespace=TABLESPACE)
        admin.execute(f"drop database {DATABASE} with (force)")
        admin.execute(f"drop tablespace {TABLESPACE}")
    folder.rmdir()


@pytest.mark.fault(11, "no space left for the database")
@pytest.mark.parametrize("stage", ["load", pytest.param("transform", marks=LONG)])
def test_disk_of_the_database_is_full(
    undisturbed: Undisturbed, database_on_disk: Installation, disk: SmallDisk, stage: Stage
) -> None:
    database_on_disk.go_back(undisturbed.before[stage])
    with failing(undisturbed, database_on_disk, stage), disk.full():
        fails(database_on_disk, stage, "No space left on device")


@pytest.mark.fault(
    23, "dbt ends with an error in mid-run; the next stages are asked for all the same"
)
def test_nothing_is_published_of_marts_that_dbt_left_half_made(undisturbed: Undisturbed) -> None:
    installation = undisturbed.installation
    undisturbed.begin_before("transform")
    with failing(undisturbed, installation, "transform"):
        with limited(installation, "statement_timeout", "2s") as holder:
            holder.execute("lock table marts.fct_measure in share mode")
            fails(installation, "transform", "canceling statement due to statement timeout")
        fails(installation, "publish", "have not passed their gate")
        installation.finish(from_stage("gate_marts")[:1])
        fails(installation, "publish", "transform")


@contextmanager
def limited(installation: Installation, setting: str, value: str) -> Iterator[psycopg.Connection]:
    """A setting for all other sessions of the database in this block, and a session without it."""
    with installation.connect() as unlimited:
        unlimited.execute(f"alter database {DATABASE} set {setting} = '{value}'")
        unlimited.commit()
        try:
            yield unlimited
        finally:
            unlimited.rollback()
            unlimited.execute(f"alter database {DATABASE} reset {setting}")
            unlimited.commit()


@pytest.mark.long  # in the ordinary suite, marts are left half made so
@pytest.mark.fault(11, "a statement waits for a lock until its timeout")
@pytest.mark.parametrize(
    ("stage", "table"),
    [
        ("load", "raw.dossiers"),
        ("transform", "marts.fct_measure"),
        ("publish", "published.release_pointer"),
    ],
)
def test_statement_timeout(undisturbed: Undisturbed, stage: Stage, table: str) -> None:
    installation = undisturbed.installation
    undisturbed.begin_before(stage)
    with (
        failing(undisturbed, installation, stage),
        limited(installation, "statement_timeout", "2s") as holder,
    ):
        holder.execute(f"lock table {table} in share mode")
        fails(installation, stage, "canceling statement due to statement timeout")


@pytest.mark.fault(11, "a deadlock with another session, of which the stage is the victim")
@pytest.mark.parametrize("stage", WRITES)
def test_deadlock(undisturbed: Undisturbed, stage: Stage) -> None:
    installation = undisturbed.installation
    undisturbed.begin_before(stage)
    first, later = WRITES[stage]
    with (
        failing(undisturbed, installation, stage),
        limited(installation, "deadlock_timeout", "3s") as holder,
    ):
        # The victim is who looks for deadlocks first: not this session.
        holder.execute("set deadlock_timeout = '1min'")
        holder.execute(f"lock table {later} in share mode")
        crossing = threading.Thread(target=cross, args=(installation, holder, first))
        crossing.start()
        fails(installation, stage, "deadlock detected")
        crossing.join()


def cross(installation: Installation, holder: psycopg.Connection, table: str) -> None:
    """Once another session waits for what `holder` has, make `holder` wait for what that has."""
    with installation.connect() as observer:
        observer.autocommit = True
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            waiting = observer.execute(
                "select from pg_stat_activity where %s = any(pg_blocking_pids(pid))",
                [holder.info.backend_pid],
            ).fetchone()
            if waiting is not None:
                holder.execute(f"lock table {table} in share mode")
                return
            time.sleep(0.02)
