"""How good each unit is at what: latent qualities that make units differ and ranks move."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from simulator.draws import Draws, Floats, Ints
from simulator.rhythm import DAY


class Trait(IntEnum):
    """What a unit can be good or bad at."""

    ONLINE = 0
    PAYMENT = 1
    RESULT = 2
    RETURN = 3
    NO_STEP_IN_PERSON = 4
    TIMELINESS = 5
    DIGITISATION = 6
    SATISFACTION = 7
    SHARING = 8


# Log-odds: how far apart units are in general, in one trait, and in one trait from month to month.
_GENERAL, _OWN, _MONTHLY = 0.45, 0.40, 0.22
_MONTHS = 24


@dataclass(frozen=True)
class Traits:
    """Leanings as log-odds: `base[unit, trait]` and `drift[month, unit, trait]`."""

    base: Floats
    drift: Floats

    def leaning(self, trait: Trait, unit: Ints, instants: Ints) -> Floats:
        """How far each dossier's unit leans towards doing well, in the month of the instant."""
        month = instants // (30 * DAY) % _MONTHS
        return np.asarray(self.base[unit, trait] + self.drift[month, unit, trait])


def draw_traits(unit_count: int, draws: Draws) -> Traits:
    """Traits of all handling units."""
    general = _GENERAL * draws.normal(unit_count, 1)
    base = general + _OWN * draws.normal(unit_count, len(Trait))
    drift = _MONTHLY * draws.normal(_MONTHS, unit_count, len(Trait))
    return Traits(base, drift)
