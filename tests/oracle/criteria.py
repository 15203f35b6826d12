"""Numerator and denominator of each criterion (domain, "The 21 criteria").

A criterion is a function from a month's facts to the tally of each unit. Most of them are shares
of records (`share`), counted for the record's unit of the month and for the province above it.
Two are shares of the distinct codes among those dossiers (`share_of_codes`). Those about
procedures (`share_of_procedures`) count rows for a unit, and distinct codes for the province.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

from tests.oracle.facts import MonthFacts, is_answered_on_time, is_on_time, is_online
from tests.oracle.policy import CERTIFIED_COPIES
from tests.oracle.records import Dossier, ProcedureRow
from tests.oracle.units import UnitsOfMonth


class Tally(NamedTuple):
    """How many of how many."""

    numerator: int
    denominator: int


Tallies = dict[str, Tally]
Outcome = tuple[str, bool]  # unit code as recorded, and whether the condition is met
ONLINE_LEVELS = ("3", "4")


def share(units: UnitsOfMonth, outcomes: Iterable[Outcome]) -> Tallies:
    """How many of the records meet the condition, for each unit of the month and province."""
    met: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    for (unit_code, is_met), records in Counter(outcomes).items():
        for code in units.place(unit_code).codes:
            counted[code] += records
            met[code] += records if is_met else 0
    return {code: Tally(met[code], counted[code]) for code in counted}


def share_of_codes(facts: MonthFacts, outcomes: Iterable[tuple[Dossier, bool]]) -> Tallies:
    """Of how many distinct procedure codes of the dossiers does at least one meet the condition."""
    met: dict[str, set[str]] = defaultdict(set)
    counted: dict[str, set[str]] = defaultdict(set)
    for dossier, is_met in outcomes:
        for code in facts.units.place(dossier.unit_code).codes:
            counted[code].add(dossier.procedure_code)
            if is_met:
                met[code].add(dossier.procedure_code)
    return {code: Tally(len(met[code]), len(codes)) for code, codes in counted.items()}


def share_of_procedures(
    units: UnitsOfMonth, outcomes: Iterable[tuple[ProcedureRow, bool]]
) -> Tallies:
    """Rows for a unit; for the province distinct codes, met if every row that counts meets it."""
    rows: dict[str, list[bool]] = defaultdict(list)
    codes: dict[str, dict[str, bool]] = defaultdict(dict)
    for row, is_met in outcomes:
        place = units.place(row.unit_code)
        if place.unit is not None:
            rows[place.unit].append(is_met)
        if place.province_unit is not None:
            of_province = codes[place.province_unit]
            of_province[row.procedure_code] = is_met and of_province.get(row.procedure_code, True)
    of_units = {code: Tally(sum(met), len(met)) for code, met in rows.items()}
    of_provinces = {code: Tally(sum(met.values()), len(met)) for code, met in codes.items()}
    return of_units | of_provinces  # codes also where rows are the province's own


def of_dossiers(
    dossiers: Iterable[Dossier], is_met: Callable[[Dossier], bool]
) -> Iterable[Outcome]:
    """The outcome of each dossier."""
    return ((dossier.unit_code, is_met(dossier)) for dossier in dossiers)


def _synchronised(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(facts.received, lambda each: facts.is_by_end(each.synced_to_portal_at))


def _resolved_on_time(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(facts.resolved, is_on_time)


def _of_online_services(facts: MonthFacts) -> Iterable[Dossier]:
    return (each for each in facts.received if facts.procedure(each).online_level in ONLINE_LEVELS)


def _submitted_online(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(_of_online_services(facts), is_online)


def _services_in_use(facts: MonthFacts) -> Tallies:
    return share_of_codes(facts, ((each, is_online(each)) for each in _of_online_services(facts)))


def _with_fee(facts: MonthFacts) -> Iterable[Dossier]:
    return (each for each in facts.received if each.has_fee)


def _paid_online(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(_with_fee(facts), facts.is_paid_online)


def _procedures_paid_online(facts: MonthFacts) -> Tallies:
    return share_of_codes(facts, ((each, facts.is_paid_online(each)) for each in _with_fee(facts)))


def _electronic_result(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(facts.resolved, lambda each: each.has_electronic_result)


def _certified_copies(facts: MonthFacts) -> Iterable[Outcome]:
    copies = (each for each in facts.resolved if each.procedure_code in CERTIFIED_COPIES)
    return of_dossiers(copies, lambda each: each.has_electronic_result)


def _in_vault(facts: MonthFacts) -> Iterable[Outcome]:
    digitised = (each for each in facts.resolved if each.is_digitised)
    return of_dossiers(digitised, lambda each: facts.is_by_end(each.synced_to_vault_at))


def _digitised(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(facts.received, lambda each: each.is_digitised)


def _reused(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(facts.received, lambda each: each.is_reused)


def _population_data(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(facts.received, lambda each: each.uses_population_data)


def _answered_on_time(facts: MonthFacts) -> Iterable[Outcome]:
    for petition in facts.answered:
        yield petition.unit_code, is_answered_on_time(petition)
    for petition in facts.left_unanswered:
        yield petition.unit_code, False


def _satisfied_with_answer(facts: MonthFacts) -> Iterable[Outcome]:
    for petition in facts.answered:
        if petition.satisfaction is not None:
            yield petition.unit_code, petition.satisfaction in ("RHL", "HL")


def _satisfied_with_service(facts: MonthFacts) -> Iterable[Outcome]:
    for unit_code, satisfaction in facts.ratings:
        yield unit_code, satisfaction in ("RHL", "HL")


def _in_time(
    facts: MonthFacts, deadline: Callable[[ProcedureRow], tuple[date | None, date | None]]
) -> Tallies:
    """Deadlines from 1 January to the last day of the month, and how many were kept.

    Of all rows, abolished and vanished ones too; without the date of the deed it was not done.
    """
    outcomes = []
    for state in facts.procedures:
        due_on, done_on = deadline(state.row)
        if due_on and facts.month.year_start.date() <= due_on <= facts.month.last_day:
            outcomes.append((state.row, done_on is not None and done_on <= due_on))
    return share_of_procedures(facts.units, outcomes)


def _of_active(
    facts: MonthFacts,
    is_met: Callable[[ProcedureRow], bool],
    is_counted: Callable[[ProcedureRow], bool] = lambda row: True,
) -> Tallies:
    """How many of the procedures that are active on the last day of the month meet a condition."""
    active = (state.row for state in facts.procedures if state.is_active_on(facts.month.last_day))
    outcomes = ((row, is_met(row)) for row in active if is_counted(row))
    return share_of_procedures(facts.units, outcomes)


def _as_share(outcomes: Callable[[MonthFacts], Iterable[Outcome]]) -> Callable[..., Tallies]:
    return lambda facts: share(facts.units, outcomes(facts))


COMPUTED: dict[str, Callable[[MonthFacts], Tallies]] = {
    "01": lambda facts: _in_time(facts, lambda row: (row.publish_by, row.published_on)),
    "02": lambda facts: _in_time(facts, lambda row: (row.disclose_by, row.disclosed_on)),
    "03": lambda facts: _of_active(facts, lambda row: row.is_disclosed_in_full),
    "04": _as_share(_synchronised),
    "05": _as_share(_resolved_on_time),
    "06": lambda facts: _of_active(facts, lambda row: row.online_level in ONLINE_LEVELS),
    "07": _services_in_use,
    "08": _as_share(_submitted_online),
    "09": _procedures_paid_online,
    "10": lambda facts: _of_active(
        facts, lambda row: row.is_payment_integrated, is_counted=lambda row: row.has_fee
    ),
    "11": _as_share(_paid_online),
    "12": _as_share(_electronic_result),
    "13": _as_share(_digitised),
    "14": _as_share(_reused),
    "15": _as_share(_certified_copies),
    "16": _as_share(_in_vault),
    "17": lambda facts: _of_active(facts, lambda row: row.shares_population_data),
    "18": _as_share(_population_data),
    "19": _as_share(_answered_on_time),
    "20": _as_share(_satisfied_with_answer),
    "21": _as_share(_satisfied_with_service),
}
