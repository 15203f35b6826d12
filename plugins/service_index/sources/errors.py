"""What can go wrong at the source. Messages are one line and hold neither secrets nor records."""

from __future__ import annotations


class SourceError(Exception):
    """Base of this package's errors."""


class TransientSourceError(SourceError):
    """Worth another try; `retry_after` is how many seconds the source asked to wait, if it did."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class LoginPageError(TransientSourceError):
    """Status 200 with something that is no page of records: the token may be worth nothing."""


class SourceRefusedError(SourceError):
    """The source said no, or answered what this client never accepts; trying again is no use."""


class AuthenticationError(SourceRefusedError):
    """The credentials, or a token fresh from the source, are not accepted."""


class PageFailedError(SourceError):
    """A page was still bad after every allowed try."""


class IncompleteWindowError(SourceError):
    """After every allowed reading, what was delivered is not what the source counts."""


class ExtractionCancelledError(SourceError):
    """Stopped because another window failed, or the run was interrupted."""
