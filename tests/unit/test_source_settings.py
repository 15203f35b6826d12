"""Addresses, secrets, waits and windows: what the client is told before it asks anything."""

from __future__ import annotations

import copy
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime

import pytest

from service_index.settings import ICT
from service_index.sources.endpoint import Secret, SourceEndpoint
from service_index.sources.extract import Extraction
from service_index.sources.feeds import FEEDS
from service_index.sources.transport import seconds_to_wait

MARCH = (datetime(2025, 3, 1, tzinfo=ICT), datetime(2025, 4, 1, tzinfo=ICT))


def test_endpoint_is_read_from_an_airflow_address() -> None:
    endpoint = SourceEndpoint.from_uri("https://client%40h31:s%2Fec%3Aret@host.example:8443/a/b/")

    assert endpoint.base_url == "https://host.example:8443/a/b"
    assert endpoint.client_id == "client@h31"
    assert endpoint.client_secret.reveal() == "s/ec:ret"
    assert endpoint.name == "host.example:8443/a/b"
    assert endpoint.url("v1/dossiers") == "https://host.example:8443/a/b/v1/dossiers"


@pytest.mark.parametrize(
    "uri",
    [
        "http://host.example/api",
        "http://id:hush@/api",
        "ftp://id:hush@host.example/api",
        "http://id:hush@host.example/api?verify=false",
        "id:hush@host.example",
        "http://id:hush@[host.example/api",
        "http://id:hush@host\u2100.example/api",
    ],
)
def test_unfit_address_is_refused_without_repeating_it(uri: str) -> None:
    with pytest.raises(ValueError, match="source") as failure:
        SourceEndpoint.from_uri(uri)
    assert "hush" not in str(failure.value)


def test_secret_is_in_no_text_of_the_endpoint() -> None:
    endpoint = SourceEndpoint("http://host", "id", Secret("hush"))

    for shown in (endpoint, asdict(endpoint), vars(endpoint), copy.deepcopy(endpoint)):
        assert "hush" not in f"{shown} {shown!r}"
    assert "hush" not in f"{endpoint.client_secret} {endpoint.client_secret!r:>20}"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("86400", 86_400.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_header(header: str | None, expected: float | None) -> None:
    assert seconds_to_wait(header) == expected


@pytest.mark.parametrize("zone", [UTC, ICT])
def test_retry_after_as_a_date_is_from_now(zone: tzinfo) -> None:
    header = format_datetime(datetime.now(zone) + timedelta(minutes=10))
    assert 595 < (seconds_to_wait(header) or 0) <= 600


def test_long_window_is_cut_and_nothing_falls_between_the_pieces() -> None:
    pieces = Extraction(FEEDS["dossiers"], MARCH).pieces(timedelta(days=7))

    windows = [piece.window for piece in pieces if piece.window]
    assert len(pieces) == len(windows) == 5
    assert (windows[0][0], windows[-1][1]) == MARCH
    assert all(end - start <= timedelta(days=7) for start, end in windows)
    assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]


def test_short_window_and_snapshot_stay_one_piece() -> None:
    week = Extraction(FEEDS["dossiers"], (MARCH[0], MARCH[0] + timedelta(days=7)))
    units = Extraction(FEEDS["units"])

    assert week.pieces(timedelta(days=7)) == [week]
    assert units.pieces(timedelta(days=7)) == [units]


def test_only_incremental_feeds_have_a_window() -> None:
    with pytest.raises(ValueError, match="units"):
        Extraction(FEEDS["units"], MARCH)
    with pytest.raises(ValueError, match="dossiers"):
        Extraction(FEEDS["dossiers"])
