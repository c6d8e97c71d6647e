"""regan.pictures.spread: standard deviations of grey values, against closed forms."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.pictures import spread


def collected(images):
    found = spread.Spread()
    for image in images:
        found.add(image)
    return found


def test_deviation_is_that_of_the_mean_of_the_colours():
    """Colours that only trade places deviate by nothing; those that rise together by their own deviation."""
    images = np.zeros([4, 1, 3, 3], np.uint8)
    images[0::2, 0, 0] = [30, 0, 60]
    images[1::2, 0, 0] = [60, 30, 0]
    images[1::2, 0, 1] = 100  # 0, 100, 0, 100: 50.
    images[:, 0, 2, 0] = [0, 3, 6, 9]  # A third of 0, 3, 6, 9: sqrt(1.25).
    np.testing.assert_allclose(collected(images).deviation(), [[0, 50, np.sqrt(1.25)]], rtol=1e-15)


@pytest.mark.parametrize('channels', [1, 3, 4])
def test_as_numpys(channels):
    images = np.random.RandomState(channels).randint(0, 256, [20, 5, 4, channels]).astype(np.uint8)
    expected = np.std(np.mean(images[..., :3].astype(np.float64), axis=3), axis=0)
    np.testing.assert_allclose(collected(images).deviation(), expected, rtol=1e-12)


def test_no_precision_is_lost_to_many_bright_images():
    """Half of them 255, half 254: 0.5 exactly, which differences of float32 means would not give."""
    images = np.full([2, 1, 1, 3], 255, np.uint8)
    images[1] = 254
    found = spread.Spread()
    for _ in range(2000):
        for image in images:
            found.add(image)
    assert found.deviation() == 0.5


def test_as_image_is_rounded_and_clipped():
    page = spread.as_image(np.array([[0, 0.12, 0.13, 63.7, 80]]), channels=4)
    np.testing.assert_array_equal(page[0, :, 0], [0, 0, 1, 255, 255])
    assert page.shape == (1, 5, 4) and (page[..., 3] == 255).all() and (page[..., 1] == page[..., 2]).all()


def test_nothing_deviates_without_images():
    with pytest.raises(UserError, match='there are no images'):
        spread.Spread().deviation()
