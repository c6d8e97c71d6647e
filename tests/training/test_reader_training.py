"""Training of the factor reader: it learns, is a function of its seed, and goes on where it stopped."""

import dataclasses
import io

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dnnlib import unpickle
from regan.base.errors import UserError
from regan.judges.reader import FactorReader
from regan.metrics.factors import r_squared
from tests import portable
from training import reader

FACTS = dict(world='toy', factor_names=['grey', 'hue', 'none'], circular=[1])
SPEC = reader.ReaderSpec(steps=80, minibatch=16, held_out=64, image_noise=0.0, learning_rate=0.02)
SHORT = reader.ReaderSpec(steps=6, minibatch=16, held_out=64)


@pytest.fixture(scope='module')
def world():
    """Images 16 x 16 whose grey and hue are the first two factors; the third is invisible."""
    factors = np.random.RandomState(0).rand(640, 3).astype(np.float32)
    angles = 2 * np.pi * factors[:, 1:2]
    colour = 40 + 120 * factors[:, :1] + 40 * np.concatenate([np.cos(angles), np.sin(angles), -np.cos(angles)], axis=1)
    images = colour[:, np.newaxis, np.newaxis] + 10 * np.random.RandomState(1).randn(640, 16, 16, 1)
    return images.clip(0, 255).astype(np.uint8), factors


@pytest.fixture(scope='module')
def trained(world):
    return reader.train(*world, facts=FACTS, spec=SPEC)


def variables(pickled):
    return unpickle.read(io.BytesIO(pickled)).variables


def assert_same(one, two):
    one, two = variables(one), variables(two)
    assert list(one) == list(two) and all(np.array_equal(one[name], two[name]) for name in one)


def test_visible_factors_are_read_and_the_invisible_one_is_not(trained):
    r2 = trained[1]
    assert r2[0] > 0.9 and r2[1] > 0.9 and abs(r2[2]) < 0.3


def test_the_pickle_holds_a_reader_that_reads_the_same(world, trained, tmp_path):
    path = tmp_path / 'reader.pkl'
    path.write_bytes(trained[0])
    with FactorReader(path) as network:
        assert network.factor_names == FACTS['factor_names'] and network.circular == [1] and network.world == 'toy'
        np.testing.assert_allclose(network.r2, trained[1], rtol=0, atol=1e-4)
        found = r_squared(world[1][-64:], network.read(world[0][-64:]), [1])
    np.testing.assert_allclose(found, trained[1], rtol=0, atol=1e-4)
    assert unpickle.read(path).static_kwargs['recipe']['images'] == 640
    assert portable.faults(trained[0]) == []


def test_an_interrupted_training_ends_bit_equal(world, trained, tmp_path, monkeypatch):
    """Also: the same seed gives the same reader."""
    monkeypatch.setattr(reader, 'SECTION', 32)
    path, steps = tmp_path / 'state.npz', []

    def note(done, loss):
        steps.append(done)
        if sum(steps) == 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reader.train(*world, facts=FACTS, spec=SPEC, checkpoint=path, progress=note)
    assert path.exists() and steps == [0, 32, 32]
    with pytest.raises(
        UserError, match=r'state\.npz is the checkpoint of .* other settings or data; delete it .*seed was 0, is 1'
    ):
        reader.train(*world, facts=FACTS, spec=dataclasses.replace(SPEC, seed=1), checkpoint=path)
    with pytest.raises(UserError, match='other settings or data'):
        reader.train(world[0][::-1], world[1], facts=FACTS, spec=SPEC, checkpoint=path)
    steps.clear()
    resumed, _ = reader.train(
        *world, facts=FACTS, spec=SPEC, checkpoint=path, progress=lambda done, loss: steps.append(done)
    )
    assert steps == [64, 16] and path.exists()  # Whoever has written the result removes it.
    assert_same(trained[0], resumed)


def test_large_images_are_averaged_down():
    images = np.random.RandomState(2).randint(0, 256, [3, 128, 128, 3]).astype(np.uint8)
    small = reader.shrink(images, 64)
    assert small.shape == (3, 64, 64, 3) and small.dtype == np.uint8
    block = images[1, 10:12, 20:22, 2].astype(float)
    assert small[1, 5, 10, 2] == np.floor(block.mean() + 0.5)
    assert reader.shrink(small, 64) is small


def test_a_diverging_training_stops(world):
    spec = dataclasses.replace(SHORT, learning_rate=1e30)
    with pytest.raises(UserError, match='diverged before step 6; choose a lower learning rate'):
        reader.train(*world, facts=FACTS, spec=spec)


@pytest.mark.parametrize(
    'change, sentence',
    [
        (
            lambda images, factors: (images[:, :8], factors),
            r'needs square uint8 images \[n, H, W, C\], not uint8 \[640, 8, 16, 3\]',
        ),
        (lambda images, factors: (images.astype(float), factors), 'not float64'),
        (lambda images, factors: (images[:, :8, :8], factors), r'images of 16, 32, 64, \.\.\. pixels a side, not 8'),
        (
            lambda images, factors: (images, factors[:, :2]),
            r'640 images with 3 named factors, but the factors have shape \[640, 2\]',
        ),
        (lambda images, factors: (images, factors[1:]), r'shape \[639, 3\]'),
        (lambda images, factors: (images, factors * np.nan), 'factors must lie between 0 and 1'),
        (lambda images, factors: (images, factors + 0.1), 'factors must lie between 0 and 1'),
        (
            lambda images, factors: (images[:79], factors[:79]),
            '79 images are too few for a minibatch of 16 and 64 held-out ones',
        ),
    ],
)
def test_bad_input(world, change, sentence):
    with pytest.raises(UserError, match=sentence):
        reader.train(*change(*world), facts=FACTS, spec=SHORT)


def test_bfloat16_is_of_tensorflow_2(world):
    spec = dataclasses.replace(SHORT, precision='bfloat16')
    if tf.__version__.startswith('1.'):
        with pytest.raises(UserError, match='has no bfloat16 convolutions'):
            reader.train(*world, facts=FACTS, spec=spec)
    else:
        halved, _ = reader.train(*world, facts=FACTS, spec=spec)
        assert variables(halved)['Conv0/weight'].dtype == np.float32
