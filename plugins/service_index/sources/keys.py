"""Counts distinct record keys, to hold them against the source's own total."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

_ADDED_AT_ONCE = 5_000
# So many numbers are kept in a set of Python's before they are packed: at once, since each packing
# goes through all that are packed already.
_RECENT = 50_000


class KeyCounter:
    """Counts the distinct keys among the records that pass by.

    A record whose key is missing (`""`, null, absent, in any of its parts) or that is no JSON
    object counts as one key. Whether two of them with the very same bytes are one record that
    the source repeated, or two, cannot be told: so the count has a lower and an upper bound.

    Holds 64 bits of a hash of every key, salted anew in each process: among a million keys two
    are taken for one once in 10⁷ times, and then the window is not whole until the next run.
    """

    def __init__(self, key: Sequence[str]) -> None:
        parts = [(name, Any, None) for name in key]
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("RecordKey", parts, gc=False))
        self._keys = _Numbers()
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
        """Count these records in, streamed, and say how many distinct keys they add."""
        before = self.distinct
        hashes: set[int] = set()
        for record in records:
            key = self._key(record)
            if key is None:
                self._add_keyless(bytes(record))
                continue
            hashes.add(hash(key))
            if len(hashes) >= _ADDED_AT_ONCE:
                self._keys.add(hashes)
                hashes = set()
        self._keys.add(hashes)
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


class _Numbers:
    """A set of 64-bit numbers, in 8 bytes each."""

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._sorted = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._recent) + len(self._sorted)

    def add(self, numbers: set[int]) -> None:
        """Add those that are not there yet."""
        others = np.fromiter(numbers - self._recent, np.int64)
        places = np.searchsorted(self._sorted, others)
        known = np.append(self._sorted, 0)[places] == others
        known[places == len(self._sorted)] = False
        self._recent.update(others[~known].tolist())
        if len(self._recent) >= _RECENT:
            recent = np.fromiter(self._recent, np.int64)
            self._sorted = np.sort(np.concatenate([self._sorted, recent]), kind="stable")
            self._recent.clear()
