"""The dossier API: one page at a time, with whatever patience the policy allows."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Self

import msgspec

from service_index.landing.manifest import PageEnvelope, page_decoder
from service_index.sources.endpoint import Secret, SourceEndpoint
from service_index.sources.errors import AuthenticationError, LoginPageError, TransientSourceError
from service_index.sources.patience import ask_until_whole
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
        attempt = _PageAttempt(self._transport, self._tokens, self._endpoint.url(path), params)
        return ask_until_whole(attempt, self.policy, label, cancelled or threading.Event())


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
