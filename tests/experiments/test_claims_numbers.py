"""Estimates, designs and units against closed forms and independent implementations."""

import numpy as np
import pytest
from scipy import stats

from regan.base.errors import UserError
from studies import design, intervals, readings


def test_mean_is_scipys_t_interval():
    values = np.random.RandomState(1).randn(37)
    found = intervals.mean(values)
    expected = stats.t.interval(0.95, 36, values.mean(), stats.sem(values))
    np.testing.assert_allclose([found.low, found.high], expected)


def test_one_value_says_nothing():
    assert intervals.mean([3.0]) == (3.0, -np.inf, np.inf, 1)


@pytest.mark.parametrize('successes, n', [(0, 13), (5, 13), (13, 13), (40, 97)])
def test_share_is_scipys_wilson_interval(successes, n):
    found = intervals.share(np.arange(n) < successes)
    expected = stats.binomtest(successes, n).proportion_ci(method='wilson')
    np.testing.assert_allclose(
        [found.value, found.low, found.high], [successes / n, expected.low, expected.high], atol=1e-12
    )


def test_ratio_covers_the_truth_as_often_as_it_says(monkeypatch):
    monkeypatch.setattr(intervals, 'RESAMPLES', 400)
    random, hits = np.random.RandomState(2), 0
    for _ in range(300):
        below = random.rand(83) + 0.5
        estimate = intervals.ratio(below * (1.7 + 0.5 * random.randn(83)), below)
        hits += estimate.low <= 1.7 <= estimate.high
    assert 0.90 <= hits / 300 <= 0.98


def test_ratio_leaves_out_latents_that_met_nothing():
    assert intervals.ratio([4.0, 0.0, 6.0], [2.0, 0.0, 3.0]).value == 2
    with pytest.raises(ValueError, match='denominator'):
        intervals.ratio([1.0], [0.0])


@pytest.mark.parametrize(
    'committed, found, fine',
    [
        (
            (1.0, 0.9, 1.1, 500),
            (1.8, 1.4, 2.2, 16),
            True,
        ),  # 0.7 beyond the interval, less than twice the half of its own
        ((1.0, 0.9, 1.1, 500), (2.0, 1.6, 2.4, 16), False),
        ((0.5, None, None, 0), (0.5049, None, None, 0), True),
        ((0.5, None, None, 0), (0.52, None, None, 0), False),
        ((100.0, None, None, 0), (100.9, None, None, 0), True),
    ],
)
def test_agreement_with_a_committed_interval(committed, found, fine):
    assert intervals.agrees(intervals.Estimate(*committed), intervals.Estimate(*found)) == fine


@pytest.mark.parametrize(
    'value, found, fine',
    [
        (2.0, (2.019, 1.99, 2.05, 16), True),
        (2.0, (2.03, 1.99, 2.07, 16), False),
        (2.0, (2.03, 1.83, 2.23, 16), True),
        (0.001, (0.005, None, None, 0), True),
        (0.001, (0.007, None, None, 0), False),
    ],
)
def test_equality_with_what_was_measured_on_the_same_latents(value, found, fine):
    assert intervals.equals(value, intervals.Estimate(*found)) == fine


@pytest.mark.parametrize('latents, items, per_latent', [(512, 128, 8), (13, 11, 3), (7, 5, 5), (3, 17, 2)])
def test_every_item_is_met_equally_often_and_never_twice_by_a_latent(latents, items, per_latent):
    found = design.balanced(latents, items, per_latent, np.random.RandomState(0))
    times = np.bincount(found.ravel(), minlength=items)
    assert found.shape == (latents, per_latent) and times.max() - times.min() <= 1
    assert all(len(set(row)) == per_latent for row in found)


def test_more_items_than_there_are():
    with pytest.raises(ValueError, match='6 different items of 5'):
        design.balanced(2, 5, 6, np.random.RandomState(0))


def test_random_directions_have_length_one_and_no_preference():
    rows = design.unit_vectors((2000, 3, 7), np.random.RandomState(0))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=-1), 1)
    np.testing.assert_allclose(np.einsum('nmi,nmj->ij', rows, rows) / 6000, np.eye(7) / 7, atol=0.01)


NAMES = ['size', 'hue', 'blurred']


def _units(values, r2=(0.9, 0.8, 0.1)):
    return readings.Units.of(values, NAMES, [1], r2, 0.5)


def test_a_unit_is_the_spread_over_the_samples():
    values = np.random.RandomState(1).rand(501, 3)
    units = _units(values)
    assert units.names == ('size', 'hue') and units.left_out == ('blurred',)
    positions = units.positions(values)
    np.testing.assert_allclose(positions.var(axis=0).sum(axis=-1), 1)
    np.testing.assert_allclose(positions[:, 0, 0], values[:, 0] / values[:, 0].std())
    np.testing.assert_allclose(units.spread[1], 1, atol=0.01)  # Cosine and sine of a uniform angle: 1/2 + 1/2.


def test_a_circular_factor_goes_the_shorter_way():
    units = _units(np.random.RandomState(1).rand(501, 3))
    moved = units.positions([0.5, 0.98, 0]) - units.positions([0.5, 0.02, 0])
    np.testing.assert_allclose(readings.size(moved), [0, 2 * np.sin(np.pi * 0.04) / units.spread[1]], atol=1e-12)


def test_no_factor_left_is_refused_and_so_is_an_unknown_one():
    with pytest.raises(UserError, match='no factor with R2 of 0.5'):
        _units(np.zeros((5, 3)), r2=(0.1, 0.2, 0.3))
    with pytest.raises(UserError, match='blurred is not read well enough'):
        _units(np.random.RandomState(0).rand(9, 3)).index('blurred')


def test_heading_and_total():
    unit, length = readings.heading(np.array([[3.0, 4.0], [3.0, 4.0]]))
    np.testing.assert_allclose(unit, [0.6, 0.8])
    assert length == 5
    assert readings.total(np.array([[3.0, 4.0], [0.0, 5.0]])) == 5


def test_heading_of_what_does_not_move_is_a_unit_vector():
    unit, length = readings.heading(np.zeros((4, 2)))
    assert np.linalg.norm(unit) == 1 and length == 0
