"""regan.drawing.noise_images: new noise for each image, and noise of some layers only."""

import numpy as np
import pytest

from regan.drawing import noise_images
from regan.sampling import latents


@pytest.fixture
def dlatents(tiny_generator):
    yield latents.broadcast(tiny_generator.map(latents.from_seeds([1, 2], 13)), 6)
    tiny_generator.set_noise('stored')


def test_noise_is_drawn_from_image_to_image(tiny_generator, dlatents, monkeypatch):
    """One generator for all, noise0, noise1, ... of the first image, then those of the next."""
    sets = []
    monkeypatch.setattr(
        tiny_generator, 'set_noise', lambda random: sets.append(random.randn(2) if hasattr(random, 'randn') else random)
    )
    images = list(noise_images.with_fresh_noise(tiny_generator, dlatents, {'numpy_seed': 3}))
    assert len(images) == 2 and images[0].shape == (16, 16, 3)
    np.testing.assert_array_equal(np.concatenate(sets), np.random.RandomState(3).randn(4))
    sets.clear()
    assert len(list(noise_images.with_fresh_noise(tiny_generator, dlatents, 'none'))) == 2 and sets == ['none']


def test_only_numpys_noise_is_new_in_each_image():
    assert [noise_images.is_fresh(choice) for choice in ({'numpy_seed': 0}, {'torch_cpu_seed': 0}, 'stored')] == [
        True,
        False,
        False,
    ]


def test_noise_of_some_layers(tiny_generator, dlatents):
    stored = {name: value for name, value in tiny_generator.synthesis_values().items() if name.startswith('noise')}
    tiny_generator.set_noise('stored', (0, 3))
    for layer, (name, value) in enumerate(stored.items()):
        np.testing.assert_array_equal(tiny_generator.variable(name), value if layer in (0, 3) else 0 * value)
    images = noise_images.with_noise_of(tiny_generator, dlatents, [(0,), (), range(6)], 'stored')
    assert images.shape == (2, 3, 16, 16, 3)
    np.testing.assert_array_equal(tiny_generator.variable('noise1'), stored['noise1'])
    np.testing.assert_array_equal(images[:, 2], tiny_generator.synthesize(dlatents))
