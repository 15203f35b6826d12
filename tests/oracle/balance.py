"""The dossier balance: carried over + received = resolved + withdrawn + stopped + open."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from tests.oracle.facts import MonthFacts
from tests.oracle.records import STOPPED, WITHDRAWN, Dossier
from tests.oracle.units import Month

RECEIVED_LINES = {"1": "received_in_person", "2": "received_online", "3": "received_by_post"}


@dataclass(frozen=True)
class Balance:
    """A row of `mart_dossier_balance`."""

    period_month: date
    unit_code: str
    carried_over: int = 0
    received_online: int = 0
    received_in_person: int = 0
    received_by_post: int = 0
    resolved_early: int = 0
    resolved_on_the_day: int = 0
    resolved_late: int = 0
    withdrawn: int = 0
    stopped: int = 0
    open_on_time: int = 0
    open_overdue: int = 0

    def closes(self) -> bool:
        """Whether what came in is what went out plus what is left."""
        received = self.received_online + self.received_in_person + self.received_by_post
        resolved = self.resolved_early + self.resolved_on_the_day + self.resolved_late
        still_open = self.open_on_time + self.open_overdue
        left = resolved + self.withdrawn + self.stopped + still_open
        return self.carried_over + received == left


def balances(facts: MonthFacts) -> list[Balance]:
    """A row for every unit that exists in the month, zeros where it had nothing."""
    counted: Counter[tuple[str, str]] = Counter()
    for dossier in facts.dossiers:
        for line in _lines(dossier, facts.month):
            counted[dossier.unit_code, line] += 1
    lines: dict[str, Counter[str]] = {code: Counter() for code in facts.units.valid}
    for (unit_code, line), dossiers in counted.items():
        for code in facts.units.place(unit_code).codes:
            lines[code][line] += dossiers
    return [Balance(facts.month.first_day, code, **of_unit) for code, of_unit in lines.items()]


def _lines(dossier: Dossier, month: Month) -> list[str]:
    """The one or two lines that hold the dossier: how it came in, how it stands at the end."""
    received_at, closed_at = dossier.received_at, dossier.closed_at
    assert received_at is not None
    assert dossier.channel is not None
    if received_at >= month.end or (closed_at is not None and closed_at < month.start):
        return []
    came_in = "carried_over" if received_at < month.start else RECEIVED_LINES[dossier.channel]
    if closed_at is not None and closed_at < month.end:
        return [came_in, _closed_line(dossier)]
    is_overdue = dossier.due_at is not None and dossier.due_at < month.end
    return [came_in, "open_overdue" if is_overdue else "open_on_time"]


def _closed_line(dossier: Dossier) -> str:
    if dossier.state == WITHDRAWN:
        return "withdrawn"
    if dossier.state == STOPPED:
        return "stopped"
    assert dossier.closed_at is not None
    if dossier.due_at is None or dossier.closed_at.date() < dossier.due_at.date():
        return "resolved_early"
    if dossier.closed_at.date() == dossier.due_at.date():
        return "resolved_on_the_day"
    return "resolved_late"
