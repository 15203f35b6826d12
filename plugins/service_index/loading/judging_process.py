"""A process that judges pages for a load: what is asked comes in by its standard input.

Every message is a frame: its length in four bytes, then MessagePack. The parent's end, however it
comes, closes the input and so ends this process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

import msgspec

from service_index.landing.errors import LandingCorruptError
from service_index.landing.limits import FileLimits
from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.loading.contracts import CONTRACTS
from service_index.loading.judging import Chunk, judge
from service_index.loading.reader import Knowledge, Reader
from service_index.loading.sampling import KeySampler, Sighting

_LENGTH_BYTES = 4


class Setup(msgspec.Struct):
    """What holds for all pages."""

    landing_url: str
    limits: FileLimits
    feed: str
    units: frozenset[str]
    procedures: frozenset[str]


class Page(msgspec.Struct):
    """A page to judge: its landing's manifest with that page alone, which begins with record
    number `first` of the landing."""

    path: str
    manifest: Manifest
    first: int
    version_bound: str


class Tally(msgspec.Struct, tag="tally"):
    """The end of a page: what was counted in it."""

    warnings: dict[str, int]
    sampled: int
    sightings: list[tuple[Sighting, int]]


class Judged(msgspec.Struct, tag="judged"):
    """Some of a page's records."""

    chunk: Chunk


class Corrupt(msgspec.Struct, tag="corrupt"):
    """The page is not what its manifest says."""

    message: str


Answer = Judged | Tally | Corrupt


def send(stream: IO[bytes], message: object) -> None:
    """Write one frame."""
    content = msgspec.msgpack.encode(message)
    stream.write(len(content).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one frame; None at the end, also in the midst of a frame."""
    length = int.from_bytes(stream.read(_LENGTH_BYTES), "big")
    content = stream.read(length) if length else b""
    return content if content and len(content) == length else None


def main() -> None:
    """Answer every page in turn, until there are no more."""
    questions = sys.stdin.buffer
    # Whatever else is printed here must not stand between the answers; and when nobody reads them
    # any more there is nobody to tell.
    with suppress(BrokenPipeError), os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        setup = receive(questions)
        if setup is None:
            return
        agreed = msgspec.msgpack.decode(setup, type=Setup)
        while (question := receive(questions)) is not None:
            for answer in _answers(agreed, msgspec.msgpack.decode(question, type=Page)):
                send(answers, answer)


def _answers(setup: Setup, page: Page) -> Iterator[Answer]:
    knowledge = Knowledge(setup.units, setup.procedures, page.version_bound)
    reader, sampler = Reader(CONTRACTS[setup.feed], knowledge), KeySampler()
    store = LandingStore(setup.landing_url, setup.limits)
    records = store.records(page.path, page.manifest)
    try:
        for chunk in judge(sampler.watch(records, page.first), reader):
            yield Judged(chunk)
    except LandingCorruptError as error:
        yield Corrupt(str(error))
    else:
        yield Tally(dict(reader.warnings), sampler.records, list(sampler.seen.items()))
