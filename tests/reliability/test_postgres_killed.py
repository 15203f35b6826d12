"""PostgreSQL is killed or restarted while a load streams records into it."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from service_index.landing.manifest import Manifest
from service_index.landing.store import LandedRecord, LandingStore
from service_index.loading import load_batch, load_landed
from service_index.warehouse import embedded, migrate
from service_index.warehouse.connection import connect
from tests.integration.load_support import Delivery, Landing, Record, dossier, procedure, unit

DATABASE = "warehouse"
RECORDS = 3000


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """The home of a server of this module's own, to be killed."""
    # Not pytest's own folder: a Unix socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="si-killed-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def kill(home: Path) -> None:
    """SIGKILL to the postmaster and to every process of its own, as the kernel does at a crash."""
    postmaster = int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    doomed = [postmaster, *_children(postmaster)]
    for pid in doomed:
        os.kill(pid, signal.SIGKILL)
    while any(_is_running(pid) for pid in doomed):
        time.sleep(0.02)


def restart(home: Path) -> None:
    """A restart that waits for nobody."""
    embedded.stop(home)
    embedded.ensure_running(home)


class Interrupting(LandingStore):
    """Lets something happen after so many records of a landing."""

    def __init__(self, folder: Path, after: int, happen: Callable[[], None]) -> None:
        super().__init__(str(folder))
        self._after = after
        self._happen = happen

    def records(self, path: str, manifest: Manifest) -> Iterator[LandedRecord]:
        for number, record in enumerate(super().records(path, manifest)):
            if number == self._after:
                self._happen()
            yield record


@pytest.fixture
def landing(cluster: Path, tmp_path: Path) -> Landing:
    """Two batches of dossiers beside what they name, for an empty warehouse."""
    with psycopg.connect(embedded.ensure_running(cluster), autocommit=True) as admin:
        admin.execute(f"drop database if exists {DATABASE} with (force)")
    migrate.upgrade(embedded.database_dsn(cluster, DATABASE))
    landing = Landing(tmp_path)
    landing.land(Delivery("units", [unit()]))
    landing.land(Delivery("procedures", [procedure()]))
    landing.land(Delivery("dossiers", dossiers("A"), page_size=500))
    return landing


def dossiers(prefix: str) -> list[Record]:
    return [dossier(f"{prefix}{number}") for number in range(RECORDS)]


def loaded(dsn: str) -> list[tuple[int, int]]:
    """Each batch of dossiers: what the ledger says was loaded, and the rows that are there."""
    with connect(dsn) as connection:
        return connection.execute(
            "select b.loaded, count(r.batch_id) from ops.batch as b "
            "left join raw.dossiers as r using (batch_id) where b.feed = 'dossiers' "
            "group by b.batch_id order by b.batch_id"
        ).fetchall()


@pytest.mark.fault(10, "the server is killed or restarted after 0 to 2,999 records of a COPY")
@pytest.mark.parametrize("after", [0, 700, 1600, RECORDS - 1])
@pytest.mark.parametrize("blow", [kill, restart])
def test_no_half_batch_and_what_was_acknowledged_is_there(
    cluster: Path, landing: Landing, tmp_path: Path, blow: Callable[[Path], None], after: int
) -> None:
    dsn = embedded.database_dsn(cluster, DATABASE)
    with connect(dsn) as connection:
        load_landed(connection, landing.store)
    path, manifest = landing.land(Delivery("dossiers", dossiers("B"), page_size=500))
    store = Interrupting(tmp_path, after, lambda: blow(cluster))
    with connect(dsn) as connection, pytest.raises(psycopg.OperationalError):
        load_batch(connection, store, path, manifest)

    dsn = embedded.database_dsn(cluster, DATABASE)
    assert loaded(dsn) == [(RECORDS, RECORDS)]
    with connect(dsn) as connection:
        load_landed(connection, landing.store)
    assert loaded(dsn) == [(RECORDS, RECORDS), (RECORDS, RECORDS)]


@pytest.mark.fault(10, "the server is killed right after a load was acknowledged")
def test_an_acknowledged_batch_outlives_the_server(cluster: Path, landing: Landing) -> None:
    with connect(embedded.database_dsn(cluster, DATABASE)) as connection:
        load_landed(connection, landing.store)
        kill(cluster)
    dsn = embedded.database_dsn(cluster, DATABASE)
    assert loaded(dsn) == [(RECORDS, RECORDS)]


def _children(parent: int) -> list[int]:
    return [
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and _status(path)[1:2] == [str(parent)]
    ]


def _is_running(pid: int) -> bool:
    return _status(Path(f"/proc/{pid}"))[:1] not in ([], ["Z"])


def _status(process: Path) -> list[str]:
    """State, parent and so on; nothing of a process that is gone."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
