"""Several windows at once: pieces, progress, the first error, and the run after it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from extraction_support import (
    HURRIED,
    MARCH,
    Between,
    NeverWhole,
    OtherAnswer,
    calls,
    client_of,
    dossier,
    keys_of,
)

from service_index.landing.store import LandingStore
from service_index.sources.errors import IncompleteWindowError, PageFailedError, SourceRefusedError
from service_index.sources.extract import Extraction, extract_many
from service_index.sources.feeds import FEEDS
from simulator.faults import ServerError, SlowAnswer
from simulator.server import SampleSource

WEEKLY = replace(HURRIED, longest_window=timedelta(days=7), parallel_windows=4)
DAILY_DOSSIERS = [dossier(n, updated=MARCH[0] + timedelta(days=n, hours=8)) for n in range(31)]
RATINGS = [
    {"MaDanhGia": f"R{number}", "NgayCapNhat": f"202503{number + 1:02d}120000"}
    for number in range(20)
]
UNITS = [{"MaDonVi": "H31.1", "HieuLucTu": "20250701"}]
WANTED = [
    Extraction(FEEDS["units"]),
    Extraction(FEEDS["dossiers"], MARCH),
    Extraction(FEEDS["ratings"], MARCH),
]


@pytest.fixture
def store(tmp_path: Path) -> LandingStore:
    return LandingStore(str(tmp_path / "landing"))


def province() -> SampleSource:
    return SampleSource.from_records(
        {"dossiers": DAILY_DOSSIERS, "ratings": RATINGS, "units": UNITS}
    )


def test_pieces_join_to_the_whole_window(store: LandingStore) -> None:
    with province() as source, client_of(source, WEEKLY) as client:
        manifests = extract_many(client, WANTED, store, page_size=3)
        tokens = calls(source, "token")

    windows = [(m.window_from, m.window_to) for m in manifests if m.feed == "dossiers"]
    assert windows[0][0] == MARCH[0]
    assert windows[-1][1] == MARCH[1]
    assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]
    assert [m.feed for m in manifests] == ["units", *["dossiers"] * 5, *["ratings"] * 5]
    keys = [key for m in manifests if m.feed == "dossiers" for key in keys_of(store, m)]
    assert keys == [record["MaHoSo"] for record in DAILY_DOSSIERS]
    assert sum(m.delivered for m in manifests if m.feed == "ratings") == len(RATINGS)
    assert tokens == 1


def test_windows_are_fetched_in_parallel(store: LandingStore) -> None:
    """Every answer waits until four are being waited for, which one at a time never are."""
    together = threading.Barrier(4, timeout=5)
    with province() as source, client_of(source, WEEKLY) as client:
        source.faults.append(Between(feed="dossiers", times=4, action=together.wait))
        extract_many(client, WANTED[1:2], store)

    assert not together.broken


def test_progress_ends_at_the_totals(store: LandingStore) -> None:
    heard: list[tuple[str, int, int]] = []
    with province() as source, client_of(source, WEEKLY) as client:
        source.faults.append(ServerError(after=3))
        landed = extract_many(client, WANTED, store, 3, lambda *progress: heard.append(progress))

    last = {name: (done, total) for name, done, total in heard}
    assert last.pop("windows") == (len(landed), len(landed))
    assert last == {"units": (1, 1), "dossiers": (31, 31), "ratings": (20, 20)}
    assert all(fetched <= total for _, fetched, total in heard)


@pytest.mark.fault(4, "the token expires for four readers at once")
def test_token_refused_to_four_readers_at_once_is_renewed_once(store: LandingStore) -> None:
    together = threading.Barrier(4, timeout=5)
    with province() as source, client_of(source, WEEKLY) as client:
        source.faults += [Between(times=4, action=together.wait), OtherAnswer(status=401, times=4)]
        manifests = extract_many(client, WANTED, store, page_size=2)
        tokens = calls(source, "token")

    assert sum(m.delivered for m in manifests) == 31 + 20 + 1
    assert tokens == 2


def test_first_error_stops_the_rest_and_what_is_complete_stays(
    store: LandingStore, tmp_path: Path
) -> None:
    policy = replace(WEEKLY, parallel_windows=1)
    with province() as source, client_of(source, policy) as client:
        source.faults.append(ServerError(feed="dossiers", after=2, times=policy.tries))
        with pytest.raises(PageFailedError, match="dossiers 2025-03-15"):
            extract_many(client, WANTED[:2], store)
        landed = [manifest for _, manifest in store.manifests()]
        assert [m.feed for m in landed] == ["units", "dossiers", "dossiers"]

        covered_until = landed[-1].window_to
        assert covered_until is not None
        rest = [Extraction(FEEDS["dossiers"], (covered_until, MARCH[1]))]
        extract_many(client, rest, store)

    keys = [key for _, m in store.manifests("dossiers") for key in keys_of(store, m)]
    assert keys == [record["MaHoSo"] for record in DAILY_DOSSIERS]
    folders = list((tmp_path / "landing" / "dossiers").iterdir())
    assert all((folder / "manifest.json").is_file() for folder in folders)


@pytest.mark.parametrize("readers", [1, 4])
def test_a_window_that_is_never_whole_holds_up_no_other(store: LandingStore, readers: int) -> None:
    policy = replace(WEEKLY, parallel_windows=readers)
    with province() as source, client_of(source, policy) as client:
        source.faults.append(NeverWhole(feed="dossiers"))
        with pytest.raises(IncompleteWindowError, match=r"2025-03-29.* not whole") as failure:
            extract_many(client, WANTED, store)
        landed = [manifest for _, manifest in store.manifests()]
        assert [manifest.feed for manifest in landed].count("ratings") == 5
        assert [manifest.feed for manifest in landed].count("dossiers") == 4

        source.faults.append(NeverWhole(feed="ratings"))
        with pytest.raises(IncompleteWindowError, match=r"windows that failed: 2$"):
            extract_many(client, WANTED, store)
    assert "windows that failed" not in str(failure.value)


def test_a_feed_that_is_down_is_left_and_the_others_are_landed(store: LandingStore) -> None:
    policy = replace(WEEKLY, parallel_windows=2)
    with province() as source, client_of(source, policy) as client:
        source.faults.append(ServerError(feed="dossiers", times=None))
        with pytest.raises(PageFailedError, match="dossiers 2025-03"):
            extract_many(client, WANTED, store)
        # Two of its five windows, and one that another reader may have begun.
        assert calls(source, "dossiers") <= 3 * policy.tries
        landed = [manifest.feed for _, manifest in store.manifests()]
        assert landed.count("ratings") == 5


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Ctrl-C means what it means to Python, whatever a test before has made of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_interrupt_ends_the_waits(store: LandingStore) -> None:
    """As when Airflow stops a task, or somebody presses Ctrl-C."""
    policy = replace(WEEKLY, backoff_seconds=10, longest_backoff_seconds=10)
    with province() as source, client_of(source, policy) as client:
        source.faults.append(ServerError(times=None))
        main, ended = threading.get_ident(), threading.Event()

        def press() -> None:
            # An interrupt inside a finaliser is swallowed by Python: press again.
            while not ended.wait(0.5):
                signal.pthread_kill(main, signal.SIGINT)

        threading.Thread(target=press, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            try:
                extract_many(client, WANTED, store)
            finally:
                ended.set()

    assert time.monotonic() - began < 5
    assert list(store.manifests()) == []


def test_first_error_ends_the_waits_of_others(store: LandingStore) -> None:
    """One reader waits ten seconds before its next try; another is refused."""
    policy = replace(WEEKLY, backoff_seconds=10, longest_backoff_seconds=10)
    with province() as source, client_of(source, policy) as client:
        source.faults += [
            ServerError(feed="ratings", times=None),
            ServerError(feed="dossiers", times=None, status=404),
            SlowAnswer(feed="dossiers", seconds=0.3),
        ]
        began = time.monotonic()
        with pytest.raises(SourceRefusedError, match="status 404"):
            extract_many(client, WANTED[1:], store)

    assert time.monotonic() - began < 5
    assert list(store.manifests()) == []
