"""The second way in: files that somebody puts into a folder."""

from __future__ import annotations

import gzip
import hashlib
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import zstandard

from service_index.landing.errors import UnreadableFileError
from service_index.landing.files import read_records
from service_index.landing.limits import FileLimits
from service_index.landing.manifest import Manifest, Media
from service_index.landing.store import LandingStore
from service_index.sources.feeds import FEEDS, Feed
from service_index.sources.keys import KeyCounter

_MEDIA: dict[str, Media] = {
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".jsonl.zst": "jsonl",
    ".csv": "csv",
    ".xlsx": "xlsx",
}
_CHUNK_BYTES = 1024 * 1024
_IN_MEMORY_BYTES = 16 * 1024 * 1024
# A chunk of zstd can unpack to 32,000 times its size; this keeps one step at 32 MB.
_ZSTD_CHUNK_BYTES = 1024


@dataclass(frozen=True)
class InboxFile:
    """What became of one file: `taken` (landed now), `known` (its content was landed before), or
    `refused`, with the reason in a line."""

    name: str
    outcome: Literal["taken", "known", "refused"]
    reason: str | None = None
    manifest: Manifest | None = None


def take_files(inbox: Path, store: LandingStore) -> list[InboxFile]:
    """Land every file of `inbox` whose uncompressed content its feed has not landed before.

    Takes JSON Lines (`.jsonl`, `.jsonl.gz`, `.jsonl.zst`), CSV and XLSX files whose name starts
    with a feed's name, in the order of their names, and leaves them where they are. Hidden files
    are passed over. A file that cannot be read whole is refused, and nothing of it is landed.
    """
    if not inbox.is_dir():
        return []
    known = {
        (manifest.feed, page.delivered_sha256 or page.sha256)
        for _, manifest in store.manifests()
        if manifest.kind == "file"
        for page in manifest.pages
    }
    outcomes = []
    for path in sorted(inbox.iterdir()):
        if not path.is_file() or path.name.startswith("."):
            continue
        try:
            outcome = _take(path, store, known)
        except UnreadableFileError as error:
            outcome = InboxFile(path.name, "refused", str(error))
        outcomes.append(outcome)
    return outcomes


def _take(path: Path, store: LandingStore, known: set[tuple[str, str]]) -> InboxFile:
    feed = _feed_of(path.name)
    media = _media_of(path.name)
    with _uncompressed(path, store.limits) as (content, sha256):
        if (feed.name, sha256) in known:
            return InboxFile(path.name, "known")
        keys = KeyCounter(feed.key)
        required = feed.key if media in {"csv", "xlsx"} else ()
        records = _Counted(read_records(media, content, store.limits, required))
        keys.add(records)
        content.seek(0)
        with store.begin(feed.name, "file", path.name) as writer:
            writer.add_file(content, media, records.count)
            manifest = writer.commit(source_total=None, distinct_keys=keys.distinct)
    known.add((feed.name, sha256))
    return InboxFile(path.name, "taken", manifest=manifest)


class _Counted:
    """Counts what passes by."""

    def __init__(self, records: Iterable[bytes]) -> None:
        self.count = 0
        self._records = records

    def __iter__(self) -> Iterator[bytes]:
        for record in self._records:
            self.count += 1
            yield record


def _feed_of(name: str) -> Feed:
    for feed in FEEDS.values():
        if name.lower().startswith(feed.name):
            return feed
    raise UnreadableFileError(f"its name starts with no feed's name ({', '.join(FEEDS)})")


def _media_of(name: str) -> Media:
    for suffix, media in _MEDIA.items():
        if name.lower().endswith(suffix):
            return media
    raise UnreadableFileError(f"its name ends in none of {', '.join(_MEDIA)}")


@contextmanager
def _uncompressed(path: Path, limits: FileLimits) -> Iterator[tuple[IO[bytes], str]]:
    """A copy of the content, and its SHA-256: hashed, counted and landed are the same bytes,
    though somebody may still be writing to the file."""
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as copy:
        try:
            for chunk in _chunks(path):
                digest.update(chunk)
                copy.write(chunk)
                if copy.tell() > limits.max_file_bytes:
                    raise UnreadableFileError(f"holds more than {limits.max_file_bytes} bytes")
        except (gzip.BadGzipFile, zlib.error, EOFError, zstandard.ZstdError):
            raise UnreadableFileError("its compression is broken, or it was cut off") from None
        copy.seek(0)
        yield copy, digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    name = path.name.lower()
    if name.endswith(".zst"):
        yield from _zstd_chunks(path)
        return
    with gzip.open(path) if name.endswith(".gz") else path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _zstd_chunks(path: Path) -> Iterator[bytes]:
    """Every frame of the file. Fed by hand, since the library's reader takes a torn end for a
    whole one."""
    decompressor = zstandard.ZstdDecompressor()
    frame = decompressor.decompressobj()
    with path.open("rb") as stream:
        while packed := stream.read(_ZSTD_CHUNK_BYTES):
            while packed:
                if frame.eof:
                    frame = decompressor.decompressobj()
                if chunk := frame.decompress(packed):
                    yield chunk
                packed = frame.unused_data if frame.eof else b""
    if not frame.eof:
        raise EOFError
