"""Where mutants live: a copy of the repository, and processes that judge what stands in it.

The work tree is never written to, so that a campaign that is broken off leaves nothing behind.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal, Protocol

import psycopg

from tests.mutation.mutants import Mutant

Outcome = Literal["killed", "timed out", "survived", "invalid"]
ROOT = Path(__file__).parents[2]

_OF_THE_COPY = ("service_index", "simulator", "expectations", "tests.")

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.mutation.warm"])


class JudgeError(Exception):
    """A judge could not do its work, which says nothing of the mutant."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant, and by which test."""

    outcome: Outcome
    by: str = ""


class Job(Protocol):
    """What is done in a process of its own; pickled to get there, so it names no mutated module."""

    def run(self, root: Path) -> Verdict: ...


@dataclass(frozen=True)
class Bench:
    """A copy of the repository at `root`, and a server that outlives every judge."""

    root: Path
    server_dsn: str

    @property
    def log(self) -> Path:
        """What the judges print."""
        return self.root / ".judge.log"

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """The mutant stands in its file in this block."""
        file = self.root / mutant.path
        text = file.read_text(encoding="utf-8")
        told = file.stat()
        file.write_text(mutant.applied_to(text), encoding="utf-8")
        # Compiled files are told by the second of the source's last change.
        os.utime(file, (0, 0))
        try:
            yield
        finally:
            file.write_text(text, encoding="utf-8")
            os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))

    def judge(self, job: Job, seconds: float) -> Verdict:
        """The verdict of a job; of one that takes longer, that it timed out."""
        received, sent = _processes.Pipe(duplex=False)
        process = _processes.Process(
            target=_run, args=(self.root, self.log, job, sent), daemon=True
        )
        process.start()
        sent.close()
        try:
            answer = received.recv() if received.poll(seconds) else Verdict("timed out")
        except EOFError:
            answer = "the judge died"
        finally:
            assert process.pid is not None
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.join()
            self._drop_warehouses_of(process.pid)
        if isinstance(answer, str):
            raise JudgeError(f"{answer}\n{self.log.read_text(errors='replace')[-2000:]}")
        assert isinstance(answer, Verdict)
        return answer

    def _drop_warehouses_of(self, pid: int) -> None:
        with psycopg.connect(self.server_dsn, autocommit=True) as admin:
            left = admin.execute(
                "select datname from pg_database where datname like %s", [f"warehouse\\_{pid}\\_%"]
            ).fetchall()
            for (name,) in left:
                admin.execute(f"drop database {name} with (force)")


@contextmanager
def open_bench(server_dsn: str) -> Iterator[Bench]:
    """A bench of the repository's files as they are now, committed or not."""
    root = Path(tempfile.mkdtemp(prefix="si-mutants-"))
    try:
        for name in tracked_files():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
        yield Bench(root, server_dsn)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def tracked_files() -> list[str]:
    """What git would commit, by the paths below the repository's root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _run(root: Path, log: Path, job: Job, answer: Connection) -> None:
    os.setsid()
    with log.open("wb", buffering=0) as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    os.chdir(root)
    time.tzset()
    sys.path[:0] = [str(root / "plugins"), str(root)]
    # What came along with the campaign's own modules is not the copy's.
    for name in [n for n in sys.modules if n.startswith(_OF_THE_COPY)]:
        if not name.startswith("tests.mutation"):
            del sys.modules[name]
    for name in [n for n in os.environ if n.startswith(("AIRFLOW", "SERVICE_INDEX"))]:
        del os.environ[name]
    try:
        answer.send(job.run(root))
    except BaseException:
        answer.send(traceback.format_exc())
    sys.stdout.flush()
    # At once: what the mutant has left running is not to be waited for.
    os._exit(0)
