"""The manifest of a landing, and the envelope of a page."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec

from service_index.landing.errors import LandingCorruptError

MANIFEST_NAME = "manifest.json"
Kind = Literal["window", "snapshot", "file", "month", "mend"]
PageMedia = Literal["page", "rows", "mends"]
Media = Literal[PageMedia, "jsonl", "csv", "xlsx"]

_SAMPLE_NOTICE = "DỮ LIỆU MẪU"

# A page's name stays inside its landing, whoever wrote the manifest.
_PageName = Annotated[str, msgspec.Meta(pattern=r"^page-[0-9]{5,}\.[a-z]+\.zst$")]


def is_sample_notice(notice: object) -> bool:
    """Whether what a source says of its data marks them as sample data."""
    return isinstance(notice, str) and _SAMPLE_NOTICE in notice


class PageEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One landed page: `bytes` and `sha256` are those of the uncompressed body.

    A `page` is an envelope of records, `rows` a bare JSON array of them, `mends` one of `Mended`.
    `delivered_sha256` is that of the bytes as they came, where somebody's data were erased since.
    """

    file: _PageName
    media: Media
    records: int
    bytes: int
    sha256: str
    delivered_sha256: str | msgspec.UnsetType = msgspec.UNSET


class MendingRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that mended: records refused by `refused_rule` got another value in `field`."""

    refused_rule: str
    field: str
    from_value: str
    to_value: str


class MendNote(msgspec.Struct, frozen=True, kw_only=True):
    """Who mended records, and why; `rule` where it was done by one."""

    mended_by: str
    because: str
    rule: MendingRule | None = None


class ErasureNote(msgspec.Struct, frozen=True, kw_only=True):
    """That personal data were erased from a landing: when, by whom, why, of how many records."""

    erased_at: datetime
    erased_by: str
    because: str
    records: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What one landing is: one window, snapshot, file, month or mend of one feed.

    source         host and base path without credentials, or the file's name
    window_from, window_to   the half-open window that was asked for; None unless kind is window
    period_month   the month that was asked for, as its first day; unset unless kind is month, so
                   that the manifests of other kinds keep the bytes that they always had
    mend           who mended the records and why; unset unless kind is mend, for the same reason
    landed_at      when the reading began (UTC); everything in the landing is as of then or later
    source_total   the source's own count; None where it tells none, as of a file
    distinct_keys  distinct record keys; each record without its key counts as one
    delivered      records in the pages, repeats included
    attempts       how many readings of the window it took
    is_sample      the source said that these are sample data
    erasures       what was erased since; unset where nothing was
    committed_sha256   `sha256` before the first erasure; unset where there was none
    """

    format: Literal[1] = 1
    feed: str
    kind: Kind
    source: str
    window_from: datetime | None = None
    window_to: datetime | None = None
    period_month: date | msgspec.UnsetType = msgspec.UNSET
    landed_at: datetime
    source_total: int | None = None
    distinct_keys: int
    delivered: int
    attempts: int = 1
    is_sample: bool = False
    mend: MendNote | msgspec.UnsetType = msgspec.UNSET
    erasures: tuple[ErasureNote, ...] | msgspec.UnsetType = msgspec.UNSET
    committed_sha256: str | msgspec.UnsetType = msgspec.UNSET
    pages: tuple[PageEntry, ...]

    @property
    def sha256(self) -> str:
        """SHA-256 of the manifest file's bytes as it was committed, as hexadecimal digits.

        It names the delivery, which an erasure leaves the one that it was.
        """
        if self.committed_sha256:
            return self.committed_sha256
        return hashlib.sha256(encode_manifest(self)).hexdigest()


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest file's bytes; the same manifest always gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)


def decode_manifest(body: bytes, path: str) -> Manifest:
    """Read a manifest file; `path` is for the message of LandingCorruptError."""
    try:
        return msgspec.json.decode(body, type=Manifest)
    except ValueError as error:
        raise LandingCorruptError(f"{path}: not a manifest: {error}") from None


class PageEnvelope(msgspec.Struct, frozen=True):
    """A page of the source: the records still undecoded, so that one bad record spoils none.

    `next_cursor` has no default: a body that lacks it must not pass for a last page.
    """

    total: int
    data: list[msgspec.Raw]
    next_cursor: str | None
    notice: Any = None

    @property
    def is_sample(self) -> bool:
        """Whether the source marks its data as sample data."""
        return is_sample_notice(self.notice)


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """A mended record, and where and when the one was landed whose place it takes."""

    landed_file: str
    landed_line: int
    landed_at: datetime
    record: msgspec.Raw


page_decoder = msgspec.json.Decoder(PageEnvelope)
rows_decoder = msgspec.json.Decoder(list[msgspec.Raw])
mends_decoder = msgspec.json.Decoder(list[Mended])
