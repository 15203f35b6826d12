"""Numerator and denominator of each criterion (domain, "The 21 criteria").

A criterion is a function from a month's facts to the tally of each unit. Most of them are shares
of records (`share`), counted for the record's unit of the month and for the province above it.
A criterion that counts something else (distinct codes, procedure rows) is another function of
the same shape in `COMPUTED`. Criteria that are not in `COMPUTED` are `not_applicable`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.oracle.facts import MonthFacts, is_answered_on_time, is_on_time, is_online
from tests.oracle.records import Dossier
from tests.oracle.units import UnitsOfMonth


class Tally(NamedTuple):
    """How many of how many."""

    numerator: int
    denominator: int


Tallies = dict[str, Tally]
Outcome = tuple[str, bool]  # unit code as recorded, and whether the condition is met


def share(units: UnitsOfMonth, outcomes: Iterable[Outcome]) -> Tallies:
    """How many of the records meet the condition, for each unit of the month and province."""
    met: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    for (unit_code, is_met), records in Counter(outcomes).items():
        for code in units.place(unit_code).codes:
            counted[code] += records
            met[code] += records if is_met else 0
    return {code: Tally(met[code], counted[code]) for code in counted}


def of_dossiers(
    dossiers: Iterable[Dossier], is_met: Callable[[Dossier], bool]
) -> Iterable[Outcome]:
    """The outcome of each dossier."""
    return ((dossier.unit_code, is_met(dossier)) for dossier in dossiers)


def _synchronised(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(facts.received, lambda each: facts.is_by_end(each.synced_to_portal_at))


def _resolved_on_time(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(facts.resolved, is_on_time)


def _submitted_online(facts: MonthFacts) -> Iterable[Outcome]:
    online_services = (
        each for each in facts.received if facts.procedure(each).online_level in ("3", "4")
    )
    return of_dossiers(online_services, is_online)


def _paid_online(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers((each for each in facts.received if each.has_fee), facts.is_paid_online)


def _electronic_result(facts: MonthFacts) -> Iterable[Outcome]:
    return of_dossiers(facts.resolved, lambda each: each.has_electronic_result)


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


def _as_share(outcomes: Callable[[MonthFacts], Iterable[Outcome]]) -> Callable[..., Tallies]:
    return lambda facts: share(facts.units, outcomes(facts))


COMPUTED: dict[str, Callable[[MonthFacts], Tallies]] = {
    "04": _as_share(_synchronised),
    "05": _as_share(_resolved_on_time),
    "08": _as_share(_submitted_online),
    "11": _as_share(_paid_online),
    "12": _as_share(_electronic_result),
    "13": _as_share(_digitised),
    "14": _as_share(_reused),
    "18": _as_share(_population_data),
    "19": _as_share(_answered_on_time),
    "20": _as_share(_satisfied_with_answer),
    "21": _as_share(_satisfied_with_service),
}
