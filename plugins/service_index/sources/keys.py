"""Counts distinct record keys, to hold them against the source's own total."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec


class KeyCounter:
    """Counts the distinct keys among the records that pass by.

    A record whose key is missing (`""`, null, absent, in any of its parts) or that is no JSON
    object counts as one key. Whether two of them with the very same bytes are one record that
    the source repeated, or two, cannot be told: so the count has a lower and an upper bound.

    Holds every key in memory: some 100 bytes each.
    """

    def __init__(self, key: Sequence[str]) -> None:
        parts = [(name, Any, None) for name in key]
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("RecordKey", parts, gc=False))
        self._keys: set[Any] = set()
        self._keyless: set[bytes] = set()
        self._repeated_keyless = 0

    @property
    def distinct(self) -> int:
        """Distinct keys; keyless records with the same bytes count once."""
        return len(self._keys) + len(self._keyless)

    @property
    def at_most(self) -> int:
        """Distinct keys if every keyless record delivered is one of its own."""
        return self.distinct + self._repeated_keyless

    def add(self, records: Iterable[msgspec.Raw | bytes]) -> int:
        """Count these records in, and say how many distinct keys they add."""
        before = self.distinct
        for record in records:
            key = self._key(record)
            if key is not None:
                self._keys.add(key)
            else:
                self._add_keyless(bytes(record))
        return self.distinct - before

    def _key(self, record: msgspec.Raw | bytes) -> tuple[str, ...] | str | None:
        try:
            parts = msgspec.structs.astuple(self._decoder.decode(record))
        except (ValueError, RecursionError):  # invalid UTF-8 and endless nesting included
            return None
        for part in parts:
            if not isinstance(part, str) or not part.strip():
                return None
        return parts if len(parts) > 1 else parts[0]

    def _add_keyless(self, record: bytes) -> None:
        digest = hashlib.blake2b(record, digest_size=16).digest()
        if digest in self._keyless:
            self._repeated_keyless += 1
        self._keyless.add(digest)
