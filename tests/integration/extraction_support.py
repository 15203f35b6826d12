"""What the extraction tests share: records, a hurried client, and more ways to misbehave."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.settings import ICT
from service_index.sources.client import SourceClient
from service_index.sources.endpoint import SourceEndpoint
from service_index.sources.policy import SourcePolicy
from simulator.faults import Fault, PageFault, Source, WrongTotal
from simulator.http_messages import SourceRequest, SourceResponse
from simulator.server import SampleSource

MARCH = (datetime(2025, 3, 1, tzinfo=ICT), datetime(2025, 4, 1, tzinfo=ICT))
# Waits of milliseconds, and one window at a time unless a test wants more.
HURRIED = SourcePolicy(
    tries=4,
    backoff_seconds=0.005,
    longest_backoff_seconds=0.01,
    longest_retry_after_seconds=0.25,
    connect_seconds=2,
    read_seconds=2,
    page_seconds=5,
    parallel_windows=1,
    longest_window=timedelta(days=31),
)


def dossier(number: int, updated: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """A dossier; number n is updated n hours into March 2025 unless said otherwise."""
    version = updated or MARCH[0] + timedelta(hours=number)
    return {
        "MaHoSo": f"000.00.16.H31-250301-{number:04d}",
        "MaTTHC": "1.001193",
        "NgayCapNhat": version.astimezone(ICT).strftime("%Y%m%d%H%M%S"),
        **fields,
    }


def dossiers(count: int) -> list[dict[str, Any]]:
    return [dossier(number) for number in range(count)]


@contextmanager
def client_of(source: SampleSource, policy: SourcePolicy = HURRIED) -> Iterator[SourceClient]:
    with SourceClient(SourceEndpoint.from_uri(source.connection_uri), policy) as client:
        yield client


def keys_of(store: LandingStore, manifest: Manifest) -> list[str]:
    """The keys of a landing's records, in delivered order; `-` for a missing one."""
    path = next(path for path, other in store.manifests() if other == manifest)
    records = (msgspec.json.decode(record.body) for record in store.records(path, manifest))
    return [record.get("MaHoSo") or "-" for record in records]


def calls(source: SampleSource, target: str) -> int:
    """How many requests for a feed, or `token`, the source has had."""
    return sum(request.target == target for request in source.requests)


@dataclass
class NeverWhole(WrongTotal):
    """The window that ends at `until` has a wrong total, however often it is read."""

    times: int | None = None
    until: datetime = MARCH[1]

    def apply(
        self, request: SourceRequest, response: SourceResponse, source: Source
    ) -> SourceResponse:
        if request.query.get("updated_to") != self.until.astimezone(UTC).isoformat():
            return response
        return super().apply(request, response, source)


@dataclass
class EmptyPage(Fault):
    """A page after the first without records, and a cursor to where it would have begun."""

    def apply(
        self, request: SourceRequest, response: SourceResponse, source: Source
    ) -> SourceResponse:
        if "cursor" in request.query and self._strikes(request):
            envelope = msgspec.json.decode(response.body)
            # The sample source ignores the mark, so the cursor is another one for the same place.
            envelope |= {"data": [], "next_cursor": request.query["cursor"] + "!"}
            response.body = msgspec.json.encode(envelope)
        return response


@dataclass
class GrowingTotal(PageFault):
    """`total` grows with every page."""

    def alter_page(self, envelope: dict[str, Any]) -> None:
        envelope["total"] += self.struck


@dataclass
class CircularCursor(PageFault):
    """Every cursor is the first one that went past this fault."""

    _first: str | None = field(default=None, init=False)

    def alter_page(self, envelope: dict[str, Any]) -> None:
        self._first = self._first or envelope["next_cursor"]
        envelope["next_cursor"] = self._first


@dataclass
class OtherAnswer(Fault):
    """The given answer instead of the source's own."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        return SourceResponse(self.status, self.body, headers=dict(self.headers))


@dataclass
class Compressed(Fault):
    """The answer, or `instead`, compressed by gzip."""

    instead: bytes | None = None

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        response.body = gzip.compress(response.body if self.instead is None else self.instead)
        response.headers["Content-Encoding"] = "gzip"
        return response


@dataclass
class Between(Fault):
    """Something happens at the source before its answer leaves it; the answer itself is good."""

    action: Any = None

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        self.action()
        return response


class DrippingServer:
    """Answers with one byte every 20 ms and never ends, from the header on or in the body."""

    HEADER = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n"

    def __init__(self, *, in_body: bool, tls: ssl.SSLContext | None = None) -> None:
        self._in_body = in_body
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self.accepted = 0
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def base_url(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://localhost:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._stopped.set()
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                connection.recv(65536)
                if self._in_body:
                    connection.sendall(self.HEADER + b"\r\n{")
                else:
                    connection.sendall(self.HEADER)
                while not self._stopped.is_set():
                    connection.sendall(b" " if self._in_body else b"X")
                    time.sleep(0.02)
        except OSError:
            return
