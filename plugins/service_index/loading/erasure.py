"""Erases a person, or all persons of long ago, from landing, raw and quarantine.

Raw holds no personal data (a contract that loads any is refused), so that its rows, and all that
is counted from them, stay. In landing and quarantine the records stay, too, without their person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import psycopg

from service_index.landing.manifest import ErasureNote, MendNote
from service_index.landing.store import LandingStore
from service_index.loading import knowledge
from service_index.loading.anonymising import Anonymiser
from service_index.loading.contracts import CONTRACTS, INCREMENTAL_FEEDS
from service_index.loading.converters import normalise
from service_index.loading.windows import lock_feed

Kind = Literal["dossier", "petition", "identity_number", "older_than"]
_FETCHED_RECORDS = 100
_SHORTEST_NUMBER = 9
_NUMBERS = {"dossier": "MaHoSo", "petition": "MaPAKN"}
# Some encoder has written letters or digits by their numbers.
_ESCAPED_ASCII = rb"\u00"


class ErasureError(Exception):
    """Nothing can be erased that way; the message is one line and names nobody."""


@dataclass(frozen=True)
class Erased:
    """What an erasure has changed; landings that it had changed before are not among them."""

    landings: int
    landed_records: int
    quarantined_records: int


class Wanted:
    """Whose records: those that name a dossier, petition or identity number; or all landed before
    an instant."""

    def __init__(self, kind: Kind, value: str = "", before: datetime | None = None) -> None:
        """Raises ErasureError where `value` is too little to know one person by."""
        self.kind = kind
        self.before = before
        self._value = normalise(value)
        if before is None and not self._value:
            raise ErasureError("say whom: a dossier's, a petition's or an identity number")
        is_number = re.fullmatch(rf"\d{{{_SHORTEST_NUMBER},}}", self._value)
        if kind == "identity_number" and not is_number:
            raise ErasureError(f"an identity number has {_SHORTEST_NUMBER} digits at least")
        self._token = re.compile(rf"(?<![0-9A-Za-z]){re.escape(self._value)}(?![0-9A-Za-z])")
        self._spellings = {
            self._value.encode(),
            self._value.replace("/", r"\/").encode(),
        }

    def may_be_in(self, body: bytes) -> bool:
        """Whether any of it may be in these bytes; quick."""
        if self.before is not None or not self._value.isascii() or _ESCAPED_ASCII in body:
            return True
        return any(text in body for text in self._spellings)

    def names(self, record: bytes) -> bool:
        """Whether this record is one of them."""
        if self.before is not None:
            return True
        if not self.may_be_in(record):
            return False
        try:
            content = msgspec.json.decode(record)
        except (ValueError, RecursionError):
            return True
        if self.kind == "identity_number":
            return any(self._token.search(text) for text in _texts(content))
        named = content.get(_NUMBERS[self.kind]) if isinstance(content, dict) else None
        if isinstance(named, str) and normalise(named):
            return normalise(named) == self._value
        # Its columns have shifted, or its number is missing.
        return any(normalise(text) == self._value for text in _texts(content))

    def is_left_in(self, record: bytes) -> bool:
        """Whether the identity number still stands in the record that was to be freed of it."""
        return self.kind == "identity_number" and self.may_be_in(record) and self.names(record)


class _Change:
    """What becomes of the records of one feed."""

    def __init__(self, connection: psycopg.Connection, feed: str, wanted: Wanted) -> None:
        contract = CONTRACTS[feed]
        self._feed = feed
        self._wanted = wanted
        self._anonymiser = Anonymiser(contract, knowledge.gather(connection, contract, None))

    def may_touch(self, body: bytes) -> bool:
        return self._wanted.may_be_in(body)

    def of(self, record: bytes) -> bytes | None:
        """Raises ErasureError and AnonymisingError."""
        if not self._wanted.names(record):
            return None
        new = self._anonymiser.without_person(record)
        if self._wanted.is_left_in(new):
            raise ErasureError(
                f"{self._feed}: the number stands in a field that is loaded, such as the record's "
                "key: erase it by --dossier or --petition, and have the source mended"
            )
        return None if new == record else new


def erase(
    connection: psycopg.Connection, store: LandingStore, wanted: Wanted, by: MendNote
) -> Erased:
    """Free the wanted records of their person, and enter in `ops.erasure` who did it and why.

    Nobody loads meanwhile. The same again changes nothing, and goes on where a killed run stopped.
    Raises ErasureError, AnonymisingError, and LandingCorruptError for landed bytes that were
    altered otherwise; what was erased by then stays erased.
    """
    note = ErasureNote(
        erased_at=datetime.now(UTC), erased_by=by.mended_by, because=by.because, records=0
    )
    with connection.transaction():
        for feed in INCREMENTAL_FEEDS:
            lock_feed(connection, feed)
        store.finish_rewriting()
        landings = landed = quarantined = 0
        for feed in INCREMENTAL_FEEDS:
            change = _Change(connection, feed, wanted)
            for path, manifest in store.manifests(feed):
                if wanted.before is None or manifest.landed_at < wanted.before:
                    changed = store.rewrite(path, manifest, change, note)
                    landings += bool(changed)
                    landed += changed
            quarantined += _free_quarantine(connection, feed, change, wanted)
        erased = Erased(landings, landed, quarantined)
        _enter(connection, wanted, note, erased)
    connection.commit()
    return erased


def _free_quarantine(
    connection: psycopg.Connection, feed: str, change: _Change, wanted: Wanted
) -> int:
    count = 0
    for record_id, body, key in _waiting_and_resolved(connection, feed, wanted):
        new = change.of(body)
        if new is not None:
            # The key of a record whose columns have shifted may be somebody's number.
            is_person = key is not None and wanted.is_left_in(msgspec.json.encode([key]))
            connection.execute(
                "update quarantine.record set body = %s, record_key = %s where record_id = %s",
                [new, None if is_person else key, record_id],
            )
            count += 1
    return count


def _waiting_and_resolved(
    connection: psycopg.Connection, feed: str, wanted: Wanted
) -> Iterator[tuple[int, bytes, str | None]]:
    with connection.cursor(name="records_to_free") as cursor:
        cursor.itersize = _FETCHED_RECORDS
        cursor.execute(
            "select record_id, body, record_key from quarantine.record "
            "where feed = %s and (%s::timestamptz is null or landed_at < %s) order by record_id",
            [feed, wanted.before, wanted.before],
        )
        for record_id, body, key in cursor:
            if wanted.may_be_in(body):
                yield record_id, body, key


def _enter(
    connection: psycopg.Connection, wanted: Wanted, note: ErasureNote, erased: Erased
) -> None:
    connection.execute(
        "insert into ops.erasure (kind, landed_before, erased_at, erased_by, because, landings, "
        "landed_records, quarantined_records) values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            wanted.kind,
            wanted.before,
            note.erased_at,
            note.erased_by,
            note.because,
            erased.landings,
            erased.landed_records,
            erased.quarantined_records,
        ],
    )


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, names of fields too."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case list() as items:
                waiting += items
            case dict() as fields:
                waiting += [*fields, *fields.values()]
            case int() | float() as number:
                yield str(number)
