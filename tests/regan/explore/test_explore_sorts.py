"""Every sort on pictures whose answer is known."""

import doctest
import warnings

import numpy as np
import pytest

from regan.explore import sorts

S, SIZE = 4, 16


def row(change, base=128):
    """The Row of D = `change` (even numbers), the same way to both sides. Args: change, [S, H, W, C] or smaller."""
    half = np.broadcast_to(np.asarray(change), (S, SIZE, SIZE, 3)) // 2
    zero = np.full((S, SIZE, SIZE, 3), base, np.uint8)
    return sorts.Row((base + half).astype(np.uint8), (base - half).astype(np.uint8), zero)


def noise(seed, shared=False):
    values = np.random.RandomState(seed).randint(-20, 21, size=(1 if shared else S, SIZE, SIZE, 3)) * 2
    return np.broadcast_to(values, (S, SIZE, SIZE, 3))


def patch():
    found = np.zeros((1, SIZE, SIZE, 3), int)
    found[:, :4, :4] = 20
    return found


def test_change():
    assert sorts.change(row(10)) == (10, 0) and sorts.change(row(0)) == (0, 0)
    value, error = sorts.change(row(np.array([2, 4, 6, 8]).reshape(4, 1, 1, 1)))
    assert value == 5 and error == pytest.approx(np.std([2, 4, 6, 8], ddof=1) / 2)


def test_local():
    assert sorts.local(row(10))[0] == pytest.approx(0.8, abs=0.005)
    assert sorts.local(row(patch()))[0] == 13 / 256, 'of 16 equal pixels, 13 hold at least 80 %'
    assert np.isnan(sorts.local(row(0))[0])


def test_colour():
    assert sorts.colour(row(10))[0] == pytest.approx(1) and sorts.colour(row(np.array([6, -4, 2])))[0] == pytest.approx(
        1
    )
    half = np.where(np.arange(SIZE) < SIZE // 2, 10, -10).reshape(1, 1, SIZE, 1)
    assert sorts.colour(row(half))[0] == pytest.approx(0) and sorts.colour(row(noise(1)))[0] < 0.02


def test_consistent():
    assert sorts.consistent(row(noise(0, shared=True)))[0] == pytest.approx(1)
    signs = np.array([1, 1, 1, -1]).reshape(4, 1, 1, 1)
    value, error = sorts.consistent(row(patch() * signs))
    assert value == pytest.approx(0) and error > 0.5
    assert abs(sorts.consistent(row(noise(0)))[0]) < 0.2


def test_even():
    assert sorts.even(row(noise(0)))[0] == pytest.approx(1)
    ahead = row(noise(0))
    assert np.isnan(sorts.even(ahead._replace(minus=ahead.zero))[0]), 'one side does nothing'
    assert sorts.even(ahead._replace(minus=ahead.plus))[0] == pytest.approx(-1)


def test_region():
    mask = np.zeros((4, 4), bool)
    mask[0, 0] = True
    assert sorts.region(row(patch()), mask)[0] == 1 and sorts.region(row(patch()), ~mask)[0] == 0
    assert sorts.region(row(10), mask)[0] == 0.5


def test_similar():
    one, other = row(noise(0)), row(noise(1))
    assert sorts.similar(one, [one])[0] == pytest.approx(1) == sorts.similar(row(-noise(0)), [one])[0]
    assert sorts.similar(one, [other])[0] < 0.3
    assert sorts.similar(one, [one, other])[0] == pytest.approx((1 + sorts.similar(one, [other])[0]) / 2)


def test_factor():
    plus, minus = np.array([0.5, 0.6, 0.7, 0.8]), np.array([0.4, 0.5, 0.6, 0.7])
    assert sorts.factor(plus, minus, False) == pytest.approx((0.1, 0), abs=1e-9)
    assert sorts.factor(np.array([0.05] * 4), np.array([0.95] * 4), True)[0] == pytest.approx(0.1)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.RandomState(3).randn(5)
    found = sorts.jackknife(lambda indices: float(values[indices].mean()), 5)
    assert found == pytest.approx(sorts.of_latents(values))


@pytest.mark.parametrize('name', sorted(sorts.SORTS))
def test_nothing_warns_and_one_latent_has_no_error(name):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for some in (row(0), row(noise(2)), sorts.Row(*(part[:1] for part in row(noise(2))))):
            value, error = sorts.SORTS[name](some)
        assert np.isnan(error) and (name == 'consistent') == np.isnan(value)
        sorts.SORTS[name](sorts.Row(*(part[..., :1] for part in row(noise(2)))))


def test_order():
    assert doctest.testmod(sorts).failed == 0
    assert sorts.order('even', [0.5, 0.5, np.nan, 0.9]) == [3, 0, 1, 2]
