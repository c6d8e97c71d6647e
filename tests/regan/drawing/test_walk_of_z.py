"""Walks of networks whose layers take z."""

import pathlib

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.drawing import modes
from regan.drawing.walk import Course, Walk
from regan.editing import paths
from regan.networks.by_name import open_generator

TESTS = pathlib.Path(__file__).parents[2]
SEEDS = [3, 5]


@pytest.mark.parametrize(
    'name, psi, label',
    [('golden_biggan/bgd-short.pytorch_model.bin', 0.6, 2), ('golden_torch/pggan-res32.pkl', 1.0, None)],
)
def test_a_walk_through_z(name, psi, label):
    with open_generator(TESTS / name, label=label) as generator:
        settings = modes.of_network(generator, None, None, None, psi, None)
        way = Walk(generator, SEEDS, Course(), settings)
        z = generator.z_of(SEEDS)
        at = np.array([0, 0.4, 1])
        wanted = paths.spherical(z)(at).astype(np.float32)
        np.testing.assert_allclose(way.dlatents(at)[:, 0, 0], generator.map(wanted), rtol=0, atol=1e-6)
        straight = Walk(generator, SEEDS, Course(interpolation='linear'), settings).dlatents(at)[:, 0, -1]
        np.testing.assert_allclose(straight, generator.map(z[:1] + at[:, np.newaxis] * (z[1:] - z[:1])), atol=1e-6)
        assert len(way.draw(at)) == 3
        for vary in ('truncation', 'noise'):
            with pytest.raises(UserError, match='vary latents'):
                Walk(generator, SEEDS, Course(vary), settings)
