"""regan.editing.paths and pace: against closed forms."""

import numpy as np
import pytest

from regan.editing import pace, paths

KEYS = np.random.RandomState(1).randn(5, 3, 7)
FINE = np.linspace(0, 1, 101)


def test_slerp_of_unit_vectors_is_the_formula_of_path_lengths():
    a, b = (row / np.linalg.norm(row) for row in np.random.RandomState(2).randn(2, 11))
    found = paths.slerp(a, b, FINE)
    angle = np.arccos(a.dot(b))
    wanted = (np.outer(np.sin((1 - FINE) * angle), a) + np.outer(np.sin(FINE * angle), b)) / np.sin(angle)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=0, atol=1e-15)
    np.testing.assert_allclose(found[[0, -1]], [a, b], rtol=0, atol=1e-15)


def test_slerp_goes_from_length_to_length_and_keeps_its_rate():
    a, b = 2 * np.eye(4)[0], 6 * np.eye(4)[1]
    found = paths.slerp(a, b, FINE)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 2 + 4 * FINE, rtol=1e-15)
    np.testing.assert_allclose(np.arctan2(found[:, 1], found[:, 0]), FINE * np.pi / 2, atol=1e-15)


@pytest.mark.parametrize('b', [[3.0, 0, 0], [-3.0, 0, 0], [3.0, 1e-13, 0]], ids=['same', 'opposite', 'nearly'])
def test_slerp_of_what_has_no_plane(b):
    found = paths.slerp([3.0, 0, 0], b, FINE)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 3, rtol=1e-12)
    np.testing.assert_allclose(found[[0, -1]], [[3, 0, 0], b], rtol=0, atol=1e-12)


@pytest.mark.parametrize('loop', [False, True])
@pytest.mark.parametrize('make', [paths.linear, paths.smooth, paths.spherical])
@pytest.mark.parametrize('count', [1, 2, 3, 5])
def test_paths_pass_through_their_keys_and_loops_close(make, count, loop):
    keys = KEYS[:count].reshape(count, -1) if make is paths.spherical else KEYS[:count]
    path, end = make(keys, loop), paths.length(count, loop)
    np.testing.assert_allclose(path(np.arange(count)), keys, rtol=0, atol=1e-12)
    if loop:
        at = np.linspace(0, end, 23)
        np.testing.assert_allclose(path(at + end), path(at), rtol=0, atol=1e-12)
        np.testing.assert_allclose(path(np.array([end - 1e-9])), keys[:1], rtol=0, atol=1e-6)


def derivative(path, at, h=1e-4):
    """One-sided derivatives of first and second order at a place, from either side."""
    left, right = path(np.array([at - 2 * h, at - h, at])), path(np.array([at, at + h, at + 2 * h]))
    return [
        ((3 * left[2] - 4 * left[1] + left[0]) / (2 * h), (4 * right[1] - 3 * right[0] - right[2]) / (2 * h)),
        ((left[2] - 2 * left[1] + left[0]) / h**2, (right[2] - 2 * right[1] + right[0]) / h**2),
    ]


def test_a_spline_has_no_jump_in_direction_and_curvature():
    for loop, inside in [(False, [1, 2, 3]), (True, [0, 1, 2, 3, 4])]:
        path = paths.smooth(KEYS, loop)
        for at in inside:
            (slope, next_slope), (bend, next_bend) = derivative(path, at + (5 if loop and at == 0 else 0))
            np.testing.assert_allclose(slope, next_slope, atol=1e-5)
            np.testing.assert_allclose(bend, next_bend, atol=1e-2)
    assert np.abs(derivative(paths.smooth(KEYS), 2e-4)[1][1]).max() < 1e-2 * np.abs(KEYS).max()  # Straight at the end.


def test_a_spline_of_keys_on_a_line_is_that_line():
    keys = np.outer(np.arange(4), [1.0, -2.0])
    np.testing.assert_allclose(paths.smooth(keys)(3 * FINE), paths.linear(keys)(3 * FINE), atol=1e-12)


def test_a_spline_through_a_circle_is_nearly_that_circle():
    angles = np.arange(8) * np.pi / 4
    path = paths.smooth(np.stack([np.cos(angles), np.sin(angles)], axis=1), loop=True)
    np.testing.assert_allclose(np.linalg.norm(path(8 * FINE), axis=1), 1, atol=2e-3)


def test_a_steady_pace_has_equal_distances():
    # The image is x = s^2 on an open path: equal distances are at s = sqrt(k / n).
    at = paths.places(2001, 1.0, loop=False)
    steps = pace.distances((at**2)[:, np.newaxis], loop=False)
    found = pace.steady(at, steps, 1.0, 9, loop=False)
    np.testing.assert_allclose(found, np.sqrt(np.arange(9) / 8), atol=1e-4)
    assert pace.unevenness(pace.distances((found**2)[:, np.newaxis], False)) < 1e-3 < pace.unevenness(steps)


def test_a_steady_loop():
    # A point on a circle that goes round unevenly: s + 0.1 sin(2 pi s) turns at place s.
    def circle(at):
        angle = 2 * np.pi * (at + 0.1 * np.sin(2 * np.pi * at))
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)

    at = paths.places(1000, 1.0, loop=True)
    found = pace.steady(at, pace.distances(circle(at), True), 1.0, 12, loop=True)
    assert found[0] == 0 and (np.diff(found) > 0).all() and found[-1] < 1
    assert pace.unevenness(pace.distances(circle(found), True)) < 1e-3


def test_nothing_that_changes_has_any_pace():
    at = paths.places(4, 3.0, loop=True)
    np.testing.assert_array_equal(pace.steady(at, np.zeros(4), 3.0, 4, loop=True), at)
    assert pace.unevenness(np.zeros(4)) == 0


def test_mixtures_of_noise_keep_their_variance():
    for at in np.linspace(0, 3, 13):
        i, j, first, second = paths.on_the_way(3, at)
        assert first**2 + second**2 == pytest.approx(1) and j == (i + 1) % 3
