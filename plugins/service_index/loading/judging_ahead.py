"""Judges the pages of many landings in processes of their own, ahead of the load that takes them.

To judge a record takes several times as long as to copy it, and in one process the database waits
for it, and it for the database.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from threading import Condition, Thread
from typing import Any, Self

import msgspec

from service_index.landing.errors import LandingCorruptError
from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.loading.judging import Chunk
from service_index.loading.judging_process import (
    Answer,
    Corrupt,
    Judged,
    Page,
    Setup,
    Tally,
    receive,
    send,
)
from service_index.loading.reader import Knowledge
from service_index.loading.sampling import KeySampler

MOST_PROCESSES = 4
# Not by `-m`: the package has imported the module by then, and there would be two of it.
_PROGRAM = "from service_index.loading.judging_process import main; main()"
# Of each process: pages that it is given before they are wanted, and bytes that wait here.
_PAGES_AHEAD = 8
_BYTES_AHEAD = 12 * 1024 * 1024


_decode = msgspec.msgpack.Decoder(Answer).decode


class JudgingError(Exception):
    """A process that judged records ended; the message is one line."""


def processes() -> int:
    """How many processes can judge at once on this machine."""
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES)


class JudgingAhead:
    """Landings of one feed, judged in the order in which they are given, and asked for in it.

    As a context manager it ends its processes.
    """

    def __init__(
        self,
        store: LandingStore,
        feed: str,
        knowledge: Knowledge,
        landings: Sequence[tuple[str, Manifest, str]],
    ) -> None:
        """`landings`: path, manifest and version bound of each."""
        self._pages = [
            Page(path, single, first, bound)
            for path, manifest, bound in landings
            for single, first in _singles(manifest)
        ]
        self._sent = self._taken = 0
        setup = Setup(
            store.url,
            store.limits,
            feed,
            frozenset(knowledge.units),
            frozenset(knowledge.procedures),
        )
        self._closing = ExitStack()
        self._processes = [self._closing.enter_context(_Process(setup)) for _ in range(processes())]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._closing.__exit__(*error)

    def of(self, path: str) -> JudgedAhead:
        """One landing; those before it that nobody asked for are passed over."""
        while self._pages[self._taken].path != path:
            for _ in self._next_page():
                pass
        return JudgedAhead(self._landing(path))

    def _landing(self, path: str) -> Iterator[Answer]:
        while self._taken < len(self._pages) and self._pages[self._taken].path == path:
            yield from self._next_page()

    def _next_page(self) -> Iterator[Answer]:
        """The answers to the next page; every process has its turn."""
        count = len(self._processes)
        for number in range(self._sent, min(self._taken + count * _PAGES_AHEAD, len(self._pages))):
            self._processes[number % count].ask(self._pages[number])
            self._sent = number + 1
        process = self._processes[self._taken % count]
        self._taken += 1
        yield from process.answers()


class JudgedAhead:
    """A landing that was judged by other processes."""

    def __init__(self, answers: Iterator[Answer]) -> None:
        self.warnings: Counter[str] = Counter()
        self.sampler = KeySampler()
        self._answers = answers

    def __iter__(self) -> Iterator[Chunk]:
        for answer in self._answers:
            match answer:
                case Judged(chunk):
                    yield chunk
                case Tally(warnings, sampled, sightings):
                    self.warnings.update(warnings)
                    self.sampler.add(sampled, sightings)
                case Corrupt(message):
                    raise LandingCorruptError(message)


class _Process:
    """One process, and a thread that takes its answers off it, so that it need not wait."""

    def __init__(self, setup: Setup) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Wherever this package was found, as in Airflow's folder of plugins, it is found again.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._questions = self._process.stdin
        self._waiting = _Waiting()
        self._thread = Thread(target=self._take, name="judged", daemon=True)
        self._thread.start()
        self.ask(setup)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._process.kill()
        self._waiting.close()
        self._thread.join()
        self._process.communicate()

    def ask(self, message: Setup | Page) -> None:
        """Send what is small enough to wait in the pipe. Raises JudgingError."""
        try:
            send(self._questions, message)
        except OSError:
            raise JudgingError(self._ended()) from None

    def answers(self) -> Iterator[Answer]:
        """Those to the first page that was asked and is not answered yet. Raises JudgingError."""
        while True:
            content = self._waiting.get()
            if content is None:
                raise JudgingError(self._ended())
            answer = _decode(content)
            yield answer
            if not isinstance(answer, Judged):
                return

    def _take(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        content: bytes | None = b""
        while content is not None:
            content = receive(self._process.stdout)
            self._waiting.put(content)

    def _ended(self) -> str:
        return (
            f"a process that judged records ended (exit status {self._process.wait()}): "
            "nothing of this landing is loaded, run it again"
        )


class _Waiting:
    """A queue that is bounded by the bytes in it; None stands for the end."""

    def __init__(self) -> None:
        self._contents: deque[bytes | None] = deque()
        self._bytes = 0
        self._is_closed = False
        self._changed = Condition()

    def put(self, content: bytes | None) -> None:
        """Add what fits, or wait until it does; never waits once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes < _BYTES_AHEAD or self._is_closed)
            self._contents.append(content)
            self._bytes += len(content or b"")
            self._changed.notify_all()

    def get(self) -> bytes | None:
        """Take the first, or wait until there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._contents)
            content = self._contents.popleft()
            self._bytes -= len(content or b"")
            self._changed.notify_all()
            return content

    def close(self) -> None:
        """Nobody takes anything any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


def _singles(manifest: Manifest) -> Iterator[tuple[Manifest, int]]:
    """The manifest with each of its pages alone, and how many records come before it."""
    first = 0
    for page in manifest.pages:
        yield msgspec.structs.replace(manifest, pages=(page,)), first
        first += page.records
