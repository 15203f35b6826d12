"""An installation of a test's own: its stages run in processes that can be killed and halted."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psycopg

from service_index.kill_points import STAGES
from service_index.warehouse.connection import connect
from tests.reliability import stage_process
from tests.reliability.stage_process import Step

# One name for all, one after the other: dbt reads its whole project anew for another database.
DATABASE = "installation"
LONGEST_SECONDS = 180.0

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.reliability.stage_process"])


def round_of(first: str, after_last: str, month: str) -> tuple[Step, ...]:
    """A window all the way: fetched, loaded, checked, scored, published."""
    about = {"land": (first, after_last), "load": (), "gate_batches": ()}
    return tuple((stage, *about.get(stage, (month,))) for stage in STAGES)


class Run:
    """Steps under way in a process of their own."""

    def __init__(self, environment: dict[str, str], steps: Sequence[Step], log: Path) -> None:
        self._log = log
        self._begun, told = _processes.Pipe(duplex=False)
        self._process: ForkServerProcess = _processes.Process(
            target=stage_process.run, args=(environment, tuple(steps), log, told), daemon=True
        )
        self._process.start()
        told.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def wait(self, seconds: float = LONGEST_SECONDS) -> int | None:
        """Its exit status, minus the number of the signal that ended it; None: it still runs."""
        self._process.join(seconds)
        return self._process.exitcode

    def wait_for_step(self, name: str) -> bool:
        """Wait until the step begins; false when the process ends before."""
        while self._begun.poll(LONGEST_SECONDS):
            try:
                if self._begun.recv() == name:
                    return True
            except EOFError:
                break
        return False

    def wait_until_halted(self) -> None:
        """Wait until a kill point has stopped it."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline and self._process.is_alive():
            if Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
                return
            time.sleep(0.02)
        raise AssertionError(f"it did not halt: {self.last_line}")

    def kill(self) -> int | None:
        """SIGKILL; the exit status tells whether it was in time."""
        self._process.kill()
        return self.wait()

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    @property
    def last_line(self) -> str:
        """What it said last: the failure, if it failed."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else ""


@dataclass(frozen=True)
class Snapshot:
    """An installation at rest, to begin from again."""

    template: str
    home: Path


@dataclass(frozen=True)
class Installation:
    """A warehouse, a home and a source, which `steps` bring forward."""

    server_dsn: str
    home: Path
    source_uri: str
    log: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    tablespace: str = "pg_default"

    @property
    def dsn(self) -> str:
        return self.server_dsn.replace("/postgres?", f"/{DATABASE}?")

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process work here."""
        return {
            "SERVICE_INDEX_HOME": str(self.home),
            "AIRFLOW_CONN_WAREHOUSE": self.dsn,
            "AIRFLOW_CONN_DOSSIER_API": self.source_uri,
            **self.variables,
        }

    def start(self, steps: Sequence[Step], **variables: str) -> Run:
        """Begin steps in a process of their own."""
        return Run(self.environment | variables, steps, self.log)

    def finish(self, steps: Sequence[Step]) -> None:
        """Run steps to their end."""
        run = self.start(steps)
        assert run.wait() == 0, run.last_line

    def killed_at(self, point: str, steps: Sequence[Step]) -> None:
        """Run steps until they die at a kill point."""
        run = self.start(steps, SERVICE_INDEX_KILL_AT=point)
        assert run.wait() == -signal.SIGKILL, f"{point} was not reached: {run.last_line}"

    def connect(self) -> psycopg.Connection:
        return connect(self.dsn)

    def keep(self, name: str) -> Snapshot:
        """Keep the present state under a name."""
        snapshot = Snapshot(f"kept_{name}", self.home.with_name(f"{self.home.name}-{name}"))
        self._copy_database(DATABASE, snapshot.template)
        shutil.copytree(self.home, snapshot.home)
        return snapshot

    def go_back(self, snapshot: Snapshot) -> None:
        """Make the present state that of a snapshot."""
        self._copy_database(snapshot.template, DATABASE)
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(snapshot.home, self.home)

    def _copy_database(self, template: str, name: str) -> None:
        with psycopg.connect(self.server_dsn, autocommit=True) as admin:
            admin.execute(f"drop database if exists {name} with (force)")
            # A killed process' sessions end by themselves, a moment later.
            admin.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s",
                [template],
            )
            admin.execute(
                f"create database {name} template {template} tablespace {self.tablespace}"
            )
