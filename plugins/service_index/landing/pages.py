"""Reads landed pages back, and refuses any whose bytes are not those of the manifest."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import zstandard
from upath import UPath

from service_index.landing.errors import LandingCorruptError
from service_index.landing.manifest import PageEntry

_CHUNK_BYTES = 1024 * 1024
_IN_MEMORY_BYTES = 16 * 1024 * 1024


def verified_body(path: UPath, name: str, page: PageEntry) -> bytes:
    """The uncompressed body of a page; `name` stands in the message of LandingCorruptError."""
    try:
        packed = path.read_bytes()
        # Looked at first, because decompression trusts the size that the frame announces.
        if zstandard.frame_content_size(packed) != page.bytes:
            raise LandingCorruptError(f"{name}: not the size that its manifest says")
        body = zstandard.ZstdDecompressor().decompress(packed)
    except FileNotFoundError:
        raise LandingCorruptError(f"{name}: the page is missing") from None
    except zstandard.ZstdError as error:
        raise LandingCorruptError(f"{name}: cannot be decompressed: {error}") from None
    if hashlib.sha256(body).hexdigest() != page.sha256:
        raise LandingCorruptError(f"{name}: its SHA-256 is not the one in its manifest")
    return body


@contextmanager
def verified_copy(path: UPath, name: str, page: PageEntry) -> Iterator[IO[bytes]]:
    """A landed file, uncompressed, as a seekable stream that goes away with the block."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as copy:
        digest = hashlib.sha256()
        try:
            with (
                path.open("rb") as packed,
                zstandard.ZstdDecompressor().stream_reader(packed) as content,
            ):
                while (chunk := content.read(_CHUNK_BYTES)) and copy.tell() <= page.bytes:
                    digest.update(chunk)
                    copy.write(chunk)
        except FileNotFoundError:
            raise LandingCorruptError(f"{name}: the page is missing") from None
        except zstandard.ZstdError as error:
            raise LandingCorruptError(f"{name}: cannot be decompressed: {error}") from None
        if copy.tell() != page.bytes or digest.hexdigest() != page.sha256:
            raise LandingCorruptError(f"{name}: its SHA-256 is not the one in its manifest")
        copy.seek(0)
        yield copy
