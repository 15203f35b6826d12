"""Known vulnerabilities that are lived with for a while: `accepted.toml`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("accepted.toml")
LONGEST = timedelta(days=184)


class Accepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One vulnerability of one package, why it does no harm here, and until when that counts."""

    package: str
    id: str
    reason: str
    until: date

    @property
    def name(self) -> str:
        return f"{self.package} {self.id}"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    accepted: list[Accepted] = []


def read(path: Path = FILE) -> list[Accepted]:
    """The entries; raises ValueError, one line, for a file that is not as it should be."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_File).accepted
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: {error}") from None


def faults(entries: Collection[Accepted], matched: Collection[Accepted], today: date) -> list[str]:
    """What is wrong with the entries, a line each.

    `matched` are those that a vulnerability was found for, or could not be looked for.
    """
    told = []
    for entry in entries:
        if not entry.reason.strip():
            told.append(f"{entry.name} is accepted without a reason")
        if entry.until < today:
            told.append(
                f"{entry.name} was accepted until {entry.until}: renew the package, or decide anew"
            )
        if entry.until > today + LONGEST:
            told.append(f"{entry.name} is accepted until {entry.until}: half a year is the most")
        if entry not in matched:
            told.append(f"{entry.name} is accepted, and no locked package has it: take it out")
    return told
