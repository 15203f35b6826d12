"""What happened in a month: the records of each kind that its figures look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from tests.oracle.records import DONE, NEVER_RECEIVED, ONLINE, Dossier, Petition, ProcedureRow
from tests.oracle.units import Month, UnitsOfMonth
from tests.oracle.versions import Change, Records


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
        self._rows_of_code: dict[str, list[str]] = defaultdict(list)
        for code, unit in records.procedures:
            self._rows_of_code[code].append(unit)

    def in_month(self, month: Month) -> MonthFacts:
        """The facts as they stand at the end of a month."""
        return MonthFacts(self, month)

    def procedure_changes(self, code: str, unit: str) -> list[Change[ProcedureRow]]:
        """The row of a code at a unit, else the row of that code with the smallest unit code."""
        own = self.records.procedures.get((code, unit))
        if own is not None:
            return own
        smallest = min(self._rows_of_code[code], key=lambda each: each.encode())
        return self.records.procedures[code, smallest]


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

    def procedure(self, dossier: Dossier) -> ProcedureRow:
        """The dossier's procedure, with the attributes that it has at the end of the month."""
        key = dossier.procedure_code, dossier.unit_code
        if key not in self._procedures:
            self._procedures[key] = self._at_end(self._facts.procedure_changes(*key))
        return self._procedures[key]

    def field_code(self, dossier: Dossier) -> str | None:
        """The dossier's field, else its procedure's."""
        return dossier.field_code or self.procedure(dossier).field_code

    def _at_end(self, changes: list[Change[ProcedureRow]]) -> ProcedureRow:
        """The last attributes fetched by the end of the month, else the first known ones.

        A vanished row is abolished, which does not matter for this look-up.
        """
        rows = [change.row for change in changes if self.is_by_end(change.fetched_at)]
        present = [row for row in rows if row is not None]
        if present:
            return present[-1]
        first = changes[0].row
        assert first is not None, "a row's history begins with its appearance"
        return first


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
