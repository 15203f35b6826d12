"""Ways in which a source misbehaves, to be injected request by request.

A fault sits in `SampleSource.faults`. Each request goes past all of them in order; a fault that
matches may change the answer. By default a fault strikes once.

    source.faults.append(TooManyRequests(feed="dossiers", retry_after=1))
    source.faults.append(ServerError(times=2, after=1))     # pages 2 and 3 of any feed
"""

import json
import threading
from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Protocol

from simulator.feeds import FEEDS
from simulator.http_messages import SourceRequest, SourceResponse, json_response


class Source(Protocol):
    """What a fault may do to the source it sits in."""

    def revoke_tokens(self) -> None:
        """Make every token issued so far invalid."""


@dataclass
class Fault:
    """Base of all faults: when to strike.

    Strikes requests for `feed` (a feed, `token` or `national_portal`; None: any feed's page),
    letting the first `after` of them through, then `times` times (None: from then on, always).
    """

    _: KW_ONLY
    feed: str | None = None
    times: int | None = 1
    after: int = 0
    struck: int = field(default=0, init=False)
    _seen: int = field(default=0, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def apply(
        self, request: SourceRequest, response: SourceResponse, source: Source
    ) -> SourceResponse:
        """The answer to give instead of `response`, or `response` itself."""
        return self.alter(response, source) if self._strikes(request) else response

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        """The misbehaviour itself; a fault that needs the request overrides `apply` instead."""
        return response

    def _strikes(self, request: SourceRequest) -> bool:
        if request.target != self.feed if self.feed else request.target not in FEEDS:
            return False
        with self._lock:
            self._seen += 1
            if self._seen <= self.after or (self.times is not None and self.struck >= self.times):
                return False
            self.struck += 1
            return True


@dataclass
class TooManyRequests(Fault):
    """429; `retry_after` seconds, as a number or (`as_date`) an HTTP date; None: no such header."""

    retry_after: int | None = None
    as_date: bool = False

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        refusal = json_response(429, {"error": "too many requests"})
        if self.retry_after is not None:
            moment = datetime.now(UTC) + timedelta(seconds=self.retry_after)
            text = format_datetime(moment, usegmt=True) if self.as_date else str(self.retry_after)
            refusal.headers["Retry-After"] = text
        return refusal


@dataclass
class ServerError(Fault):
    """An error of the server's own."""

    status: int = 503

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        return json_response(self.status, {"error": "sample fault"})


@dataclass
class TruncatedBody(Fault):
    """The connection closes after `share` of the body.

    With `announced=False` the shortened length is the announced one: a whole HTTP answer whose
    JSON stops in the middle.
    """

    share: float = 0.5
    announced: bool = True

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        kept = int(len(response.body) * self.share)
        if self.announced:
            response.send_bytes = kept
        else:
            response.body = response.body[:kept]
        return response


@dataclass
class ConnectionReset(Fault):
    """The connection is reset before any answer."""

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        response.reset = True
        return response


@dataclass
class SlowAnswer(Fault):
    """The answer comes after `seconds`."""

    seconds: float = 1.0

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        response.delay = self.seconds
        return response


@dataclass
class ExpiredToken(Fault):
    """401, and every token issued so far is invalid from here on, whatever `expires_in` said."""

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        source.revoke_tokens()
        return json_response(401, {"error": "token expired"}, WWW_Authenticate="Bearer")


@dataclass
class LoginPage(Fault):
    """A login page with status 200, as a portal in front of the source sends it."""

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        page = "<!DOCTYPE html><html><body><form action='/login'>Đăng nhập</form></body></html>"
        return SourceResponse(200, page.encode(), content_type="text/html; charset=utf-8")


@dataclass
class PageFault(Fault, ABC):
    """Base of the faults inside a page: changes the decoded envelope of a good answer."""

    def alter(self, response: SourceResponse, source: Source) -> SourceResponse:
        if response.status == 200:
            envelope = json.loads(response.body)
            self.alter_page(envelope)
            response.body = json.dumps(envelope, ensure_ascii=False).encode()
        return response

    @abstractmethod
    def alter_page(self, envelope: dict[str, Any]) -> None:
        """Change the envelope (`total`, `data`, `next_cursor`) in place."""


@dataclass
class WrongTotal(PageFault):
    """`total` is off by `by`."""

    by: int = 1

    def alter_page(self, envelope: dict[str, Any]) -> None:
        envelope["total"] += self.by


@dataclass
class RepeatedRecords(PageFault):
    """The page holds all its records twice; nothing is missing."""

    def alter_page(self, envelope: dict[str, Any]) -> None:
        envelope["data"] = envelope["data"] * 2


@dataclass
class RepeatedPage(PageFault):
    """The page's records are those of the last page that went past this fault.

    So its own records are lost: the reader falls short of `total`. Let at least one page pass
    (`after=1`), or there is nothing to repeat.
    """

    _previous: list[Any] = field(default_factory=list, init=False, repr=False)

    def apply(
        self, request: SourceRequest, response: SourceResponse, source: Source
    ) -> SourceResponse:
        own = json.loads(response.body) if response.status == 200 else {}
        answer = super().apply(request, response, source)
        self._previous = own.get("data", self._previous)
        return answer

    def alter_page(self, envelope: dict[str, Any]) -> None:
        envelope["data"] = self._previous


@dataclass
class LostRecords(PageFault):
    """The last `count` records of the page are missing while `total` still counts them."""

    count: int = 1

    def alter_page(self, envelope: dict[str, Any]) -> None:
        del envelope["data"][-self.count :]
