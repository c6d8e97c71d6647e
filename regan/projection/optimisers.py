"""Optimisers on rows of numbers, one row for each picture: nothing of one row enters another."""

import math
from typing import NamedTuple, Tuple

import numpy as np

BETAS = 0.9, 0.999
EPSILON = 1e-8
CLIP = 2.0  # Of stochastic clipping: what is farther from 0 is drawn anew.


class Moments(NamedTuple):
    """What Adam keeps: running means of gradients and of their squares, float [N, P] each."""

    first: np.ndarray
    second: np.ndarray


def adam(
    values: np.ndarray, gradient: np.ndarray, moments: Moments, rate: float, count: int
) -> Tuple[np.ndarray, Moments]:
    """One step of Adam (Kingma and Ba 2014), with the epsilon where TensorFlow has it: beside the root of the second
    mean before it is corrected for its start at zero.

    Args:
        values: float [N, P].
        gradient: float [N, P].
        moments: as the last step left them; zeros at first.
        rate: learning rate.
        count: of this step, from 1.

    Returns:
        The new values, and the new moments.
    """
    first = BETAS[0] * moments.first + (1 - BETAS[0]) * gradient
    second = BETAS[1] * moments.second + (1 - BETAS[1]) * np.square(gradient)
    corrected = rate * math.sqrt(1 - BETAS[1] ** count) / (1 - BETAS[0] ** count)  # float: the arrays keep their dtype.
    return values - corrected * first / (np.sqrt(second) + EPSILON), Moments(first, second)


def descent(values: np.ndarray, gradient: np.ndarray, rate: float) -> np.ndarray:
    """One step of plain gradient descent: values [N, P], gradient [N, P] -> values [N, P]."""
    return values - rate * gradient


def clipped(values: np.ndarray, fresh: np.ndarray, limit: float = CLIP) -> np.ndarray:
    """Stochastic clipping (Lipton and Tripathi 2017): fresh numbers for those outside of [-limit, limit].

    Args:
        values: float [N, ...].
        fresh: normal numbers that broadcast against them.
        limit: the largest magnitude that stays.
    """
    return np.where(np.abs(values) > limit, np.asarray(fresh, values.dtype), values)
