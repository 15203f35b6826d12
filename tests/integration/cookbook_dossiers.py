"""The dossiers of a warehouse as plain rows, to count the cookbook's answers again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg
from psycopg.rows import class_row

from service_index.settings import ICT


@dataclass(frozen=True)
class Dossier:
    """What the questions ask of a dossier."""

    unit_code: str
    field_code: str | None
    channel: str
    resolved_month: date | None
    received_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    is_on_time: bool | None
    has_fee: bool
    paid_online_at: datetime | None
    has_electronic_result: bool
    is_returned_online_or_by_post: bool
    has_in_person_step: bool | None

    def causes(self, month: date) -> set[str]:
        """Why it is not end to end online at the end of a month."""
        is_paid = self.paid_online_at is not None and self.paid_online_at < _end(month)
        failing = {
            "not_submitted_online": self.channel != "online",
            "not_paid_online": self.has_fee and not is_paid,
            "no_electronic_result": not self.has_electronic_result,
            "not_returned_online": not self.is_returned_online_or_by_post,
            "in_person_step": self.has_in_person_step is not False,
        }
        return {cause for cause, fails in failing.items() if fails}

    def is_online_by(self, month: date) -> bool:
        """Whether it is end to end online at the end of a month."""
        return not self.causes(month)


@dataclass(frozen=True)
class _Unit:
    unit_code: str
    valid_from: date
    valid_to: date | None
    parent_unit_code: str | None
    successor_unit_code: str | None


class Dossiers:
    """All dossiers, and the units that they count for."""

    def __init__(self, connection: psycopg.Connection) -> None:
        columns = ", ".join(Dossier.__dataclass_fields__)
        with connection.cursor(row_factory=class_row(Dossier)) as cursor:
            self.all = cursor.execute(f"select {columns} from marts.fct_dossier").fetchall()
        self._units: defaultdict[str, list[_Unit]] = defaultdict(list)
        columns = ", ".join(_Unit.__dataclass_fields__)
        with connection.cursor(row_factory=class_row(_Unit)) as cursor:
            cursor.execute(f"select {columns} from marts.dim_unit order by valid_from")
            for unit in cursor:
                self._units[unit.unit_code].append(unit)

    def resolved(self, month: date) -> list[Dossier]:
        """Those that were resolved in a month."""
        return [dossier for dossier in self.all if dossier.resolved_month == month]

    def resolved_by_unit(self, month: date) -> dict[str, list[Dossier]]:
        """The same by the unit that they count for, and by every unit above it."""
        return self._by_unit(self.resolved(month), month, with_parents=True)

    def open_by_unit(self, month: date, instant: datetime) -> dict[str, list[Dossier]]:
        """Those that were open at an instant of a month, by the unit that they count for."""
        still_open = [
            dossier
            for dossier in self.all
            if dossier.received_at < instant
            and (dossier.closed_at is None or dossier.closed_at >= instant)
        ]
        return self._by_unit(still_open, month, with_parents=False)

    def _by_unit(
        self, dossiers: list[Dossier], month: date, *, with_parents: bool
    ) -> dict[str, list[Dossier]]:
        found: defaultdict[str, list[Dossier]] = defaultdict(list)
        for dossier in dossiers:
            unit: _Unit | None = self._counting(dossier.unit_code, month)
            while unit is not None:
                found[unit.unit_code].append(dossier)
                above = unit.parent_unit_code if with_parents else None
                unit = self._counting(above, month) if above else None
        return found

    def _counting(self, code: str, month: date) -> _Unit:
        """The unit with that code in the month, or the one that came after it."""
        last_day = _end(month).date() - timedelta(days=1)
        for unit in self._units[code]:
            if unit.valid_from <= last_day and (unit.valid_to is None or unit.valid_to >= month):
                return unit
        successor = self._units[code][-1].successor_unit_code
        assert successor is not None, f"nobody counts the dossiers of {code}"
        return self._counting(successor, month)


def _end(month: date) -> datetime:
    first = (month + timedelta(days=31)).replace(day=1)
    return datetime(first.year, first.month, first.day, tzinfo=ICT)
