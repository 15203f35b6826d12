"""Mends records that wait in quarantine: by a file of corrected bodies, or by a rule.

What is good now is landed as a delivery of its own and loaded from there, so that a warehouse
that is rebuilt from the landing has it again; the rest stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec
import psycopg

from service_index.landing.manifest import Manifest, Mended, MendingRule, MendNote
from service_index.landing.store import LandingStore
from service_index.landing.writer import LandingWriter
from service_index.loading import exchange, ledger, waiting
from service_index.loading.contract import Contract
from service_index.loading.contracts import CONTRACTS
from service_index.loading.converters import Refused, normalise
from service_index.loading.disclosure import shown_text, tells_a_person
from service_index.loading.exchange import MendedLine
from service_index.loading.ledger import LoadReport
from service_index.loading.load import load_within
from service_index.loading.mended import mended_reader
from service_index.loading.reader import MAX_RECORD_BYTES
from service_index.loading.waiting import Waiting
from service_index.loading.windows import lock_feed

SOURCE = "quarantine-mend"
_PAGE_RECORDS = 1_000
_PAGE_BYTES = 4 * 1024 * 1024
_LONGEST_NOTE = 500

_fields_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class MendingError(Exception):
    """Nothing can be mended that way; the message is one line and holds no record content."""


@dataclass(frozen=True)
class Problem:
    """A record that stays in quarantine; `where` is a line of the file or a record's id."""

    where: str
    reason: str


@dataclass
class MendReport:
    """What became of the records that were to be mended.

    batches    the batches of those that were good, one a feed
    already    records that were mended, or came in by themselves, before
    problems   those that are not good, or not there
    """

    batches: list[LoadReport] = field(default_factory=list)
    already: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Candidate:
    """A waiting record with the body that is to take the place of its own."""

    where: str
    record: Waiting
    body: bytes


Candidates = Iterator[_Candidate]


def note(mended_by: str, because: str) -> MendNote:
    """Who mends and why; raises MendingError where one is missing or is no line of text."""
    for text in (mended_by, because):
        if not text.strip() or not text.isprintable() or len(text) > _LONGEST_NOTE:
            raise MendingError(
                f"say who mends and --because of what, in a line of {_LONGEST_NOTE} characters"
            )
        _refuse_a_person(text)
    return MendNote(mended_by=mended_by.strip(), because=because.strip())


def mend_by_file(
    connection: psycopg.Connection, store: LandingStore, path: Path, by: MendNote
) -> MendReport:
    """Take the corrected bodies of a file that was exported. The same file twice changes nothing.

    Raises UnreadableFileError and OSError for the file, and what loading raises.
    """
    mend = _Mend(connection, store, by)
    feeds: set[str] = set()
    with path.open("rb") as stream:
        for number, line in exchange.read(stream, store.limits):
            if line is None:
                mend.refuse(f"line {number}", "it is no line as `quarantine export` writes it")
            elif (feed := _feed_of(line)) in CONTRACTS:
                feeds.add(feed)
            else:
                mend.refuse(f"line {number}", "its feed takes no mended records")
        for contract in CONTRACTS.values():
            if contract.feed in feeds:
                stream.seek(0)
                mend.run(contract, mend.of_file(contract.feed, stream))
    return mend.report


def mend_by_rule(
    connection: psycopg.Connection,
    store: LandingStore,
    rule: MendingRule,
    by: MendNote,
    feed: str | None = None,
) -> MendReport:
    """In the records that `rule.refused_rule` refused (of one feed), give its field its new value.

    The old value is compared as text is (NFC, trimmed); an empty one stands for a missing field.
    Raises MendingError for a field that a rule may not change, and what loading raises.
    """
    contracts = [
        contract
        for contract in CONTRACTS.values()
        if feed in {None, contract.feed} and _may_change(contract, rule.field)
    ]
    if not contracts:
        raise MendingError(
            f"{rule.field} is no field that a rule may change: it must be one that is loaded, "
            "and not of personal data; mend such records by file"
        )
    for value in (rule.from_value, rule.to_value):
        _refuse_a_person(value)
    if rule.from_value and shown_text(rule.from_value) != rule.from_value:
        raise MendingError(
            "a rule is for codes: an old value of several words or with accents may be a name; "
            "mend such records by file"
        )
    mend = _Mend(connection, store, msgspec.structs.replace(by, rule=rule))
    for contract in contracts:
        mend.run(contract, mend.of_rule(contract.feed, rule))
    return mend.report


def _refuse_a_person(text: str) -> None:
    """Rules and reasons are kept in `ops`, where nobody's data may be."""
    if tells_a_person(text):
        raise MendingError(
            "a number or address of a person may stand in no rule and no reason: "
            "mend such records by file"
        )


def _may_change(contract: Contract, field_name: str) -> bool:
    """Its old and new value are kept in `ops`, so it must be no personal data."""
    loaded = {converter.field for converter in contract.converters.values()}
    return field_name in loaded and field_name not in contract.personal_fields


class _Mend:
    """One call: feed by feed, each in a transaction while nobody else loads or mends the feed."""

    def __init__(self, connection: psycopg.Connection, store: LandingStore, by: MendNote) -> None:
        self.report = MendReport()
        self._connection = connection
        self._store = store
        self._by = by

    def refuse(self, where: str, reason: str) -> None:
        self.report.problems.append(Problem(where, reason))

    def run(self, contract: Contract, candidates: Candidates) -> None:
        """Land those that the contract takes, and load them from there."""
        with self._connection.transaction():
            lock_feed(self._connection, contract.feed)
            self._load_left(contract.feed)
            landed = self._land(contract, candidates)
            if landed is not None:
                self.report.batches.append(load_within(self._connection, self._store, *landed))
        self._connection.commit()

    def of_file(self, feed: str, stream: IO[bytes]) -> Candidates:
        """The feed's records that the file's lines name and that still wait."""
        named: set[int] = set()
        for number, line in exchange.read(stream, self._store.limits):
            if line is None or _feed_of(line) != feed:
                continue
            where = f"line {number}"
            record = waiting.find(self._connection, feed, line.landed_file, line.landed_line)
            if record is None:
                self.refuse(where, "no record that was landed there went into quarantine")
            elif record.record_id in named:
                self.refuse(where, "an earlier line mends the same record")
            elif record.is_resolved:
                self.report.already += 1
            elif record.is_of_refused_batch:
                self.refuse(where, "its whole batch was refused by the gate")
            else:
                named.add(record.record_id)
                yield _Candidate(where, record, bytes(line.body))

    def of_rule(self, feed: str, rule: MendingRule) -> Candidates:
        """The feed's waiting records that the rule changes, changed."""
        old = normalise(rule.from_value)
        new = msgspec.Raw(msgspec.json.encode(rule.to_value))
        for record in waiting.of_rule(self._connection, rule.refused_rule, feed):
            if len(record.body) > MAX_RECORD_BYTES:
                continue
            try:
                fields = _fields_of(record.body)
            except (ValueError, RecursionError):
                continue
            if _text(fields.get(rule.field)) == old:
                body = msgspec.json.encode({**fields, rule.field: new})
                yield _Candidate(f"record {record.record_id}", record, body)

    def _load_left(self, feed: str) -> None:
        """Load mends that a killed run has landed, so that nothing is landed a second time."""
        loaded = ledger.landings_loaded(self._connection)
        for path, manifest in self._store.manifests(feed):
            if manifest.kind == "mend" and path not in loaded:
                load_within(self._connection, self._store, path, manifest)

    def _land(self, contract: Contract, candidates: Candidates) -> tuple[str, Manifest] | None:
        """Land what is good; where nothing is, nothing is landed. The report says why not."""
        reader = mended_reader(self._connection, contract, datetime.now(UTC))
        keys: set[str] = set()
        is_sample = False
        with self._store.begin(contract.feed, "mend", SOURCE) as writer:
            pages = _Pages(writer)
            for candidate in candidates:
                try:
                    reader.read(candidate.body)
                except Refused as refused:
                    self.refuse(candidate.where, f"{refused.rule}: {refused.reason}")
                    continue
                pages.add(candidate)
                keys.add(reader.identify(candidate.body).key)
                is_sample = is_sample or candidate.record.is_sample
            pages.flush()
            if not keys:
                return None
            manifest = writer.commit(
                source_total=None, distinct_keys=len(keys), is_sample=is_sample, mend=self._by
            )
        return writer.path, manifest


class _Pages:
    """Writes mended records to a landing, in pages that are bounded in number and in bytes."""

    def __init__(self, writer: LandingWriter) -> None:
        self._writer = writer
        self._page: list[Mended] = []
        self._bytes = 0

    def add(self, candidate: _Candidate) -> None:
        record = candidate.record
        self._page.append(
            Mended(
                landed_file=record.landed_file,
                landed_line=record.landed_line,
                landed_at=record.landed_at.astimezone(UTC),
                record=msgspec.Raw(candidate.body),
            )
        )
        self._bytes += len(candidate.body)
        if len(self._page) >= _PAGE_RECORDS or self._bytes >= _PAGE_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._page:
            self._writer.add_page(msgspec.json.encode(self._page), len(self._page), "mends")
        self._page, self._bytes = [], 0


def _feed_of(line: MendedLine) -> str:
    return line.landed_file.partition("/")[0]


def _text(value: msgspec.Raw | None) -> str:
    """A field as a rule compares it: its text, or the JSON text of what is no text."""
    if value is None:
        return ""
    decoded = msgspec.json.decode(value)
    if decoded is None:
        return ""
    return normalise(decoded) if isinstance(decoded, str) else bytes(value).decode()
