"""Which unit a code counts for in a month (domain, "Place")."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from tests.oracle.fields import ICT
from tests.oracle.records import UnitVersion


class Month(NamedTuple):
    """A calendar month in ICT, up to its end: the next month's first instant or the cut-off."""

    first_day: date
    start: datetime
    end: datetime

    @property
    def last_day(self) -> date:
        """The last ICT day of the month that begins before its end."""
        return max(self.first_day, (self.end - timedelta(microseconds=1)).date())

    @property
    def year_start(self) -> datetime:
        """The first instant of the year, where every year-to-date figure begins."""
        return self.start.replace(month=1)

    def contains(self, instant: datetime | None) -> bool:
        """Whether the instant lies in the month, before its end."""
        return instant is not None and self.start <= instant < self.end

    @classmethod
    def of(cls, first_day: date, cutoff: datetime) -> Month:
        """The month that begins on a day, its end held back by the data cut-off."""
        start = datetime(first_day.year, first_day.month, 1, tzinfo=ICT)
        following = (start + timedelta(days=31)).replace(day=1)
        return cls(first_day, start, max(start, min(following, cutoff.astimezone(ICT))))


class Place(NamedTuple):
    """Where a record counts: its unit of the month, and the province above; None is nowhere."""

    unit: str | None
    province_unit: str | None

    @property
    def codes(self) -> tuple[str, ...]:
        """The units whose scores hold the record, each once."""
        return tuple(dict.fromkeys(code for code in self if code is not None))


class UnitsOfMonth:
    """The units that exist in a month, and the unit of the month of every known code."""

    def __init__(self, versions: Iterable[UnitVersion], month: Month) -> None:
        by_code: dict[str, list[UnitVersion]] = defaultdict(list)
        for version in sorted(versions, key=lambda version: version.valid_from):
            by_code[version.code].append(version)
        self._latest = {code: of_code[-1] for code, of_code in by_code.items()}
        self.valid: dict[str, UnitVersion] = {}
        for code, of_code in by_code.items():
            for version in of_code:  # ascending: of two in a month the later one stays
                if _is_valid_in(version, month):
                    self.valid[code] = version
        self._province_codes: dict[str, set[str]] = defaultdict(set)
        for of_code in by_code.values():
            for version in of_code:
                if version.unit_type == "province":
                    self._province_codes[version.province_code].add(version.code)
        self._places: dict[str, Place] = {}

    def place(self, code: str) -> Place:
        """Where the records of a code count in this month."""
        if code not in self._places:
            self._places[code] = self._find_place(code)
        return self._places[code]

    def ancestors(self, place: Place) -> tuple[str, ...]:
        """The units that a record is under: its own, those above it, at last the province."""
        found: list[str] = []
        code = place.unit
        while code is not None and code in self.valid and code not in found:
            found.append(code)
            code = self.valid[code].parent
        if place.province_unit is not None and place.province_unit not in found:
            found.append(place.province_unit)
        return tuple(found)

    def _find_place(self, code: str) -> Place:
        unit = self._first_valid(code)
        if unit is not None:
            return Place(unit, self._province_unit(self.valid[unit].province_code))
        if code in self._latest:
            return Place(None, self._province_unit(self._latest[code].province_code))
        return Place(None, None)

    def _province_unit(self, province_code: str) -> str | None:
        """The province itself in this month: the one of that code, else what it merged into."""
        of_province = sorted(self._province_codes[province_code])
        for code in of_province:
            if code in self.valid and self.valid[code].province_code == province_code:
                return code
        for code in of_province:
            successor = self._first_valid(code)
            if successor is not None and self.valid[successor].unit_type == "province":
                return successor
        return None

    def _first_valid(self, code: str) -> str | None:
        return next((each for each in self._chain(code) if each in self.valid), None)

    def _chain(self, code: str) -> Iterator[str]:
        """The code and its successors, breadth first, each once (chains may be circles)."""
        seen = {code}
        queue = deque([code])
        while queue:
            current = queue.popleft()
            yield current
            latest = self._latest.get(current)
            for successor in latest.successors if latest else ():
                if successor not in seen:
                    seen.add(successor)
                    queue.append(successor)


def _is_valid_in(version: UnitVersion, month: Month) -> bool:
    begins_in_time = version.valid_from <= month.last_day
    return begins_in_time and (version.valid_to is None or version.valid_to >= month.first_day)
