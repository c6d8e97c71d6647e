"""Drawing the worlds: golden pixels, and what each factor does to them."""

import pathlib

import numpy as np
import pytest

from regan import worlds
from regan.worlds import painting

GOLDEN = np.load(str(pathlib.Path(__file__).with_name('worlds_golden.npz')))  # Factors and images of 24 x 24 pixels.


@pytest.mark.parametrize('name', worlds.NAMES)
def test_pixels_are_the_golden_ones(name):
    """To 1 level, but for the rare ray that grazes an edge."""
    images = worlds.load(name).render(GOLDEN[name + '_factors'], 24)
    golden = GOLDEN[name + '_images']
    assert images.dtype == np.uint8 and images.shape == golden.shape == (4, 24, 24, 3)
    differ = np.abs(images.astype(int) - golden).max(-1) > 1  # [n, R, R]
    assert differ.mean() <= 1e-3


@pytest.mark.parametrize(
    'name, factor', [(name, factor) for name in worlds.NAMES for factor in worlds.load(name).factor_names]
)
def test_each_factor_moves_pixels(name, factor):
    world = worlds.load(name)
    factors = np.full((2, 16), 0.6)
    if name == 'faces':
        factors[:, world.index('glasses')] = 0  # They would hide the eyes.
    if name == 'cars':
        factors[:, world.index('elevation')] = 0.2  # From above no hill is seen.
    factors[:, world.index(factor)] = 0.05, 0.95
    first, last = world.render(factors, 40, supersampling=1).astype(int)
    assert (np.abs(first - last).max(-1) >= 10).mean() > 0.002


@pytest.mark.parametrize('name', ['cars', 'portraits'])
def test_an_image_is_the_same_in_any_company_and_with_any_number_of_threads(name, monkeypatch):
    world = worlds.load(name)
    factors = world.sample(3, 7)
    monkeypatch.setenv('OMP_NUM_THREADS', '3')
    together = world.render(factors, 19, supersampling=1)
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    for one, image in zip(factors, together):
        np.testing.assert_array_equal(world.render(one[None], 19, supersampling=1)[0], image)


def test_supersampling_averages_light():
    """A pixel of 2 x 2 rays is the mean of the four pixels of a picture twice as fine, in light (not in levels)."""
    world = worlds.load('cars')
    factors = world.sample(1, 3)
    coarse = world.render(factors, 13, supersampling=2)[0] / 255
    fine = world.render(factors, 26, supersampling=1)[0] / 255
    light = (fine ** (1 / 0.4545)).reshape(13, 2, 13, 2, 3).mean((1, 3))
    np.testing.assert_allclose(coarse, light**0.4545, atol=1.5 / 255)


def test_number_of_threads(monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', '5')
    assert painting.threads() == 5
    monkeypatch.delenv('OMP_NUM_THREADS')
    assert painting.threads() >= 1


def test_no_images():
    assert worlds.load('beetles').render(np.zeros((0, 16)), 11).shape == (0, 11, 11, 3)


@pytest.mark.parametrize(
    'factors, resolution, supersampling, words',
    [
        (np.zeros((3, 15)), 8, 1, r'must be \[n, 16\], not \[3, 15\]'),
        (np.zeros(16), 8, 1, r'must be \[n, 16\]'),
        (np.full((1, 16), 1.5), 8, 1, r'in \[0, 1\]'),
        (np.full((1, 16), np.nan), 8, 1, r'in \[0, 1\]'),
        (np.zeros((1, 16)), 0, 1, 'at least 1'),
        (np.zeros((1, 16)), 8, 0, 'at least 1'),
    ],
)
def test_wrong_arguments(factors, resolution, supersampling, words):
    with pytest.raises(ValueError, match=words):
        worlds.load('cars').render(factors, resolution, supersampling)
