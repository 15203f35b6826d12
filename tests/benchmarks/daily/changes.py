"""August as it was loaded, and days of September on which dossiers of it change."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from simulator.dataset import INDEX_FILE, read_index
from simulator.feeds import FEEDS
from simulator.store import FeedTable, FeedWriter, open_table

MONTH = "2025-09"
# The gate would hold September, in which all is late, against August.
SCORED = "2025-08"
_DOSSIERS = FEEDS["dossiers"]
_EIGHT_O_CLOCK = 20250901080000
_ONE_DAY = 1_000_000


def day(number: int) -> tuple[str, str]:
    """The day of September of that number, from 0, and the day after it."""
    return f"{MONTH}-{number + 1:02}", f"{MONTH}-{number + 2:02}"


def add_days(history: Path, target: Path, changed: Sequence[int]) -> Path:
    """The dataset `history`, and after it a day for each number of changed dossiers; made once."""
    target = target.absolute()
    if (target / INDEX_FILE).exists():
        return target
    work = target.with_name(f".{target.name}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    own = {INDEX_FILE, *(f"{_DOSSIERS.name}.{suffix}" for suffix in ("jsonl", "index"))}
    for path in history.iterdir():
        if path.name not in own:
            os.link(path, work / path.name)
    index = read_index(history)
    records = {**index["records"], _DOSSIERS.name: _write(history, work, changed)}
    text = json.dumps({**index, "records": records}, ensure_ascii=False)
    (work / INDEX_FILE).write_text(text, encoding="utf-8")
    work.rename(target)
    return target


def _write(history: Path, target: Path, changed: Sequence[int]) -> int:
    table = open_table(history, _DOSSIERS)
    writer = FeedWriter(target, _DOSSIERS)
    living = []
    for place in range(len(table)):
        line = _line(table, place)
        writer.write(table.versions[place], line)
        if b'"DaXoa":"1"' not in line:
            living.append(place)
    for number, count in enumerate(changed):
        for turn in range(count):
            place = living[(turn * len(living) // count + number) % len(living)]
            # All within a minute of the morning.
            version = _EIGHT_O_CLOCK + number * _ONE_DAY + turn * 60 // count
            writer.write(version, _resolved(_line(table, place), str(version)))
    return writer.close()


def _line(table: FeedTable, place: int) -> bytes:
    return bytes(table.lines[table.offsets[place] : table.offsets[place + 1] - 1])


def _resolved(line: bytes, instant: str) -> bytes:
    """The dossier's next version: resolved and handed over then."""
    changes = {"NgayKetThucXuLy": instant, "NgayTra": instant, "NgayCapNhat": instant}
    record = {**json.loads(line), **changes, "TrangThaiHoSo": "10"}
    return json.dumps(record, ensure_ascii=False).encode()
