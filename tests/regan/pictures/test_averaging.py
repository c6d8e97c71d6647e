"""regan.pictures.averaging against means of blocks."""

import numpy as np

from regan.pictures.averaging import shrink


def test_blocks_are_averaged_and_small_images_are_left_alone():
    images = np.arange(2 * 3 * 16 * 16, dtype=float).reshape(2, 3, 16, 16)
    small = shrink(images, 4)
    assert small.shape == (2, 3, 4, 4)
    assert small[1, 2, 3, 1] == images[1, 2, 12:16, 4:8].mean()
    assert shrink(images, 16) is images and shrink(images, 256) is images
