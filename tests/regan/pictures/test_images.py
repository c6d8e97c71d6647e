"""regan.pictures.images: arranging, enlarging, lettering and files."""

import numpy as np
import pytest
from PIL import Image

from regan.base.errors import UserError
from regan.pictures import images


def noise(*shape):
    return np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize('channels', [1, 3])
def test_grid_puts_each_tile_in_its_place(channels):
    tiles = noise(2, 3, 5, 7, channels)
    page = images.grid(tiles, gap=2)
    assert page.shape == (2 * 5 + 2, 3 * 7 + 2 * 2, channels)
    for row, col in np.ndindex(2, 3):
        top, left = row * (5 + 2), col * (7 + 2)
        np.testing.assert_array_equal(page[top : top + 5, left : left + 7], tiles[row, col])
    assert (page[5:7] == images.WHITE).all() and (page[:, 7:9] == images.WHITE).all()


def test_strip_without_gap_is_concatenation():
    tiles = noise(3, 5, 7, 3)
    np.testing.assert_array_equal(images.strip(tiles), np.concatenate(list(tiles), axis=1))


@pytest.mark.parametrize(
    'count, columns, shape', [(5, None, (2, 3)), (5, 2, (3, 2)), (2, 7, (1, 2)), (1, None, (1, 1)), (9, None, (3, 3))]
)
def test_sheet_fills_rows_and_ends_in_white(count, columns, shape):
    pictures = noise(count, 3, 4, 3)
    tiles = images.split(images.sheet(pictures, columns), 3, 4)
    assert tiles.shape[:2] == shape
    flat = tiles.reshape(-1, 3, 4, 3)
    np.testing.assert_array_equal(flat[:count], pictures)
    assert (flat[count:] == images.WHITE).all()


def test_split_undoes_grid():
    tiles = noise(2, 3, 5, 7, 1)
    np.testing.assert_array_equal(images.split(images.grid(tiles), 5, 7), tiles)
    with pytest.raises(ValueError, match='whole number of 4x7 tiles'):
        images.split(images.grid(tiles), 4, 7)


def test_crop_cuts_each_side_by_its_own_number():
    pictures = noise(2, 11, 13, 3)
    np.testing.assert_array_equal(images.crop(pictures, 1, 2, 3, 4), pictures[:, 1:9, 3:9])
    np.testing.assert_array_equal(images.crop(pictures), pictures)


@pytest.mark.parametrize('sides', [dict(top=-1), dict(top=6, bottom=5), dict(left=13)])
def test_crop_refuses_what_leaves_nothing(sides):
    with pytest.raises(ValueError, match='cannot cut'):
        images.crop(noise(11, 13, 3), **sides)


def test_enlarge_nearest_repeats_pixels():
    picture = noise(2, 3, 1)
    large = images.enlarge(picture, 5)
    assert large.shape == (10, 15, 1)
    np.testing.assert_array_equal(large[::5, ::5], picture)
    np.testing.assert_array_equal(large[4::5, 4::5], picture)


@pytest.mark.parametrize('channels', [1, 3])
def test_enlarge_lanczos_is_pillows(channels):
    pictures = noise(2, 5, 7, channels)
    large = images.enlarge(pictures, 3, 'lanczos')
    assert large.shape == (2, 15, 21, channels) and large.dtype == np.uint8
    first = Image.fromarray(pictures[1] if channels == 3 else pictures[1, :, :, 0])
    expected = np.asarray(first.resize((21, 15), Image.LANCZOS)).reshape(15, 21, channels)
    np.testing.assert_array_equal(large[1], expected)


def test_text_row_centres_each_text_in_its_share():
    row = images.text_row(['HH', '', 'HH'], width=301, size=20)
    assert row.shape == (40, 301, 3)
    ink = np.flatnonzero((row[:, :, 0] < 128).any(axis=0))
    left, right = ink[ink < 150], ink[ink > 150]
    assert abs(left.mean() - 50) < 2 and abs(right.mean() - 250) < 2
    assert not ((ink > 100) & (ink < 200)).any()


def test_text_row_shrinks_a_long_text_to_its_share():
    row = images.text_row(['W' * 40], width=300, size=20, channels=1)
    ink = np.flatnonzero((row[:, :, 0] < 128).any(axis=0))
    assert row.shape == (40, 300, 1)
    assert ink.min() > 0 and ink.max() < 299


@pytest.mark.parametrize('channels', [1, 3])
def test_png_keeps_every_value(tmp_path, channels):
    picture = noise(5, 7, channels)
    images.save_png(tmp_path / 'a.png', picture)
    np.testing.assert_array_equal(images.read_png(tmp_path / 'a.png'), picture)
    assert [path.name for path in tmp_path.iterdir()] == ['a.png']


def test_read_png_says_what_is_wrong(tmp_path):
    with pytest.raises(UserError, match='no picture .*none.png'):
        images.read_png(tmp_path / 'none.png')
    (tmp_path / 'text.png').write_text('<html>')
    with pytest.raises(UserError, match='text.png is not a readable PNG'):
        images.read_png(tmp_path / 'text.png')
    images.save_png(tmp_path / 'cut.png', noise(50, 70, 3))
    (tmp_path / 'cut.png').write_bytes((tmp_path / 'cut.png').read_bytes()[:900])
    with pytest.raises(UserError, match='cut.png is not a readable PNG'):
        images.read_png(tmp_path / 'cut.png')
    Image.fromarray(np.zeros([2, 2], np.uint16)).save(str(tmp_path / 'deep.png'))
    with pytest.raises(UserError, match='mode I.*; save it as grey .L., RGB or RGBA of 8 bits'):
        images.read_png(tmp_path / 'deep.png')


def test_read_png_takes_what_holds_the_same_pixels(tmp_path):
    pixels = noise(6, 5, 4) // 86 * 85  # Few colours, so that a palette holds them all.
    images.save_png(tmp_path / 'rgba.png', pixels)
    assert np.array_equal(images.read_png(tmp_path / 'rgba.png'), pixels)
    colours = Image.fromarray(pixels[..., :3])
    colours.convert('P', palette=Image.ADAPTIVE, colors=256).save(str(tmp_path / 'palette.png'))
    assert np.array_equal(images.read_png(tmp_path / 'palette.png'), pixels[..., :3])
    Image.fromarray(pixels[..., 0] > 128).save(str(tmp_path / 'bits.png'))
    assert np.array_equal(images.read_png(tmp_path / 'bits.png')[..., 0], (pixels[..., 0] > 128) * 255)
    Image.fromarray(pixels[..., :2]).save(str(tmp_path / 'la.png'))
    assert np.array_equal(images.read_png(tmp_path / 'la.png'), pixels[..., [0, 0, 0, 1]])


def test_wrong_arrays_are_refused():
    with pytest.raises(ValueError, match='uint8'):
        images.strip(np.zeros([2, 5, 7, 3]))
    with pytest.raises(ValueError, match='uint8'):
        images.enlarge(np.zeros([5, 7, 2], np.uint8), 2)
    with pytest.raises(ValueError, match='5 axes'):
        images.grid(noise(2, 5, 7, 3))
