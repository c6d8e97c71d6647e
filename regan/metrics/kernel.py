"""Kernel inception distance (Binkowski et al., "Demystifying MMD GANs", 2018)."""

import numpy as np

from regan.base.errors import UserError


def distance(reals, fakes, subsets, most, random):
    """Squared maximum mean discrepancy of features with the kernel (x y / F + 1)^3: mean over random subsets.

    The estimate is unbiased, so it may be negative.

    Args:
        reals, fakes: float [n, F], float [m, F].
        subsets: how many.
        most: rows of each kind in a subset, at most; all, if there are fewer.
        random: RandomState; draws the rows of the fakes, then those of the reals, without repetition.
    Raises: UserError for fewer than two rows.
    """
    size = min(len(reals), len(fakes), most)
    if size < 2:
        raise UserError('a kernel distance needs at least 2 images on each side; raise n')
    total = 0.0
    for _ in range(subsets):
        x = fakes[random.choice(len(fakes), size, replace=False)]
        y = reals[random.choice(len(reals), size, replace=False)]
        total += discrepancy(x, y)
    return total / subsets


def discrepancy(x, y):
    """The unbiased estimate for two sets of equal size, float [n, F] each.

    >>> float(round(discrepancy(np.array([[0.0], [1.0]]), np.array([[2.0], [4.0]])), 6))
    653.0
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    n = len(x)
    within = _kernel(x, x) + _kernel(y, y)
    between = _kernel(x, y)
    return float((within.sum() - np.trace(within)) / (n * (n - 1)) - 2 * between.mean())


def _kernel(a, b):
    return (a.dot(b.T) / a.shape[1] + 1) ** 3
