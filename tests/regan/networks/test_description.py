"""`regan info`: facts without a graph."""

import subprocess
import sys

import numpy as np
import pytest

from dnnlib import architectures
from regan.networks import description
from tests import tiny_network


def test_facts_of_a_generator_file(tiny_pickle):
    facts = description.describe(tiny_pickle)
    first, d, last = facts['networks']
    assert first == last and d['build_function'] == 'D_stylegan2' and d['resolution'] == 16
    assert {
        k: last[k]
        for k in (
            'name',
            'build_function',
            'generation',
            'latent_size',
            'dlatent_size',
            'label_size',
            'resolution',
            'state_version',
        )
    } == dict(
        name='Gs',
        build_function='G_main',
        generation='stylegan2',
        latent_size=13,
        dlatent_size=11,
        label_size=0,
        resolution=16,
        state_version=4,
    )
    assert last['static_kwargs'] == tiny_network.ARGUMENTS
    assert len(facts['sha256']) == 64
    text = description.report(facts)
    assert facts['sha256'] in text and '8x8/ToRGB, 16x16/Conv0_up' in text


def test_parameter_count_is_the_sum_of_the_variables(tiny_pickle):
    import tensorflow.compat.v1 as tf

    from dnnlib.tflib.revival import load_pickle

    with tf.Graph().as_default(), tf.Session().as_default():
        gs = load_pickle(tiny_pickle)[2]
        expected = sum(int(np.prod(v.shape.as_list())) for v in gs.vars.values())
    assert description.describe(tiny_pickle)['networks'][2]['parameters'] == expected


@pytest.mark.parametrize(
    'generation, resolution, index, at, scopes',
    [
        (architectures.STYLEGAN, 1024, 0, 4, ['4x4/Const']),
        (architectures.STYLEGAN, 1024, 17, 1024, ['1024x1024/Conv1']),
        (architectures.STYLEGAN, 64, 6, 32, ['32x32/Conv0_up']),
        (architectures.STYLEGAN2, 1024, 0, 4, ['4x4/Conv']),
        (architectures.STYLEGAN2, 1024, 1, 8, ['4x4/ToRGB', '8x8/Conv0_up']),
        (architectures.STYLEGAN2, 1024, 17, 1024, ['1024x1024/ToRGB']),
        (architectures.ADA, 256, 12, 256, ['256x256/Conv1']),
    ],
)
def test_which_layers_an_index_drives(generation, resolution, index, at, scopes):
    """The tables of the official networks (StyleGAN 3.2, StyleGAN2 4.2)."""
    layers = description.style_layers(generation, resolution)
    assert len(layers) == 2 * np.log2(resolution) - 2
    assert layers[index] == dict(index=index, resolution=at, scopes=scopes)


def test_needs_no_tensorflow(tiny_pickle):
    code = (
        'import sys; from regan.networks import description; description.describe(%r); '
        'sys.exit("tensorflow" in sys.modules)' % str(tiny_pickle)
    )
    assert subprocess.call([sys.executable, '-c', code]) == 0
