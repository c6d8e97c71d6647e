"""Schedules, noise images and optimisers against closed forms."""

import numpy as np
import pytest

from regan.projection import methods, noise_maps, optimisers


def numeric(function, x, h=1e-6):
    """The gradient of a function of an array by central differences."""
    slope = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[index] = h
        slope[index] = (function(x + step) - function(x - step)) / (2 * h)
    return slope


# ------------------------------------------------------------------ schedules


def test_schedules_of_stylegan2_have_the_published_values():
    method = methods.METHODS['stylegan2']
    rates = [methods.learning_rate(method, step, 1000) for step in (0, 25, 50, 400, 750, 800, 875, 990)]
    np.testing.assert_allclose(rates, [0, 0.05, 0.1, 0.1, 0.1, 0.0905, 0.05, 0.0004], atol=5e-5)
    jitter = [methods.jitter(method, step, 1000) for step in (0, 400, 750, 999)]
    np.testing.assert_allclose(jitter, [0.05, 0.0109, 0, 0], atol=5e-5)


def test_snapshots_are_those_of_the_official_tool():
    assert methods.snapshot_steps(5, 1000) == [200, 400, 600, 800, 1000]
    assert methods.snapshot_steps(3, 1000) == [334, 667, 1000]
    assert methods.snapshot_steps(5, 2) == [1, 2]


# ------------------------------------------------------------------ noise images


@pytest.mark.parametrize('side, expected', [(4, 0.125), (8, 1 / 32), (16, 0.0098), (64, 0.00065)])
def test_noise_loss_of_white_maps(side, expected):
    rows = np.random.RandomState(0).randn(400 if side < 64 else 40, side * side)
    loss, _ = noise_maps.loss_and_gradient(rows, [side])
    assert abs(loss.mean() - expected) < 4 * loss.std() / np.sqrt(len(loss)) + 5e-5


def test_noise_loss_of_patterns():
    levels = {4: 1, 8: 1, 16: 2, 64: 4}
    for side, count in levels.items():
        assert noise_maps.loss_and_gradient(np.ones([1, side * side]), [side])[0] == pytest.approx(2 * count)
    board = np.indices([8, 8]).sum(axis=0) % 2 * 2.0 - 1
    assert noise_maps.loss_and_gradient(board.reshape(1, -1), [8])[0] == pytest.approx(2)


def test_noise_gradient_is_the_slope_of_the_loss():
    sides = [4, 16]
    rows = np.random.RandomState(1).randn(2, 16 + 256)
    _, slope = noise_maps.loss_and_gradient(rows, sides)
    found = numeric(lambda x: noise_maps.loss_and_gradient(x[None], sides)[0][0], rows[1])
    np.testing.assert_allclose(slope[1], found, atol=1e-9)


def test_noise_maps_are_normalised_each_for_itself():
    rows = np.random.RandomState(2).randn(3, 16 + 64) * 5 + 2
    for one in noise_maps.split(noise_maps.normalised(rows, [4, 8]), [4, 8]):
        np.testing.assert_allclose(one.mean(axis=(1, 2, 3)), 0, atol=1e-6)
        np.testing.assert_allclose(one.std(axis=(1, 2, 3)), 1, atol=1e-6)


# ------------------------------------------------------------------ optimisers


def test_adam_follows_its_definition():
    """The first step has the length of the rate whatever the slope; later ones as written out."""
    gradients, values, moments = [3.0, -1.0, 0.5], np.array([[1.0]]), optimisers.Moments(*np.zeros([2, 1, 1]))
    m = v = 0.0
    expected = 1.0
    for count, g in enumerate(gradients, 1):
        values, moments = optimisers.adam(values, np.array([[g]]), moments, 0.1, count)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        expected -= 0.1 * np.sqrt(1 - 0.999**count) / (1 - 0.9**count) * m / (np.sqrt(v) + 1e-8)
        assert values[0, 0] == pytest.approx(expected, rel=1e-12)
        assert count > 1 or values[0, 0] == pytest.approx(0.9, rel=1e-6)


def test_stochastic_clipping_replaces_what_is_outside():
    found = optimisers.clipped(np.array([[-2.5, -2.0, 0.3, 2.0, 7.0]]), np.arange(5.0))
    np.testing.assert_array_equal(found, [[0, -2.0, 0.3, 2.0, 4]])
