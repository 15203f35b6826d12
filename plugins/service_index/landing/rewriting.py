"""Landed bytes are written once; this is the one exception, for data that must be erased.

New pages are written beside the old ones, then the manifest, and then they take the old ones'
place: a run that was killed before the manifest has changed nothing, and after it only the last
step is left, which `finish` makes.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Protocol

import msgspec
import zstandard
from upath import UPath

from service_index.landing.files import read_records
from service_index.landing.limits import FileLimits
from service_index.landing.manifest import (
    MANIFEST_NAME,
    ErasureNote,
    Manifest,
    PageEntry,
    decode_manifest,
    encode_manifest,
    mends_decoder,
    page_decoder,
    rows_decoder,
)
from service_index.landing.pages import verified_body, verified_copy
from service_index.landing.storage import new_file, publish, replace

_IN_MEMORY_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_COMPRESSION_LEVEL = 1


class Change(Protocol):
    """What is to become of records."""

    def may_touch(self, body: bytes) -> bool:
        """Whether any record in these bytes of a page may change; quick."""

    def of(self, record: bytes) -> bytes | None:
        """The record's new bytes, one line of JSON; None where it stays."""


@dataclass(frozen=True)
class _New:
    """A page whose records have changed: its description, and how many did."""

    page: PageEntry
    changed: int


def rewrite(
    folder: UPath,
    path: str,
    manifest: Manifest,
    change: Change,
    note: ErasureNote,
    limits: FileLimits,
) -> int:
    """See `LandingStore.rewrite`; `path` is for messages."""
    new = {
        page.file: done
        for page in manifest.pages
        if (done := _rewrite_page(folder, f"{path}/{page.file}", page, change, limits))
    }
    records = sum(page.changed for page in new.values())
    if not records:
        return 0
    erasures = manifest.erasures or ()
    changed = msgspec.structs.replace(
        manifest,
        erasures=(*erasures, msgspec.structs.replace(note, records=records)),
        committed_sha256=manifest.sha256,
        pages=tuple(new[page.file].page if page.file in new else page for page in manifest.pages),
    )
    publish(folder / MANIFEST_NAME, encode_manifest(changed))
    for file in new:
        replace(_beside(folder, file), folder / file)
    return records


def finish(folder: UPath, path: str) -> None:
    """Put new pages in their place that the manifest tells of, and remove others."""
    left = list(folder.glob(".page-*.new"))
    if not left:
        return
    manifest = decode_manifest((folder / MANIFEST_NAME).read_bytes(), path)
    pages = {_beside(folder, page.file).name: page for page in manifest.pages}
    for new in left:
        page = pages.get(new.name)
        if page is not None and _sha256(new) == page.sha256:
            replace(new, folder / page.file)
        else:
            new.unlink()


def _beside(folder: UPath, file: str) -> UPath:
    return folder / f".{file}.new"


def _sha256(packed: UPath) -> str | None:
    digest = hashlib.sha256()
    try:
        with (
            packed.open("rb") as stream,
            zstandard.ZstdDecompressor().stream_reader(stream) as content,
        ):
            while chunk := content.read(_CHUNK_BYTES):
                digest.update(chunk)
    except zstandard.ZstdError:  # cut short
        return None
    return digest.hexdigest()


def _rewrite_page(
    folder: UPath, name: str, page: PageEntry, change: Change, limits: FileLimits
) -> _New | None:
    source = folder / page.file
    if page.media in {"page", "rows", "mends"}:
        body = verified_body(source, name, page)
        if not change.may_touch(body):
            return None
        changed, content = _changed_body(page, body, change)
        if not changed:
            return None
        return _New(_write(folder, page, io.BytesIO(content)), changed)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as lines:
        with verified_copy(source, name, page) as original:
            changed = 0
            for record in read_records(page.media, original, limits):
                new = change.of(record)
                changed += new is not None
                lines.write((record if new is None else new) + b"\n")
        if not changed:
            return None
        lines.seek(0)
        # A table's cells are written as the records that they were read as.
        as_lines = msgspec.structs.replace(page, media="jsonl")
        return _New(_write(folder, as_lines, lines), changed)


def _changed_body(page: PageEntry, body: bytes, change: Change) -> tuple[int, bytes]:
    """How many records of a page change, and its new body; records that stay keep their bytes."""
    if page.media == "mends":
        mends = mends_decoder.decode(body)
        count, new = _changed([mended.record for mended in mends], change)
        return count, msgspec.json.encode(
            [
                msgspec.structs.replace(mended, record=record)
                for mended, record in zip(mends, new, strict=True)
            ]
        )
    if page.media == "rows":
        count, new = _changed(rows_decoder.decode(body), change)
        return count, msgspec.json.encode(new)
    envelope = page_decoder.decode(body)
    count, new = _changed(envelope.data, change)
    return count, msgspec.json.encode(msgspec.structs.replace(envelope, data=new))


def _changed(records: Iterable[msgspec.Raw], change: Change) -> tuple[int, list[msgspec.Raw]]:
    count, changed = 0, []
    for record in records:
        new = change.of(bytes(record))
        count += new is not None
        changed.append(record if new is None else msgspec.Raw(new))
    return count, changed


def _write(folder: UPath, page: PageEntry, content: IO[bytes]) -> PageEntry:
    """Write a page's new content beside it, and describe it."""
    digest, size = hashlib.sha256(), 0
    content.seek(0, io.SEEK_END)
    length = content.tell()
    content.seek(0)
    compressor = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL)
    with (
        new_file(_beside(folder, page.file)) as target,
        compressor.stream_writer(target, size=length, closefd=False) as packed,
    ):
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            packed.write(chunk)
    return msgspec.structs.replace(
        page,
        bytes=size,
        sha256=digest.hexdigest(),
        delivered_sha256=page.delivered_sha256 or page.sha256,
    )
