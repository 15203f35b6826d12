"""Seeded random draws with exact outcomes."""

import zlib

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Draws:
    """Random numbers of one purpose, independent of all other purposes.

    Built on `RandomState`, whose stream numpy has frozen: the same seed gives the same bytes with
    every version of numpy, which the newer generators do not promise.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        self._random = np.random.RandomState((seed + zlib.crc32(purpose.encode())) % 2**32)

    def uniform(self, count: int) -> Floats:
        """Numbers in [0, 1)."""
        return self._random.random_sample(count)

    def normal(self, *shape: int) -> Floats:
        """Standard normal numbers."""
        return np.asarray(self._random.standard_normal(shape))

    def integers(self, low: int, high: int, count: int) -> Ints:
        """Whole numbers in [low, high)."""
        steps = (self.uniform(count) * (high - low)).astype(np.int64)
        drawn: Ints = low + steps
        return drawn

    def pick(self, weights: Floats, count: int) -> Ints:
        """Positions in `weights`, drawn with probability in proportion to them."""
        steps = np.cumsum(weights, dtype=np.float64)
        found = np.searchsorted(steps, self.uniform(count) * steps[-1], side="right")
        positions: Ints = np.minimum(found, len(steps) - 1).astype(np.int64)
        return positions

    def shuffle(self, values: Ints) -> Ints:
        """The same values in another order."""
        order = np.argsort(self.uniform(len(values)), kind="stable")
        shuffled: Ints = values[order]
        return shuffled

    def exactly(self, count: int, eligible: Flags, leaning: Floats | float = 0.0) -> Flags:
        """Exactly `count` of the eligible ones, the likelier the higher their leaning.

        The leaning is a log-odds: with logistic noise added, taking the highest is a draw from a
        logistic model whose intercept was fitted to the count. ValueError when too few qualify.
        """
        candidates = np.flatnonzero(eligible)
        if count > len(candidates):
            raise ValueError(f"{count} wanted of {len(candidates)} eligible")
        chance = self.uniform(len(candidates)).clip(1e-12, 1 - 1e-12)
        height = np.log(chance / (1 - chance))
        height += leaning if isinstance(leaning, float) else leaning[candidates]
        chosen = np.zeros(len(eligible), dtype=np.bool_)
        chosen[candidates[np.argsort(-height, kind="stable")[:count]]] = True
        return chosen

    def share(self, share: float, eligible: Flags, leaning: Floats | float = 0.0) -> Flags:
        """This share of the eligible ones, to the nearest one."""
        return self.exactly(round(share * int(eligible.sum())), eligible, leaning)


def certain(flags: Flags) -> Floats:
    """A leaning so strong that the flagged ones are always among the chosen."""
    return np.where(flags, 1e6, 0.0)


def first_of_each(values: Ints, eligible: Flags) -> Flags:
    """The first eligible place of every value."""
    places = np.flatnonzero(eligible)
    _, first = np.unique(values[places], return_index=True)
    found = np.zeros(len(values), dtype=np.bool_)
    found[places[first]] = True
    return found


def most_frequent(values: Ints, eligible: Flags, count: int) -> Flags:
    """The eligible places of the `count` values that most of them have."""
    found, frequency = np.unique(values[eligible], return_counts=True)
    if count > len(found):
        raise ValueError(f"{count} wanted of {len(found)} values")
    chosen = found[np.argsort(-frequency, kind="stable")[:count]]
    flags: Flags = eligible & np.isin(values, chosen)
    return flags


def apportion(total: int, weights: Floats, minimum: int = 0) -> Ints:
    """Whole numbers in proportion to `weights` that sum to `total`, none below `minimum`.

    By largest remainder over what the minimum leaves.
    """
    rest = total - minimum * len(weights)
    if rest < 0:
        raise ValueError(f"{total} cannot give {minimum} to each of {len(weights)}")
    ideal = weights / weights.sum() * rest
    counts: Ints = np.floor(ideal).astype(np.int64)
    order = np.argsort(counts - ideal, kind="stable")
    counts[order[: rest - int(counts.sum())]] += 1
    return counts + minimum
