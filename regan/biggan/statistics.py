"""Which rows of the tables of means and variances a truncation takes (biggan 5)."""

import decimal
import math

import numpy as np

from regan.base.errors import UserError

MODES = ('linear', 'pytorch')
SNAP = 1e-4  # A place so near a row is the row.


def row_weights(truncation: float, rows: int, mode: str = 'linear') -> np.ndarray:
    """The weight of each row of statistics, float32 [rows].

    Args:
        truncation: above 0, at most 1.
        rows: of the tables, for truncations 0 to 1 in equal steps.
        mode: 'linear', or 'pytorch': the public PyTorch code to the letter, whose weights are the wrong way round and
            whose rounding takes a neighbouring row at 0.14, 0.28, 0.56, 0.58 and 0.94.

    Raises:
        UserError: another truncation or mode.
    """
    if not 0 < truncation <= 1:
        raise UserError('truncation is %s but a BigGAN takes numbers above 0, up to 1' % truncation)
    if mode not in MODES:
        raise UserError('there is no way %r between rows of statistics; choose one of %s' % (mode, ', '.join(MODES)))
    weights = np.zeros(rows, np.float32)
    if mode == 'pytorch':
        rest, first = math.modf(truncation / (1.0 / (rows - 1)))
        weights[int(first)] = 1 if rest == 0 else rest
        if rest:
            weights[int(first) + 1] = 1 - rest
        return weights
    place = float(decimal.Decimal(repr(float(truncation))) * (rows - 1))
    if abs(place - round(place)) < SNAP:
        weights[round(place)] = 1
        return weights
    first = math.floor(place)
    weights[first], weights[first + 1] = 1 - (place - first), place - first
    return weights
