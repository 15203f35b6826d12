"""Which parts of a wish are there already, so that a resumed run fetches only the rest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import psycopg

from service_index.landing.store import LandingStore
from service_index.loading import ledger, windows
from service_index.orchestration.windows import ict_midnight
from service_index.settings import ICT
from service_index.sources.extract import Extraction


def not_yet_landed(
    connection: psycopg.Connection,
    wanted: Iterable[Extraction],
    store: LandingStore,
    overlap: timedelta,
    fresh_from: datetime | None = None,
) -> list[Extraction]:
    """What of the windows is neither landed nor loaded, each gap with the `overlap` before it.

    What lies before `fresh_from` is fetched a day at a time and apart from what follows, so that a
    stretch that is never whole holds up no other for ever.

    Snapshots are fetched along with any window, since its records may name what is new in
    them; with nothing else to fetch, a snapshot that was landed once is enough.
    """
    loaded = ledger.landings_loaded(connection)
    snapshots: list[Extraction] = []
    gaps: list[Extraction] = []
    for extraction in wanted:
        if extraction.window is None:
            snapshots.append(extraction)
            continue
        landed = [
            (manifest.window_from, manifest.window_to)
            for _, manifest in store.manifests(extraction.feed.name, without=loaded)
            if manifest.window_from and manifest.window_to
        ]
        for gap in windows.not_loaded(connection, extraction.feed.name, *extraction.window, landed):
            first, *others = pairwise(_bounds(*gap, fresh_from))
            pieces = [(first[0] - overlap, first[1]), *others]
            # The newest first: what is old has waited, and may be what cannot be had.
            gaps += [Extraction(extraction.feed, piece) for piece in reversed(pieces)]
    if not gaps:
        snapshots = [one for one in snapshots if not any(store.manifests(one.feed.name))]
    return snapshots + gaps


def _bounds(start: datetime, end: datetime, fresh_from: datetime | None) -> list[datetime]:
    """The ends of a gap and its cuts: every ICT midnight before `fresh_from`, and that."""
    bounds = [start]
    if fresh_from is not None and start < fresh_from:
        day = start.astimezone(ICT).date() + timedelta(days=1)
        while (midnight := ict_midnight(day)) < min(end, fresh_from):
            bounds.append(midnight)
            day += timedelta(days=1)
        if fresh_from < end:
            bounds.append(fresh_from)
    return [*bounds, end]
