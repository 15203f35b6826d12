"""Read one field of a record as the source serves it.

Every value is text; `""`, null and an absent key all mean missing. Text is compared in NFC,
trimmed, with no-break spaces as spaces. Instants carry the zone ICT (+07:00), so that `.date()`
is the business date.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

ICT = timezone(timedelta(hours=7))
FLAG = frozenset({"0", "1"})

Record = Mapping[str, object]


class BadRecordError(ValueError):
    """The record may not be used; the text names the field and the rule it breaks."""


def normalise(value: str) -> str:
    """The text in the form in which texts are compared."""
    if not value.isascii():
        value = unicodedata.normalize("NFC", value).replace("\u00a0", " ").replace("\u202f", " ")
    return value.strip()


def text(record: Record, name: str) -> str | None:
    """The normalised text of a field, None if missing."""
    value = record.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadRecordError(f"{name}: not a text")
    return normalise(value) or None


def required(record: Record, name: str) -> str:
    """The normalised text of a field that must be there."""
    value = text(record, name)
    if value is None:
        raise BadRecordError(f"{name}: missing")
    return value


def choice(record: Record, name: str, allowed: Collection[str]) -> str | None:
    """The text of a field that holds one of a few codes, None if missing."""
    value = text(record, name)
    if value is not None and value not in allowed:
        raise BadRecordError(f"{name}: unknown value")
    return value


def required_choice(record: Record, name: str, allowed: Collection[str]) -> str:
    """The text of a field that must hold one of a few codes."""
    required(record, name)
    value = choice(record, name, allowed)
    assert value is not None
    return value


@lru_cache(maxsize=8192)
def _day(digits: str) -> date:
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))


def _digits(value: str, name: str, length: int) -> str:
    if len(value) != length or not (value.isascii() and value.isdigit()):
        raise BadRecordError(f"{name}: not {length} digits")
    return value


def day(record: Record, name: str) -> date | None:
    """A field `yyyyMMdd` as a date, None if missing."""
    value = text(record, name)
    if value is None:
        return None
    try:
        return _day(_digits(value, name, 8))
    except ValueError as error:
        raise BadRecordError(f"{name}: no such day") from error


def instant(record: Record, name: str) -> datetime | None:
    """A field `yyyyMMddHHmmss` (ICT) as an instant, None if missing."""
    value = text(record, name)
    if value is None:
        return None
    _digits(value, name, 14)
    try:
        on = _day(value[:8])
        hour, minute, second = int(value[8:10]), int(value[10:12]), int(value[12:14])
        return datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=ICT)
    except ValueError as error:
        raise BadRecordError(f"{name}: no such time") from error


def required_instant(record: Record, name: str) -> datetime:
    """An instant that must be there."""
    required(record, name)
    value = instant(record, name)
    assert value is not None
    return value


def objects(record: Record, name: str) -> list[Record]:
    """A nested list of objects (in files: as JSON text), empty if missing."""
    value = record.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else None
        except json.JSONDecodeError as error:
            raise BadRecordError(f"{name}: not a list") from error
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise BadRecordError(f"{name}: not a list of objects")
    return value


def as_object(record: object) -> Record:
    """The record itself, if it is a JSON object."""
    if not isinstance(record, dict):
        raise BadRecordError("record: not an object")
    return record
