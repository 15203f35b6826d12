"""Judges landed records: those that their contract takes become COPY lines, the others refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple, Protocol

from service_index.landing.manifest import Manifest
from service_index.landing.store import LandedRecord, LandingStore
from service_index.loading.converters import Refused
from service_index.loading.reader import Identity, Reader
from service_index.loading.sampling import KeySampler

# A chunk goes to the server while the next one is judged.
CHUNK_RECORDS = 500
CHUNK_BYTES = 1024 * 1024


class Refusal(NamedTuple):
    """A record that its contract refuses."""

    record: LandedRecord
    identity: Identity
    rule: str
    reason: str
    is_retryable: bool


class Chunk(NamedTuple):
    """Some records, judged: `lines` are COPY lines of the good ones, `staged` how many."""

    lines: bytes
    staged: int
    refusals: list[Refusal]

    @property
    def records(self) -> int:
        """How many records they are."""
        return self.staged + len(self.refusals)


class JudgedLanding(Protocol):
    """The records of one landing in delivered order, judged; the counts are whole at the end."""

    warnings: Counter[str]
    sampler: KeySampler

    def __iter__(self) -> Iterator[Chunk]: ...


class LandingJudge:
    """A landing that is judged here, as its chunks are asked for."""

    def __init__(self, reader: Reader, store: LandingStore, path: str, manifest: Manifest) -> None:
        self.sampler = KeySampler()
        self.warnings = reader.warnings
        self._reader = reader
        self._records = store.records(path, manifest)

    def __iter__(self) -> Iterator[Chunk]:
        return judge(self.sampler.watch(self._records), self._reader)


def judge(records: Iterable[LandedRecord], reader: Reader) -> Iterator[Chunk]:
    """Judge records in chunks that are bounded in number and in bytes."""
    lines: list[bytes] = []
    refusals: list[Refusal] = []
    size = 0
    for record in records:
        try:
            content = "\t".join(reader.read(record.body)).encode()
        except Refused as refused:
            identity = reader.identify(record.body)
            refusals.append(
                Refusal(record, identity, refused.rule, refused.reason, refused.is_retryable)
            )
            size += len(record.body)
        else:
            # A hash of what is loaded, not of the bytes: spelling, order of keys and fields that
            # nobody reads make no new version.
            digest = blake2b(content, digest_size=16).hexdigest()
            line = b"%b\t%b\t%d\t%b\n" % (
                content,
                record.file.encode(),
                record.line,
                digest.encode(),
            )
            lines.append(line)
            size += len(line)
        if len(lines) + len(refusals) >= CHUNK_RECORDS or size >= CHUNK_BYTES:
            yield Chunk(b"".join(lines), len(lines), refusals)
            lines, refusals, size = [], [], 0
    if lines or refusals:
        yield Chunk(b"".join(lines), len(lines), refusals)
