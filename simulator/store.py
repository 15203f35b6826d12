"""Records of a feed, kept so that a page of them is one slice of bytes.

On disk a feed is `<feed>.jsonl`, sorted as the contract orders it, and `<feed>.index`: the
version of every record and the offset of every line, as native 64-bit integers. Nothing is
decoded to serve a page, so the sample source is never the slow part of a load.
"""

import json
import mmap
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from simulator.feeds import VERSION_FIELD, Feed

Record = Mapping[str, Any]


@dataclass(frozen=True)
class FeedTable:
    """The records of one feed in the contract's order.

    `lines` is JSON Lines; record i is `lines[offsets[i]:offsets[i + 1]]` with its line end and has
    version `versions[i]`, the number yyyyMMddHHmmss (0 throughout in a snapshot feed).
    """

    lines: bytes | mmap.mmap
    versions: Sequence[int]
    offsets: Sequence[int]

    def __len__(self) -> int:
        return len(self.versions)

    def window(self, version_from: int, version_to: int) -> tuple[int, int]:
        """Positions [first, last) of the records with version_from <= version < version_to."""
        return bisect_left(self.versions, version_from), bisect_left(self.versions, version_to)

    def page(self, first: int, last: int) -> bytes:
        """Records [first, last) as the inside of a JSON array."""
        if first >= last:
            return b""
        # A raw line feed never occurs inside a JSON value, so each one here ends a record.
        return self.lines[self.offsets[first] : self.offsets[last] - 1].replace(b"\n", b",")


class FeedWriter:
    """Writes a feed's two files; records must come in the contract's order.

    Raises ValueError when a version goes backwards, since every window would then be wrong.
    """

    def __init__(self, directory: Path, feed: Feed) -> None:
        self._lines: BinaryIO = (directory / f"{feed.name}.jsonl").open("wb", buffering=1 << 20)
        self._index_path = directory / f"{feed.name}.index"
        self._versions = array("Q")
        self._offsets = array("Q", [0])

    def write(self, version: int, line: bytes) -> None:
        """Add one record: its version and its JSON without line end."""
        if self._versions and version < self._versions[-1]:
            raise ValueError(f"record of version {version} after {self._versions[-1]}")
        self._lines.write(line)
        self._lines.write(b"\n")
        self._versions.append(version)
        self._offsets.append(self._offsets[-1] + len(line) + 1)

    def close(self) -> int:
        """Finish both files and return the number of records."""
        self._lines.close()
        with self._index_path.open("wb") as index:
            self._versions.tofile(index)
            self._offsets.tofile(index)
        return len(self._versions)


def open_table(directory: Path, feed: Feed) -> FeedTable:
    """The table that a `FeedWriter` left in `directory`, mapped into memory."""
    numbers = memoryview((directory / f"{feed.name}.index").read_bytes()).cast("Q")
    count = (len(numbers) - 1) // 2
    with (directory / f"{feed.name}.jsonl").open("rb") as lines:
        mapped = mmap.mmap(lines.fileno(), 0, access=mmap.ACCESS_READ) if count else b""
    return FeedTable(mapped, numbers[:count], numbers[count:])


def table_of(feed: Feed, records: Iterable[Record]) -> FeedTable:
    """An in-memory table of records given in any order.

    A record whose version cannot be read as a number is placed beside the record before it, so
    that a test can serve one with a missing or broken `NgayCapNhat`.
    """
    rows: list[tuple[int, tuple[str, ...], bytes]] = []
    version = 0
    for record in records:
        if feed.is_incremental:
            version = _version_of(record, default=version)
        key = tuple(str(record.get(field) or "") for field in feed.key)
        rows.append((version, key, json.dumps(record, ensure_ascii=False).encode()))
    rows.sort(key=lambda row: row[:2])
    offsets = array("Q", [0])
    for _, _, line in rows:
        offsets.append(offsets[-1] + len(line) + 1)
    lines = b"".join(line + b"\n" for _, _, line in rows)
    return FeedTable(lines, array("Q", [row[0] for row in rows]), offsets)


def _version_of(record: Record, default: int) -> int:
    text = record.get(VERSION_FIELD)
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else default
