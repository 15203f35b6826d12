"""Years of a province: August's days 1 to 28, moved to every month of a history, and its next days.

A month's records are August's with all their instants moved by the same number of days and with
keys of their own, which sort by month as a province's do; so every month costs the same. The last
month is an open one: it ends with its day 20, and days of changed dossiers follow it, half of them
new, the others dossiers of that month and of the one before in a later version. The units that
began in July 2025 are valid from long before, so that every month's dossiers find theirs.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from simulator.dataset import INDEX_FILE, NATIONAL_FILE, read_index
from simulator.feeds import FEEDS, VERSION_FIELD, Feed
from simulator.store import FeedWriter, open_table

OPEN_MONTH = date(2025, 9, 1)
_TEMPLATE = date(2025, 8, 1)
_DAYS = 28
_LAST_DAY = 20
# Days of the open month on which the template has a working day's records.
CHANGED_DAYS = (21, 22, 25, 26, 27, 28, 29)
_REFORM, _LONG_BEFORE = b'"HieuLucTu":"20250701"', b'"HieuLucTu":"20200101"'
_MOVED = re.compile(
    rb'(?P<date>(?<=")\d{8}(?=\d{6}"))'
    rb'|(?P<name>"(?:MaHoSo|MaGiaoDich|MaDanhGia|MaPAKN)":")(?P<key>[^"]+)'
)
_KEY = re.compile(rb'"MaHoSo":"([^"]+)"')
_UPDATED = re.compile(rb'("%b":")(\d{8})' % VERSION_FIELD.encode())


class Part(NamedTuple):
    """A dataset as the simulator serves it, and the window that it is asked for."""

    folder: Path
    start: datetime
    end: datetime


def months(count: int) -> list[date]:
    """The last `count` months of the history, the open one first."""
    first = OPEN_MONTH.year * 12 + OPEN_MONTH.month - 1
    return [date((first - n) // 12, (first - n) % 12 + 1, 1) for n in range(count)]


def whole(august: Path) -> Part:
    """August as it is."""
    return Part(august, _instant(_TEMPLATE), _instant(_next_month(_TEMPLATE)))


def month(template: Path, target: Path, first_day: date) -> Part:
    """A month of the history, made from August (`template`) in the folder `target`."""
    is_open = first_day == OPEN_MONTH
    last = _LAST_DAY if is_open else _DAYS
    lines = {
        name: _moved(template, feed, range(1, last + 1), first_day)
        for name, feed in FEEDS.items()
        if feed.is_incremental
    }
    _write(template, target, lines)
    after = first_day + timedelta(days=_LAST_DAY) if is_open else _next_month(first_day)
    return Part(target, _instant(first_day), _instant(after))


def changed_day(template: Path, target: Path, day: int, changed: int) -> Part:
    """A day of the open month with so many changed dossiers, and what else came with them."""
    half = changed // 2
    before = CHANGED_DAYS[CHANGED_DAYS.index(day) - 1] if day > CHANGED_DAYS[0] else _LAST_DAY
    dossiers = FEEDS["dossiers"]
    new = list(_moved(template, dossiers, [day], OPEN_MONTH))[:half]
    keys = {_dossier(line) for _, line in new}
    updated = [
        line
        for first_day in months(2)
        for line in _some(template, dossiers, half // 2, day, first_day)
    ]
    assert len(keys) + len(updated) == changed, f"day {day}: {len(keys)} new"
    today = OPEN_MONTH.replace(day=day)
    lines: dict[str, Iterable[tuple[int, bytes]]] = {
        "dossiers": sorted([*new, *(_on(today, version, line) for version, line in updated)]),
        "petitions": _moved(template, FEEDS["petitions"], [day], OPEN_MONTH),
    }
    for name in ("payments", "ratings"):
        found = _moved(template, FEEDS[name], [day], OPEN_MONTH)
        lines[name] = [(version, line) for version, line in found if _dossier(line) in keys]
    _write(template, target, lines)
    start = OPEN_MONTH.replace(day=before) + timedelta(days=1)
    return Part(target, _instant(start), _instant(today + timedelta(days=1)))


def remove(part: Part) -> None:
    """Clear away the dataset of a part that was landed."""
    shutil.rmtree(part.folder)


def _write(template: Path, target: Path, lines: dict[str, Iterable[tuple[int, bytes]]]) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    counts = {}
    for name, feed in FEEDS.items():
        writer = FeedWriter(target, feed)
        for version, line in lines[name] if feed.is_incremental else _snapshot(template, feed):
            writer.write(version, line)
        counts[name] = writer.close()
    shutil.copy(template / NATIONAL_FILE, target / NATIONAL_FILE)
    index = {**read_index(template), "records": counts, "scale": target.name}
    (target / INDEX_FILE).write_text(json.dumps(index, ensure_ascii=False), encoding="utf-8")


def _snapshot(template: Path, feed: Feed) -> Iterator[tuple[int, bytes]]:
    """Units and procedures; of a unit that the reform changed, only what it is since then."""
    lines = (template / f"{feed.name}.jsonl").read_bytes().splitlines()
    if feed.name == "units":
        unit = re.compile(rb'"MaDonVi":"([^"]+)"')
        reformed = {_found(unit, line) for line in lines if _REFORM in line}
        lines = [
            line.replace(_REFORM, _LONG_BEFORE)
            for line in lines
            if _REFORM in line or _found(unit, line) not in reformed
        ]
    return ((0, line) for line in lines)


def _moved(
    template: Path, feed: Feed, days: Iterable[int], first_day: date, places: slice = slice(None)
) -> Iterator[tuple[int, bytes]]:
    """August's records of some days, as records of the month that begins on `first_day`; of every
    day those in `places`."""
    table = open_table(template, feed)
    by = first_day - _TEMPLATE
    prefix = f"{first_day:%y%m}~".encode()

    def move(found: re.Match[bytes]) -> bytes:
        if found.lastgroup == "date":
            return _shifted(found[0], by)
        return found["name"] + prefix + found["key"]

    for day in days:
        for place in range(*table.window(_version(day), _version(day + 1)))[places]:
            line = bytes(table.lines[table.offsets[place] : table.offsets[place + 1] - 1])
            version = table.versions[place]
            moved = _shifted(str(version)[:8].encode(), by)
            yield int(moved) * 10**6 + version % 10**6, _MOVED.sub(move, line)


@cache
def _shifted(text: bytes, by: timedelta) -> bytes:
    moved = datetime.strptime(text.decode(), "%Y%m%d").replace(tzinfo=UTC) + by
    return f"{moved:%Y%m%d}".encode()


def _version(day: int) -> int:
    return int(f"{_TEMPLATE + timedelta(days=day - 1):%Y%m%d}") * 10**6


def _some(
    template: Path, feed: Feed, count: int, day: int, first_day: date
) -> list[tuple[int, bytes]]:
    """So many records of a month, evenly spread over its days; on another day others."""
    first, last = open_table(template, feed).window(_version(1), _version(_LAST_DAY + 1))
    step = (last - first) // count
    places = slice(day % step, None, step)
    return list(_moved(template, feed, range(1, _LAST_DAY + 1), first_day, places))[:count]


def _on(day: date, version: int, line: bytes) -> tuple[int, bytes]:
    """The record, updated on that day."""
    today = f"{day:%Y%m%d}"
    return int(today) * 10**6 + version % 10**6, _UPDATED.sub(rb"\g<1>" + today.encode(), line)


def _found(pattern: re.Pattern[bytes], line: bytes) -> bytes:
    found = pattern.search(line)
    assert found is not None, line
    return found[1]


def _dossier(line: bytes) -> bytes:
    return _found(_KEY, line)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _instant(day: date) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+07:00")
