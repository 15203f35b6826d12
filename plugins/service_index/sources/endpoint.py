"""Where a source is and how to sign in, without ever showing the secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from service_index.settings import SettingsError


class Secret:
    """A text that only `reveal` gives out: not in a repr, a log or a traceback's locals."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself; pass it on, do not keep it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True)
class Endpoint:
    """Where a source is: `base_url` is its scheme, host, port and base path.

    Raises SettingsError when `base_url` is not a plain http or https address.
    """

    base_url: str

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
        except ValueError:
            raise SettingsError("a source needs http://host:port/base/path") from None
        # After a slash in a password, its end stands in the path, and the path is shown.
        is_plain = not ("@" in parts.netloc + parts.path or parts.query or parts.fragment)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
            raise SettingsError("a source needs http://host:port/base/path or its https form")

    @property
    def name(self) -> str:
        """Host, port and base path: what a manifest says of where its records come from."""
        parts = urlsplit(self.base_url)
        return parts.netloc + parts.path

    def url(self, path: str) -> str:
        """The address of `path` under the base."""
        return f"{self.base_url.rstrip('/')}/{path.lstrip('/')}"


@dataclass(frozen=True)
class SourceEndpoint(Endpoint):
    """A source that wants client credentials."""

    client_id: str
    client_secret: Secret

    @classmethod
    def from_uri(cls, uri: str) -> Self:
        """Read `http://client_id:client_secret@host:port/base/path`, as Airflow writes it.

        Identifier and secret are percent-decoded. Raises SettingsError, which does not repeat
        the address.
        """
        try:
            parts = urlsplit(uri)
        except ValueError:
            # Its words may quote all that stands before the host's end.
            raise SettingsError(
                "the source's address cannot be read: write it as http://client_id:client_secret@"
                "host:port/base/path, special signs percent-encoded (%40 for @)"
            ) from None
        if parts.username is None or parts.password is None:
            raise SettingsError("the source's address lacks client_id:client_secret@")
        if parts.query or parts.fragment:
            raise SettingsError("the source's address has parts that mean nothing here (? or #)")
        return cls(
            base_url=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}",
            client_id=unquote(parts.username),
            client_secret=Secret(unquote(parts.password)),
        )
