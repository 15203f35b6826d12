"""Which dossiers there are: where, by which channel and when they are received."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.draws import (
    Draws,
    Flags,
    Floats,
    Ints,
    apportion,
    certain,
    first_of_each,
    most_frequent,
)
from simulator.plan import COMMUNE, DEPARTMENT, DISTRICT, VERTICAL, MarchFigures, Plan, SideFigures
from simulator.reference import Procedure, Reference
from simulator.rhythm import arrivals, instant
from simulator.units import HandlingUnits, side_of

# Cohorts, in the order of reception.
CARRIED_INTO_MARCH, MARCH, CARRIED_INTO_QUARTER, QUARTER = range(4)
IN_PERSON, ONLINE, BY_POST = 1, 2, 3
SIDES = (DEPARTMENT, COMMUNE, VERTICAL)

MARCH_START = instant(2025, 3, 1)
MARCH_END = instant(2025, 4, 1)
QUARTER_START = instant(2025, 7, 1)
# The simulated present: mid-September.
NOW = instant(2025, 9, 16)

# Share of the online dossiers that the system receives at once, at any hour.
_RECEIVED_AT_ONCE = 0.22


@dataclass
class Population:
    """The dossiers, one entry each in arrays of equal length.

    `unit` numbers the handling unit, `procedure` the reference's procedure, `side` one of
    `SIDES`; `received` is an instant of the ICT wall clock.
    """

    cohort: Ints
    side: Ints
    unit: Ints
    procedure: Ints
    channel: Ints
    received: Ints
    by_screen: Flags

    def __len__(self) -> int:
        return len(self.cohort)


@dataclass(frozen=True)
class _Batch:
    """Dossiers of one cohort and side before their channel is drawn."""

    cohort: int
    side: str
    unit: Ints
    procedure: Ints


class PopulationBuilder:
    """Draws the population of a plan."""

    def __init__(
        self, plan: Plan, reference: Reference, units: HandlingUnits, traits: Floats, draws: Draws
    ) -> None:
        """`traits`: each unit's leaning towards online submission, as log-odds."""
        self._plan = plan
        self._procedures = reference.procedures
        self._units = units
        self._online_trait = traits
        self._draws = draws
        self._level = np.array([procedure.online_level for procedure in self._procedures])
        self._never_online = np.array([p.never_online for p in self._procedures])
        self._agency_unit = np.array(
            [units.agencies.get(procedure.agency_code, -1) for procedure in self._procedures]
        )

    def build(self) -> Population:
        """All dossiers of the plan, cohort by cohort."""
        march = self._plan.march
        parts = [
            self._finish_carried(self._march_mix(CARRIED_INTO_MARCH, march.carried_over)),
            self._finish_march(self._march_received(march)),
            self._finish_carried(self._carried_into_quarter()),
            self._finish_quarter(
                [
                    batch
                    for side, figures in self._plan.quarter.sides.items()
                    for batch in self._quarter_received(side, figures)
                ]
            ),
        ]
        fields = Population.__dataclass_fields__
        return Population(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields}
        )

    # -- which procedures at which units

    def _march_received(self, march: MarchFigures) -> list[_Batch]:
        batches = []
        for counts, offered in (
            (march.received, True),
            (march.received_not_offered_online, False),
        ):
            for unit_type, count in counts.items():
                chosen = self._march_procedures(unit_type, offered)
                batches.append(self._march_batch(MARCH, unit_type, chosen, count))
        return batches

    def _march_mix(self, cohort: int, count: int) -> list[_Batch]:
        """Older dossiers, spread over the types of unit as March's are, without vertical ones."""
        counts = {t: n for t, n in self._plan.march.received.items() if t != VERTICAL}
        shares = apportion(count, np.array(list(counts.values()), dtype=np.float64))
        return [
            self._march_batch(cohort, unit_type, self._march_procedures(unit_type, True), int(n))
            for unit_type, n in zip(counts, shares, strict=True)
        ]

    def _march_procedures(self, unit_type: str, offered: bool) -> Ints:
        return self._where(
            lambda p: p.march_unit_type == unit_type and (p.online_level >= 3) == offered
        )

    def _march_batch(self, cohort: int, unit_type: str, procedures: Ints, count: int) -> _Batch:
        weights = np.array([self._procedures[i].march_weight for i in procedures])
        procedure = self._spread(procedures, weights, count)
        if unit_type in (DISTRICT, COMMUNE):
            unit = self._pick_units(self._units.of_march(unit_type), count)
        else:
            unit = self._agency_unit[procedure]
        return _Batch(cohort, side_of(unit_type), unit, procedure)

    def _carried_into_quarter(self) -> list[_Batch]:
        """Dossiers received from April to June and open on 1 July, beside March's own tail."""
        tail = self._plan.march.open_on_1_july
        sides = self._plan.quarter.sides
        counts = {side: sides[side].carried_over - tail[side] for side in sides}
        department = self._march_batch(
            CARRIED_INTO_QUARTER,
            DEPARTMENT,
            self._march_procedures(DEPARTMENT, True),
            counts[DEPARTMENT],
        )
        procedures = self._where(
            lambda p: p.march_unit_type in (DISTRICT, COMMUNE) and p.online_level >= 3
        )
        weights = np.array([self._procedures[i].march_weight for i in procedures])
        before = np.concatenate(
            [self._units.districts, self._units.communes_before, self._units.merged_in]
        )
        commune = _Batch(
            CARRIED_INTO_QUARTER,
            COMMUNE,
            self._pick_units(before, counts[COMMUNE]),
            self._spread(procedures, weights, counts[COMMUNE]),
        )
        return [department, commune]

    def _quarter_received(self, side: str, figures: SideFigures) -> list[_Batch]:
        batches = []
        level_of_government = "xa" if side == COMMUNE else "tinh"
        for online_level, count in figures.received.items():
            procedures = self._where(
                lambda p: p.quarter_weight > 0 and p.level == level_of_government
            )
            procedures = procedures[self._level[procedures] == online_level]
            weights = np.array([self._procedures[i].quarter_weight for i in procedures])
            procedure = self._spread(procedures, weights, count)
            if side == COMMUNE:
                unit = self._pick_units(self._units.communes, count)
            else:
                unit = self._agency_unit[procedure]
            batches.append(_Batch(QUARTER, side, unit, procedure))
        return batches

    def _where(self, condition: Callable[[Procedure], bool]) -> Ints:
        found = [i for i, procedure in enumerate(self._procedures) if condition(procedure)]
        return np.array(found, dtype=np.int64)

    def _spread(self, procedures: Ints, weights: Floats, count: int) -> Ints:
        """`count` dossiers over the procedures by weight, each used at least once if they reach.

        A small province uses only its most frequent procedures.
        """
        if len(procedures) > count // 4:
            top = np.sort(np.argsort(-weights, kind="stable")[: max(1, count // 4)])
            procedures, weights = procedures[top], weights[top]
        counts = apportion(count, weights, minimum=1 if count else 0)
        return self._draws.shuffle(np.repeat(procedures, counts))

    def _pick_units(self, units: Ints, count: int) -> Ints:
        return units[self._draws.pick(self._units.weights[units], count)]

    # -- by which channel and when

    def _finish_carried(self, batches: Sequence[_Batch]) -> Population:
        population = _joined(batches)
        online = self._draws.share(0.68, np.ones(len(population), dtype=np.bool_))
        population.channel = np.where(online, ONLINE, IN_PERSON)
        cohort = batches[0].cohort
        if cohort == CARRIED_INTO_MARCH:
            first, last, growth = instant(2025, 1, 6), MARCH_START, 6.0
        else:
            first, last, growth = instant(2025, 4, 14), QUARTER_START, 12.0
        return self._received(population, first, last, growth)

    def _finish_march(self, batches: Sequence[_Batch]) -> Population:
        march = self._plan.march
        population = _joined(batches)
        procedure = population.procedure
        # Only the busiest procedures are used online, each at least once.
        used = most_frequent(procedure, self._level[procedure] >= 3, march.procedures_used_online)
        leaning = self._online_trait[population.unit] + certain(first_of_each(procedure, used))
        online = self._draws.exactly(march.received_online, used, leaning)
        by_post = self._draws.exactly(march.received_by_post, ~online)
        population.channel = np.where(online, ONLINE, np.where(by_post, BY_POST, IN_PERSON))
        return self._received(population, MARCH_START, MARCH_END, 0.08)

    def _finish_quarter(self, batches: Sequence[_Batch]) -> Population:
        population = _joined(batches)
        level = self._level[population.procedure]
        allowed = ~self._never_online[population.procedure]
        leaning = 1.1 * self._online_trait[population.unit]
        # One online dossier for every procedure that has any, so that their number is exact.
        leaning += certain(first_of_each(population.procedure, allowed))
        online = np.zeros(len(population), dtype=np.bool_)
        for online_level, count in self._plan.quarter.received_online.items():
            online |= self._draws.exactly(count, allowed & (level == online_level), leaning)
        population.channel = np.where(online, ONLINE, IN_PERSON)
        return self._received(population, QUARTER_START, NOW, 0.35)

    def _received(self, population: Population, first: int, last: int, growth: float) -> Population:
        chance = self._draws.uniform(len(population))
        population.by_screen = (population.channel == ONLINE) & (chance < _RECEIVED_AT_ONCE)
        population.received = arrivals(self._draws, population.by_screen, first, last, growth)
        return population


def _joined(batches: Sequence[_Batch]) -> Population:
    """The batches as one population whose channel and reception are yet to come."""
    sizes = [len(batch.unit) for batch in batches]
    total = sum(sizes)
    return Population(
        cohort=np.repeat([batch.cohort for batch in batches], sizes),
        side=np.repeat([SIDES.index(batch.side) for batch in batches], sizes),
        unit=np.concatenate([batch.unit for batch in batches]),
        procedure=np.concatenate([batch.procedure for batch in batches]),
        channel=np.zeros(total, dtype=np.int64),
        received=np.zeros(total, dtype=np.int64),
        by_screen=np.zeros(total, dtype=np.bool_),
    )
