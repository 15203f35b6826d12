"""How much memory a PostgreSQL server on this machine holds while something runs."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

_SECONDS_BETWEEN = 0.1
_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


class ServerMemory:
    """As a context manager it watches the server; afterwards `peak_bytes` is the most that its
    processes held at once, each page of memory that they share counted once."""

    def __init__(self, dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            status = Path(f"/proc/{connection.info.backend_pid}/status").read_text(encoding="ascii")
        parent = re.search(r"^PPid:\s+(\d+)$", status, re.MULTILINE)
        assert parent is not None, "the server is not on this machine"
        self._postmaster = int(parent[1])
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(_SECONDS_BETWEEN):
            self.peak_bytes = max(self.peak_bytes, self._held())

    def _held(self) -> int:
        pid = self._postmaster
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return sum(map(_held_by, (str(pid), *children)))


def _held_by(process: str) -> int:
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0  # a session that has ended
    found = _PSS.search(told)
    return int(found[1]) * 1024 if found else 0
