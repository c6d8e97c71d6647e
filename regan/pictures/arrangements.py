"""Several images as one: sheets of several sizes, close-ups, quarters, as StyleGAN's figures arrange them."""

from typing import List, Sequence, Tuple

import numpy as np
from PIL import Image

from regan.pictures import images


def multiscale_count(rows: int, levels: Sequence[int]) -> int:
    """How many images a sheet of `multiscale` takes.

    >>> multiscale_count(3, [0, 1, 2, 2, 3, 3])
    81
    """
    return sum(rows << level for level in levels)


def multiscale(pictures: np.ndarray, rows: int, levels: Sequence[int]) -> np.ndarray:
    """A sheet whose columns have images of decreasing size, on white.

    Args:
        pictures: uint8 [N, H, W, C], as many as `multiscale_count` says; they fill the first column from top to bottom,
            then the next.
        rows: images of full size below each other; a column of level l has rows * 2**l.
        levels: of each column: its images have height H // 2**l and width W // 2**l (Lanczos).

    Returns:
        uint8 [rows * H, sum of the columns' widths, C].

    Raises ValueError for another number of images, or a level that leaves nothing.
    """
    height, width, channels = images.check(pictures, rank=4).shape[1:]
    if len(pictures) != multiscale_count(rows, levels) or min(height, width) >> max(levels) < 1:
        raise ValueError('%s images do not fill %d rows of levels %s' % (list(pictures.shape), rows, list(levels)))
    sheet = np.full([rows * height, sum(width >> level for level in levels), channels], images.WHITE, np.uint8)
    begin = left = 0
    for level in levels:
        count, high, wide = rows << level, height >> level, width >> level
        column = np.concatenate([reduced(one, high, wide) for one in pictures[begin : begin + count]])
        sheet[: len(column), left : left + wide] = column
        begin, left = begin + count, left + wide
    return sheet


def reduced(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """An image [H, W, C] in a smaller size, smoothly (Lanczos): uint8 [height, width, C]."""
    if image.shape[:2] == (height, width):
        return image
    planes = [Image.fromarray(plane).resize((width, height), Image.LANCZOS) for plane in np.moveaxis(image, -1, 0)]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)  # [height, width, C]


def close_ups(pictures: np.ndarray, box: Tuple[int, int, int, int]) -> np.ndarray:
    """The same part of four images, two by two, its pixels repeated until all are as large as one image.

    Args:
        pictures: uint8 [4, S, S, C].
        box: left, top, right and bottom of a square, of whose side S / 2 is a multiple.

    Returns:
        uint8 [S, S, C].
    """
    left, top, right, bottom = box
    parts = images.check(pictures, rank=4)[:, top:bottom, left:right]
    large = images.enlarge(parts, pictures.shape[1] // (2 * (right - left)))
    return images.grid(large.reshape((2, 2) + large.shape[1:]))


def quarters(pictures: np.ndarray) -> np.ndarray:
    """One image of the quarters of four: top left, top right, bottom left, bottom right, each where it was.

    Args: pictures, uint8 [4, H, W, C]. Returns uint8 [H, W, C].
    """
    middle, centre = (size // 2 for size in images.check(pictures, rank=4).shape[1:3])
    first, second, third, fourth = pictures
    rows: List[np.ndarray] = [
        np.concatenate([first[:middle, :centre], second[:middle, centre:]], axis=1),
        np.concatenate([third[middle:, :centre], fourth[middle:, centre:]], axis=1),
    ]
    return np.concatenate(rows)
