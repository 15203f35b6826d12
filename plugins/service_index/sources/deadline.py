"""A time limit on a whole HTTP exchange.

The time-outs of `requests` are between two arrivals of bytes: a server that sends one byte every
20 seconds never trips them, neither in the header nor in the body. So a timer shuts the socket
down, and whoever reads from it sees the connection end.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool

_active = threading.local()


class Deadline:
    """Ends the exchange of this thread `seconds` after the block was entered.

    `expired` tells afterwards whether it had to. Works for sessions that `mount` has prepared.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._wires: list[socket.socket] = []
        self.expired = False

    def __enter__(self) -> Self:
        _active.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _active.deadline = None
        with self._lock:
            for wire in self._wires:
                wire.close()
            self._wires.clear()

    def watch(self, connection: socket.socket) -> None:
        """Take hold of a connection through a handle of its own, which TLS leaves alone."""
        with self._lock:
            self._wires.append(socket.socket(fileno=os.dup(connection.fileno())))
            if self.expired:
                self._shut_down()

    def _end(self) -> None:
        with self._lock:
            self.expired = True
            self._shut_down()

    def _shut_down(self) -> None:
        for wire in self._wires:
            try:
                wire.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the other end was quicker


def _watch(connection: socket.socket) -> None:
    deadline: Deadline | None = getattr(_active, "deadline", None)
    if deadline is not None:
        deadline.watch(connection)


class _WatchedHTTPConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _watch(connection)
        return connection

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:
            _watch(self.sock)
        super().request(*args, **options)


class _WatchedHTTPSConnection(HTTPSConnection, _WatchedHTTPConnection):
    pass


class _WatchedAdapter(HTTPAdapter):
    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> ConnectionPool:
        pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        if isinstance(pool, HTTPSConnectionPool):
            pool.ConnectionCls = _WatchedHTTPSConnection
        elif isinstance(pool, HTTPConnectionPool):
            pool.ConnectionCls = _WatchedHTTPConnection
        return pool


def mount(session: requests.Session) -> None:
    """Make `Deadline` work for what this session sends."""
    for scheme in ("http://", "https://"):
        session.mount(scheme, _WatchedAdapter(pool_connections=1, pool_maxsize=1))
