"""One reading of a window or snapshot: from the first page to the null cursor, or to a doubt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service_index.landing.manifest import PageEnvelope
from service_index.landing.writer import LandingWriter
from service_index.sources.client import SourceClient
from service_index.sources.errors import ExtractionCancelledError
from service_index.sources.feeds import Feed
from service_index.sources.keys import KeyCounter


class UnsettledReadingError(Exception):
    """What was read cannot be the whole window; another reading may be. Says why, in a line."""


@dataclass(frozen=True)
class Question:
    """What is asked of the source: a feed, with the parameters of its first page.

    `label` opens the messages of errors. `on_progress` is told the records fetched so far and
    the source's total, after every page.
    """

    feed: Feed
    params: Mapping[str, str]
    label: str
    on_progress: Callable[[int, int], None]
    cancelled: threading.Event


@dataclass(frozen=True)
class Reading:
    """A reading that reached its end with a steady total.

    `is_ambiguous`: the keys make up the total only if keyless records with the same bytes are
    taken for different ones.
    """

    total: int
    is_sample: bool
    is_ambiguous: bool


def read(client: SourceClient, question: Question, writer: LandingWriter) -> Reading:
    """Page through the answer to `question` into `writer`, without committing it.

    Raises UnsettledReadingError when the total changes between pages, the distinct keys are not
    as many as it says, or the cursors circle; else what `SourceClient.get_page` raises.
    """
    course = _Course(question.feed, client.policy.max_barren_pages)
    cursor: str | None = None
    while True:
        if question.cancelled.is_set():
            raise ExtractionCancelledError(f"{question.label}: cancelled")
        params = question.params if cursor is None else {**question.params, "cursor": cursor}
        page = client.get_page(question.feed.path, params, question.label, question.cancelled)
        course.take(page.envelope)
        writer.add_page(page.body, len(page.envelope.data))
        question.on_progress(course.delivered, course.total)
        cursor = page.envelope.next_cursor
        if cursor is None:
            return course.end()


class _Course:
    """What has been seen so far, and whether it can still be the whole."""

    def __init__(self, feed: Feed, max_barren_pages: int) -> None:
        self._keys = KeyCounter(feed.key)
        self._max_barren_pages = max_barren_pages
        self._barren_pages = 0
        self._cursors: set[str] = set()
        self._is_sample = False
        self._has_begun = False
        self.total = 0
        self.delivered = 0

    def take(self, page: PageEnvelope) -> None:
        if not self._has_begun:
            self._has_begun = True
            self.total = page.total
        elif page.total != self.total:
            raise UnsettledReadingError(
                f"the total changed from {self.total} to {page.total} between two pages"
            )
        self.delivered += len(page.data)
        self._is_sample = self._is_sample or page.is_sample
        new_keys = self._keys.add(page.data)
        self._barren_pages = 0 if new_keys else self._barren_pages + 1
        if self._keys.distinct > self.total:
            raise UnsettledReadingError(
                f"more distinct keys than its total of {self.total} records"
            )
        self._check_cursor(page.next_cursor)

    def _check_cursor(self, cursor: str | None) -> None:
        if cursor is None:
            return
        if cursor in self._cursors:
            raise UnsettledReadingError("a cursor came back: the pages run in a circle")
        if self._barren_pages >= self._max_barren_pages:
            raise UnsettledReadingError(
                f"{self._barren_pages} pages in a row without a new record, and no end"
            )
        self._cursors.add(cursor)

    def end(self) -> Reading:
        if self._keys.at_most < self.total:
            raise UnsettledReadingError(
                f"{self._keys.distinct} distinct keys, but its total is {self.total}"
            )
        return Reading(self.total, self._is_sample, self._keys.distinct < self.total)
