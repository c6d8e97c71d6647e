"""The parts of a world: what a factor recolours is what they say."""

import numpy as np
import pytest

from regan import worlds


def labelled(name, changes, resolution=48):
    """(part names, labels [n, R, R], images [n, R, R, 3] of one ray for each pixel) of images that differ by one
    factor.
    """
    world = worlds.load(name)
    factors = np.full((len(changes), 16), 0.55, np.float32)
    if 'elevation' in world.factor_names:
        factors[:, world.index('elevation')] = 0.1
    for row, change in zip(factors, changes):
        for factor, value in change.items():
            row[world.index(factor)] = value
    images = world.render(factors, resolution, supersampling=1)
    return world.part_names, world.parts(factors, resolution), images


@pytest.mark.parametrize(
    'name, factor, parts',
    [
        ('cars', 'hue', {'body'}),
        ('cars', 'ground_shade', {'ground'}),
        ('faces', 'bg_hue', {'background', 'torso'}),
        ('faces', 'skin', {'skin', 'eyes'}),
        ('beetles', 'hue', {'wings', 'thorax', 'head'}),
    ],
)
def test_what_a_factor_recolours_is_the_part(name, factor, parts):
    base = {'gloss': 0.0, 'saturation': 0.9, 'grass': 0.0, 'horn': 0.9, 'pattern': 0.0, 'glasses': 0.0}
    base = {key: value for key, value in base.items() if key in worlds.load(name).factor_names}
    names, labels, (one, other) = labelled(name, [dict(base, **{factor: 0.15}), dict(base, **{factor: 0.55})])
    np.testing.assert_array_equal(labels[0], labels[1])
    changed = (one != other).any(axis=-1)
    inside = np.isin(labels[0], [names.index(part) for part in parts])
    assert set(np.unique(labels[0][changed])) == {names.index(part) for part in parts}
    assert not (changed & ~inside).any() and changed[inside].mean() > 0.5


def test_parts_follow_the_factors():
    names, labels, _ = labelled('cars', [{'hills': 0.0}, {'hills': 1.0}])
    count = [(label == names.index('hills')).sum() for label in labels]
    assert count[0] < count[1]
    names, labels, _ = labelled('faces', [{'glasses': 0.0}, {'glasses': 1.0}])
    assert [(label == names.index('glasses')).any() for label in labels] == [False, True]
    for name in worlds.NAMES:
        world = worlds.load(name)
        drawn = world.parts(world.sample(6, 2), 40)
        assert drawn.dtype == np.uint8 and drawn.shape == (6, 40, 40) and drawn.max() < len(world.part_names)
        assert all(len(np.unique(label)) > 2 for label in drawn)


def test_parts_refuse_what_render_refuses():
    world = worlds.load('beetles')
    for factors, resolution in [(np.zeros((1, 15)), 8), (np.full((1, 16), 1.1), 8), (np.zeros((1, 16)), 0)]:
        with pytest.raises(ValueError):
            world.parts(factors, resolution)
