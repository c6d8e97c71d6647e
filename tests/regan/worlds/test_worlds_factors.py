"""regan.worlds: the factors and their distributions. Nothing is drawn here."""

import subprocess
import sys

import numpy as np
import pytest

from regan import worlds
from regan.base.errors import UserError
from regan.worlds.factors import Cut, Factor, Leaning, Normal, Switch, Uniform, sample


def stated(world, n, seed):
    """The distributions once more, as statements on columns in the order in which the numbers are drawn."""
    random = np.random.RandomState(seed)
    f = random.rand(n, 16).astype(np.float32)
    column = dict(zip(worlds.load(world).factor_names, f.T))
    if world == 'cars':
        column['saturation'][:] = 0.15 + 0.8 * column['saturation']
        column['value'][:] = 0.25 + 0.7 * column['value']
        column['grass'][:] = np.clip((column['grass'] - 0.5) * 2.4 + 0.5, 0, 1)
        column['yaw'][:] = np.clip(0.5 + (column['yaw'] - 0.5), 0, 1)
    elif world == 'beetles':
        column['pattern'][:] = np.clip((column['pattern'] - 0.35) * 1.6, 0, 1)
        column['turn'][:] = np.clip(random.normal(0.5, 0.16, n), 0, 1)
    else:
        column['yaw'][:] = np.clip(random.normal(0.5, 0.22, n), 0, 1)
        column['pitch'][:] = np.clip(random.normal(0.5, 0.22, n), 0, 1)
        column['gender'][:] = np.clip((column['gender'] - 0.5) * 2.0 + 0.5, 0, 1)
        column['hair_length'][:] = np.clip(column['hair_length'] * 1.2 - 0.7 * column['gender'] + 0.2, 0, 1)
        column['beard'][:] = np.clip(column['beard'] * 2.2 - 1.2, 0, 1)
        if world == 'faces':
            column['glasses'][:] = column['glasses'] > 0.72
    return f


@pytest.mark.parametrize('name', worlds.NAMES)
@pytest.mark.parametrize('n, seed', [(0, 1), (1, 0), (997, 5)])
def test_samples_are_the_stated_ones_bit_for_bit(name, n, seed):
    factors = worlds.load(name).sample(n, seed)
    assert factors.dtype == np.float32 and factors.shape == (n, 16)
    np.testing.assert_array_equal(factors, stated(name, n, seed))


@pytest.mark.parametrize('name', worlds.NAMES)
def test_samples_fill_the_range_that_the_factor_states(name):
    world = worlds.load(name)
    factors = world.sample(3001, 2)
    for factor, column in zip(world.factors, factors.T):
        low, high = factor.distribution.low, factor.distribution.high
        assert 0 <= low <= column.min() <= low + 0.05 and high - 0.05 <= column.max() <= high <= 1, factor.name


def test_distributions_have_the_moments_that_they_state():
    laws = dict(
        uniform=Uniform(0.2, 0.8),
        cut=Cut(2.0, pivot=0.5, offset=0.5),
        switch=Switch(0.28),
        normal=Normal(0.1),
        leaning=Leaning(0.5, on='cut', weight=-0.5, offset=0.5),
    )
    values = sample(tuple(Factor(name, name, law) for name, law in laws.items()), 20011, np.random.RandomState(0))
    column = dict(zip(laws, values.T))
    assert abs(column['uniform'].mean() - 0.5) < 0.01 and abs(column['uniform'].std() - 0.6 / 12**0.5) < 0.01
    assert abs((column['cut'] == 0).mean() - 0.25) < 0.02 and abs((column['cut'] == 1).mean() - 0.25) < 0.02
    assert abs(column['switch'].mean() - 0.28) < 0.02 and set(column['switch']) == {0, 1}
    assert abs(column['normal'].mean() - 0.5) < 0.01 and abs(column['normal'].std() - 0.1) < 0.01
    assert np.corrcoef(column['cut'], column['leaning'])[0, 1] < -0.5


@pytest.mark.parametrize('name', worlds.NAMES)
def test_every_factor_has_a_name_of_its_own_and_a_meaning(name):
    world = worlds.load(name)
    assert len(set(world.factor_names)) == 16 and all(factor.meaning for factor in world.factors)
    assert [world.index(factor) for factor in world.factor_names] == list(range(16))


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(UserError, match="no world 'boats'; choose one of cars, faces, beetles, portraits"):
        worlds.load('boats')
    with pytest.raises(UserError, match="cars have no factor 'smile'; choose one of yaw, elevation"):
        worlds.load('cars').index('smile')


def test_sampling_needs_no_compiler():
    code = (
        'import sys, regan.worlds as w; w.load("faces").sample(3, 1); '
        'sys.exit("numba" in sys.modules or "scipy" in sys.modules)'
    )
    assert subprocess.call([sys.executable, '-c', code]) == 0
