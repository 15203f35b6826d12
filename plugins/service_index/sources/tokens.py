"""The access token that all threads of a client share."""

from __future__ import annotations

import math
import threading
import time
from http import HTTPStatus

import msgspec
import requests
from requests.auth import AuthBase, HTTPBasicAuth

from service_index.sources.endpoint import Secret, SourceEndpoint
from service_index.sources.errors import AuthenticationError, LoginPageError
from service_index.sources.transport import Transport, check_status

# A token is renewed this long before its end, so that none expires on its way to the source;
# of a shorter-lived one, at a tenth of its life before the end.
_EARLY_SECONDS = 30.0


class _Grant(msgspec.Struct):
    access_token: Secret
    expires_in: float | None = None


def _as_secret(_: type, value: object) -> Secret:
    if not isinstance(value, str):
        raise ValueError("a token is a text")
    return Secret(value)


class BearerAuth(AuthBase):
    """`Authorization: Bearer …`; given as `auth`, so that no .netrc replaces it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


class TokenKeeper:
    """Fetches a token by client credentials when there is none, or its time is up.

    Every method may raise what `Transport.send` raises, AuthenticationError when the source
    refuses the credentials, and TransientSourceError when it answers no token.
    """

    def __init__(self, endpoint: SourceEndpoint, transport: Transport) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._good_until = -math.inf

    def current(self) -> Secret:
        """The token to use now."""
        with self._lock:
            if self._token is None or time.monotonic() >= self._good_until:
                self._token = self._fetch()
            return self._token

    def renew(self, refused: Secret) -> tuple[Secret, bool]:
        """A token other than `refused`, and whether it is fresh from the source.

        It is not when another thread has renewed in the meantime.
        """
        with self._lock:
            if self._token is not None and self._token is not refused:
                return self._token, False
            self._token = self._fetch()
            return self._token, True

    def discard(self, suspect: Secret) -> None:
        """Fetch a new token next time, unless another thread already has."""
        with self._lock:
            if self._token is suspect:
                self._token = None

    def _fetch(self) -> Secret:
        endpoint = self._endpoint
        asked_at = time.monotonic()
        answer = self._transport.send(
            "POST",
            endpoint.url("token"),
            # Encoded here: the library would send other than Latin-1 text in a way of its own.
            HTTPBasicAuth(endpoint.client_id.encode(), endpoint.client_secret.reveal().encode()),
            form={"grant_type": "client_credentials"},
        )
        if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise AuthenticationError(
                f"the source refuses the client credentials (status {answer.status})"
            )
        check_status(answer)
        try:
            grant = msgspec.json.decode(answer.body, type=_Grant, dec_hook=_as_secret)
        except ValueError:
            raise LoginPageError("the token service answered no token") from None
        life = math.inf if grant.expires_in is None else grant.expires_in
        self._good_until = asked_at + life - min(_EARLY_SECONDS, life / 10)
        return grant.access_token
