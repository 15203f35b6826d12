"""When procedures had to be published and disclosed in 2025, and when they were."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.draws import Draws, Flags, Floats, Ints, certain
from simulator.plan import Deadlines, ProcedureFigures
from simulator.reference import Reference

_Days = NDArray[np.datetime64]

_LAST_DAY = np.datetime64("2025-09-15")
# What every agency has to publish in the first quarter at least.
_DUE_OF_EACH = 3
# Days from the deadline of publication to that of disclosure.
_DISCLOSURE_TERM = 10
# Deadlines of publication, from (inclusive) and to (exclusive). What falls due in the first span
# is to be disclosed by the end of March, in the second one from April on.
_TO_DISCLOSE_BY_MARCH = ("2025-01-06", "2025-03-22")
_TO_DISCLOSE_LATER = ("2025-03-22", "2025-04-01")
_SECOND_QUARTER = ("2025-05-20", "2025-07-01")
_THIRD_QUARTER = ("2025-07-01", "2025-09-05")


@dataclass(frozen=True)
class Publication:
    """A procedure's deadlines and dates as the contract writes them; "" for none."""

    publish_by: str
    published_on: str
    disclose_by: str
    disclosed_on: str


def publications(
    reference: Reference, figures: ProcedureFigures, draws: Draws
) -> Iterator[Publication]:
    """The publication of every procedure, the same at all its units.

    Each has one deadline of 2025 at most, its latest.
    """
    agency = np.unique([p.agency_code for p in reference.procedures], return_inverse=True)[1]
    diligence = (0.9 * draws.normal(int(agency.max()) + 1))[agency]
    none = np.zeros(len(agency), dtype=np.bool_)
    early = certain(_busiest_of_each(agency, reference))
    first = draws.exactly(figures.first_quarter.due, ~none, early)
    by_march = draws.exactly(figures.first_quarter_disclosures, first, early)
    second = draws.exactly(figures.second_quarter.due, ~first)
    third = draws.exactly(figures.third_quarter.due, ~first & ~second)

    publish_by = np.full(len(agency), np.datetime64("NaT"), dtype="datetime64[D]")
    for chosen, span in (
        (by_march, _TO_DISCLOSE_BY_MARCH),
        (first & ~by_march, _TO_DISCLOSE_LATER),
        (second, _SECOND_QUARTER),
        (third, _THIRD_QUARTER),
    ):
        publish_by[chosen] = _days_in(span, int(chosen.sum()), draws)
    in_time, disclosed_in_time = none.copy(), none.copy()
    for due, to_disclose, kept in (
        (first, by_march, figures.first_quarter),
        (second, second | (first & ~by_march), figures.second_quarter),
        (third, third, figures.third_quarter),
    ):
        published, disclosed = _kept(due, to_disclose, kept, diligence, draws)
        in_time |= published
        disclosed_in_time |= disclosed
    return _publications(publish_by, in_time, disclosed_in_time, draws)


def _busiest_of_each(agency: Ints, reference: Reference) -> Flags:
    """A few procedures of every agency: all of them have something to publish by March."""
    weights = np.array([procedure.march_weight for procedure in reference.procedures])
    order = np.lexsort((-weights, agency))
    ordered = agency[order]
    place = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    chosen = np.zeros(len(agency), dtype=np.bool_)
    chosen[order[place < _DUE_OF_EACH]] = True
    return chosen


def _kept(
    due: Flags, to_disclose: Flags, figures: Deadlines, diligence: Floats, draws: Draws
) -> tuple[Flags, Flags]:
    """Who keeps the deadlines of publication and of disclosure."""
    published = draws.exactly(figures.published_on_time, due, diligence)
    leaning = diligence + 1.5 * published
    return published, draws.exactly(figures.disclosed_on_time, to_disclose, leaning)


def _publications(
    publish_by: _Days, in_time: Flags, disclosed_in_time: Flags, draws: Draws
) -> Iterator[Publication]:
    count = len(publish_by)
    # Who publishes late and yet discloses in time is not late by much.
    late = np.where(disclosed_in_time, draws.integers(1, 8, count), draws.integers(4, 31, count))
    published_on = publish_by + np.where(in_time, -draws.integers(0, 6, count), late)
    disclose_by = publish_by + _DISCLOSURE_TERM
    left = (disclose_by - published_on).astype(np.int64).clip(0, _DISCLOSURE_TERM)
    soon = published_on + (left * draws.uniform(count)).astype(np.int64)
    belated = np.maximum(published_on, disclose_by) + draws.integers(1, 21, count)
    disclosed_on = np.where(disclosed_in_time, soon, belated)
    columns = (publish_by, published_on, disclose_by, disclosed_on)
    for dates in zip(*(map(_text, column) for column in columns), strict=True):
        yield Publication(*dates)


def _days_in(span: tuple[str, str], count: int, draws: Draws) -> _Days:
    first, end = np.datetime64(span[0]), np.datetime64(span[1])
    steps: Ints = draws.integers(0, int((end - first).astype(np.int64)), count)
    return first + steps


def _text(day: np.datetime64) -> str:
    """yyyyMMdd; "" for no day and for one that has not come yet."""
    return str(day).replace("-", "") if day <= _LAST_DAY else ""
