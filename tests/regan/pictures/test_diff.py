"""regan.pictures.diff: the ruler itself, on pairs whose differences are known by hand."""

import dataclasses

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.pictures import diff, images


def page(rows=6, cols=6, height=5, width=7, level=100):
    return np.full([rows * height, cols * width, 3], level, np.uint8)


def measures(tile):
    return dataclasses.astuple(tile)[2:]


def test_equal_pages_differ_nowhere():
    result = diff.compare(page(), page(), 5, 7)
    assert len(result) == 36
    assert {measures(tile) for tile in result} == {(0, 0.0, 0.0)}
    assert all(diff.EXACT.allows(tile) for tile in result)


def test_constant_offset_has_that_rms_and_maximum():
    result = diff.compare(page(level=100), page(level=93), 5, 7)
    assert {measures(tile) for tile in result} == {(7, 7.0, 1.0)}


def test_one_channel_of_one_pixel():
    actual = page(1, 1)
    actual[2, 3, 1] += 6
    [tile] = diff.compare(page(1, 1), actual, 5, 7)
    assert tile.max == 6
    assert tile.rms == pytest.approx(6 / np.sqrt(5 * 7 * 3))
    assert tile.share == pytest.approx(1 / 35)


def test_extremes_do_not_wrap_around():
    [tile] = diff.compare(page(1, 1, level=0), page(1, 1, level=255), 5, 7)
    assert measures(tile) == (255, 255.0, 1.0)


def test_one_bad_tile_of_36_is_found_and_fails():
    """12 levels in one tile are an RMS of 2 over the page, which would pass unseen."""
    actual = page()
    actual[3 * 5 : 4 * 5, 4 * 7 : 5 * 7] += 12
    result = diff.compare(page(), actual, 5, 7)
    assert np.sqrt(np.mean([tile.rms**2 for tile in result])) == pytest.approx(2.0)
    assert diff.worst(result) == diff.TileDifference(row=3, col=4, max=12, rms=12.0, share=1.0)
    assert sum(diff.Tolerance(16, 2.0, 'a page is within it').allows(tile) for tile in result) == 35


def test_tolerance_has_two_limits():
    tile = diff.TileDifference(0, 0, max=3, rms=0.5, share=0.1)
    assert diff.Tolerance(3, 0.5, 'at both limits').allows(tile)
    assert not diff.Tolerance(2, 0.5, 'maximum').allows(tile)
    assert not diff.Tolerance(3, 0.4, 'RMS').allows(tile)


def test_different_sizes_are_an_error_of_their_own():
    with pytest.raises(UserError, match=r'differ in size: expected \[30, 42, 3\], got \[30, 35, 3\]'):
        diff.compare(page(), page(cols=5), 5, 7)
    with pytest.raises(UserError, match='whole number of 4x7 tiles'):
        diff.compare(page(), page(), 4, 7)


def test_failure_leaves_three_pictures(tmp_path):
    actual = page(1, 2)
    actual[0, 0] += 3
    actual[1, 1] -= 5
    paths = diff.save_failure(tmp_path / 'failed', 'fig', page(1, 2), actual)
    assert [path.name for path in paths] == ['fig-expected.png', 'fig-actual.png', 'fig-difference.png']
    expected, found, difference = [images.read_png(path) for path in paths]
    np.testing.assert_array_equal(expected, page(1, 2))
    np.testing.assert_array_equal(found, actual)
    assert difference[1, 1].tolist() == [255] * 3
    assert difference[0, 0].tolist() == [3 * 51] * 3
    assert difference[2:].max() == 0
