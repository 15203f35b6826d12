"""Which parts of a wish are landed already, so that a resumed run fetches only the rest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from service_index.landing.store import LandingStore
from service_index.sources.extract import Extraction


def not_yet_landed(
    wanted: Iterable[Extraction], store: LandingStore, longest: timedelta
) -> list[Extraction]:
    """The pieces (of at most `longest`) that no complete landing covers.

    Snapshots are fetched along with any window, since its records may name what is new in
    them; with nothing else to fetch, a snapshot that was landed once is enough.
    """
    snapshots: list[Extraction] = []
    pieces: list[Extraction] = []
    for extraction in wanted:
        if extraction.window is None:
            snapshots.append(extraction)
            continue
        covered = _union(
            (manifest.window_from, manifest.window_to)
            for _, manifest in store.manifests(extraction.feed.name)
            if manifest.window_from and manifest.window_to
        )
        pieces += [
            piece
            for piece in extraction.pieces(longest)
            if piece.window and not _is_covered(piece.window, covered)
        ]
    if not pieces:
        snapshots = [one for one in snapshots if not any(store.manifests(one.feed.name))]
    return snapshots + pieces


Span = tuple[datetime, datetime]


def _union(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_covered(span: Span, covered: list[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in covered)
