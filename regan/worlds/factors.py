"""What a picture is made from: named numbers in [0, 1], what they mean, and how they are distributed."""

import dataclasses
from typing import Any, Dict, Tuple

import numpy as np


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Every value from `low` to `high` is equally likely.

    As in the other distributions, `apply` turns draws, float32 [n] uniform in [0, 1), into values [n]; `others` holds
    the values of the factors before it, by name.
    """

    low: float = 0.0
    high: float = 1.0

    def apply(self, draws, others):
        return self.low + (self.high - self.low) * draws


@dataclasses.dataclass(frozen=True)
class Cut:
    """gain * (U - pivot) + offset for uniform U, cut to [0, 1]; what is cut off gathers at 0 and at 1."""

    gain: float
    pivot: float = 0.0
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0

    def apply(self, draws, others):
        return np.clip((draws - self.pivot) * self.gain + self.offset, self.low, self.high)


@dataclasses.dataclass(frozen=True)
class Leaning:
    """gain * U + weight * (the factor named `on`) + offset for uniform U, cut to [0, 1]."""

    gain: float
    on: str
    weight: float
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0

    def apply(self, draws, others):
        return np.clip(draws * self.gain + self.weight * others[self.on] + self.offset, self.low, self.high)


@dataclasses.dataclass(frozen=True)
class Switch:
    """1 with the given probability, else 0."""

    probability: float
    low: float = 0.0
    high: float = 1.0

    def apply(self, draws, others):
        return draws > 1.0 - self.probability


@dataclasses.dataclass(frozen=True)
class Normal:
    """A normal distribution about the middle, cut to [0, 1]; drawn after the uniform numbers."""

    stdev: float
    mean: float = 0.5
    low: float = 0.0
    high: float = 1.0

    def draw(self, n, random):
        return np.clip(random.normal(self.mean, self.stdev, n), self.low, self.high)


@dataclasses.dataclass(frozen=True)
class Factor:
    """One number in [0, 1] that a picture is made from.

    Attributes:
        name: identifier, for files and commands.
        meaning: what it changes, with what 0 and 1 look like.
        distribution: of the training images; its `low` and `high` are the range.
    """

    name: str
    meaning: str
    distribution: Any = Uniform()


def sample(factors: Tuple[Factor, ...], n, random):
    """Draws float32 [n, len(factors)] from the factors' distributions.

    The stream is part of the data sets' identity: one uniform number for every image and factor, row by row,
    then n normal ones for each Normal factor in the order of `factors`.

    Args:
        random: numpy RandomState.
    """
    draws = random.rand(n, len(factors)).astype(np.float32)
    values: Dict[str, np.ndarray] = {}
    for factor, column in sorted(zip(factors, draws.T), key=lambda pair: isinstance(pair[0].distribution, Leaning)):
        law = factor.distribution  # Those that lean on others come last; the rest keeps its order.
        values[factor.name] = law.draw(n, random) if isinstance(law, Normal) else law.apply(column, values)
    return np.stack([values[factor.name].astype(np.float32) for factor in factors], axis=1)  # [n, F]
