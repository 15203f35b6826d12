"""The source's pages, one after the other, as a script would fetch them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
import requests

from tests.benchmarks import volume

PAGE_SIZE = 5000


class Envelope(msgspec.Struct):
    """A page of the source contract."""

    data: msgspec.Raw
    total: int
    next_cursor: str | None = None


_read = msgspec.json.Decoder(Envelope).decode


def token(address: str, client_id: str, client_secret: str) -> str:
    """An access token of the source."""
    answer = requests.post(
        f"{address}/token",
        auth=(client_id, client_secret),
        data={"grant_type": "client_credentials"},
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def pages(source_uri: str, feed: str) -> Iterator[Envelope]:
    """The pages of a feed's August."""
    parts = urlsplit(source_uri)
    address = f"http://{parts.hostname}:{parts.port}{parts.path}"
    session = requests.Session()
    bearer = token(address, parts.username or "", parts.password or "")
    session.headers["Authorization"] = f"Bearer {bearer}"
    parameters = {
        "limit": str(PAGE_SIZE),
        "updated_from": f"{volume.FIRST}T00:00:00+07:00",
        "updated_to": f"{volume.AFTER_LAST}T00:00:00+07:00",
    }
    cursor: str | None = ""
    while cursor is not None:
        asked = {**parameters, "cursor": cursor} if cursor else parameters
        answer = session.get(f"{address}/v1/{feed}", params=asked, timeout=60)
        answer.raise_for_status()
        page = _read(answer.content)
        yield page
        cursor = page.next_cursor
