"""How patient, how greedy and how trusting the client is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MIB = 1024 * 1024


@dataclass(frozen=True)
class SourcePolicy:
    """Limits of one source. The defaults are argued for a provincial one-stop system.

    tries               per page: with the waits below a page outlives a restart of 15 s; a
                        longer outage is for the orchestrator's own retry
    backoff_seconds     before the second try; doubles with every further one, plus up to as much
                        again at random, so that parallel windows do not come back together;
                        to a Retry-After at most this is added
    longest_backoff_seconds   top of that doubling
    longest_retry_after_seconds   a Retry-After beyond it (24 hours was seen) is cut to it: the
                        run then fails within minutes and is resumed, instead of hanging for a day
    connect_seconds, read_seconds   to connect, and between two arrivals of bytes; a slow query
                        for the first page of a window stays under 30 s
    page_seconds        for one whole answer, against a server that drips bytes: a page of
                        5,000 dossiers (5.5 MB) still passes at 50 kB/s
    max_page_bytes      uncompressed; ten times such a page
    readings            of one window, when its total and its keys disagree: a record updated
                        while it is paged is seen once, twice on a busy day
    max_barren_pages    pages in a row without a new key, before the source counts as circling
    parallel_windows    windows fetched at once: hides the source's answer time; more load than
                        four clerks' browsers is rude to an operational system
    longest_window      incremental windows are fetched in pieces of at most this: a week is some
                        20,000 dossiers, four pages. Shorter pieces cost a request each for every
                        empty feed; longer ones lose more when a total changes and they are read
                        again, and leave the parallel readers idle at the end of a month
    """

    tries: int = 6
    backoff_seconds: float = 0.5
    longest_backoff_seconds: float = 30.0
    longest_retry_after_seconds: float = 60.0
    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    page_seconds: float = 120.0
    max_page_bytes: int = 64 * MIB
    readings: int = 3
    max_barren_pages: int = 50
    parallel_windows: int = 4
    longest_window: timedelta = timedelta(days=7)
