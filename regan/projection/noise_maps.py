"""Noise images while they are looked for: kept like noise, so that they cannot hold the picture.

The noise images of one picture are one row of numbers, those of each map after those of the one before: [N, P].
"""

from typing import List, Sequence, Tuple

import numpy as np

SMALLEST = 8  # Side at which no smaller copies are looked at any more.


def split(rows: np.ndarray, sides: Sequence[int]) -> List[np.ndarray]:
    """Rows [N, P] -> the maps as views, list of [N, 1, S, S], for each side S."""
    ends = np.cumsum([side * side for side in sides])[:-1]
    pieces = np.split(rows, ends, axis=1)
    return [piece.reshape(len(rows), 1, side, side) for piece, side in zip(pieces, sides)]  # [N, 1, S, S]


def joined(maps: Sequence[np.ndarray], count: int) -> np.ndarray:
    """The inverse of `split`: maps [N, 1, S, S], N = `count`, -> rows float32 [N, P]."""
    empty = np.zeros([count, 0], np.float32)
    return np.concatenate([empty] + [one.reshape(count, -1) for one in maps], axis=1)  # [N, P]


def normalised(rows: np.ndarray, sides: Sequence[int]) -> np.ndarray:
    """Rows with each map at mean 0 and standard deviation 1."""
    maps = []
    for one in split(rows, sides):
        centred = one - one.mean(axis=(1, 2, 3), keepdims=True)
        maps.append(centred / np.sqrt(np.square(centred).mean(axis=(1, 2, 3), keepdims=True)))
    return joined(maps, len(rows))


def loss_and_gradient(rows: np.ndarray, sides: Sequence[int]) -> Tuple[np.ndarray, np.ndarray]:
    """How much neighbouring numbers of the maps have in common, and its gradient.

    At a map's size and at each halved one (means of 2 x 2) down to 8, summed over sizes and maps:
    mean(v roll_x(v))^2 + mean(v roll_y(v))^2. White maps have (2 / S^2) sum of 4^-k over their sizes k = 0, 1, ...

    Args:
        rows: float [N, P].
        sides: of the maps.

    Returns:
        Loss [N] and gradient [N, P], of the dtype of the rows.
    """
    loss, gradients = np.zeros(len(rows), rows.dtype), []
    for one in split(rows, sides):
        value, gradient = _of_map(one[:, 0])
        loss += value
        gradients.append(gradient)
    if not gradients:
        return loss, rows
    return loss, np.concatenate([gradient.reshape(len(rows), -1) for gradient in gradients], axis=1)  # [N, P]


def _of_map(maps):
    """Loss [N] and gradient [N, S, S] of one map of each picture."""
    count, side = maps.shape[:2]
    loss, gradient = np.zeros(count, maps.dtype), np.zeros_like(maps)
    for axis in (1, 2):
        common = (maps * np.roll(maps, 1, axis)).mean(axis=(1, 2))  # [N]
        loss += np.square(common)
        factor = (2 / side**2 * common)[:, None, None]
        gradient += factor * (np.roll(maps, 1, axis) + np.roll(maps, -1, axis))
    if side > SMALLEST:
        smaller = maps.reshape(count, side // 2, 2, side // 2, 2).mean(axis=(2, 4))  # [N, S / 2, S / 2]
        below, slope = _of_map(smaller)
        loss += below
        gradient += slope.repeat(2, axis=1).repeat(2, axis=2) / 4
    return loss, gradient
