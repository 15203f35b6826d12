"""The source itself: tokens, windows, cursors and pages, without any HTTP in it."""

import base64
import binascii
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from simulator import SAMPLE_NOTICE
from simulator.feeds import Feed
from simulator.http_messages import SourceRequest, SourceResponse, json_response
from simulator.store import FeedTable

ICT = timezone(timedelta(hours=7))
MAXIMUM_LIMIT = 5000
DEFAULT_LIMIT = 1000


class BadRequestError(Exception):
    """The request breaks the contract; the text says how."""


@dataclass(frozen=True)
class Credentials:
    """What a client shows to get a token."""

    client_id: str
    client_secret: str

    def match(self, authorization: str) -> bool:
        """Whether an `Authorization` header is HTTP Basic with these credentials."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            shown = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        wanted = f"{self.client_id}:{self.client_secret}"
        return scheme.lower() == "basic" and secrets.compare_digest(shown, wanted)


class TokenDesk:
    """Issues bearer tokens that live `lifetime` seconds."""

    def __init__(self, credentials: Credentials, lifetime: int) -> None:
        self._credentials = credentials
        self._lifetime = lifetime
        self._expiries: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue(self, request: SourceRequest) -> SourceResponse:
        """Answer a token request (client credentials grant)."""
        if not self._credentials.match(request.headers.get("authorization", "")):
            return json_response(401, {"error": "invalid_client"}, WWW_Authenticate="Basic")
        if request.query.get("grant_type") != "client_credentials":
            return json_response(400, {"error": "unsupported_grant_type"})
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._expiries[token] = time.monotonic() + self._lifetime
        return json_response(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": self._lifetime}
        )

    def admits(self, request: SourceRequest) -> bool:
        """Whether the request carries a token that is still valid."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            expiry = self._expiries.get(token)
        return scheme.lower() == "bearer" and expiry is not None and time.monotonic() < expiry

    def revoke_all(self) -> None:
        """Make every token issued so far invalid."""
        with self._lock:
            self._expiries.clear()


def answer_page(feed: Feed, table: FeedTable, query: Mapping[str, str]) -> SourceResponse:
    """One page of a feed as the contract words it; 400 with the reason for a bad request."""
    try:
        limit = _limit(query)
        window = _window(query) if feed.is_incremental else (0, 0)
        first, last = table.window(*window) if feed.is_incremental else (0, len(table))
        position = _position(feed, window, query.get("cursor"))
    except BadRequestError as reason:
        return json_response(400, {"error": str(reason)})
    start = first + position
    end = min(start + limit, last)
    next_cursor = _cursor(feed, window, end - first) if end < last else None
    head = json.dumps({"notice": SAMPLE_NOTICE, "total": last - first}, ensure_ascii=False)
    body = b"".join(
        (
            head[:-1].encode(),
            b', "data": [',
            table.page(start, end),
            b'], "next_cursor": ',
            json.dumps(next_cursor).encode(),
            b"}",
        )
    )
    return SourceResponse(200, body)


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isdecimal() or not 1 <= int(text) <= MAXIMUM_LIMIT:
        raise BadRequestError(f"limit must be 1 to {MAXIMUM_LIMIT}")
    return int(text)


def _window(query: Mapping[str, str]) -> tuple[int, int]:
    version_from = _version_bound(query, "updated_from")
    version_to = _version_bound(query, "updated_to")
    if version_from > version_to:
        raise BadRequestError("updated_from lies after updated_to")
    return version_from, version_to


def _version_bound(query: Mapping[str, str], name: str) -> int:
    """The bound as yyyyMMddHHmmss in ICT; versions are whole seconds, so fractions round up."""
    try:
        moment = datetime.fromisoformat(query[name])
    except KeyError:
        raise BadRequestError(f"{name} is missing") from None
    except ValueError:
        raise BadRequestError(f"{name} is not an ISO 8601 time") from None
    if moment.tzinfo is None:
        raise BadRequestError(f"{name} has no offset")
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return int(moment.astimezone(ICT).strftime("%Y%m%d%H%M%S"))


def _cursor(feed: Feed, window: tuple[int, int], position: int) -> str:
    text = f"{feed.name}:{window[0]}:{window[1]}:{position}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _position(feed: Feed, window: tuple[int, int], cursor: str | None) -> int:
    """Where a cursor stands in its window; a cursor of another window is refused."""
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
        prefix, _, position = text.rpartition(":")
        if prefix == f"{feed.name}:{window[0]}:{window[1]}":
            return int(position)
    except ValueError:
        pass
    raise BadRequestError("cursor does not belong to this window")
