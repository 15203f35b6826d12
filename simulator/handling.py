"""How each dossier was handled: documents, results, returns, synchronisation, payment."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from simulator.draws import (
    Draws,
    Flags,
    Floats,
    Ints,
    certain,
    first_of_each,
    most_frequent,
)
from simulator.lifecycle import DONE, RETURNED, Lifecycle
from simulator.plan import Plan
from simulator.population import MARCH, MARCH_END, MARCH_START, NOW, ONLINE, Population
from simulator.rhythm import DAY, HOUR, instant, month_end, month_of
from simulator.traits import Trait, Traits


class Result(IntEnum):
    """What stands in the list of result papers."""

    NONE = 0
    ELECTRONIC = 1
    FILE_WITHOUT_CODE = 2
    INPUT_RESENT = 3


class Fee(IntEnum):
    """How the fee was settled."""

    NO_FEE = 0
    NO_PAYMENT = 1
    PAID_ONLINE = 2
    PAID_ONLINE_LATER = 3
    REFUNDED = 4
    PAID_ELSEWHERE_ONLINE = 5
    CASH = 6
    TRANSFER = 7
    CANCELLED = 8
    WAITING = 9


# Half past midnight on 1 July, when the two-level organisation began.
_CHANGE_OVER = instant(2025, 7, 1, 0, 30)

AT_COUNTER, POSTED, RETURNED_ONLINE = 0, 1, 2


@dataclass
class Handling:
    """How every dossier was handled; instants of the ICT wall clock, 0: none.

    `in_person_step` is 0, 1 or -1 (not told). `version` is when the record last changed.
    """

    submitted: Ints
    digitised: Flags
    reused: Flags
    uses_population_data: Flags
    result: Ints
    return_way: Ints
    returned: Ints
    in_person_step: Ints
    fee: Ints
    paid_at: Ints
    synced_to_portal: Ints
    synced_to_vault: Ints
    closing_unrecorded: Flags
    version: Ints


class HandlingBuilder:
    """Draws the handling of a population whose life cycles are known."""

    def __init__(
        self,
        plan: Plan,
        population: Population,
        lifecycle: Lifecycle,
        traits: Traits,
        has_fee: Flags,
        is_certified_copy: Flags,
        draws: Draws,
    ) -> None:
        """`has_fee`, `is_certified_copy`: of each dossier's procedure."""
        self._plan = plan
        self._population = population
        self._lifecycle = lifecycle
        self._traits = traits
        self._has_fee = has_fee
        self._is_certified_copy = is_certified_copy
        self._draws = draws
        self._count = len(population)
        self._online = population.channel == ONLINE
        self._is_march = population.cohort == MARCH
        self._is_resolved = lifecycle.is_resolved
        self._resolved_in_march = (
            self._is_resolved & (lifecycle.closed >= MARCH_START) & (lifecycle.closed < MARCH_END)
        )
        # The month that a leaning is taken from: of the closing, else of the reception.
        self._moment = np.where(lifecycle.closed > 0, lifecycle.closed, population.received)

    def build(self) -> Handling:
        """The handling of every dossier."""
        submitted = self._submitted()
        digitised = self._digitised()
        fee = self._fees()
        paid_at = self._paid_at(fee, submitted)
        result = self._results()
        return_way, returned = self._returns()
        closing_unrecorded = self._closing_unrecorded(returned)
        to_portal = self._to_portal(closing_unrecorded)
        to_vault = self._to_vault(digitised & ~closing_unrecorded)
        version = self._versions(returned, to_portal, to_vault, closing_unrecorded)
        return Handling(
            submitted=submitted,
            digitised=digitised,
            reused=self._reused(),
            uses_population_data=self._uses_population_data(),
            result=result,
            return_way=return_way,
            returned=returned,
            in_person_step=self._in_person_step(),
            fee=fee,
            paid_at=paid_at,
            synced_to_portal=to_portal,
            synced_to_vault=to_vault,
            closing_unrecorded=closing_unrecorded,
            version=version,
        )

    def _leaning(self, trait: Trait) -> Floats:
        return self._traits.leaning(trait, self._population.unit, self._moment)

    def _chance(self, share: float) -> Flags:
        return self._draws.uniform(self._count) < share

    def _delay(self, hours: float, spread: float) -> Ints:
        """Log-normal delays in seconds with the given median."""
        delay = hours * HOUR * np.exp(spread * self._draws.normal(self._count))
        return np.maximum(delay, 1).astype(np.int64)

    def _submitted(self) -> Ints:
        """When the applicant handed it in: online before the reception, else with it."""
        waited = np.where(self._online & ~self._population.by_screen, self._delay(2.5, 1.1), 0)
        return self._population.received - waited

    def _digitised(self) -> Flags:
        """March's dossiers, and those that it resolved, in the plan's number each."""
        march, share = self._plan.march, self._plan.later.digitised
        leaning = self._leaning(Trait.DIGITISATION)
        carried = self._resolved_in_march & ~self._is_march
        digitised = self._draws.share(0.83, carried, leaning)
        resolved = march.digitised_resolved - int(digitised.sum())
        is_resolved = self._resolved_in_march & self._is_march
        digitised |= self._draws.exactly(resolved, is_resolved, leaning)
        left = self._is_march & ~is_resolved
        digitised |= self._draws.exactly(march.digitised - resolved, left, leaning)
        return digitised | self._draws.share(share, ~self._is_march & ~carried, leaning)

    def _reused(self) -> Flags:
        march = self._draws.exactly(self._plan.march.reused, self._is_march)
        return march | self._draws.share(self._plan.later.reused, ~self._is_march)

    def _uses_population_data(self) -> Flags:
        leaning = self._leaning(Trait.SHARING)
        count, share = (
            self._plan.march.using_population_data,
            self._plan.later.using_population_data,
        )
        march = self._draws.exactly(count, self._is_march, leaning)
        return march | self._draws.share(share, ~self._is_march, leaning)

    def _results(self) -> Ints:
        """Electronic results, those of certified copies apart, and what stands in their place."""
        march, later = self._plan.march, self._plan.later
        leaning = self._leaning(Trait.RESULT)
        electronic = np.zeros(self._count, dtype=np.bool_)
        rest = march.electronic_results - march.electronic_certified_copies
        for kind, count, share in (
            (
                self._is_certified_copy,
                march.electronic_certified_copies,
                later.electronic_certified_copies,
            ),
            (~self._is_certified_copy, rest, later.electronic_results),
        ):
            electronic |= self._draws.exactly(count, kind & self._resolved_in_march, leaning)
            elsewhen = kind & self._is_resolved & ~self._resolved_in_march
            electronic |= self._draws.share(share, elsewhen, leaning)
        others = np.array([Result.NONE, Result.FILE_WITHOUT_CODE, Result.INPUT_RESENT])
        other = others[self._draws.pick(np.array([0.5, 0.3, 0.2]), self._count)]
        return np.where(electronic, Result.ELECTRONIC, np.where(self._is_resolved, other, 0))

    def _returns(self) -> tuple[Ints, Ints]:
        """How the result goes back, and when it did; sets the state of what was returned."""
        leaning = self._leaning(Trait.RETURN)
        is_online = self._draws.share(0.97, self._online, leaning)
        posted = self._chance(0.06)
        way = np.where(is_online, RETURNED_ONLINE, np.where(posted, POSTED, AT_COUNTER))
        taken = np.where(is_online, self._delay(0.4, 1.0), self._delay(16.0, 1.1))
        returned = self._lifecycle.closed + taken
        done = self._is_resolved & (returned < NOW) & self._chance(0.985)
        self._lifecycle.state[done] = RETURNED
        return way, np.where(done, returned, 0)

    def _closing_unrecorded(self, returned: Ints) -> Flags:
        """A few closings are not recorded.

        Of a returned dossier the return stands in (put at the closing, so that its month and its
        being on time stay); of a withdrawn or stopped one the version does.
        """
        closed = self._lifecycle.closed
        lacking = (returned > 0) & self._chance(0.001)
        returned[lacking] = closed[lacking]
        ended = (closed > 0) & (self._lifecycle.state < DONE) & self._chance(0.01)
        return lacking | ended

    def _in_person_step(self) -> Ints:
        leaning = self._leaning(Trait.NO_STEP_IN_PERSON)
        without = self._draws.share(0.975, self._online, leaning)
        without |= self._draws.share(0.1, ~self._online)
        return np.where(self._chance(0.006), -1, np.where(without, 0, 1))

    def _fees(self) -> Ints:
        """Who owes a fee and how it was settled.

        `PAID_ONLINE` of March's dossiers is paid before the end of March: criterion 11 exactly.
        """
        march, later = self._plan.march, self._plan.later
        procedure = self._population.procedure
        # Every procedure with a fee has a dossier that owes it; the busiest ones are paid online.
        has_fee = self._is_march & self._has_fee
        owed = self._draws.exactly(
            march.with_fee, has_fee, certain(first_of_each(procedure, has_fee))
        )
        owed |= self._draws.share(later.with_fee, ~self._is_march & self._has_fee)
        leaning = self._leaning(Trait.PAYMENT) + 1.8 * self._online
        payers = most_frequent(procedure, owed & self._is_march, march.procedures_paid_online)
        forced = certain(first_of_each(procedure, payers))
        paid = self._draws.exactly(march.paid_online, payers, leaning + forced)
        owing = owed & ~self._is_march
        codes = round(later.procedures_paid_online * len(np.unique(procedure[owing])))
        payers = most_frequent(procedure, owing, codes)
        paid |= self._draws.exactly(round(later.paid_online * int(owing.sum())), payers, leaning)
        others = np.array(
            [
                Fee.NO_PAYMENT,
                Fee.PAID_ONLINE_LATER,
                Fee.REFUNDED,
                Fee.PAID_ELSEWHERE_ONLINE,
                Fee.CASH,
                Fee.TRANSFER,
                Fee.CANCELLED,
                Fee.WAITING,
            ]
        )
        weights = np.array([0.14, 0.03, 0.05, 0.10, 0.50, 0.10, 0.03, 0.05])
        other = others[self._draws.pick(weights, self._count)]
        return np.where(paid, Fee.PAID_ONLINE, np.where(owed, other, Fee.NO_FEE))

    def _paid_at(self, fee: Ints, submitted: Ints) -> Ints:
        """When money moved: online between submission and reception, at the desk just after.

        A payment online that comes later comes after the end of the month of reception or, if
        the present is nearer, has not come: the dossier then waits for it.
        """
        received = self._population.received
        waited = received - submitted
        between = submitted + (waited * self._draws.uniform(self._count)).astype(np.int64)
        end_of_day = received // DAY * DAY + DAY - 1
        at_desk = np.minimum(received + self._delay(0.1, 0.5), end_of_day)
        paid_at = np.where(self._online, between, at_desk)
        later = fee == Fee.PAID_ONLINE_LATER
        paid_at[later] = (received + 33 * DAY + self._delay(20.0, 0.5))[later]
        fee[later & (paid_at >= NOW)] = Fee.WAITING
        unpaid = np.isin(fee, (Fee.NO_FEE, Fee.NO_PAYMENT, Fee.CANCELLED, Fee.WAITING))
        return np.where(unpaid, 0, paid_at)

    def _to_portal(self, closing_unrecorded: Flags) -> Ints:
        """When the dossier reached the national portal; by the end of its month, as planned."""
        received = self._population.received
        # Nothing is known of a dossier after its unrecorded end, which its version dates.
        known = ~closing_unrecorded | (self._lifecycle.state >= DONE)
        leaning = self._leaning(Trait.SHARING)
        prompt = self._draws.exactly(self._plan.march.synchronised, self._is_march & known, leaning)
        month = np.where(self._is_march, -1, month_of(received))
        shares = self._plan.later.synchronised
        for number, share in shares.items():
            among = month == number if number else (month > 0) & ~np.isin(month, list(shares))
            prompt |= self._draws.share(share, among & known, leaning)
        belated = known & self._chance(0.1)
        return self._synchronised(received, prompt, belated, self._delay(0.3, 1.2))

    def _to_vault(self, eligible: Flags) -> Ints:
        """When the resolved dossier reached the vault; by the end of its month, as planned."""
        eligible = eligible & self._is_resolved
        in_march = eligible & self._resolved_in_march
        leaning = self._leaning(Trait.RESULT)
        prompt = self._draws.exactly(self._plan.march.in_vault, in_march, leaning)
        prompt |= self._draws.share(self._plan.later.in_vault, eligible & ~in_march, leaning)
        belated = eligible & self._chance(0.08)
        return self._synchronised(self._lifecycle.closed, prompt, belated, self._delay(5.0, 1.3))

    def _synchronised(self, since: Ints, prompt: Flags, belated: Flags, delay: Ints) -> Ints:
        """Instants soon after `since` within its month, after that month, or never."""
        end = np.minimum(month_end(since), NOW)
        soon = since + np.minimum(delay, end - 1 - since)
        later = end + self._delay(200.0, 0.8)
        at = np.where(prompt, soon, np.where(belated, later, NOW))
        return np.where(at < NOW, at, 0)

    def _versions(
        self, returned: Ints, to_portal: Ints, to_vault: Ints, closing_unrecorded: Flags
    ) -> Ints:
        """The record's latest event.

        The change-over of 1 July touched every dossier that was open then. A withdrawal whose
        date is not recorded is its record's last event.
        """
        received, closed = self._population.received, self._lifecycle.closed
        latest = np.max([received, closed, returned, to_portal, to_vault], axis=0)
        change_over = (received < _CHANGE_OVER) & ((closed == 0) | (closed >= _CHANGE_OVER))
        latest = np.where(change_over, np.maximum(latest, _CHANGE_OVER), latest)
        ended = closing_unrecorded & (self._lifecycle.state < DONE)
        return np.where(ended, closed, latest)
