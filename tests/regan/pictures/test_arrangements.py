"""regan.pictures.arrangements: sheets of several sizes, close-ups, quarters."""

import numpy as np
import pytest

from regan.pictures import arrangements


def plain(count, height=8, width=8):
    """Images of one colour each: 1, 2, ..."""
    return np.tile(np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None], [1, height, width, 3])


def test_multiscale_fills_columns_from_the_left():
    count = arrangements.multiscale_count(2, [0, 1, 2])
    sheet = arrangements.multiscale(plain(count, 8, 16), 2, [0, 1, 2])
    assert count == 2 + 4 + 8 and sheet.shape == (16, 16 + 8 + 4, 3)
    np.testing.assert_array_equal(sheet[:, 0, 0], np.repeat([1, 2], 8))
    np.testing.assert_array_equal(sheet[:, 16, 0], np.repeat([3, 4, 5, 6], 4))
    np.testing.assert_array_equal(sheet[:, -1, 0], np.repeat(np.arange(7, 15), 2))


def test_what_no_image_fills_is_white():
    sheet = arrangements.multiscale(plain(3, 9, 9), 1, [0, 1])
    assert (sheet[8, 9:] == 255).all() and (sheet[7, 9:] == 3).all()  # 9 // 2 = 4 rows each.


@pytest.mark.parametrize('count, levels', [(5, [0, 1]), (17, [0, 4])])
def test_wrong_numbers_of_images(count, levels):
    with pytest.raises(ValueError, match='do not fill'):
        arrangements.multiscale(plain(count), 1, levels)


def test_close_ups():
    images = plain(4) * 10
    images[:, 2, 5] = [[1], [2], [3], [4]]
    page = arrangements.close_ups(images, (4, 2, 6, 4))
    np.testing.assert_array_equal(page[:4, :4, 0], [[10, 10, 1, 1]] * 2 + [[10] * 4] * 2)
    np.testing.assert_array_equal(page[4:, 4:, 0], [[40, 40, 4, 4]] * 2 + [[40] * 4] * 2)
    assert page.shape == (8, 8, 3) and page[0, 6, 0] == 2 and page[4, 2, 0] == 3


def test_quarters():
    page = arrangements.quarters(plain(4, 4, 6))
    np.testing.assert_array_equal(page[..., 0], [[1, 1, 1, 2, 2, 2]] * 2 + [[3, 3, 3, 4, 4, 4]] * 2)
