"""The sample province's August at any size: its records, each as many times as needed.

A copy has keys of its own (`…~2`), and payments, ratings and petitions follow their dossiers, so
units, procedures, dates and shares stay those of the sample. What is made is a dataset as the
simulator serves it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from simulator.dataset import INDEX_FILE, NATIONAL_FILE, read_index
from simulator.feeds import FEEDS, Feed
from simulator.store import FeedWriter, open_table

FIRST, AFTER_LAST = "2025-08-01", "2025-09-01"
_WINDOW = 20250801000000, 20250901000000
# Fields that hold a dossier's key, of whatever feed.
_DOSSIER = "MaHoSo"


class _Identity(msgspec.Struct):
    """What a copy needs a name of its own for."""

    MaHoSo: str = ""
    MaGiaoDich: str = ""
    MaDanhGia: str = ""
    MaPAKN: str = ""


def multiply(sample: Path, target: Path, dossiers: int) -> Path:
    """A dataset in `target` with exactly so many dossiers, all of August; made once."""
    target = target.absolute()
    if (target / INDEX_FILE).exists():
        return target
    work = target.with_name(f".{target.name}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    copies = _copies(sample, dossiers)
    counts = {name: _write(sample, work, feed, copies) for name, feed in FEEDS.items()}
    shutil.copy(sample / NATIONAL_FILE, work / NATIONAL_FILE)
    index = {**read_index(sample), "records": counts, "scale": f"{dossiers} dossiers"}
    (work / INDEX_FILE).write_text(json.dumps(index, ensure_ascii=False), encoding="utf-8")
    work.rename(target)
    return target


def _copies(sample: Path, dossiers: int) -> Mapping[str, int]:
    """Key of each August dossier → how many times it is written; evenly spread."""
    keys = [_identity(line).MaHoSo for _, line in _august(sample, FEEDS["dossiers"])]
    count = len(keys)
    return {
        key: (number + 1) * dossiers // count - number * dossiers // count
        for number, key in enumerate(keys)
    }


def _write(sample: Path, target: Path, feed: Feed, copies: Mapping[str, int]) -> int:
    if not feed.is_incremental:
        for suffix in ("jsonl", "index"):
            shutil.copy(sample / f"{feed.name}.{suffix}", target / f"{feed.name}.{suffix}")
        return len(open_table(sample, feed))
    writer = FeedWriter(target, feed)
    for version, line in _august(sample, feed):
        identity = _identity(line)
        # A record whose dossier came in another month is written once.
        for number in range(1, copies.get(identity.MaHoSo, 1) + 1):
            writer.write(version, line if number == 1 else _renamed(line, identity, number))
    return writer.close()


def _august(sample: Path, feed: Feed) -> Iterator[tuple[int, bytes]]:
    table = open_table(sample, feed)
    first, after_last = table.window(*_WINDOW)
    for place in range(first, after_last):
        yield (
            table.versions[place],
            bytes(table.lines[table.offsets[place] : table.offsets[place + 1] - 1]),
        )


_identity = msgspec.json.Decoder(_Identity).decode


def _renamed(line: bytes, identity: _Identity, number: int) -> bytes:
    for key in msgspec.structs.astuple(identity):
        if key:
            line = line.replace(b'"%b"' % key.encode(), b'"%b~%d"' % (key.encode(), number))
    return line
