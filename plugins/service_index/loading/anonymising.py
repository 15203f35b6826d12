"""A record without its person: what counts stays, byte for byte as it is loaded.

Of a good record the fields that are loaded stay, so that the same row comes of it as before; its
personal fields, and those that no contract knows, are emptied. Of a bad one, in which a person's
data may stand anywhere, key and version alone stay, as far as they look like that.
"""

from __future__ import annotations

from typing import Any

import msgspec

from service_index.loading.classification import Class, PersonalData
from service_index.loading.contract import Contract, Row
from service_index.loading.converters import NULL, Refused, normalise
from service_index.loading.disclosure import shown_text
from service_index.loading.knowledge import bound_text
from service_index.loading.reader import Knowledge, Reader
from service_index.loading.sampling import NAME

_NOTHING = b"{}"


class AnonymisingError(Exception):
    """A record cannot be freed of its person; the message is one line without its content."""


class _Everything(frozenset[str]):
    """Knows every code: what is judged is the record alone."""

    def __contains__(self, _: object) -> bool:
        return True


class Anonymiser:
    """Takes the person out of records of one feed; `known` are the codes that the warehouse has."""

    def __init__(self, contract: Contract, known: Knowledge) -> None:
        self._contract = contract
        self._references = [
            (contract.columns.index(reference.column), getattr(known, reference.known))
            for reference in contract.references
        ]
        everything = Knowledge(_Everything(), _Everything(), bound_text(None))
        self._reader = Reader(contract, everything)
        columns = (*contract.key, "version_at")
        self._identity = {
            converter.field
            for column, converter in contract.converters.items()
            if column in columns
        }

    def without_person(self, body: bytes) -> bytes:
        """The record's new bytes, one line of JSON; the same again where it has no person."""
        try:
            fields = msgspec.json.decode(body)
        except (ValueError, RecursionError):
            return _NOTHING
        if not isinstance(fields, dict):
            return _NOTHING
        row = self._row(body)
        if row is None or not self._refers_to_codes(row):
            return msgspec.json.encode(
                {name: fields[name] for name in sorted(self._identity) if _is_plain(fields, name)}
            )
        new = msgspec.json.encode(self._kept(fields))
        if self._row(new) != row:
            raise AnonymisingError(
                f"{self._contract.feed}: a record without its person would count otherwise; "
                "nothing of its page is changed"
            )
        return new

    def _row(self, body: bytes) -> Row | None:
        try:
            return self._reader.read(body)
        except Refused:
            return None

    def _refers_to_codes(self, row: Row) -> bool:
        """Whether it names units and procedures by what is known or looks like a code: a record
        that waits for a name to become known is one whose columns have shifted."""
        return all(
            row[index] in known or row[index] == NULL or shown_text(row[index]) == row[index]
            for index, known in self._references
        )

    def _kept(self, fields: dict[str, Any]) -> dict[str, Any]:
        classes, lists = self._contract.classes, self._contract.entry_classes
        files: dict[str, str] = {}
        kept: dict[str, Any] = {}
        for name, value in fields.items():
            kind = classes.get(name)
            if name in lists:
                kept[name] = _entries(value, lists[name], files)
            elif kind is not None and not isinstance(kind, PersonalData):
                kept[name] = value
            elif NAME.fullmatch(name):
                # The key stays: that a source no longer carries it would be drift.
                kept[name] = None
        return kept


def _is_plain(fields: dict[str, Any], name: str) -> bool:
    value = fields.get(name)
    return isinstance(value, str) and shown_text(value) == value


def _entries(value: Any, classes: dict[str, Class], files: dict[str, str]) -> Any:
    """The entries of a list; a file, whose path may name people, is told from others by number."""
    if isinstance(value, str) and value.strip():
        value = msgspec.json.decode(value)
    if not isinstance(value, list):
        return value
    return [
        {
            name: _numbered(content, files) if isinstance(kind, PersonalData) else content
            for name, content in entry.items()
            if (kind := classes.get(name)) is not None
        }
        for entry in value
    ]


def _numbered(path: str | None, files: dict[str, str]) -> str | None:
    same = normalise(path or "")
    return files.setdefault(same, f"{len(files) + 1}") if same else path
