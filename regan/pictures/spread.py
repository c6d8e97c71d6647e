"""How much the pixels of many images of one thing deviate from each other, in grey values."""

import numpy as np

from regan.base.errors import UserError
from regan.pictures import images

COLOURS = 3  # An alpha is none of them.


class Spread:
    """Collects images, and knows the standard deviation of each pixel's grey value (the mean of its colours).

    Sums are whole numbers, so neither the order of the images nor their number costs precision.

    >>> spread = Spread()
    >>> for grey in (10, 20):
    ...     spread.add(np.full([1, 1, 3], grey, np.uint8))
    >>> spread.deviation()
    array([[5.]])

    Attributes:
        count: of the images so far.
    """

    count: int

    def __init__(self) -> None:
        self.count = 0
        self._sum = self._squares = np.zeros([], np.int64)
        self._colours = 1

    def add(self, image: np.ndarray) -> None:
        """Takes in an image, uint8 [H, W, C]; all have the same size."""
        colours = images.check(image, rank=3)[..., :COLOURS].astype(np.int64)  # [H, W, C]
        total = colours.sum(axis=-1)  # [H, W]
        self._sum, self._squares = self._sum + total, self._squares + total**2
        self.count, self._colours = self.count + 1, colours.shape[-1]

    def deviation(self) -> np.ndarray:
        """Standard deviation of the grey values, float64 [H, W] in levels of 255: that of the images as a whole
        population.

        Raises UserError if there are no images.
        """
        if not self.count:
            raise UserError('there are no images, so nothing deviates; add some')
        variance = self.count * self._squares - self._sum**2
        return np.sqrt(variance) / (self.count * self._colours)


def as_image(deviation: np.ndarray, factor: float = 4.0, channels: int = 3) -> np.ndarray:
    """Deviations as a grey image, brighter where they are larger, as StyleGAN's figure has them.

    Args:
        deviation: float [H, W] in levels of 255.
        factor: levels of the image for each level of deviation.
        channels: 1, 3 or 4; an alpha is opaque.

    Returns:
        uint8 [H, W, C]: deviation times factor, rounded, at most 255.
    """
    grey = np.clip(factor * deviation + 0.5, 0, 255).astype(np.uint8)  # [H, W]
    page = np.repeat(grey[..., np.newaxis], channels, axis=2)  # [H, W, C]
    page[..., COLOURS:] = images.WHITE
    return page
