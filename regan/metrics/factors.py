"""Readings of a world's factors against the truth, and as yes-or-no attributes."""

import numpy as np

# World -> its factors whose ends 0 and 1 look the same; of pattern_angle nearly, as stripes do when they have made half
# a turn.
# Hues that do not go all the way round are not among them.
CIRCULAR = {
    'cars': ('hue',),
    'faces': ('bg_hue',),
    'beetles': ('pattern_angle',),
    'portraits': ('bg_hue',),
}


def circular_difference(a, b):
    """a - b of positions on a circle of circumference 1: float in [-0.5, 0.5).

    >>> round(float(circular_difference(0.95, 0.05)), 6)
    -0.1
    """
    return (np.asarray(a, np.float64) - b + 0.5) % 1 - 0.5


def r_squared(truth, reading, circular=()):
    """Share of each factor's variance that the readings explain: 1 - mean (reading - truth)^2 / variance of the truth.

    For a circular factor differences go the shorter way round, and the variance is the mean squared difference to the
    best constant; so reading 0.99 for a truth of 0.01 is nearly right, as a hue is.

    Args:
        truth, reading: float [n, F].
        circular: indices of circular factors.
    Returns: float64 [F]; 0 for a factor that does not vary. Negative where a constant would do better.
    """
    truth, reading = np.asarray(truth, np.float64), np.asarray(reading, np.float64)
    wrong, spread = np.square(reading - truth).mean(axis=0), truth.var(axis=0)
    for i in circular:
        wrong[i] = np.square(circular_difference(reading[:, i], truth[:, i])).mean()
        spread[i] = circular_variance(truth[:, i])
    return np.where(spread > 0, 1 - wrong / np.where(spread > 0, spread, 1), 0)


def circular_variance(values):
    """Mean squared circular difference of values [n] to the best of 360 equally spaced constants; 1/12 if uniform."""
    return min(np.square(circular_difference(values, degrees / 360)).mean() for degrees in range(360))


def attribute_logits(readings, circular=()):
    """Factors as yes-or-no attributes: a positive number where the answer is yes, its size how sure it is.

    Of a factor: the reading's distance to the readings' median, so that both answers are equally frequent. Of a
    circular factor, which has no median: sin(2 pi reading), positive for the half circle from 0 to 0.5.

    Args:
        readings: float [n, F], range [0, 1].
    Returns: float64 [n, F].
    """
    readings = np.asarray(readings, np.float64)
    logits = readings - np.median(readings, axis=0)
    for i in circular:
        logits[:, i] = np.sin(2 * np.pi * readings[:, i])
    return logits
