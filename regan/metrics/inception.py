"""Inception score (Salimans et al., "Improved techniques for training GANs", 2016)."""

import numpy as np

from regan.base.errors import UserError


def score(probabilities, splits):
    """exp(mean of the divergence of each image's classes from those of its part), as (mean, deviation) over parts.

    Args:
        probabilities: float [n, classes], of the classes for each image.
        splits: number of parts, which follow one another.

    >>> tuple(round(value, 6) for value in score(np.eye(4)[[0, 1, 2, 3, 0, 0, 1, 1]], 2))
    (3.0, 1.0)
    """
    if len(probabilities) < splits:
        raise UserError('an inception score in %d parts needs as many images; raise n' % splits)
    p = np.asarray(probabilities, np.float64)
    bounds = [i * len(p) // splits for i in range(splits + 1)]
    values = [np.exp(_divergence(p[begin:end])) for begin, end in zip(bounds, bounds[1:])]
    return float(np.mean(values)), float(np.std(values))


def _divergence(p):
    """Mean over rows of sum p log(p / mean p), where 0 log 0 = 0."""
    mean = p.mean(axis=0)
    ratio = np.divide(p, mean, out=np.ones_like(p), where=p > 0)
    return (p * np.log(ratio)).sum(axis=1).mean()
