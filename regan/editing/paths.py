"""Paths through latents: on the sphere, along straight lines, and along a smooth curve; open, or closed to a loop.

A path goes through K keys, one after the other. A *place* on it is a number: 0 at the first key, 1 at the second, and
so on; an open path ends at K - 1, and a loop at K, where it is at its first key again.
"""

from typing import Callable, Tuple

import numpy as np

Path = Callable[[np.ndarray], np.ndarray]  # float [F], places -> float64 [F, ...].


def length(keys: int, loop: bool) -> int:
    """The place at which a path through so many keys ends."""
    return keys if loop else keys - 1


def places(frames: int, end: float, loop: bool) -> np.ndarray:
    """Places of frames in equal steps, float64 [frames]: of an open path from 0 to its end; of a loop without the end,
    which the first frame follows.

    >>> places(5, 2, loop=False).tolist(), places(4, 2, loop=True).tolist()
    ([0.0, 0.5, 1.0, 1.5, 2.0], [0.0, 0.5, 1.0, 1.5])
    """
    return np.linspace(0.0, end, frames, endpoint=not loop)


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Spherical interpolation: the direction turns from a to b at a steady rate on the great circle through both, and
    the length goes linearly from that of a to that of b.

    Args:
        a, b: float [D], not zero. Of opposite ones, which have no great circle of their own, some is taken.
        t: float [F], 0 at a and 1 at b.

    Returns:
        float64 [F, D].
    """
    a, b, t = (np.asarray(value, np.float64) for value in (a, b, t))
    norms = np.linalg.norm(a), np.linalg.norm(b)
    a, b = a / norms[0], b / norms[1]
    across = b - np.dot(a, b) * a
    angle = np.arctan2(np.linalg.norm(across), np.dot(a, b))  # Exact for small angles, too, unlike the arc cosine.
    if np.linalg.norm(across) < 1e-12:
        across = np.eye(len(a))[np.abs(a).argmin()]
        across -= np.dot(a, across) * a
    across /= np.linalg.norm(across)
    turned = np.outer(np.cos(t * angle), a) + np.outer(np.sin(t * angle), across)
    return turned * (norms[0] + (norms[1] - norms[0]) * t)[:, np.newaxis]


def spherical(keys: np.ndarray, loop: bool = False) -> Path:
    """The path that goes from key to key by `slerp`. Args: keys, float [K, D]."""
    return _by_pieces(np.asarray(keys, np.float64), loop, slerp)


def linear(keys: np.ndarray, loop: bool = False) -> Path:
    """The path that goes from key to key along straight lines. Args: keys, float [K, ...]."""
    shape, flat = _flat(keys)
    pieces = _by_pieces(flat, loop, lambda a, b, t: a + np.outer(t, b - a))
    return lambda at: pieces(at).reshape((-1,) + shape)


def _by_pieces(keys, loop, between):
    """The path that goes from each key to the next by a function of both and of t in [0, 1]."""
    end = length(len(keys), loop)

    def path(at):
        at = _within(at, end, loop)
        index = np.minimum(at.astype(int), max(end - 1, 0))
        found = np.empty((len(at), keys.shape[1]))
        for i in np.unique(index):
            chosen = index == i
            found[chosen] = between(keys[i], keys[(i + 1) % len(keys)], at[chosen] - i)
        return found

    return path


def smooth(keys: np.ndarray, loop: bool = False) -> Path:
    """The cubic spline through keys: its direction and curvature change without a jump, at the end of a loop, too. An
    open one is straight at both ends (a natural spline).

    Args:
        keys: float [K, ...].
        loop: whether it goes on to the first key.
    """
    shape, flat = _flat(keys)
    bends = _second_derivatives(flat, loop)
    end, count = length(len(flat), loop), len(flat)

    def path(at):
        at = _within(at, end, loop)
        index = np.minimum(at.astype(int), max(end - 1, 0))
        t = (at - index)[:, np.newaxis]
        following = (index + 1) % count
        straight = flat[index] * (1 - t) + flat[following] * t
        bent = bends[index] * ((1 - t) ** 3 - (1 - t)) + bends[following] * (t**3 - t)
        return (straight + bent / 6).reshape((-1,) + shape)

    return path


def _second_derivatives(keys, loop):
    """Of the cubic spline at its keys [K, D], a unit apart: m[i-1] + 4 m[i] + m[i+1] = 6 (k[i-1] - 2 k[i] + k[i+1])."""
    count = len(keys)
    if count < 3 and not (loop and count == 2):
        return np.zeros_like(keys)
    before, after = np.roll(np.eye(count), 1, axis=0), np.roll(np.eye(count), -1, axis=0)
    system, right = before + after + 4 * np.eye(count), 6 * np.dot(before + after - 2 * np.eye(count), keys)
    if not loop:
        for i in (0, count - 1):
            system[i], right[i] = np.eye(count)[i], 0.0
    return np.linalg.solve(system, right)


def _flat(keys):
    keys = np.asarray(keys, np.float64)
    return keys.shape[1:], keys.reshape(len(keys), -1)


def _within(at, end, loop):
    at = np.asarray(at, np.float64)
    return np.mod(at, end) if loop and end else np.clip(at, 0, end)


def there_and_back(low: float, high: float, at: np.ndarray) -> np.ndarray:
    """Numbers that swing: low at place 0, high at 1/2, low again at 1, and at rest at either end. float [F] -> [F].

    >>> (there_and_back(-1, 1, np.array([0, 0.25, 0.5, 1])).round(6) + 0).tolist()  # No -0.0.
    [-1.0, 0.0, 1.0, -1.0]
    """
    return low + (high - low) * (1 - np.cos(2 * np.pi * np.asarray(at, np.float64))) / 2


def on_the_way(keys: int, at: float) -> Tuple[int, int, float, float]:
    """Between which keys of a loop a place is, and how much of each is taken so that mixtures of independent normal
    numbers have their variance: (i, j, cos, sin).

    >>> on_the_way(3, 2.0)
    (2, 0, 1.0, 0.0)
    """
    i = int(at) % keys
    angle = (at - int(at)) * np.pi / 2
    return i, (i + 1) % keys, float(np.cos(angle)), float(np.sin(angle))
