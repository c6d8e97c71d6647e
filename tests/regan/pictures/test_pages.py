"""Pages for the eye: labels, enlargement, and a screen's shape at any number and size of tiles."""

import numpy as np
import pytest

from regan.pictures import images, pages


def tiles(rows, columns, side, channels=3):
    """uint8 [R, K, side, side, C]; no two tiles are alike, and none is white."""
    values = np.arange(rows * columns, dtype=np.uint8).reshape(rows, columns, 1, 1, 1) % 199 + 20
    return np.broadcast_to(values, (rows, columns, side, side, channels))


def texts(word, count):
    return ['%s %d' % (word, i) for i in range(count)]


def factors(page, shown):
    """By how much the tiles of each value are enlarged on a page: a set. (Letters add a few pixels of any grey.)"""
    side, values = shown.shape[2], shown[:, :, 0, 0, 0]
    pixels = np.bincount(page[..., 0].ravel(), minlength=256)
    return {int(np.sqrt(pixels[value] / (values == value).sum()) / side) for value in np.unique(values)}


@pytest.mark.parametrize(
    'rows, columns, side',
    [(13, 1, 64), (13, 2, 64), (1, 1, 64), (2, 1, 64), (81, 1, 64), (81, 4, 16), (1, 40, 64), (3, 5, 128), (7, 30, 8)],
)
def test_any_shape_is_a_screens(rows, columns, side):
    shown = tiles(rows, columns, side)
    page = pages.matrix(shown, texts('E(v0, 0-3) * 2 of', rows), texts('seed', columns), 'title')
    height, width = page.shape[:2]
    if height > pages.SCREEN[1] or width > pages.SCREEN[0] or columns == 1 and rows > 6:
        assert 0.9 < width / height < 2.3
    (factor,) = factors(page, shown)
    assert side * factor >= min(128, 256 // side * side)


def test_the_strip_of_six_components_and_two_ranges():
    page = pages.matrix(tiles(13, 1, 128), texts('edit', 13), ['seed 3'])
    assert page.shape[0] < 1200 and 1 < page.shape[1] / page.shape[0] < 2


def test_large_tiles_keep_their_pixels_and_have_larger_letters():
    shown = tiles(1, 2, 1024, 1)
    page = pages.matrix(shown, ['row'], ['a', 'b'])
    assert page.shape[0] == 1024 + 2 * 4 * pages.SMALL and page.shape[1] > 2 * 1024 + 4 * pages.SMALL
    assert factors(page, shown) == {1}


@pytest.mark.parametrize('channels', [1, 3])
def test_where_names_and_labels_are(channels):
    page = pages.matrix(tiles(2, 3, 64, channels), ['one', 'two'], ['a', 'b', 'c'])
    assert page.shape[2] == channels
    names = page.shape[1] - 3 * 256 - 2 * pages.GAP
    assert page.shape[0] == 2 * pages.SMALL + 2 * 256 + pages.GAP
    label = page[: 2 * pages.SMALL, :, 0]
    assert (label[:, :names] == 255).all() and (label[:, names : names + 256] < 128).any()
    assert (page[2 * pages.SMALL : 2 * pages.SMALL + 256, :names, 0] < 128).any()
    assert np.array_equal(
        page[2 * pages.SMALL : 2 * pages.SMALL + 256, names : names + 256, 0], np.full([256, 256], 20)
    )


def test_a_sheet_keeps_to_its_columns():
    page = pages.sheet(tiles(7, 1, 64)[:, 0], texts('seed', 7), columns=3)
    assert page.shape[1] == 3 * 256 + 2 * pages.GAP


def test_long_texts_are_cut_short_and_stay_inside():
    page = pages.sheet(tiles(2, 1, 64)[:, 0], ['a name without end ' * 9, 'b'])
    assert page.shape[1] == 2 * 256 + pages.GAP
    wide = pages.matrix(tiles(2, 2, 64), ['a name without end ' * 9, 'b'], ['x' * 99, 'y'], 'a title without end ' * 20)
    assert wide.shape[1] < 2 * 256 + pages.WIDEST + 3 * pages.SMALL


def test_letters_are_opaque():
    row = images.text_row(['HH'], 60, 20, channels=4)
    assert (row[..., 3] == 255).all() and (row[..., 0] < 128).any()
    assert images.text_width('HHHH', 20) == pytest.approx(2 * images.text_width('HH', 20), abs=2)
