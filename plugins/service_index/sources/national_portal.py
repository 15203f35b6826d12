"""The national portal's public form service: the monthly scores of all provinces.

It knows no token, no cursor and no total: a page is a bare JSON array, and the first one that is
not full is the last.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
import requests
from requests.auth import AuthBase

from service_index.landing.manifest import Manifest, is_sample_notice, rows_decoder
from service_index.landing.store import LandingStore
from service_index.sources.endpoint import Endpoint
from service_index.sources.errors import (
    LoginPageError,
    SourceRefusedError,
    TransientSourceError,
)
from service_index.sources.patience import ask_until_whole
from service_index.sources.policy import SourcePolicy
from service_index.sources.transport import Transport, check_status

FEED = "national_scores"
FORM_PATH = "jsp/rest.jsp"
PAGE_SIZE = 100
# There are 63 provinces at most: a portal that fills ten pages answers something else.
MAX_PAGES = 10


class _NoAuth(AuthBase):
    """No sign-in; given as `auth`, so that no .netrc gives the portal somebody's password."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Remark(msgspec.Struct):
    GHI_CHU: Any = None


def extract_month(
    endpoint: Endpoint, month: date, store: LandingStore, policy: SourcePolicy | None = None
) -> Manifest | None:
    """Land what the portal shows for `month`; None, with nothing landed, where it shows no row.

    Raises PageFailedError or SourceRefusedError when a page could not be had; nothing of the
    month is landed then.
    """
    patience = policy or SourcePolicy()
    label = f"{FEED} {month:%Y-%m}"
    transport = Transport(patience)
    is_sample = False
    delivered = 0
    try:
        with store.begin(FEED, "month", endpoint.name, period_month=month) as writer:
            for page_index in range(1, MAX_PAGES + 1):
                page = _Page(transport, endpoint.url(FORM_PATH), month, page_index)
                body, rows = ask_until_whole(page, patience, label, threading.Event())
                if rows:
                    writer.add_page(body, len(rows), "rows")
                delivered += len(rows)
                is_sample = is_sample or _is_sample(rows)
                if len(rows) < PAGE_SIZE:
                    break
            else:
                raise SourceRefusedError(f"{label}: {MAX_PAGES} full pages, and no end")
            if not delivered:
                return None
            return writer.commit(source_total=None, distinct_keys=delivered, is_sample=is_sample)
    finally:
        transport.close()


class _Page:
    """One page of a month, to be asked for as often as it takes."""

    def __init__(self, transport: Transport, url: str, month: date, page_index: int) -> None:
        self._transport = transport
        self._url = url
        self._form = {"params": _params(month, page_index)}

    def __call__(self) -> tuple[bytes, list[msgspec.Raw]]:
        answer = self._transport.send("POST", self._url, _NoAuth(), form=self._form)
        check_status(answer)
        return answer.body, _decode(answer.body)


def _params(month: date, page_index: int) -> str:
    """The form's only field; the zeros stand for what a month of all provinces leaves open."""
    wanted: dict[str, str | int] = {
        "type": "ref",
        "service": "report_tinh_766_service",
        "p_nam": str(month.year),
        "p_thang": str(month.month),
        "p_6thang": "0",
        "p_quy": "0",
        "p_tinh_id": "0",
        "p_xa_id": "0",
        "pageIndex": page_index,
        "pageSize": PAGE_SIZE,
        "p_loaidonvi": 1,
        "loaichitieu": 0,
    }
    return msgspec.json.encode(wanted).decode()


def _decode(body: bytes) -> list[msgspec.Raw]:
    """The rows, undecoded; raises TransientSourceError for a body that holds none."""
    if not body.lstrip()[:1] == b"[":
        raise LoginPageError("status 200, but the body is not a JSON array")
    try:
        return rows_decoder.decode(body)
    except (ValueError, RecursionError) as error:  # invalid UTF-8 and endless nesting included
        raise TransientSourceError(f"the body is not valid JSON: {error}") from None


def _is_sample(rows: Iterable[msgspec.Raw]) -> bool:
    for row in rows:
        try:
            remark = msgspec.json.decode(row, type=_Remark).GHI_CHU
        except (ValueError, RecursionError):
            continue  # what is no object is the loader's to refuse
        if is_sample_notice(remark):
            return True
    return False
