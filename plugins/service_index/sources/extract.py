"""Extraction: whole windows and snapshots from the source into the landing, or nothing of them.

A window is whole when its pages carry one steady `total` and exactly that many distinct keys.
Too few mean that records were missed, as when one is updated while it is paged and the others
move up; too many, that the total is not to be trusted. In both cases the window is read again.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from service_index.landing.manifest import Kind, Manifest
from service_index.landing.store import LandingStore
from service_index.sources.client import SourceClient
from service_index.sources.errors import (
    ExtractionCancelledError,
    IncompleteWindowError,
    PageFailedError,
)
from service_index.sources.feeds import Feed
from service_index.sources.reading import Question, UnsettledReadingError, read

_log = logging.getLogger(__name__)

MAX_PAGE_SIZE = 5000  # of the source contract

# Others may well be had.
_OF_ONE_WINDOW = (IncompleteWindowError, PageFailedError)


@dataclass(frozen=True)
class Extraction:
    """One thing to fetch: a half-open window of an incremental feed, or a snapshot (no window).

    Raises ValueError when the window does not suit the feed, has no offset, is empty, or ends
    in the future, where its records are not yet known.
    """

    feed: Feed
    window: tuple[datetime, datetime] | None = None

    def __post_init__(self) -> None:
        if (self.feed.kind == "incremental") != (self.window is not None):
            raise ValueError(f"{self.feed.name}: an incremental feed, and no other, has a window")
        if self.window is None:
            return
        start, end = self.window
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError(f"{self.feed.name}: a window's bounds need an offset")
        if not start < end <= datetime.now(UTC):
            raise ValueError(f"{self.label}: a window begins before it ends, in the past")

    @property
    def label(self) -> str:
        """The feed and its window, for messages."""
        if self.window is None:
            return self.feed.name
        start, end = self.window
        return f"{self.feed.name} {start.isoformat()} to {end.isoformat()}"

    def pieces(self, longest: timedelta) -> list[Extraction]:
        """The same window in pieces of at most `longest`, in order."""
        if self.window is None:
            return [self]
        start, end = self.window
        bounds = [start]
        while bounds[-1] < end:
            bounds.append(min(bounds[-1] + longest, end))
        return [Extraction(self.feed, piece) for piece in pairwise(bounds)]


def extract_window(
    client: SourceClient,
    feed: Feed,
    window_from: datetime,
    window_to: datetime,
    store: LandingStore,
    page_size: int = MAX_PAGE_SIZE,
) -> Manifest:
    """Land the records of `feed` whose present version lies in `window_from` ≤ t < `window_to`.

    `page_size` is the number of records to ask for at once, 1 to 5000. Raises
    IncompleteWindowError when the window never was whole, PageFailedError or SourceRefusedError
    when a page could not be had; nothing of the window is landed then.
    """
    return _extract(client, Extraction(feed, (window_from, window_to)), store, page_size)


def extract_snapshot(
    client: SourceClient, feed: Feed, store: LandingStore, page_size: int = MAX_PAGE_SIZE
) -> Manifest:
    """Land the present state of a snapshot feed; raises what `extract_window` raises."""
    return _extract(client, Extraction(feed), store, page_size)


def extract_many(
    client: SourceClient,
    wanted: Iterable[Extraction],
    store: LandingStore,
    page_size: int = MAX_PAGE_SIZE,
    on_progress: Callable[[str, int, int], None] = lambda feed, fetched, total: None,
) -> list[Manifest]:
    """Land several windows and snapshots, in pieces and in parallel as the client's policy says.

    `on_progress` is called with a feed's name, its records fetched so far and the total of its
    pieces begun so far, and with `windows`, the pieces done and their number; never by two threads
    at once. Gives the manifests in the order of
    `wanted`, a window's pieces in order.

    A window that cannot be had holds up no other: the rest is landed, then the first such error is
    raised. When pages of as many windows of a feed have failed as are read at once, the rest of
    that feed is left. Any other error stops everything. What was complete by then stays landed, and
    a later run need not fetch it again. Leftovers of killed runs are removed.
    """
    policy = client.policy
    pieces = [piece for whole in wanted for piece in whole.pieces(policy.longest_window)]
    progress = _Progress(on_progress, len(pieces))
    cancelled = {piece.feed.name: threading.Event() for piece in pieces}
    failures: list[BaseException] = []
    bad_windows: Counter[str] = Counter()

    def cancel() -> None:
        for of_feed in cancelled.values():
            of_feed.set()

    def fetch(number: int, piece: Extraction) -> Manifest:
        try:
            tell = progress.of(number, piece)
            manifest = _extract(client, piece, store, page_size, tell, cancelled[piece.feed.name])
            progress.piece_done()
            return manifest
        except BaseException as error:
            failures.append(error)  # first, so that no mere cancellation can come before it
            bad_windows[piece.feed.name] += isinstance(error, PageFailedError)
            if bad_windows[piece.feed.name] >= policy.parallel_windows:
                cancelled[piece.feed.name].set()
            if not isinstance(error, (*_OF_ONE_WINDOW, ExtractionCancelledError)):
                cancel()
            raise

    store.remove_abandoned()
    with ThreadPoolExecutor(policy.parallel_windows, "extract") as pool:
        futures = [pool.submit(fetch, number, piece) for number, piece in enumerate(pieces)]
        try:
            wait(futures)
        except BaseException:
            cancel()
            raise
    if failures:
        raise _first_of(failures)
    return [future.result() for future in futures]


def _first_of(failures: list[BaseException]) -> BaseException:
    """What stopped the rest, else the first window's error, with the number of such windows."""
    causes = [one for one in failures if not isinstance(one, ExtractionCancelledError)]
    first = next((one for one in causes if not isinstance(one, _OF_ONE_WINDOW)), causes[0])
    if isinstance(first, _OF_ONE_WINDOW) and len(causes) > 1:
        return type(first)(f"{first}; windows that failed: {len(causes)}")
    return first


class _Progress:
    """Adds up the pieces of each feed for one callback."""

    def __init__(self, callback: Callable[[str, int, int], None], number_of_pieces: int) -> None:
        self._callback = callback
        self._number_of_pieces = number_of_pieces
        self._done = 0
        self._lock = threading.Lock()
        self._pieces: dict[str, dict[int, tuple[int, int]]] = {}

    def of(self, number: int, piece: Extraction) -> Callable[[int, int], None]:
        """What piece `number` has to call; a new reading of it begins at 0 again."""

        def tell(fetched: int, total: int) -> None:
            with self._lock:
                pieces = self._pieces.setdefault(piece.feed.name, {})
                pieces[number] = (fetched, total)
                self._callback(
                    piece.feed.name,
                    sum(done for done, _ in pieces.values()),
                    sum(whole for _, whole in pieces.values()),
                )

        return tell

    def piece_done(self) -> None:
        """One more piece is landed."""
        with self._lock:
            self._done += 1
            self._callback("windows", self._done, self._number_of_pieces)


def _extract(
    client: SourceClient,
    wanted: Extraction,
    store: LandingStore,
    page_size: int,
    on_progress: Callable[[int, int], None] = lambda fetched, total: None,
    cancelled: threading.Event | None = None,
) -> Manifest:
    """Read until a reading is whole, within the allowed number of them, and commit that one."""
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise ValueError(f"a page holds 1 to {MAX_PAGE_SIZE} records, not {page_size}")
    event = cancelled or threading.Event()
    params = {"limit": str(page_size)}
    if wanted.window is not None:
        # In UTC, whatever zone the caller thinks in: one window, one request.
        start, end = (bound.astimezone(UTC).isoformat() for bound in wanted.window)
        params |= {"updated_from": start, "updated_to": end}
    question = Question(wanted.feed, params, wanted.label, on_progress, event)
    reason = ""
    for attempt in range(1, client.policy.readings + 1):
        if attempt > 1 and event.wait(client.policy.backoff_seconds):
            raise ExtractionCancelledError(f"{wanted.label}: cancelled")
        try:
            return _read_once(client, question, wanted, store, attempt)
        except UnsettledReadingError as doubt:
            reason = str(doubt)
            _log.warning("%s: reading %d is not whole: %s", wanted.label, attempt, reason)
    raise IncompleteWindowError(
        f"{wanted.label}: not whole after {client.policy.readings} readings: {reason}"
    )


def _read_once(
    client: SourceClient,
    question: Question,
    wanted: Extraction,
    store: LandingStore,
    attempt: int,
) -> Manifest:
    kind: Kind = "snapshot" if wanted.window is None else "window"
    with store.begin(wanted.feed.name, kind, client.source, wanted.window) as writer:
        reading = read(client, question, writer)
        if reading.is_ambiguous:
            # Two misbehaviours at once could look the same; a last reading tells them no better.
            if attempt < client.policy.readings:
                raise UnsettledReadingError(
                    f"the keys make up its total of {reading.total} only if keyless records "
                    "with the same content are different ones"
                )
            _log.warning("%s: records without a key have the same content", wanted.label)
        return writer.commit(
            source_total=reading.total,
            distinct_keys=reading.total,
            attempts=attempt,
            is_sample=reading.is_sample,
        )
