"""Estimates with 95 % intervals. Rows are independent latents; what belongs to one latent is summed before it comes
here.
"""

from typing import NamedTuple

import numpy as np

LEVEL = 0.95
RESAMPLES = 2000
SEED = 0
WIDER = 2


class Estimate(NamedTuple):
    """A value, the ends of its 95 % interval, and the number of latents behind it; `low` and `high` are None where
    there is no sampling.
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self):
        if self.low is None:
            return '%.3g' % self.value
        return '%.3g [%.3g, %.3g]' % (self.value, self.low, self.high)


def exact(value):
    """An Estimate of something that is computed, not sampled."""
    return Estimate(float(value), None, None, 0)


def mean(values):
    """Mean of float [n] with Student's t interval; of a single value the interval is all numbers.

    >>> mean([1.0, 2.0, 3.0])
    Estimate(value=2.0, low=-0.484..., high=4.484..., n=3)
    """
    from scipy import stats  # Here, because it takes long to load.

    values = np.asarray(values, np.float64)
    if len(values) < 2:
        return Estimate(float(values.mean()), -np.inf, np.inf, len(values))
    half = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return Estimate(float(values.mean()), float(values.mean() - half), float(values.mean() + half), len(values))


def ratio(numerator, denominator):
    """sum(numerator) / sum(denominator) of float [n], with the percentile interval of a bootstrap over the n rows.

    Resamples whose denominator is 0 (latents that met none of what is asked) are left out.

    Raises:
        ValueError: all are.

    >>> ratio([2.0, 4.0], [1.0, 2.0])
    Estimate(value=2.0, low=2.0, high=2.0, n=2)
    """
    pairs = np.stack([numerator, denominator], axis=1).astype(np.float64)  # [n, 2]
    weights = np.random.RandomState(SEED).multinomial(len(pairs), np.full(len(pairs), 1 / len(pairs)), size=RESAMPLES)
    above, below = weights.dot(pairs).T
    found = above[below > 0] / below[below > 0]
    if not len(found):
        raise ValueError('a ratio needs a denominator above 0')
    low, high = np.percentile(found, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Estimate(float(pairs[:, 0].sum() / pairs[:, 1].sum()), float(low), float(high), len(pairs))


def share(successes):
    """Share of True among bool [n], with Wilson's interval (which is sound near 0 and 1, too).

    >>> share([True] * 4)
    Estimate(value=1.0, low=0.51..., high=1.0, n=4)
    """
    from scipy import stats

    n, p = len(successes), float(np.mean(successes))
    square = stats.norm.ppf((1 + LEVEL) / 2) ** 2
    middle, half = p + square / (2 * n), np.sqrt(square * (p * (1 - p) / n + square / (4 * n * n)))
    return Estimate(
        p, float(max(0, (middle - half) / (1 + square / n))), float(min(1, (middle + half) / (1 + square / n))), n
    )


def agrees(committed, found):
    """Whether a number that was measured on fewer latents is within the committed interval, widened by twice half of
    its own.

    Twice, because dozens of numbers are compared at once. Numbers without an interval are compared by `equals`.
    """
    if committed.low is None or found.low is None:
        return equals(committed.value, found)
    half = WIDER * (found.high - found.low) / 2
    return committed.low - half <= found.value <= committed.high + half


def equals(value, found):
    """Whether a number that was measured again on the same latents is the same: to 1 %, 0.005, or a quarter of half its
    interval.

    Pictures of two TensorFlows differ by single levels, and components in their last digits.
    """
    half = 0 if found.low is None else (found.high - found.low) / 2
    return abs(found.value - value) <= max(0.005, 0.01 * abs(value), half / 4)
