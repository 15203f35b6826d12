"""Applies a record contract: the bytes of one record in, a row for COPY or a refusal out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence, Set
from operator import attrgetter, getitem
from typing import Any, NamedTuple

import msgspec

from service_index.loading.contract import KEY_SEPARATOR, Contract, Row
from service_index.loading.converters import (
    NULL,
    TEXT_LENGTH,
    TRUE,
    Converter,
    Refused,
    optional_instants,
)

# A thousand times an ordinary record. Larger ones are kept, but not looked into.
MAX_RECORD_BYTES = 1024 * 1024

_TYPE_PROBLEM = re.compile(r" - at `\$\.(\w+)")


class Knowledge(NamedTuple):
    """What the warehouse knows when records are judged.

    `version_bound`: versions not before it lie in the future (an instant as COPY text).
    """

    units: Set[str]
    procedures: Set[str]
    version_bound: str


class Identity(NamedTuple):
    """A refused record's key and version as COPY text; NULL where they cannot be read."""

    key: str = NULL
    version_at: str = NULL


class Reader:
    """Reads records of one feed. `warnings` counts the warnings of the good ones by rule."""

    def __init__(self, contract: Contract, knowledge: Knowledge) -> None:
        self.contract = contract
        self.warnings: Counter[str] = Counter()
        self._decode = msgspec.json.Decoder(contract.record).decode
        self._instants = tuple(contract.instants.values())
        self._others = tuple(
            converter
            for column, converter in contract.converters.items()
            if column not in contract.instants
        )
        self._values_of_instants = _values(self._instants)
        self._values_of_others = _values(self._others)
        self._deletion = contract.converters.get("is_deleted")
        self._refusing = [rule for rule in contract.rules if rule.severity == "refuse"]
        self._warning = [rule for rule in contract.rules if rule.severity == "warn"]
        self._references = [
            (contract.columns.index(known.column), getattr(knowledge, known.known), known)
            for known in contract.references
        ]
        self._version = None if contract.is_snapshot else contract.columns.index("version_at")
        self._version_bound = knowledge.version_bound
        self._identity = _IdentityReader(contract)

    def read(self, body: bytes) -> Row:
        """The row of a good record, in the order of the contract's columns.

        Raises Refused for any other. A refusal that may be tried again (something that the
        warehouse does not know yet) is raised only for a record that is good in itself.
        """
        record = self._record(body)
        deletion = self._deletion
        is_deleted = deletion is not None and deletion[getattr(record, deletion.field)] == TRUE
        row = self._tombstone(record) if is_deleted else self._row(record)
        if not is_deleted:
            for rule in self._refusing:
                if rule.is_broken(row):
                    raise Refused(rule.code, rule.reason)
        if self._version is not None and row[self._version] >= self._version_bound:
            raise Refused(
                "version_in_future",
                "NgayCapNhat is not before the end of the window that delivered it",
                is_retryable=True,
            )
        if not is_deleted:
            for index, known, reference in self._references:
                if row[index] not in known:
                    raise Refused(reference.rule, reference.reason, is_retryable=True)
            for rule in self._warning:
                if rule.is_broken(row):
                    self.warnings[rule.code] += 1
        return row

    def identify(self, body: bytes) -> Identity:
        """What can be told of a refused record; never raises."""
        return self._identity.read(body)

    def _record(self, body: bytes) -> Any:
        if len(body) > MAX_RECORD_BYTES:
            raise Refused("record_too_large", f"the record is larger than {MAX_RECORD_BYTES} bytes")
        try:
            return self._decode(body)
        except msgspec.ValidationError as error:
            raise _type_refusal(error) from None
        except (ValueError, RecursionError):  # invalid UTF-8 and endless nesting included
            raise Refused("invalid_json", "the record is not valid JSON") from None

    def _row(self, record: msgspec.Struct) -> Row:
        others = map(getitem, self._others, self._values_of_others(record))
        instants = self._values_of_instants(record)
        try:
            at = optional_instants(instants)
        except ValueError:
            at = list(map(getitem, self._instants, instants))
        reduce = self.contract.reduce
        values = (*others, *at, *reduce(record)) if reduce else (*others, *at)
        row: Row = self.contract.row._make(values)
        return row

    def _tombstone(self, record: msgspec.Struct) -> Row:
        """Of a deleted record only key and version are read, and only they are kept."""
        contract = self.contract
        kept = {*contract.key, "version_at", "is_deleted"}
        values = [
            converter[getattr(record, converter.field)] if column in kept else converter.missing
            for column, converter in contract.converters.items()
        ]
        nothing = contract.reduce(contract.record()) if contract.reduce else ()
        row: Row = contract.row._make((*values, *nothing))
        return row


def _values(converters: Sequence[Converter]) -> Callable[[msgspec.Struct], tuple[str | None, ...]]:
    """A function that takes the converters' fields from a record."""
    fields = [converter.field for converter in converters]
    if len(fields) > 1:
        return attrgetter(*fields)
    return lambda record: tuple(getattr(record, field) for field in fields)


class _IdentityReader:
    """Reads key and version of a record that may be bad in every other field."""

    def __init__(self, contract: Contract) -> None:
        columns = contract.key if contract.is_snapshot else (*contract.key, "version_at")
        self._converters = {column: contract.converters[column] for column in columns}
        fields = [(converter.field, Any, None) for converter in self._converters.values()]
        self._decode = msgspec.json.Decoder(msgspec.defstruct("Identity", fields)).decode

    def read(self, body: bytes) -> Identity:
        if len(body) > MAX_RECORD_BYTES:
            return Identity()
        try:
            record = self._decode(body)
        except (ValueError, RecursionError):
            return Identity()
        values = {
            column: _readable(converter, getattr(record, converter.field))
            for column, converter in self._converters.items()
        }
        version_at = values.pop("version_at", NULL)
        keys = tuple(values.values())
        return Identity(NULL if NULL in keys else KEY_SEPARATOR.join(keys), version_at)


def _readable(converter: Converter, value: object) -> str:
    if not isinstance(value, str):
        return NULL
    try:
        return converter[value]
    except Refused:
        return NULL


def _type_refusal(error: msgspec.ValidationError) -> Refused:
    """The decoder's message names a field and a type, never a value; only the field is taken."""
    message = str(error)
    found = _TYPE_PROBLEM.search(message)
    if found is None:
        return Refused("wrong_type", "the record is not a JSON object")
    if "of length" in message:
        return Refused("text_too_long", f"{found[1]} is longer than {TEXT_LENGTH} characters")
    return Refused("wrong_type", f"{found[1]} is not of the type that the contract says")
