"""Compare pictures tile by tile.

One bad tile among many hardly moves the error of a whole figure, so each tile is judged alone.
Differences are in colour levels (0 to 255). Knows files and arrays, nothing of figures.
"""

import dataclasses
from pathlib import Path
from typing import Iterable, List

import numpy as np

from regan.base.errors import UserError
from regan.base.json_records import declared, key, number, text
from regan.base.typing import PathLike
from regan.pictures import images


@dataclasses.dataclass(frozen=True)
class TileDifference:
    """How far one tile is from the expected one."""

    row: int
    col: int
    max: int  # largest difference of a pixel, 0 to 255
    rms: float  # root of the mean squared difference, 0 to 255
    share: float  # part of the pixels that differ in any channel, 0 to 1

    def __str__(self) -> str:
        return 'row %d, column %d: max %d, RMS %.3f levels, %.2f %% of the pixels' % (
            self.row,
            self.col,
            self.max,
            self.rms,
            100 * self.share,
        )


@dataclasses.dataclass(frozen=True)
@declared
class Tolerance:
    """What is allowed of every tile, in colour levels, and why."""

    max: float = key(number(0, 255), 'largest difference of a pixel')
    rms: float = key(number(0, 255), 'root of the mean squared difference')
    reason: str = key(text, 'why so much is allowed')

    def allows(self, difference: TileDifference) -> bool:
        """Whether a TileDifference is within both limits."""
        return difference.max <= self.max and difference.rms <= self.rms


EXACT = Tolerance(0, 0, 'same software and processor')


def compare(expected: np.ndarray, actual: np.ndarray, height: int, width: int) -> List[TileDifference]:
    """Compare two pages uint8 [H, W, C] of tiles of `height` x `width` pixels, without gaps.

    Returns a list of TileDifference, row by row.
    Raises UserError when the sizes differ or are not a whole number of tiles.
    """
    check_sizes(expected, actual)
    try:
        levels = np.abs(
            images.split(expected, height, width).astype(np.int16) - images.split(actual, height, width)
        )  # [R, K, H, W, C]
    except ValueError as error:
        raise UserError('the pictures cannot be compared: %s' % error)
    return [_measure(row, col, levels[row, col]) for row, col in np.ndindex(*levels.shape[:2])]


def check_sizes(expected: np.ndarray, actual: np.ndarray) -> None:
    """Raises UserError when two pictures [H, W, C] differ in size."""
    if expected.shape != actual.shape:
        raise UserError(
            'the pictures differ in size: expected %s, got %s (rows, columns, channels)'
            % (list(expected.shape), list(actual.shape))
        )


def _measure(row, col, levels):
    return TileDifference(
        row,
        col,
        int(levels.max()),
        float(np.sqrt(np.mean(np.square(levels, dtype=np.float64)))),
        float(np.mean(levels.max(axis=2) > 0)),
    )


def worst(differences: Iterable[TileDifference]) -> TileDifference:
    """The TileDifference with the largest RMS."""
    return max(differences, key=lambda difference: (difference.rms, difference.max))


def save_failure(folder: PathLike, name: str, expected: np.ndarray, actual: np.ndarray) -> List[Path]:
    """Write NAME-expected.png, NAME-actual.png and NAME-difference.png; returns the three Paths.

    Both pictures are uint8 [H, W, C] of equal size. The difference is amplified so that its largest
    value is 255 or nearly so.
    """
    levels = np.abs(expected.astype(np.int16) - actual)
    amplified = (levels * (255 // max(1, levels.max()))).astype(np.uint8)
    paths = []
    for kind, picture in [('expected', expected), ('actual', actual), ('difference', amplified)]:
        paths.append(Path(folder) / ('%s-%s.png' % (name, kind)))
        images.save_png(paths[-1], picture)
    return paths
