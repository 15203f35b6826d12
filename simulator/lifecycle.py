"""What becomes of each dossier: closed how and when, due when, still open where.

Outcomes are drawn so that the plan's counts hold exactly: the processing times of a period share
one factor, fitted so that exactly the planned number of dossiers is still open at its end.
"""

from dataclasses import dataclass

import numpy as np

from simulator.draws import Draws, Flags, Floats, Ints
from simulator.plan import VERTICAL, Plan
from simulator.population import (
    MARCH,
    MARCH_END,
    MARCH_START,
    NOW,
    QUARTER_START,
    SIDES,
    Population,
)
from simulator.rhythm import (
    CLOSING_TIME,
    DAY,
    HOUR,
    WORKDAY,
    from_working_time,
    instant,
    workday_start,
    working_time,
)

RECEIVED, IN_PROCESS, SUPPLEMENT_REQUESTED, FEE_REQUESTED = 2, 4, 5, 6
WITHDRAWN, STOPPED, DONE, RETURNED = 7, 8, 9, 10

_SHORTEST_SECONDS = 300.0


@dataclass
class Lifecycle:
    """The course of every dossier; instants of the ICT wall clock, 0: none.

    `due_before` is the due date before an extension. `state` is `DONE` for all resolved ones.
    """

    state: Ints
    closed: Ints
    due: Ints
    due_before: Ints

    @property
    def is_resolved(self) -> Flags:
        """Done, whether returned or not."""
        return self.state >= DONE


class LifecycleBuilder:
    """Draws the life cycles of a population."""

    def __init__(
        self,
        plan: Plan,
        population: Population,
        limit_days: Ints,
        is_certified_copy: Flags,
        timeliness: Floats,
        draws: Draws,
    ) -> None:
        """`limit_days` of each dossier's procedure; `timeliness` of its unit, as log-odds."""
        self._plan = plan
        self._is_certified_copy = is_certified_copy
        self._population = population
        self._limit = limit_days
        self._timeliness = timeliness
        self._draws = draws
        count = len(population)
        self._duration = self._draw_durations()
        self._first_day = working_time(population.received) // WORKDAY
        self._closed_work = np.zeros(count, dtype=np.int64)
        self._is_late = np.zeros(count, dtype=np.bool_)
        self._is_overdue = np.zeros(count, dtype=np.bool_)
        self._state = np.full(count, IN_PROCESS, dtype=np.int64)

    def build(self) -> Lifecycle:
        """The life cycles, month by month."""
        tail = self._settle_march()
        carried = self._settle_march_tail(tail)
        later = self._population.cohort > MARCH
        for side in self._plan.quarter.sides:
            own_side = self._population.side == SIDES.index(side)
            self._settle_quarter(side, own_side & (later | carried))
        lifecycle = self._dated()
        self._name_open_states(lifecycle)
        self._drop_some_due_dates(lifecycle)
        return lifecycle

    def _draw_durations(self) -> Floats:
        """Seconds of office time that a dossier would take: a log-normal with a heavy tail."""
        count = len(self._population)
        median_hours = np.where(self._limit <= 1, 0.9, 2.2 * self._limit)
        spread = np.exp(0.75 * self._draws.normal(count) - 0.3 * self._timeliness)
        tail = np.where(self._draws.uniform(count) < 0.012, 6.0, 1.0)
        seconds: Floats = HOUR * median_hours * spread * tail
        return np.maximum(seconds, _SHORTEST_SECONDS)

    # -- the periods

    def _settle_march(self) -> Flags:
        """Close what March closes; return what is open at its end."""
        march = self._plan.march
        pool = self._population.cohort <= MARCH
        # Certified copies apart, so that the plan's number of them is resolved.
        copies = pool & self._is_certified_copy
        open_copies = int(copies.sum()) - march.certified_copies
        left_open = self._settle(copies, MARCH_START, MARCH_END, 0, open_copies)
        left_open |= self._settle(
            pool & ~copies,
            MARCH_START,
            MARCH_END,
            march.withdrawn_or_stopped,
            march.open_at_end - open_copies,
        )
        resolved = pool & ~left_open & (self._state == DONE)
        self._make_late(resolved, march.resolved - march.resolved_on_time)
        return left_open

    def _settle_march_tail(self, tail: Flags) -> Flags:
        """Close the late tail of March from April to June, but for what July inherits."""
        start = working_time(np.array([MARCH_END]))[0]
        end = working_time(np.array([QUARTER_START]))[0]
        carried = np.zeros_like(tail)
        for side, count in self._plan.march.open_on_1_july.items():
            own_side = tail & (self._population.side == SIDES.index(side))
            carried |= self._draws.exactly(count, own_side, np.log(self._duration))
        closing = tail & ~carried
        span = np.minimum(0.6 * self._duration, (end - start) * self._draws.uniform(len(tail)))
        self._closed_work[closing] = (start + span[closing]).astype(np.int64)
        self._state[closing] = DONE
        # Vertical agencies end theirs with a result: nothing of them reaches the third quarter.
        own = self._population.side != SIDES.index(VERTICAL)
        self._state[self._draws.share(0.05, closing & own)] = WITHDRAWN
        resolved = closing & (self._state == DONE)
        late = self._possibly_late(resolved)
        self._make_late(resolved, round(0.35 * int(late.sum())))
        return carried

    def _settle_quarter(self, side: str, pool: Flags) -> None:
        figures = self._plan.quarter.sides[side]
        left_open = self._settle(
            pool, QUARTER_START, NOW, figures.withdrawn_or_stopped, figures.open_at_end
        )
        resolved = pool & ~left_open & (self._state == DONE)
        self._make_late(resolved, figures.resolved - figures.resolved_on_time)
        now_day = working_time(np.array([NOW]))[0] // WORKDAY
        waited = now_day - self._first_day
        leaning = np.log1p(waited.clip(0)) - np.log1p(self._limit) - self._timeliness
        self._is_overdue |= self._draws.exactly(
            figures.open_overdue, left_open & (waited > 0), 3 * leaning
        )

    def _settle(
        self, pool: Flags, start: int, end: int, ended_otherwise: int, left_open: int
    ) -> Flags:
        """Close the pool's dossiers between two instants; return those left open.

        A dossier is open at the end if factor * duration reaches beyond it: the factor is set
        between the quotients of the last one left open and the first one closed.
        """
        begun = working_time(np.maximum(self._population.received, start))
        end_work = working_time(np.array([end]))[0]
        available = (end_work - begun).astype(np.float64)
        otherwise = self._draws.exactly(ended_otherwise, pool & (available > HOUR))
        rest = np.flatnonzero(pool & ~otherwise)
        quotient = available[rest] / self._duration[rest]
        order = np.argsort(quotient, kind="stable")
        factor = (quotient[order[left_open - 1]] + quotient[order[left_open]]) / 2
        open_ = np.zeros_like(pool)
        open_[rest[order[:left_open]]] = True
        self._state[rest[order[left_open:]]] = DONE
        stopped = self._draws.share(0.45, otherwise)
        self._state[otherwise] = np.where(stopped, STOPPED, WITHDRAWN)[otherwise]
        share = np.where(otherwise, self._draws.uniform(len(pool)), 1.0)
        span = np.minimum(factor * self._duration, np.where(otherwise, available, np.inf)) * share
        closing = pool & ~open_
        self._closed_work[closing] = (begun + span)[closing].astype(np.int64)
        return open_

    def _possibly_late(self, resolved: Flags) -> Flags:
        return resolved & (self._closed_work // WORKDAY > self._first_day)

    def _make_late(self, resolved: Flags, count: int) -> None:
        elapsed = self._closed_work // WORKDAY - self._first_day
        over = np.log1p(elapsed.clip(0)) - np.log1p(self._limit)
        leaning = 1.5 * over - 1.2 * self._timeliness
        self._is_late |= self._draws.exactly(count, self._possibly_late(resolved), leaning)

    # -- the dates

    def _dated(self) -> Lifecycle:
        is_closed = self._state != IN_PROCESS
        closed = np.where(is_closed, from_working_time(self._closed_work), 0)
        promised = self._first_day + self._limit
        day = np.where(is_closed, self._closed_work // WORKDAY, self._now_day())
        slack = self._draws.integers(0, 3, len(day))
        kept = np.maximum(promised, day + slack * (promised < day))
        missed = np.maximum(np.minimum(promised, day - 1), self._first_day)
        is_missed = self._is_late | self._is_overdue
        is_settled = (self._state == DONE) | ~is_closed
        due_day = np.select([is_missed, is_settled], [missed, kept], promised)
        time = self._due_time_of_day()
        due = workday_start(due_day) + time
        extended = due_day > promised
        due_before = np.where(extended, workday_start(promised) + time, 0)
        return Lifecycle(self._state, closed, due, due_before)

    def _now_day(self) -> int:
        return int(working_time(np.array([NOW]))[0] // WORKDAY)

    def _due_time_of_day(self) -> Ints:
        """Close of business, or with some systems the time of day of the reception."""
        second = self._population.received % DAY
        at_reception = (self._draws.uniform(len(second)) < 0.3) & (self._limit >= 1)
        in_hours = (second >= 8 * HOUR) & (second < CLOSING_TIME)
        return np.where(at_reception & in_hours, second, CLOSING_TIME)

    def _name_open_states(self, lifecycle: Lifecycle) -> None:
        open_ = np.flatnonzero(lifecycle.state == IN_PROCESS)
        states = np.array([RECEIVED, IN_PROCESS, SUPPLEMENT_REQUESTED, FEE_REQUESTED])
        drawn = self._draws.pick(np.array([0.20, 0.65, 0.10, 0.05]), len(open_))
        lifecycle.state[open_] = states[drawn]

    def _drop_some_due_dates(self, lifecycle: Lifecycle) -> None:
        """A few dossiers have no due date; they count as on time."""
        in_time = ~(self._is_late | self._is_overdue)
        lacking = self._draws.share(0.001, in_time)
        lifecycle.due[lacking] = 0
        lifecycle.due_before[lacking] = 0


# The last days of the periods, whose last second belongs to them.
_LAST_DAYS = (
    instant(2025, 3, 31),
    instant(2025, 7, 31),
    instant(2025, 8, 31),
    instant(2025, 9, 15),
)
_PER_BOUNDARY = 4


def touch_boundaries(population: Population, lifecycle: Lifecycle) -> None:
    """Move a few events to the first and the last second of a month, within their day.

    Times of day change, dates do not, so that no count does either.
    """
    open_or_later = np.where(lifecycle.closed == 0, np.iinfo(np.int64).max, lifecycle.closed)
    due_later = np.where(lifecycle.due == 0, np.iinfo(np.int64).max, lifecycle.due)
    for last in _LAST_DAYS:
        on_day = population.by_screen & (population.received // DAY == last // DAY)
        ends_later = (open_or_later >= last + DAY) & (due_later >= last + DAY)
        population.received[_some(on_day & ends_later)] = last + DAY - 1
        done_on_day = (lifecycle.state == DONE) & (lifecycle.closed // DAY == last // DAY)
        lifecycle.closed[_some(done_on_day)] = last + DAY - 1
    for first in (MARCH_START, QUARTER_START, instant(2025, 8, 1)):
        on_day = population.by_screen & (population.received // DAY == first // DAY)
        population.received[_some(on_day)] = first


def _some(flags: Flags) -> Ints:
    return np.flatnonzero(flags)[:_PER_BOUNDARY]
