"""The sample source over HTTP: `SampleSource`, a threaded server usable as a context manager."""

import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from simulator import dataset
from simulator.faults import Fault
from simulator.feeds import FEEDS
from simulator.http_messages import SourceRequest, SourceResponse, json_response
from simulator.national_portal import PORTAL_PATH, NationalRows, answer_portal
from simulator.source import Credentials, TokenDesk, answer_page
from simulator.store import FeedTable, Record, open_table, table_of

# Part of the sample, like its data: they guard nothing.
CLIENT_ID = "sample-client"
CLIENT_SECRET = "sample-secret"
API_PATH = "/api"
TOKEN_LIFETIME_SECONDS = 3600

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class SampleSource:
    """A running sample source.

    `data_dir` is a folder made by `dataset.ensure`; `from_records` serves a few given records
    instead. Port 0 takes a free port. Use as a context manager, or call `start` and `stop`.
    `faults` may be appended to at any time; `requests` keeps the latest requests.
    """

    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET

    def __init__(
        self,
        data_dir: Path | str,
        port: int = 0,
        *,
        token_lifetime: int = TOKEN_LIFETIME_SECONDS,
        host: str = "127.0.0.1",
    ) -> None:
        directory = Path(data_dir)
        dataset.read_index(directory)
        tables = {name: open_table(directory, feed) for name, feed in FEEDS.items()}
        self._setup(tables, dataset.read_national_rows(directory), host, port, token_lifetime)

    @classmethod
    def from_records(
        cls,
        records: Mapping[str, Iterable[Record]],
        *,
        national: NationalRows | None = None,
        port: int = 0,
        token_lifetime: int = TOKEN_LIFETIME_SECONDS,
    ) -> Self:
        """A source of the given records by feed; feeds not named are empty.

        `national` maps a month ("2025-03") to the rows of the national form service.
        """
        unknown = set(records) - set(FEEDS)
        if unknown:
            raise ValueError(f"no such feed: {', '.join(sorted(unknown))}")
        source = cls.__new__(cls)
        tables = {name: table_of(feed, records.get(name, ())) for name, feed in FEEDS.items()}
        source._setup(tables, national or {}, "127.0.0.1", port, token_lifetime)
        return source

    def _setup(
        self,
        tables: dict[str, FeedTable],
        national: NationalRows,
        host: str,
        port: int,
        token_lifetime: int,
    ) -> None:
        self.faults: list[Fault] = []
        self.requests: deque[SourceRequest] = deque(maxlen=10_000)
        self._tables = tables
        self._national = national
        self._tokens = TokenDesk(Credentials(CLIENT_ID, CLIENT_SECRET), token_lifetime)
        self._server = _Server((host, port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sample-source", daemon=True
        )

    @property
    def port(self) -> int:
        """The port the server listens on."""
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        """Base of the dossier API, without credentials."""
        return f"http://{self._host}:{self.port}{API_PATH}"

    @property
    def connection_uri(self) -> str:
        """Value for `AIRFLOW_CONN_DOSSIER_API`."""
        return f"http://{CLIENT_ID}:{CLIENT_SECRET}@{self._host}:{self.port}{API_PATH}"

    @property
    def national_portal_uri(self) -> str:
        """Value for `AIRFLOW_CONN_NATIONAL_PORTAL`."""
        return f"http://{self._host}:{self.port}"

    @property
    def _host(self) -> str:
        return str(self._server.server_address[0])

    def start(self) -> Self:
        """Begin to answer, in a thread of its own."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering and cut every open connection."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.cut_connections()

    def wait(self) -> None:
        """Block until `stop` is called from elsewhere, or a signal interrupts."""
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def replace(self, feed: str, records: Iterable[Record]) -> None:
        """Serve these records of `feed` from the next request on."""
        self._tables[feed] = table_of(FEEDS[feed], records)

    def revoke_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self._tokens.revoke_all()

    def answer(self, request: SourceRequest) -> SourceResponse:
        """The answer to one request, with the faults applied."""
        self.requests.append(request)
        response = self._honest_answer(request)
        for fault in tuple(self.faults):
            response = fault.apply(request, response, self)
        return response

    def _honest_answer(self, request: SourceRequest) -> SourceResponse:
        match request.method, request.target:
            case "POST", "token":
                return self._tokens.issue(request)
            case "POST", "national_portal":
                return answer_portal(self._national, request.query)
            case "GET", target if target in FEEDS:
                if not self._tokens.admits(request):
                    error = {"error": "invalid_token"}
                    return json_response(401, error, WWW_Authenticate="Bearer")
                return answer_page(FEEDS[target], self._tables[target], request.query)
        return json_response(404, {"error": f"nothing at {request.method} {request.target}"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], source: SampleSource) -> None:
        self.source = source
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no event; anything else goes to standard error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def cut_connections(self) -> None:
        """End kept-alive connections, whose threads would otherwise go on answering."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SampleSource/1"
    # Without it every page waits for the acknowledgement of its header.
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a demo has no use for a line per page."""

    def _respond(self) -> None:
        response = self.server.source.answer(self._request())
        if response.delay:
            time.sleep(response.delay)
        if response.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.connection.close()
            self.close_connection = True
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("X-Sample-Data", "true")
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        body = response.body
        if response.send_bytes is not None:
            body = body[: response.send_bytes]
            self.close_connection = True
        self.wfile.write(body)

    def _request(self) -> SourceRequest:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            form = self.rfile.read(length).decode("utf-8", "replace")
            query |= dict(parse_qsl(form, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return SourceRequest(self.command, _target(parts.path), query, headers)


def _target(path: str) -> str:
    if path == PORTAL_PATH:
        return "national_portal"
    if path == f"{API_PATH}/token":
        return "token"
    feed = path.removeprefix(f"{API_PATH}/v1/")
    return feed if feed in FEEDS else path
