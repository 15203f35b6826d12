"""A misbehaving source over real HTTP: bounded patience, one token refresh, nothing followed."""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from extraction_support import (
    HURRIED,
    MARCH,
    Compressed,
    OtherAnswer,
    calls,
    client_of,
    dossiers,
    keys_of,
)

from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.sources.client import SourceClient
from service_index.sources.endpoint import Secret, SourceEndpoint
from service_index.sources.errors import (
    AuthenticationError,
    PageFailedError,
    SourceError,
    SourceRefusedError,
)
from service_index.sources.extract import extract_window
from service_index.sources.feeds import FEEDS
from service_index.sources.policy import SourcePolicy
from simulator.faults import (
    ConnectionReset,
    ExpiredToken,
    Fault,
    LoginPage,
    ServerError,
    SlowAnswer,
    TooManyRequests,
    TruncatedBody,
)
from simulator.server import CLIENT_SECRET, SampleSource

ALL_KEYS = [record["MaHoSo"] for record in dossiers(10)]


@pytest.fixture
def store(tmp_path: Path) -> LandingStore:
    return LandingStore(str(tmp_path / "landing"))


def extract(source: SampleSource, store: LandingStore, policy: SourcePolicy = HURRIED) -> Manifest:
    """March in three pages of 4, 4 and 2 dossiers."""
    with client_of(source, policy) as client:
        return extract_window(client, FEEDS["dossiers"], *MARCH, store, page_size=4)


def ten_dossiers() -> SampleSource:
    return SampleSource.from_records({"dossiers": dossiers(10)})


PASSING = {
    "wrong content-length": (TruncatedBody(after=1), 1),
    "truncated JSON": (TruncatedBody(after=1, announced=False), 1),
    "login page": (LoginPage(after=1), 2),
    "other JSON with 200": (OtherAnswer(after=1, body=b'{"error": "sign in"}'), 2),
    "other token-less body": (OtherAnswer(after=1, body=b"OK"), 2),
    "500": (ServerError(status=500, after=1, times=2), 1),
    "502": (ServerError(status=502, times=3), 1),
    "reset": (ConnectionReset(after=1), 1),
    "429 without a time": (TooManyRequests(after=1), 1),
    "429 at the first page": (TooManyRequests(retry_after=0, times=2), 1),
    "429 with nonsense": (OtherAnswer(status=429, headers={"Retry-After": "soon"}), 1),
    "expired token at the first page": (ExpiredToken(), 2),
    "expired token between pages": (ExpiredToken(after=1), 2),
}


@pytest.mark.fault(1, "429 without a time, with nonsense, at the first page", cases="^429")
@pytest.mark.fault(2, "500, 502 or a reset that passes", cases="^(500|502|reset)")
@pytest.mark.fault(
    3,
    "a bad body that passes: cut short, another length, a login page, other JSON",
    cases="length|truncated|login|other",
)
@pytest.mark.fault(
    4, "the token expires at the first page, between pages", cases="token at|token between"
)
@pytest.mark.parametrize(("fault", "tokens"), PASSING.values(), ids=PASSING.keys())
def test_passing_fault_is_outlasted(store: LandingStore, fault: Fault, tokens: int) -> None:
    with ten_dossiers() as source:
        source.faults.append(fault)
        manifest = extract(source, store)
        tokens_fetched = calls(source, "token")

    assert fault.struck
    assert manifest.attempts == 1
    assert manifest.delivered == 10
    assert keys_of(store, manifest) == ALL_KEYS
    assert tokens_fetched == tokens


@pytest.mark.fault(4, "the token expires anew at every page")
def test_token_may_expire_anew_at_every_page(store: LandingStore) -> None:
    with ten_dossiers() as source:
        # requests 1, 3 and 5: each page's first
        source.faults += [ExpiredToken(), ExpiredToken(after=2), ExpiredToken(after=4)]
        assert keys_of(store, extract(source, store)) == ALL_KEYS
        assert (calls(source, "dossiers"), calls(source, "token")) == (6, 4)


def test_page_after_a_login_page_is_asked_for_with_a_new_token(store: LandingStore) -> None:
    with ten_dossiers() as source:
        source.faults.append(LoginPage(after=1))
        extract(source, store)
        asked = [r.headers["authorization"] for r in source.requests if r.target == "dossiers"]

    assert asked[0] == asked[1]
    assert asked[2] == asked[3]
    assert asked[1] != asked[2]


NESTED = b'{"total": 1, "next_cursor": null, "data": [' + b"[" * 100_000
NOT_UTF8 = b'{"total": 0, "data": [], "next_cursor": "\xff"}'
LASTING = {
    "wrong content-length": (TruncatedBody(times=None), "the body broke off"),
    "truncated JSON": (TruncatedBody(times=None, announced=False), "not valid JSON"),
    "login page": (LoginPage(times=None), "not JSON"),
    "500": (ServerError(status=500, times=None), "status 500"),
    "reset": (ConnectionReset(times=None), "was cut"),
    "429": (TooManyRequests(times=None), "status 429"),
    "endless nesting": (OtherAnswer(times=None, body=NESTED), "not valid JSON"),
    "not UTF-8": (OtherAnswer(times=None, body=NOT_UTF8), "not valid JSON"),
    "not what it is compressed as": (
        OtherAnswer(times=None, body=b"{}", headers={"Content-Encoding": "gzip"}),
        "compression is broken",
    ),
    "silence": (SlowAnswer(times=None, seconds=0.4), "no answer for 0.1 s"),
}


@pytest.mark.fault(1, "429 for ever", cases="^429")
@pytest.mark.fault(2, "500, a reset or silence for ever", cases="^(500|reset|silence)")
@pytest.mark.fault(3, "a bad body for ever", cases="length|truncated|login|nesting|UTF|compressed")
@pytest.mark.parametrize(("fault", "reason"), LASTING.values(), ids=LASTING.keys())
def test_lasting_fault_fails_the_window_within_its_tries(
    store: LandingStore, tmp_path: Path, fault: Fault, reason: str
) -> None:
    fault.after = 1  # so that there is a good page to forget again
    with ten_dossiers() as source:
        source.faults.append(fault)
        with pytest.raises(PageFailedError) as failure:
            extract(source, store, replace(HURRIED, read_seconds=0.1))
        asked = calls(source, "dossiers")

    assert asked == 1 + HURRIED.tries
    assert "gave up after 4 tries" in str(failure.value)
    assert reason in str(failure.value)
    assert str(failure.value).startswith("dossiers 2025-03-01T00:00:00+07:00 to 2025-04-01")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list(store.manifests()) == []


@pytest.mark.fault(1, "Retry-After in seconds and as a date")
@pytest.mark.parametrize("as_date", [False, True])
def test_waits_as_long_as_the_source_asks(store: LandingStore, as_date: bool) -> None:
    # An HTTP date has whole seconds: 2 asked for are 1 to 2.
    asked, at_least = (2, 1.0) if as_date else (1, 1.0)
    with ten_dossiers() as source:
        source.faults.append(TooManyRequests(retry_after=asked, as_date=as_date))
        began = time.monotonic()
        extract(source, store, replace(HURRIED, longest_retry_after_seconds=10))

    assert at_least <= time.monotonic() - began < 4


@pytest.mark.fault(1, "Retry-After of a day, in seconds and as a date")
@pytest.mark.parametrize("as_date", [False, True])
def test_wait_is_capped_when_the_source_asks_for_a_day(store: LandingStore, as_date: bool) -> None:
    with ten_dossiers() as source:
        source.faults.append(TooManyRequests(retry_after=86_400, as_date=as_date))
        began = time.monotonic()
        extract(source, store)

    assert 0.25 <= time.monotonic() - began < 2


@pytest.mark.fault(4, "every token is refused")
def test_refused_token_is_renewed_once_and_not_in_a_loop(
    store: LandingStore, tmp_path: Path
) -> None:
    with ten_dossiers() as source:
        source.faults.append(OtherAnswer(status=401, times=None))
        with pytest.raises(AuthenticationError, match="fresh"):
            extract(source, store)
        assert (calls(source, "dossiers"), calls(source, "token")) == (2, 2)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_token_whose_time_is_up_is_replaced_before_it_is_refused(store: LandingStore) -> None:
    with SampleSource.from_records({"dossiers": dossiers(10)}, token_lifetime=1) as source:
        source.faults.append(SlowAnswer(seconds=0.95))
        extract(source, store)
        assert calls(source, "dossiers") == 3
        assert calls(source, "token") == 2


def test_wrong_credentials_fail_at_once_without_naming_them(store: LandingStore) -> None:
    with ten_dossiers() as source:
        endpoint = SourceEndpoint(source.base_url, "sample-client", Secret("hush-hush"))
        with SourceClient(endpoint, HURRIED) as client, pytest.raises(AuthenticationError) as error:
            extract_window(client, FEEDS["dossiers"], *MARCH, store)
        assert calls(source, "token") == 1
    assert "401" in str(error.value)
    ours = [
        frame for frame, _ in traceback.walk_tb(error.tb) if frame.f_code.co_filename != __file__
    ]
    assert ours
    assert "hush-hush" not in str(error.value) + repr([frame.f_locals for frame in ours])


@pytest.mark.parametrize("target", ["dossiers", "token"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed_to_any_host(
    store: LandingStore, target: str, status: int
) -> None:
    with ten_dossiers() as source, ten_dossiers() as other:
        location = {"Location": f"{other.base_url}/v1/dossiers?limit=4"}
        source.faults.append(OtherAnswer(feed=target, status=status, headers=location, times=None))
        with pytest.raises(SourceRefusedError, match="redirects are not followed"):
            extract(source, store)
        assert calls(source, target) == 1
        assert not other.requests


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_refusal_is_not_asked_again(store: LandingStore, status: int) -> None:
    with ten_dossiers() as source:
        source.faults.append(OtherAnswer(status=status, times=None))
        with pytest.raises(SourceRefusedError, match=f"status {status}"):
            extract(source, store)
        assert calls(source, "dossiers") == 1


@pytest.mark.parametrize("times", [2, None])
def test_token_service_shares_the_patience_for_a_page(
    store: LandingStore, times: int | None
) -> None:
    with ten_dossiers() as source:
        source.faults.append(ServerError(feed="token", times=times))
        if times is None:
            with pytest.raises(PageFailedError, match="status 503"):
                extract(source, store)
            assert calls(source, "token") == HURRIED.tries
        else:
            assert keys_of(store, extract(source, store)) == ALL_KEYS


def test_answer_beyond_the_size_limit_is_refused(store: LandingStore, tmp_path: Path) -> None:
    with ten_dossiers() as source:
        with pytest.raises(SourceRefusedError, match="exceeds 300 bytes"):
            extract(source, store, replace(HURRIED, max_page_bytes=300))
        assert calls(source, "dossiers") == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_compressed_answers_are_landed_uncompressed(store: LandingStore) -> None:
    with ten_dossiers() as source:
        source.faults.append(Compressed(times=None))
        manifest = extract(source, store)

    assert keys_of(store, manifest) == ALL_KEYS


@pytest.mark.fault(27, "an answer that unpacks to 50 MB")
def test_compressed_bomb_is_refused_at_the_size_limit(store: LandingStore) -> None:
    with ten_dossiers() as source:
        source.faults.append(Compressed(instead=b" " * 50_000_000))
        with pytest.raises(SourceRefusedError, match="exceeds 1000000 bytes"):
            extract(source, store, replace(HURRIED, max_page_bytes=1_000_000))


def test_neither_secret_nor_token_is_logged_or_landed(
    store: LandingStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with ten_dossiers() as source:
        source.faults += [ExpiredToken(), ServerError(after=1), LoginPage(after=2)]
        source.faults.append(TruncatedBody(after=3))
        extract(source, store)
        tokens = {
            request.headers["authorization"].removeprefix("Bearer ")
            for request in source.requests
            if request.target == "dossiers"
        }
        source.faults.append(ServerError(times=None))
        with pytest.raises(SourceError) as failure:
            extract(source, store)

    assert len(tokens) == 3
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*.json"))
    shown = caplog.text + str(failure.value) + repr(client_repr(source)) + written.decode()
    assert "dossiers" in caplog.text
    for secret in {CLIENT_SECRET, *tokens}:
        assert secret not in shown


def client_repr(source: SampleSource) -> str:
    endpoint = SourceEndpoint.from_uri(source.connection_uri)
    with SourceClient(endpoint) as client:
        return f"{client!r} {endpoint!r} {vars(endpoint)} {endpoint.client_secret}"


@pytest.mark.fault(2, "errors that outlast the tries of one run")
def test_a_second_run_succeeds_where_the_first_failed(store: LandingStore) -> None:
    with ten_dossiers() as source:
        source.faults.append(ServerError(after=2, times=HURRIED.tries))
        with pytest.raises(PageFailedError):
            extract(source, store)
        manifest = extract(source, store)

    assert keys_of(store, manifest) == ALL_KEYS
    assert [found for _, found in store.manifests()] == [manifest]
