"""Sends messages to the addresses in the installation's file: e-mail, webhooks, what Apprise knows.

An address holds passwords and tokens: it is shown nowhere, and no library that sees one may log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from service_index.settings import Settings

# Of these the host is no secret; of others the first part may be a token.
_HOST_IS_SHOWN = {"mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms"}
# Apprise waits for 4 s, which a mail server that is busy, or checks for spam, needs at times.
_PATIENCE_SECONDS = 20.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """Whether an address took a message; `address` is fit to be shown."""

    address: str
    was_taken: bool
    reason: str = ""


def send(settings: Settings, subject: str, text: str) -> list[Outcome]:
    """Send to every address of the file; an address that fails holds up no other.

    Empty where there is no file, or none in it. Raises ValueError when the file cannot be read.
    """
    return [_send_one(number, line, subject, text) for number, line in _addresses(settings)]


def to_all(settings: Settings, subject: str, text: str) -> bool:
    """Send, and tell whether at least one address took it. What failed is logged, unnamed."""
    try:
        outcomes = send(settings, subject, text)
    except ValueError as error:
        logger.warning("no message was sent: %s", error)
        return False
    for outcome in outcomes:
        if not outcome.was_taken:
            logger.warning("a message was not taken by %s: %s", outcome.address, outcome.reason)
    return any(outcome.was_taken for outcome in outcomes)


def _addresses(settings: Settings) -> list[tuple[int, str]]:
    """The file's lines with their numbers, without empty ones and comments."""
    try:
        text = settings.alerts_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise ValueError("the file of alert addresses cannot be read") from None
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def _send_one(number: int, line: str, subject: str, text: str) -> Outcome:
    import apprise

    shown = f"line {number}: {_shown(line)}"
    # It logs addresses that it does not understand, and what servers answered.
    logging.getLogger(apprise.logger.name).disabled = True
    plugin: Any = apprise.Apprise.instantiate(line)
    if plugin is None:
        return Outcome(shown, False, "it is no address that Apprise understands")
    for limit in ("socket_connect_timeout", "socket_read_timeout"):
        setattr(plugin, limit, max(getattr(plugin, limit), _PATIENCE_SECONDS))
    try:
        taken = plugin.notify(title=subject, body=text, body_format=apprise.NotifyFormat.TEXT)
    except Exception as error:  # a plugin's own slip must not hide the trouble told of
        return Outcome(shown, False, type(error).__name__)
    return Outcome(shown, bool(taken), "" if taken else "it did not take the message")


def _shown(line: str) -> str:
    """The kind of an address, and its host where that is none of its secrets."""
    scheme, separator, _ = line.partition("://")
    if not separator or not scheme.isalnum():
        return "…"
    try:
        host = urlsplit(line).hostname or ""
    except ValueError:
        host = ""
    return f"{scheme}://{host if scheme.lower() in _HOST_IS_SHOWN else ''}…"
