"""The landing as a whole: begin a landing, list the complete ones, read their records back."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

from service_index.landing.files import read_records
from service_index.landing.limits import FileLimits
from service_index.landing.manifest import (
    MANIFEST_NAME,
    ErasureNote,
    Kind,
    Manifest,
    PageEntry,
    decode_manifest,
    mends_decoder,
    page_decoder,
    rows_decoder,
)
from service_index.landing.pages import verified_body, verified_copy
from service_index.landing.rewriting import Change, finish, rewrite
from service_index.landing.storage import folders, open_root, remove_tree
from service_index.landing.writer import LandingWriter

_TIME_FORMAT = "%Y%m%dT%H%M%S%fZ"
_TIME_LENGTH = len("20250301T000000000000Z")


class LandedRecord(msgspec.Struct, frozen=True, gc=False):
    """One record: where it lies (`line` is its 1-based number in `file`) and its JSON bytes.

    `file` is relative to the landing's root. `body` is what the source delivered: it may be no
    valid JSON (a torn line of a file), no object, or larger than FileLimits.max_record_bytes
    (from a page; a file with such a record is never landed).
    """

    file: str
    line: int
    body: bytes


class MendedRecord(LandedRecord, frozen=True, gc=False):
    """A record of a mend; `origin_…` tell where and when the one was landed that it replaces."""

    origin_file: str
    origin_line: int
    origin_landed_at: datetime


class LandingStore:
    """Landings under one root: a local folder, or an object storage URL.

    A landing is a folder `<feed>/<time>-<8 hex digits>`; its manifest is written last, so a
    folder without one is unfinished and is never read.
    """

    def __init__(self, url: str, limits: FileLimits | None = None) -> None:
        self.url = url
        self._root = open_root(url)
        self.limits = limits or FileLimits()

    def begin(
        self,
        feed: str,
        kind: Kind,
        source: str,
        window: tuple[datetime, datetime] | None = None,
        period_month: date | None = None,
    ) -> LandingWriter:
        """Begin a landing of `feed`, stamped with the present time.

        `source` is a host and base path without credentials, or a file's name; `window` goes
        with the kind `window`, and only with it, and so does `period_month` with `month`.
        """
        if (kind == "window") != (window is not None):
            raise ValueError("a landing of the kind window, and no other, has a window")
        if (kind == "month") != (period_month is not None):
            raise ValueError("a landing of the kind month, and no other, has a month")
        landed_at = datetime.now(UTC)
        path = f"{feed}/{landed_at.strftime(_TIME_FORMAT)}-{secrets.token_hex(4)}"
        return LandingWriter(self._root, path, landed_at, feed, kind, source, window, period_month)

    def manifests(
        self, feed: str | None = None, *, without: Collection[str] = ()
    ) -> Iterator[tuple[str, Manifest]]:
        """Every complete landing (of one feed), the earliest first, but for the paths in `without`.

        Yields its path relative to the root, and its manifest. Raises LandingCorruptError where
        a manifest cannot be read.
        """
        wanted = (path for path in self._landings(feed) if path not in without)
        for path in sorted(wanted, key=lambda path: path.rpartition("/")[2]):
            try:
                body = (self._root / path / MANIFEST_NAME).read_bytes()
            except FileNotFoundError:
                continue
            yield path, decode_manifest(body, path)

    def records(self, path: str, manifest: Manifest) -> Iterator[LandedRecord]:
        """The records of a landing, page by page in delivered order, in bounded memory.

        A page's hash is checked before its first record is given out. Those of a mend are
        `MendedRecord`s. Raises LandingCorruptError when a page is missing or altered.
        """
        for page in manifest.pages:
            file = f"{path}/{page.file}"
            if page.media == "mends":
                yield from self._mends(file, page)
                continue
            for line, body in enumerate(self._bodies(file, page), start=1):
                yield LandedRecord(file, line, body)

    def rewrite(self, path: str, manifest: Manifest, change: Change, note: ErasureNote) -> int:
        """Give records of a landing other bytes, because data in them must go; how many.

        `change` gives a record's new bytes, or None where it stays. Nothing is written where all
        do. The manifest says what was done; the number, order and place of records stay. Broken
        off, it is finished or undone by `finish_rewriting`.
        """
        return rewrite(self._root / path, path, manifest, change, note, self.limits)

    def finish_rewriting(self) -> None:
        """Finish, or undo, what a killed `rewrite` has left in any landing."""
        for path in self._landings(None):
            finish(self._root / path, path)

    def remove_abandoned(self, older_than: timedelta = timedelta(days=1)) -> int:
        """Remove unfinished landings that a killed run left, and say how many.

        Only those begun longer ago than `older_than`, far more than a window takes: a younger
        one may still be written to. What lies in no manifest would escape erasure.
        """
        limit = (datetime.now(UTC) - older_than).strftime(_TIME_FORMAT)
        abandoned = [
            path
            for path in self._landings(None)
            if path.rpartition("/")[2][:_TIME_LENGTH] < limit
            and not (self._root / path / MANIFEST_NAME).exists()
        ]
        for path in abandoned:
            remove_tree(self._root / path)
        return len(abandoned)

    def _landings(self, feed: str | None) -> Iterator[str]:
        for parent in [feed] if feed else folders(self._root):
            for name in folders(self._root / parent):
                yield f"{parent}/{name}"

    def _mends(self, file: str, page: PageEntry) -> Iterator[MendedRecord]:
        mends = mends_decoder.decode(verified_body(self._root / file, file, page))
        for line, mended in enumerate(mends, start=1):
            yield MendedRecord(
                file=file,
                line=line,
                body=bytes(mended.record),
                origin_file=mended.landed_file,
                origin_line=mended.landed_line,
                origin_landed_at=mended.landed_at,
            )

    def _bodies(self, file: str, page: PageEntry) -> Iterator[bytes]:
        source = self._root / file
        if page.media == "page":
            envelope = page_decoder.decode(verified_body(source, file, page))
            yield from map(bytes, envelope.data)
        elif page.media == "rows":
            yield from map(bytes, rows_decoder.decode(verified_body(source, file, page)))
        else:
            with verified_copy(source, file, page) as content:
                yield from read_records(page.media, content, self.limits)
