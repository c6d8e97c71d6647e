"""What a factor reader says, in units in which factors can be compared."""

import dataclasses
from typing import Tuple

import numpy as np

from regan.base.errors import UserError


@dataclasses.dataclass(frozen=True)
class Units:
    """Positions of images in the space of their factors, each factor in units of its spread over a network's own
    samples.

    A factor has two coordinates: (value, 0), or of a circular one (cos, sin) of its angle, so that no difference has to
    decide which way round it goes. The spread is the root of the summed variances of both.

    Attributes:
        names: of the F factors that the reader reads well enough.
        left_out: names of the others.
        columns: int [F], their columns among all readings.
        circular: bool [F].
        spread: float64 [F].
    """

    names: Tuple[str, ...]
    left_out: Tuple[str, ...]
    columns: np.ndarray
    circular: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, readings, names, circular, r2, least_r2):
        """The units of a network.

        Args:
            readings: float [n, A] of its samples.
            names: list of A str.
            circular: indices of circular factors.
            r2: list of A float.
            least_r2: factors below it are left out.
        Raises:
            UserError: no factor is left.
        """
        columns = np.array([i for i, value in enumerate(r2) if value >= least_r2], int)
        if not len(columns):
            raise UserError('the factor reader reads no factor with R2 of %g or more; train a better one' % least_r2)
        flags = np.isin(columns, circular)
        spread = np.sqrt(_positions(readings, columns, flags).var(axis=0).sum(axis=-1))
        return cls(
            tuple(names[i] for i in columns),
            tuple(name for i, name in enumerate(names) if i not in columns),
            columns,
            flags,
            np.maximum(spread, 1e-9),
        )

    def positions(self, readings):
        """Readings float [..., A] -> float64 [..., F, 2]."""
        return _positions(readings, self.columns, self.circular) / self.spread[:, np.newaxis]

    def index(self, name):
        """Number of a factor among the F. Raises UserError if it is not among them."""
        if name not in self.names:
            raise UserError(
                'the factor %s is not read well enough, or unknown; there are %s' % (name, ', '.join(self.names))
            )
        return self.names.index(name)

    def members(self, groups, chosen):
        """Numbers of the factors of some groups: list of int.

        Args:
            groups: dict group -> list of factor names.
            chosen: names of groups.
        """
        return [i for i, name in enumerate(self.names) if any(name in groups[group] for group in chosen)]


def _positions(readings, columns, circular):
    values = np.asarray(readings, np.float64)[..., columns]  # [..., F]
    angle = 2 * np.pi * values
    return np.stack(
        [np.where(circular, np.cos(angle), values), np.where(circular, np.sin(angle), 0)], axis=-1
    )  # [..., F, 2]


def size(changes):
    """How far each factor moved: float [..., F, 2] -> [..., F]."""
    return np.sqrt(np.square(changes).sum(axis=-1))


def total(changes):
    """How far an image moved: root mean square over the factors, float [..., F, 2] -> [...]."""
    return np.sqrt(np.square(changes).sum(axis=-1).mean(axis=-1))


def heading(changes):
    """The direction in which one factor moves on the whole, a unit vector [2], and how far the mean goes, of float
    [n, 2].
    """
    mean = np.mean(changes, axis=0)
    length = float(np.hypot(*mean))
    return (mean / length if length else np.array([1.0, 0.0])), length
