"""Writes one landing: pages first, the manifest last."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from types import TracebackType
from typing import IO, Self

import msgspec
import zstandard
from upath import UPath

from service_index import kill_points
from service_index.landing.manifest import (
    MANIFEST_NAME,
    Kind,
    Manifest,
    Media,
    MendNote,
    PageEntry,
    PageMedia,
    encode_manifest,
)
from service_index.landing.storage import new_file, publish, remove_tree

# Level 1 packs dossiers to a tenth at twice the speed of level 3, which gains no more.
_COMPRESSION_LEVEL = 1
_CHUNK_BYTES = 1024 * 1024


class LandingWriter:
    """One landing under way, made by `LandingStore.begin`.

    As a context manager it removes what it wrote unless `commit` was reached. Not for use by
    several threads at once.
    """

    def __init__(
        self,
        root: UPath,
        path: str,
        landed_at: datetime,
        feed: str,
        kind: Kind,
        source: str,
        window: tuple[datetime, datetime] | None,
        period_month: date | None = None,
    ) -> None:
        self.path = path
        self._folder = root / path
        self._landed_at = landed_at
        self._feed = feed
        self._kind: Kind = kind
        self._source = source
        self._window = window
        self._period_month = period_month
        self._pages: list[PageEntry] = []
        self._is_committed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._is_committed:
            self.abort()

    def add_page(self, body: bytes, records: int, media: PageMedia = "page") -> None:
        """Land one response body, byte for byte; `records` is how many it holds."""
        packed = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL).compress(body)
        name = self._next_name("page")
        with new_file(self._folder / name) as stream:
            stream.write(packed)
        self._add(name, media, records, len(body), hashlib.sha256(body).hexdigest())

    def add_file(self, content: IO[bytes], media: Media, records: int) -> None:
        """Land a whole file of records from its present position on, streamed."""
        digest = hashlib.sha256()
        size = 0
        name = self._next_name(media)
        compressor = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL)
        with (
            new_file(self._folder / name) as target,
            compressor.stream_writer(target, closefd=False) as packed,
        ):
            while chunk := content.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                packed.write(chunk)
        self._add(name, media, records, size, digest.hexdigest())

    def commit(
        self,
        *,
        source_total: int | None,
        distinct_keys: int,
        attempts: int = 1,
        is_sample: bool = False,
        mend: MendNote | None = None,
    ) -> Manifest:
        """Write the manifest: from here on the landing exists and never changes.

        `mend` goes with the kind `mend`, and only with it.
        """
        if (self._kind == "mend") != (mend is not None):
            raise ValueError("a landing of the kind mend, and no other, says who mended and why")
        manifest = Manifest(
            feed=self._feed,
            kind=self._kind,
            source=self._source,
            window_from=self._window[0] if self._window else None,
            window_to=self._window[1] if self._window else None,
            period_month=self._period_month or msgspec.UNSET,
            landed_at=self._landed_at,
            source_total=source_total,
            distinct_keys=distinct_keys,
            delivered=sum(page.records for page in self._pages),
            attempts=attempts,
            is_sample=is_sample,
            mend=mend or msgspec.UNSET,
            pages=tuple(self._pages),
        )
        kill_points.reached("land.before_manifest")
        publish(self._folder / MANIFEST_NAME, encode_manifest(manifest))
        self._is_committed = True
        kill_points.reached("land.after_manifest")
        return manifest

    def abort(self) -> None:
        """Remove everything that was written."""
        remove_tree(self._folder)

    def _next_name(self, suffix: str) -> str:
        extension = "json" if suffix == "page" else suffix
        return f"page-{len(self._pages) + 1:05d}.{extension}.zst"

    def _add(self, name: str, media: Media, records: int, size: int, sha256: str) -> None:
        self._pages.append(
            PageEntry(file=name, media=media, records=records, bytes=size, sha256=sha256)
        )
