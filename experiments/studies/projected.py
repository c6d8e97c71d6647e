"""How well pictures are found again, and how real mixtures of what was found are: the StyleGAN study in numbers.

A run is a method of `regan.projection` in one of the spaces. Pictures are renders of a world, whose factors a reader
reads from the picture and from what was found of it.
"""

from typing import NamedTuple

import numpy as np

from regan.metrics import frechet, neighbours
from regan.metrics.factors import circular_difference
from regan.projection import methods
from regan.projection.targets import Target
from studies.intervals import LEVEL, Estimate

SEED = 838  # Of the renders: no network and no reader was trained on them.
LEAST_R2 = 0.5  # Factors that the reader reads worse do not count.


class Run(NamedTuple):
    """A method in a space. Attributes: name; method, key of METHODS; space, 'w' or 'w+'."""

    name: str
    method: str
    space: str

    @property
    def settings(self):
        """The regan.projection.methods.Method."""
        return methods.chosen(self.method, self.space)


RUNS = (
    Run('stylegan2 (W)', 'stylegan2', 'w'),
    Run('stylegan2 (W+)', 'stylegan2', 'w+'),
    Run('adam (W)', 'adam', 'w'),
    Run('adam (W+)', 'adam', 'w+'),
    Run('puzer (W+)', 'puzer', 'w+'),
)


def targets(pictures):
    """List of Target of renders, uint8 [N, R, R, C]."""
    signed = pictures.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1
    return [Target('render%02d' % i, image, dict(render=i, render_seed=SEED)) for i, image in enumerate(signed)]


class Units(NamedTuple):
    """What factors are measured in.

    Attributes:
        counted: indices of the factors that the reader reads well.
        circular: indices of circular factors.
        variance: of the readings of each factor over renders, float64 [F].
    """

    counted: list
    circular: list
    variance: np.ndarray

    @classmethod
    def of(cls, reader, readings):
        """The Units of a FactorReader, from its readings float [n, F] of renders."""
        counted = [i for i, r2 in enumerate(reader.r2) if r2 >= LEAST_R2]
        apart = _differences(readings[::2][: len(readings) // 2], readings[1::2], reader.circular)
        return cls(counted, list(reader.circular), np.square(apart).mean(axis=0) / 2)


def factor_errors(found, wanted, units):
    """Mean over factors of the squared error of readings in variances of the factor: float64 [n].

    1 is the error of a constant that is as good as it can be, 2 that of another render's picture.

    Args:
        found, wanted: readings float [n, F], of what was found and of the renders.
        units: Units.
    """
    squared = np.square(_differences(found, wanted, units.circular)) / units.variance
    return squared[:, units.counted].mean(axis=1)


def _differences(a, b, circular):
    apart = np.asarray(a, np.float64) - b
    for i in circular:
        apart[:, i] = circular_difference(a[:, i], b[:, i])
    return apart


# ------------------------------------------------------------------ mixtures


def mixed(dlatents, cut):
    """Every code with the layers from `cut` on of every other one.

    Args:
        dlatents: float [n, L, D].
        cut: number of layers that are kept.

    Returns:
        float [n (n - 1), L, D], and the pairs of indices, int [n (n - 1), 2].
    """
    pairs = np.array([(i, j) for i in range(len(dlatents)) for j in range(len(dlatents)) if i != j])
    found = dlatents[pairs[:, 0]].copy()
    found[:, cut:] = dlatents[pairs[:, 1], cut:]
    return found, pairs


class Realism(NamedTuple):
    """How real mixtures are: Estimates of the Frechet distance from renders and of the precision."""

    frechet: Estimate
    precision: Estimate


def realism(features, pairs, reals, radii):
    """The Realism of mixtures; the intervals are those of a jackknife that leaves out one code, with all its mixtures.

    Args:
        features: float [m, F], of the mixtures.
        pairs: int [m, 2], which codes they are of.
        reals: float [k, F], features of renders.
        radii: of the renders, see `neighbours.radii_of`.
    """
    wanted, among = frechet.fit([reals]), neighbours.covered(features, reals, radii)

    def measured(chosen):
        return frechet.distance(frechet.fit([features[chosen]]), wanted), among[chosen].mean()

    codes = range(pairs.max() + 1)
    without = np.array([measured((pairs != code).all(axis=1)) for code in codes])  # [n, 2]
    whole = measured(np.ones(len(pairs), bool))
    return Realism(*[jackknife(value, column) for value, column in zip(whole, without.T)])


def jackknife(value, without):
    """The Estimate of a value, of which `without` [n] are the values without each of n independent parts.

    >>> jackknife(2.0, np.array([2.5, 2.0, 1.5]))  # The mean of 1, 2 and 3: Student's interval.
    Estimate(value=2.0, low=-0.484..., high=4.484..., n=3)
    """
    from scipy import stats

    n = len(without)
    error = np.sqrt((n - 1) / n * np.square(without - without.mean()).sum())
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1) * error)
    return Estimate(float(value), float(value - half), float(value + half), n)
