"""The computed rows of the statistical form of a period (warehouse contract, "Form rows").

Readings, where the contract leaves room:

- The period ends at the data cut-off, if that is earlier. Levels, fees and what is active are those
  of its last day.
- As in a year-to-date figure, every record of the period counts for its province of the last month:
  the form of 2025 holds what Thái Bình did before it merged. Its side is the type of the unit for
  which it counts in the month in which it was resolved: a district's dossiers are not lost with the
  district. What counts for the province alone is on neither side.
- A code's rows are the active ones of the province: a code without any is no procedure of the
  form, and no online one. A dossier's level is that of its own row (the look-up of 07 and 08).
- A code has a fee, or is integrated for payment, if any row of it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from tests.oracle.criteria import ONLINE_LEVELS
from tests.oracle.facts import Facts, MonthFacts, is_on_time, is_online
from tests.oracle.records import Dossier, ProcedureRow
from tests.oracle.units import Month
from tests.oracle.versions import Delivery, read

SIDES = {
    "3.1": frozenset({"department", "vertical_agency"}),
    "3.2": frozenset({"commune", "district"}),
}
# Each rate with what it is of and its part, the two rows under it.
RATES = {
    "3.1": ("3.1.1", "3.1.2"),
    "3.2": ("3.2.1", "3.2.2"),
    "3.3": ("3.3.1", "3.3.2"),
    "DVC.3.2": ("DVC.3.2.1", "DVC.3.2.2"),
    "DVC.3.3": ("DVC.3.3.1", "DVC.3.3.2"),
    "DVC.3.4": ("DVC.3.4.1", "DVC.3.4.2"),
    "DVC.3.5": ("DVC.3.5.1", "DVC.3.5.2"),
}
PERIOD = re.compile(r"(?P<year>\d{4})(?:(?P<part>[QH])(?P<number>[1-4]))?")


@dataclass(frozen=True)
class FormRow:
    """A computed row of `mart_statistical_form`; a rate is None where there is nothing."""

    period: str
    province_code: str
    row_code: str
    value: int | Fraction | None


def calculate_form(
    deliveries: Iterable[Delivery], periods: Iterable[str], provinces: Sequence[str], end: datetime
) -> list[FormRow]:
    """The forms of some provinces and periods; `end` is the data cut-off."""
    facts = Facts(read(deliveries))
    return [
        row
        for period in periods
        for province in provinces
        for row in form_rows(facts, period, province, end)
    ]


def form_rows(facts: Facts, period: str, province_code: str, cutoff: datetime) -> list[FormRow]:
    """The computed rows of one form."""
    months = [facts.in_month(month) for month in begun_months(period, cutoff)]
    counts = _Form(facts, months, province_code).counts()
    values: dict[str, int | Fraction | None] = dict(counts)
    for row_code, (whole, part) in RATES.items():
        of = counts[whole]
        values[row_code] = Fraction(100 * counts[part], of) if of else None
    return [FormRow(period, province_code, row_code, value) for row_code, value in values.items()]


def begun_months(period: str, cutoff: datetime) -> list[Month]:
    """The months of '2025Q3', '2025H1' or '2025' that begin before the cut-off."""
    named = PERIOD.fullmatch(period)
    if named is None:
        raise ValueError(f"{period} is no period")
    length = {"Q": 3, "H": 6, None: 12}[named["part"]]
    last = length * int(named["number"] or 1)
    if last > 12:
        raise ValueError(f"{period} is no period")
    firsts = [date(int(named["year"]), month, 1) for month in range(last - length + 1, last + 1)]
    months = [Month.of(first, cutoff) for first in firsts]
    begun = [month for month in months if month.start < month.end]
    if not begun:
        raise ValueError(f"{period} begins after the data end")
    return begun


class _Form:
    """What a province's form counts, over the months of a period."""

    def __init__(self, facts: Facts, months: Sequence[MonthFacts], province_code: str) -> None:
        self._facts = facts
        self._months = months
        self._province_code = province_code
        self._last = months[-1]
        self._last_day = self._last.month.last_day
        self._codes = self._active_rows_by_code()

    def counts(self) -> dict[str, int]:
        """Every row that is a count."""
        return self._procedures() | self._dossiers() | self._petitions() | self._services()

    def _holds(self, unit_code: str) -> bool:
        """Whether what is recorded for a unit counts for the province, in the last month."""
        units = self._last.units
        above = units.place(unit_code).province_unit
        return above is not None and units.valid[above].province_code == self._province_code

    def _active_rows_by_code(self) -> dict[str, list[ProcedureRow]]:
        rows: dict[str, list[ProcedureRow]] = defaultdict(list)
        for state in self._last.procedures:
            if state.is_active_on(self._last_day) and self._holds(state.row.unit_code):
                rows[state.row.procedure_code].append(state.row)
        return rows

    def _codes_with(self, is_met: Callable[[ProcedureRow], bool]) -> set[str]:
        """The codes of which a row meets the condition."""
        return {code for code, rows in self._codes.items() if any(map(is_met, rows))}

    def _codes_at(self, *levels: str) -> set[str]:
        """The codes at a level: the highest of their rows."""
        return {
            code
            for code, rows in self._codes.items()
            if max(row.online_level for row in rows) in levels
        }

    def _procedures(self) -> dict[str, int]:
        fee = self._codes_with(lambda row: row.has_fee)
        integrated = self._codes_with(lambda row: row.is_payment_integrated)
        return {
            "1.4": len(self._codes),
            "1.4.1": len(self._codes_with(lambda row: row.administrative_level == "tinh")),
            "1.4.2": len(self._codes_with(lambda row: row.administrative_level == "xa")),
            "DVC.3.1.2": len(self._codes_at("4")),
            "DVC.3.5.1": len(fee),
            "DVC.3.5.2": len(fee & integrated),
        }

    def _dossiers(self) -> dict[str, int]:
        counts = dict.fromkeys((f"{side}.{row}" for side in SIDES for row in (1, 2)), 0)
        for month in self._months:
            for dossier in month.resolved:
                unit = month.units.place(dossier.unit_code).unit
                if unit is None or not self._holds(dossier.unit_code):
                    continue
                for side, unit_types in SIDES.items():
                    if month.units.valid[unit].unit_type in unit_types:
                        counts[f"{side}.1"] += 1
                        counts[f"{side}.2"] += is_on_time(dossier)
        return counts

    def _petitions(self) -> dict[str, int]:
        received = [
            petition
            for month in self._months
            for petition in self._facts.petitions
            if petition.is_about_regulations and month.month.contains(petition.received_at)
            if self._holds(petition.unit_code)
        ]
        answered = sum(self._last.is_by_end(petition.answered_at) for petition in received)
        return {"3.3.1": len(received), "3.3.2": answered}

    def _received(self) -> Iterator[Dossier]:
        for month in self._months:
            yield from (each for each in month.received if self._holds(each.unit_code))

    def _services(self) -> dict[str, int]:
        received = list(self._received())
        online = [dossier for dossier in received if is_online(dossier)]
        services = self._codes_at(*ONLINE_LEVELS)
        counts = {}
        for row, dossiers in ((1, received), (2, online)):
            counts[f"DVC.3.2.{row}"] = len(services & {each.procedure_code for each in dossiers})
            levels = [self._last.procedure(each).online_level for each in dossiers]
            counts[f"DVC.3.3.{row}"] = levels.count("4")
            counts[f"DVC.3.4.{row}"] = levels.count("3")
        return counts
