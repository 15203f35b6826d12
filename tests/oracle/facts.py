"""What happened in a month: the records of each kind that its figures look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from tests.oracle.fields import ICT
from tests.oracle.records import DONE, NEVER_RECEIVED, ONLINE, Dossier, Petition, ProcedureRow
from tests.oracle.units import Month, UnitsOfMonth
from tests.oracle.versions import Change, Records


class ProcedureState(NamedTuple):
    """What is known of a procedure row from a day on; a vanished row keeps its last attributes."""

    since: date
    row: ProcedureRow
    has_vanished: bool

    def is_active_on(self, day: date) -> bool:
        """Whether the procedure is offered on a day; a vanished row is abolished."""
        return not self.has_vanished and self.row.is_active_on(day)


class Facts:
    """What does not depend on the month: dossiers that count, payments by dossier."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.dossiers = [each for each in records.dossiers if each.state not in NEVER_RECEIVED]
        self.petitions = [each for each in records.petitions if not each.is_refused]
        self.paid_online_at: dict[str, datetime] = {}
        for payment in records.payments:
            if payment.paid_online_at is not None:
                earlier = self.paid_online_at.get(payment.dossier_id, payment.paid_online_at)
                self.paid_online_at[payment.dossier_id] = min(earlier, payment.paid_online_at)
        self._states = {key: _states(changes) for key, changes in records.procedures.items()}
        self._units_of_code: dict[str, list[str]] = defaultdict(list)
        for code, unit in records.procedures:
            self._units_of_code[code].append(unit)

    def in_month(self, month: Month) -> MonthFacts:
        """The facts as they stand at the end of a month."""
        return MonthFacts(self, month)

    def procedures_on(self, day: date) -> list[ProcedureState]:
        """Every procedure row as the snapshot of a day tells it."""
        return [_state_on(states, day) for states in self._states.values()]

    def procedure_on(self, day: date, dossier: Dossier) -> ProcedureRow:
        """The row of a dossier's code at its unit, else the one with the smallest unit code.

        Whether the row is valid, public or vanished does not matter for this look-up.
        """
        code, unit = dossier.procedure_code, dossier.unit_code
        if (code, unit) not in self._states:
            unit = min(self._units_of_code[code], key=lambda each: each.encode())
        return _state_on(self._states[code, unit], day).row


def _states(changes: Sequence[Change[ProcedureRow]]) -> list[ProcedureState]:
    """The states of a row in order; before the first snapshot the first one applies."""
    row = changes[0].row
    assert row is not None, "a row's history begins with its appearance"
    states = [ProcedureState(date.min, row, has_vanished=False)]
    for change in changes:
        since = change.fetched_at.astimezone(ICT).date()
        row = change.row or row
        states.append(ProcedureState(since, row, has_vanished=change.row is None))
    return states


def _state_on(states: Sequence[ProcedureState], day: date) -> ProcedureState:
    """The latest state known by a day: of several snapshots fetched on it the last one."""
    return next(state for state in reversed(states) if state.since <= day)


class MonthFacts:
    """One month's view of the facts. "By the end" is always: before the end of the month."""

    def __init__(self, facts: Facts, month: Month) -> None:
        self.month = month
        self.units = UnitsOfMonth(facts.records.units, month)
        self.dossiers = facts.dossiers
        self._facts = facts
        self._procedures: dict[tuple[str, str], ProcedureRow] = {}

    @cached_property
    def received(self) -> list[Dossier]:
        """Dossiers received in the month."""
        return [each for each in self.dossiers if self.month.contains(each.received_at)]

    @cached_property
    def resolved(self) -> list[Dossier]:
        """Dossiers resolved in the month."""
        return [each for each in self.resolved_in_year if self.month.contains(each.closed_at)]

    @cached_property
    def resolved_in_year(self) -> list[Dossier]:
        """Dossiers resolved from 1 January to the end of the month."""
        start, end = self.month.year_start, self.month.end
        return [
            each
            for each in self.dossiers
            if each.state in DONE and each.closed_at is not None and start <= each.closed_at < end
        ]

    @cached_property
    def answered(self) -> list[Petition]:
        """Petitions answered in the month."""
        return [each for each in self._facts.petitions if self.month.contains(each.answered_at)]

    @cached_property
    def left_unanswered(self) -> list[Petition]:
        """Petitions due in the month and unanswered at its end."""
        return [
            each
            for each in self._facts.petitions
            if self.month.contains(each.due_at)
            and (each.answered_at is None or each.answered_at >= self.month.end)
        ]

    @property
    def ratings(self) -> Iterable[tuple[str, str]]:
        """Unit code and rating of the ratings given in the month."""
        for rating in self._facts.records.ratings:
            if self.month.contains(rating.rated_at):
                yield rating.unit_code, rating.satisfaction

    def is_by_end(self, instant: datetime | None) -> bool:
        """Whether the instant lies before the end of the month."""
        return instant is not None and instant < self.month.end

    def is_paid_online(self, dossier: Dossier) -> bool:
        """Whether a payment of the dossier was made online by the end of the month."""
        return self.is_by_end(self._facts.paid_online_at.get(dossier.dossier_id))

    @cached_property
    def procedures(self) -> list[ProcedureState]:
        """Every procedure row as it is on the last day of the month."""
        return self._facts.procedures_on(self.month.last_day)

    def procedure(self, dossier: Dossier) -> ProcedureRow:
        """The dossier's procedure, with the attributes that it has at the end of the month."""
        key = dossier.procedure_code, dossier.unit_code
        if key not in self._procedures:
            self._procedures[key] = self._facts.procedure_on(self.month.last_day, dossier)
        return self._procedures[key]

    def field_code(self, dossier: Dossier) -> str | None:
        """The dossier's field, else its procedure's."""
        return dossier.field_code or self.procedure(dossier).field_code


def is_online(dossier: Dossier) -> bool:
    """Submitted online."""
    return dossier.channel == ONLINE


def is_on_time(dossier: Dossier) -> bool:
    """Closed on the ICT date on which it was due, or before; without a due date always."""
    if dossier.due_at is None:
        return True
    assert dossier.closed_at is not None
    return dossier.closed_at.date() <= dossier.due_at.date()


def is_answered_on_time(petition: Petition) -> bool:
    """Answered on the ICT date on which it was due, or before; without a due date always."""
    assert petition.answered_at is not None
    return petition.due_at is None or petition.answered_at.date() <= petition.due_at.date()
