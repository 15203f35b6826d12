"""The dossier API: one page at a time, with whatever patience the policy allows."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Self

import msgspec
import tenacity

from service_index.landing.manifest import PageEnvelope, page_decoder
from service_index.sources.endpoint import Secret, SourceEndpoint
from service_index.sources.errors import (
    AuthenticationError,
    ExtractionCancelledError,
    LoginPageError,
    PageFailedError,
    SourceRefusedError,
    TransientSourceError,
)
from service_index.sources.policy import SourcePolicy
from service_index.sources.tokens import BearerAuth, TokenKeeper
from service_index.sources.transport import Answer, Transport, check_status


@dataclass(frozen=True)
class Page:
    """One page: the body as it came, and its envelope with the records still undecoded."""

    body: bytes = field(repr=False)
    envelope: PageEnvelope = field(repr=False)


class SourceClient:
    """Reads pages of one source; may be used by several threads at once.

    Every address it asks is under the endpoint's base, and it follows no redirect, so neither
    token nor secret reaches another host.
    """

    def __init__(self, endpoint: SourceEndpoint, policy: SourcePolicy | None = None) -> None:
        self.policy = policy or SourcePolicy()
        self._endpoint = endpoint
        self._transport = Transport(self.policy)
        self._tokens = TokenKeeper(endpoint, self._transport)

    def __repr__(self) -> str:
        return f"SourceClient({self.source!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def source(self) -> str:
        """Host and base path, without credentials."""
        return self._endpoint.name

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def get_page(
        self,
        path: str,
        params: Mapping[str, str],
        label: str,
        cancelled: threading.Event | None = None,
    ) -> Page:
        """The page at `path`, asked for until it is whole or the tries are used up.

        `label` opens the messages of errors. Setting `cancelled` ends a wait between tries.

        Raises PageFailedError after the last try, SourceRefusedError or its
        AuthenticationError at once where trying again is no use, ExtractionCancelledError.
        """
        event = cancelled or threading.Event()
        attempt = _PageAttempt(self._transport, self._tokens, self._endpoint.url(path), params)
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientSourceError),
            stop=tenacity.stop_after_attempt(self.policy.tries),
            wait=_Wait(self.policy),
            sleep=lambda seconds: _sleep(seconds, event, label),
            reraise=True,
        )
        try:
            return tries(attempt)
        except TransientSourceError as error:
            raise PageFailedError(
                f"{label}: gave up after {self.policy.tries} tries, the last one: {error}"
            ) from None
        except SourceRefusedError as error:
            raise type(error)(f"{label}: {error}") from None


class _PageAttempt:
    """What the tries of one page share: its token is renewed because of a 401 once at most."""

    def __init__(
        self, transport: Transport, tokens: TokenKeeper, url: str, params: Mapping[str, str]
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._url = url
        self._params = params
        self._has_renewed = False

    def __call__(self) -> Page:
        token = self._tokens.current()
        answer = self._ask(token)
        while answer.status == HTTPStatus.UNAUTHORIZED:
            if self._has_renewed:
                raise AuthenticationError("the source refuses a token fresh from it (status 401)")
            token, self._has_renewed = self._tokens.renew(token)
            answer = self._ask(token)
        check_status(answer)
        try:
            return Page(answer.body, decode_envelope(answer.body))
        except LoginPageError:
            self._tokens.discard(token)
            raise

    def _ask(self, token: Secret) -> Answer:
        return self._transport.send("GET", self._url, BearerAuth(token), params=self._params)


class _Wait(tenacity.wait.wait_base):
    """As long as the source asked (within bounds), else exponentially longer; both with jitter."""

    def __init__(self, policy: SourcePolicy) -> None:
        self._cap = policy.longest_retry_after_seconds
        self._first = policy.backoff_seconds
        self._backoff = tenacity.wait_exponential(
            multiplier=policy.backoff_seconds, max=policy.longest_backoff_seconds
        )

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.retry_after if isinstance(error, TransientSourceError) else None
        if asked is not None:
            return min(asked, self._cap) + random.uniform(0, self._first)
        wait = self._backoff(retry_state)
        return wait + random.uniform(0, wait)


def _sleep(seconds: float, cancelled: threading.Event, label: str) -> None:
    if cancelled.wait(seconds):
        raise ExtractionCancelledError(f"{label}: cancelled")


def decode_envelope(body: bytes) -> PageEnvelope:
    """Decode a page down to its undecoded records.

    Raises TransientSourceError for a body that is broken JSON, and its LoginPageError for one
    that is something else altogether.
    """
    if not body.lstrip()[:1] == b"{":
        raise LoginPageError("status 200, but the body is not JSON")
    try:
        return page_decoder.decode(body)
    except msgspec.ValidationError as error:
        raise LoginPageError(f"status 200, but not a page of records: {error}") from None
    except (ValueError, RecursionError) as error:  # invalid UTF-8 and endless nesting included
        raise TransientSourceError(f"the body is not valid JSON: {error}") from None
