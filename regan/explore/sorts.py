"""What a row of the contact sheet does to its pictures, as numbers to sort by. Pure NumPy.

I+ and I- are the pictures of a latent moved by +step and -step, I0 that of the latent itself, D = I+ - I-; all uint8.
Every number is a mean over some latents, with its standard error: that of the mean where each latent has a number of
its own, and the jackknife's where pairs of latents are compared (for means the two are the same). A row that changes
nothing has no number (NaN) where one would divide by the change.
"""

from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from regan.metrics.factors import circular_difference
from regan.pictures.averaging import shrink

ENERGY = 0.8  # Of the squared change, whose area tells how local it is.
COARSE = 8  # Pixels of a side, at which differences are compared between latents.
SMALLEST_FIRST = ('local',)
BY_SIZE = ('factor',)  # Sorted by how large they are, whatever the sign.


class Row(NamedTuple):
    """The pictures of one row, of S latents.

    Attributes:
        plus, minus: uint8 [S, H, W, C], I+ and I-.
        zero: uint8 [S, H, W, C], I0.
    """

    plus: np.ndarray
    minus: np.ndarray
    zero: np.ndarray

    @property
    def change(self) -> np.ndarray:
        """D, float64 [S, H, W, C]."""
        return self.plus.astype(np.float64) - self.minus


Value = Tuple[float, float]  # A number and its standard error.


def of_latents(numbers: Sequence[float]) -> Value:
    """Mean and standard error of one number for each latent; (NaN, NaN) if one of them is NaN."""
    values = np.asarray(numbers, np.float64)
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(values.mean()), float(error)


def jackknife(statistic: Callable[[List[int]], float], count: int) -> Value:
    """A statistic of all latents, and its standard error from leaving out one after the other.

    Args:
        statistic: function of a list of indices.
        count: of the latents.
    """
    everyone = list(range(count))
    left_out = np.array([statistic([i for i in everyone if i != gone]) for gone in everyone])
    error = np.sqrt((count - 1) / count * np.square(left_out - left_out.mean()).sum()) if count > 2 else np.nan
    return statistic(everyone), float(error)


# ------------------------------------------------------------------ numbers of a row


def change(row: Row) -> Value:
    """Mean |D|, in levels of 255."""
    return of_latents(np.abs(row.change).mean(axis=(1, 2, 3)))


def local(row: Row) -> Value:
    """The smallest share of the pixels that holds ENERGY of the squared change: small where little of the picture
    moves.
    """
    energies = np.square(row.change).sum(axis=3).reshape(len(row.plus), -1)  # [S, H * W]
    return of_latents([_area(energy) for energy in energies])


def _area(energy):
    total = energy.sum()
    if not total > 0:
        return np.nan
    grown = np.cumsum(np.sort(energy)[::-1]) / total
    return (np.searchsorted(grown, ENERGY - 1e-12) + 1) / len(energy)


def colour(row: Row) -> Value:
    """Share of the squared change that one colour for the whole picture explains."""
    found = row.change
    means = np.square(found.mean(axis=(1, 2))).sum(axis=1) * found.shape[1] * found.shape[2]  # [S]
    return of_latents(_ratio(means, np.square(found).sum(axis=(1, 2, 3))))


def consistent(row: Row) -> Value:
    """Mean cosine of D between two latents, at COARSE pixels: 1 where it does the same for everyone."""
    unit = _directions(row)
    cosines = np.dot(unit, unit.T)

    def mean(indices):
        pairs = [cosines[i, j] for i in indices for j in indices if i < j]
        return float(np.mean(pairs)) if pairs else np.nan

    return jackknife(mean, len(unit))


def even(row: Row) -> Value:
    """Cosine of I+ - I0 and I0 - I-: near 1 where both ways change the picture alike, low where it breaks on one
    side.
    """
    ahead, behind = row.plus.astype(np.float64) - row.zero, row.zero.astype(np.float64) - row.minus
    products = (ahead * behind).sum(axis=(1, 2, 3))
    return of_latents(_ratio(products, np.sqrt(np.square(ahead).sum((1, 2, 3)) * np.square(behind).sum((1, 2, 3)))))


def region(row: Row, mask: np.ndarray) -> Value:
    """Mean |D| inside a mask, as share of the sum of that inside and that outside: 0.5 where it makes no difference.

    Args:
        row: Row.
        mask: bool [n, n] that covers the picture; neither all nor nothing.
    """
    height, width = row.plus.shape[1:3]
    inside = mask[np.arange(height) * len(mask) // height][:, np.arange(width) * len(mask) // width]
    found = np.abs(row.change).mean(axis=3)  # [S, H, W]
    inner, outer = found[:, inside].mean(axis=1), found[:, ~inside].mean(axis=1)
    return of_latents(_ratio(inner, inner + outer))


def similar(row: Row, starred: Sequence[Row]) -> Value:
    """Mean |cosine| of D with those of other rows on the same latents, at COARSE pixels; a sign is no difference."""
    unit = _directions(row)
    cosines = [np.abs((unit * _directions(other)).sum(axis=1)) for other in starred]  # [S] each
    return of_latents(np.mean(cosines, axis=0))


def factor(plus: np.ndarray, minus: np.ndarray, circular: bool) -> Value:
    """Change of a factor from I- to I+, from readings float [S]. Args: circular, whether it goes round from 1 to 0."""
    return of_latents(circular_difference(plus, minus) if circular else plus.astype(np.float64) - minus)


SORTS: Dict[str, Callable[[Row], Value]] = {
    'change': change,
    'local': local,
    'colour': colour,
    'consistent': consistent,
    'even': even,
}


def _directions(row):
    """D at COARSE pixels as unit rows, float64 [S, ...]; NaN where nothing changes."""
    small = shrink(row.change.transpose(0, 3, 1, 2), COARSE).reshape(len(row.plus), -1)
    return small / _nan_for_zero(np.linalg.norm(small, axis=1))[:, np.newaxis]


def _ratio(a, b):
    return a / _nan_for_zero(b)


def _nan_for_zero(values):
    return np.where(values > 0, values, np.nan)


# ------------------------------------------------------------------ order


def order(sort: str, values: Sequence[float]) -> List[int]:
    """The rows, best first; those without a number come last, and equal ones stay in their order.

    >>> order('change', [1.0, float('nan'), 3.0]), order('local', [0.5, 0.1]), order('factor', [0.1, -0.4])
    ([2, 0, 1], [1, 0], [1, 0])
    """
    found = np.asarray(values, np.float64)
    keys = found if sort in SMALLEST_FIRST else -np.abs(found) if sort in BY_SIZE else -found
    return [int(row) for row in np.argsort(np.where(np.isnan(found), np.inf, keys), kind='stable')]
