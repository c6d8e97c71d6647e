"""Tiles on a page that says what they show: for the eye, where `images.grid` and `images.sheet` are for programs.

Small tiles are enlarged by repeating their pixels, rows and columns have labels, and what would be too long for a
screen goes on beside or below. A page has about the shape of a screen, unless it is smaller than one anyway.
"""

import math
from typing import Any, Callable, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from regan.pictures import images

# In pixels for tiles of MOST pixels; larger ones have larger letters.
LETTERS = 28  # Height of a title ...
SMALL = LETTERS * 2 // 3  # ... and of all other texts, ...
TINY = 10  # ... which shrink to this before they are cut short.
WIDEST = 340  # A column of names.
GAP = 2  # Between tiles ...
SPACE = 24  # ... and between the parts of a page that goes on beside or below.

SCREEN = 1920, 1200  # Width and height.
LEAST, MOST = 128, 256  # Pixels of a side to which smaller tiles are enlarged: as far as the screen has room.
LARGEST = 2**27  # Pixels of a page of enlarged tiles.


class _Plan(NamedTuple):
    """How a page is arranged.

    Attributes:
        width, height: of the page in pixels, without its title.
        rows, columns: of tiles in each of its parts.
        empty: share of the page that has no tile where one could be.
        whole: nothing goes on beside or below; such a page is taken if it fits.
    """

    width: int
    height: int
    rows: int
    columns: int
    empty: float
    whole: bool

    @property
    def fits(self):
        """Whether it fits on a screen, with a title."""
        return self.width <= SCREEN[0] and self.height + 2 * LETTERS <= SCREEN[1]

    @property
    def cost(self):
        """How far it is from a full page of a screen's shape."""
        return abs(math.log(self.width * SCREEN[1] / self.height / SCREEN[0])) + 1.5 * self.empty


def matrix(
    tiles: np.ndarray, rows: Sequence[str], columns: Sequence[str], title: str = '', whole: bool = False
) -> np.ndarray:
    """A page with a name left of each row of tiles and a label above each column.

    Rows that do not fit go on beside the first ones, or columns below them. A single column becomes a `sheet`.

    Args:
        tiles: uint8 [R, K, H, W, C].
        rows: R texts.
        columns: K texts.
        title: line above the page; '' for none.
        whole: nothing goes on elsewhere, for tables whose first row or column belongs to all others.

    Returns:
        uint8 [H', W', C].
    """
    if tiles.shape[1] == 1:
        return sheet(tiles[:, 0], rows, ', '.join(filter(None, [title] + list(columns))))
    scale = _scale(tiles)
    rows, size = _lettered(rows, scale * WIDEST, scale)
    names = max(images.text_width(text, size) for text in rows) + 2 * size
    factor, plan = _arranged(
        tiles.shape[2:4],
        lambda height, width: (
            one for one in _parts(tiles.shape[:2], height, width, names, scale) if one.whole or not whole
        ),
    )
    large = images.enlarge(tiles, factor)
    columns, letters = _lettered(columns, large.shape[3], scale)

    def part(i, j):
        """The tiles from row i and column j on, with their names and labels."""
        block = large[i : i + plan.rows, j : j + plan.columns]
        grid = images.grid(block, GAP)
        labels = images.text_row(columns[j : j + plan.columns], grid.shape[1], letters, grid.shape[2])
        right = np.concatenate([labels, grid])
        left = images.text_column(rows[i : i + plan.rows], grid.shape[0], size, grid.shape[2])
        left = images.pad(left, top=len(labels), width=names)
        return np.concatenate([left, right], axis=1)

    beside = [part(i, 0) for i in range(0, len(rows), plan.rows)]
    below = [part(0, j) for j in range(plan.columns, len(columns), plan.columns)]
    space = scale * SPACE
    page = _side_by_side(beside, space) if len(beside) > 1 else images.stack(beside + below, space)[0]
    return _titled(page, title, scale)


def _parts(shape, height, width, names, scale):
    """The plans for R x K tiles of this size: all together, rows beside each other, or columns below each other."""
    (rows, columns), heading, space = shape, 2 * scale * SMALL, scale * SPACE
    for count in range(1, rows + 1):
        each = -(-rows // count)
        one = names + columns * (width + GAP) + space
        yield _Plan(count * one, heading + each * (height + GAP), each, columns, 1 - rows / (count * each), count == 1)
    for count in range(2, columns + 1):
        each = -(-columns // count)
        one = heading + rows * (height + GAP) + space
        yield _Plan(names + each * (width + GAP), count * one, rows, each, 1 - columns / (count * each), False)


def sheet(tiles: np.ndarray, captions: Sequence[str], title: str = '', columns: Optional[int] = None) -> np.ndarray:
    """A page with a caption below each tile, row by row.

    Args:
        tiles: uint8 [N, H, W, C].
        captions: N texts.
        title: line above the page; '' for none.
        columns: of tiles; None: as many as make the page the shape of a screen.

    Returns:
        uint8 [H', W', C].
    """
    scale = _scale(tiles)
    factor, plan = _arranged(
        tiles.shape[1:3], lambda height, width: _lines(len(tiles), height + 2 * scale * SMALL, width, columns)
    )
    large = images.enlarge(tiles, factor)
    captions, letters = _lettered(captions, large.shape[2], scale)
    lines = []
    for begin in range(0, len(tiles), plan.columns):
        grid = images.grid(large[None, begin : begin + plan.columns], GAP)
        texts = captions[begin : begin + plan.columns]
        lines += [grid, images.text_row(texts, grid.shape[1], letters, grid.shape[2])]
    return _titled(images.stack(lines)[0], title, scale)


def _lines(count, height, width, columns):
    """The plans for so many tiles that have this size with their captions."""
    for each in [min(columns, count)] if columns else range(1, count + 1):
        lines = -(-count // each)
        yield _Plan(each * (width + GAP), lines * height, lines, each, 1 - count / (lines * each), False)


def _arranged(size: Tuple[int, ...], plans: Callable[[int, int], Iterable[_Plan]]) -> Tuple[int, Any]:
    """(factor, plan): the largest enlargement with which a plan fits on the screen, but not below LEAST pixels.

    Args:
        size: height and width of a tile.
        plans: callable (height, width of an enlarged tile) -> the possible plans.
    """
    side = max(size)
    least, factor = max(1, LEAST // side), max(1, MOST // side)
    while True:
        found = list(plans(size[0] * factor, size[1] * factor))
        plan = min(found, key=lambda one: (not (one.whole and one.fits), one.cost))
        if factor == 1 or (plan.width * plan.height <= LARGEST and (plan.fits or factor <= least)):
            return factor, plan
        factor -= 1


def _scale(tiles):
    """How much larger than usual letters are: tiles that are larger than MOST are looked at from farther away."""
    return max(1, max(tiles.shape[-3:-1]) // MOST)


def _side_by_side(pages: List[np.ndarray], space: int) -> np.ndarray:
    """Pages [H, W, C] of any heights from left to right, so many pixels between them."""
    height = max(len(page) for page in pages)
    spaced = [images.pad(page, height=height, width=page.shape[1] + space) for page in pages]
    return np.concatenate(spaced, axis=1)[:, :-space]


def _titled(page, title, scale):
    """The page below its title, which is as large as the width allows."""
    if not title:
        return page
    (title,), size = _lettered([title], page.shape[1], scale, LETTERS)
    return np.concatenate([images.text_row([title], page.shape[1], size, page.shape[2]), page])


def _lettered(texts, width, scale, size=SMALL):
    """Texts as they fit a width, and the height of their letters: scale * size, or as much less as it takes."""
    size = scale * size
    while size > scale * TINY and max(images.text_width(text, size) for text in texts) > width:
        size -= 1
    return [_cut_short(text, width, size) for text in texts], size


def _cut_short(text, width, size):
    """The text, or its beginning and three dots."""
    if images.text_width(text, size) <= width:
        return text
    while text and images.text_width(text + '...', size) > width:
        text = text[:-1]
    return text + '...'
