"""What passes between the HTTP server and the source behind it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class SourceRequest:
    """One request as the source sees it.

    `target` names what is asked for: a feed, `token`, or `national_portal`; an unknown path has
    its path there. `query` holds the query's or the form's fields.
    """

    method: str
    target: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class SourceResponse:
    """One answer.

    `send_bytes` below the body's length makes the server announce the whole length, send only
    that much and close; `reset` makes it drop the connection without a word; `delay` seconds pass
    before anything is sent.
    """

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    send_bytes: int | None = None
    reset: bool = False
    delay: float = 0.0


def json_response(status: int, content: Any, **headers: str) -> SourceResponse:
    """A JSON answer; keyword names become header names with `-` for `_`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SourceResponse(status, json.dumps(content, ensure_ascii=False).encode(), headers=named)
