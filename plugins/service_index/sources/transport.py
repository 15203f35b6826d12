"""One HTTP exchange, bounded in time and size, that follows no redirect."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import requests
from requests.auth import AuthBase

from service_index.sources.deadline import Deadline, mount
from service_index.sources.errors import SourceRefusedError, TransientSourceError
from service_index.sources.policy import SourcePolicy

_CHUNK_BYTES = 256 * 1024
_WORTH_ANOTHER_TRY = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True)
class Answer:
    """A status and, when it is 200, the whole body."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None


class Transport:
    """Sends requests over kept-alive connections, one session per thread.

    TLS certificates are verified, against REQUESTS_CA_BUNDLE where that is set.
    """

    def __init__(self, policy: SourcePolicy) -> None:
        self._policy = policy
        self._of_thread = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        auth: AuthBase,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """One exchange, without retries.

        Raises TransientSourceError when the answer does not arrive whole and in time, and
        SourceRefusedError for an untrusted certificate or an answer that is too large.
        """
        policy = self._policy
        with Deadline(policy.page_seconds) as deadline:
            try:
                with self._session().request(
                    method,
                    url,
                    params=params,
                    data=form,
                    auth=auth,
                    timeout=(policy.connect_seconds, policy.read_seconds),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    body = self._body(response) if response.status_code == HTTPStatus.OK else b""
                    retry_after = seconds_to_wait(response.headers.get("Retry-After"))
            except requests.exceptions.SSLError:
                raise SourceRefusedError("the source's TLS certificate is not trusted") from None
            except requests.RequestException as error:
                raise TransientSourceError(self._reason(error, deadline)) from None
            if deadline.expired:
                raise TransientSourceError(self._too_slow())
        return Answer(response.status_code, body, retry_after)

    def close(self) -> None:
        """Close every thread's connections."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = requests.Session()
            # Compressed answers are left to proxies and servers that insist on them.
            session.headers["Accept-Encoding"] = "gzip"
            session.headers["Accept"] = "application/json"
            mount(session)
            self._of_thread.session = session
            with self._lock:
                self._sessions.append(session)
        return session

    def _body(self, response: requests.Response) -> bytes:
        limit = self._policy.max_page_bytes
        chunks = []
        size = 0
        for chunk in response.iter_content(_CHUNK_BYTES):
            size += len(chunk)
            if size > limit:
                raise SourceRefusedError(f"an answer exceeds {limit} bytes: ask for smaller pages")
            chunks.append(chunk)
        return b"".join(chunks)

    def _reason(self, error: requests.RequestException, deadline: Deadline) -> str:
        """What happened, in words of our own: the library's name addresses and objects."""
        if deadline.expired:
            return self._too_slow()
        match error:
            case requests.ConnectTimeout():
                return f"no connection within {self._policy.connect_seconds:g} s"
            case requests.exceptions.ChunkedEncodingError():
                return "the body broke off"
            case requests.exceptions.ContentDecodingError():
                return "the body's compression is broken"
            case _ if "timed out" in str(error).lower():
                return f"no answer for {self._policy.read_seconds:g} s"
        return f"no connection, or it was cut ({type(error).__name__})"

    def _too_slow(self) -> str:
        return f"no whole answer within {self._policy.page_seconds:g} s"


def check_status(answer: Answer) -> None:
    """Pass a 200; raise TransientSourceError or SourceRefusedError for anything else."""
    status = answer.status
    if status == HTTPStatus.OK:
        return
    if status in _WORTH_ANOTHER_TRY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TransientSourceError(f"status {status}", answer.retry_after)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise SourceRefusedError(f"status {status}: redirects are not followed")
    raise SourceRefusedError(f"status {status}")


def seconds_to_wait(retry_after: str | None) -> float | None:
    """A Retry-After header (seconds, or an HTTP date) in seconds from now; None if unreadable."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
