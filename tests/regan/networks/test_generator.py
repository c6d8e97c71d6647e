"""The TensorFlow edge: the same numbers as the official API, independent of batching, with its own graph."""

import ast
import pathlib
import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib.tflib.revival import load_pickle
from regan.base.errors import UserError
from regan.networks.generator import Generator
from regan.sampling import latents
from tests import tiny_network

PROJECT = pathlib.Path(__file__).parents[3]


@pytest.fixture(scope='module', params=[1, 2])
def network_file(request, tmp_path_factory):
    return request.param, tiny_network.write(tmp_path_factory.mktemp('n') / 'net.pkl', request.param)


def test_equals_the_official_call(network_file):
    """map, broadcast, truncate, synthesize = Gs.run with the same psi (no cutoff) and stored noise."""
    generation, path = network_file
    z = latents.from_seeds([3, 5, 8], 13)
    with Generator.open(path) as g:
        assert (g.generation, g.latent_size, g.dlatent_size, g.num_layers, g.resolution, g.num_channels) == (
            generation,
            13,
            11,
            6,
            16,
            3,
        )
        dlatents = latents.truncate(latents.broadcast(g.map(z), g.num_layers), g.dlatent_avg, 0.6)
        ours = g.synthesize(dlatents)
    with tf.Graph().as_default(), tf.Session().as_default():
        official = load_pickle(path)[2].run(
            z,
            None,
            truncation_psi=0.6,
            truncation_cutoff=None if generation == 2 else 6,
            randomize_noise=False,
            output_transform=dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True),
        )
    assert ours.dtype == np.uint8 and ours.shape == (3, 16, 16, 3)
    difference = np.abs(ours.astype(int) - official.astype(int))
    assert difference.max() <= 1 and (difference > 0).mean() <= 0.005
    assert np.ptp(ours) > 50


def test_numpy_noise_is_drawn_in_variable_order_from_one_generator(network_file):
    _, path = network_file
    with Generator.open(path, noise={'numpy_seed': 0}) as g:
        random = np.random.RandomState(0)
        for i in range(5 if g.generation == 2 else 6):
            value = g.variable('noise%d' % i)
            assert np.array_equal(value, random.randn(*value.shape).astype(np.float32))


def test_stored_noise_comes_back(stays_open, tiny_pickle):
    dlatents = np.random.RandomState(1).randn(2, 6, 11)
    with Generator.open(tiny_pickle) as g:
        stored = g.synthesize(dlatents)
        g.set_noise(np.random.RandomState(7))
        other = g.synthesize(dlatents)
        g.set_noise('stored')
        assert np.array_equal(stored, g.synthesize(dlatents)) and not np.array_equal(stored, other)


def test_pieces_do_not_change_the_pictures(stays_open, tiny_pickle):
    """19 images go through in minibatches of 16 and 3."""
    dlatents = np.random.RandomState(1).randn(19, 6, 11)
    done = []
    with Generator.open(tiny_pickle) as g:
        together = g.synthesize(dlatents, done.append)
        alone = np.concatenate([g.synthesize(dlatents[i : i + 1]) for i in range(19)])
    assert sum(done) == 19
    difference = np.abs(together.astype(int) - alone.astype(int))
    assert difference.max() <= 1 and (difference > 0).mean() <= 0.005


def test_two_generators_do_not_share_anything(stays_open, tiny_pickle, network_file):
    z = latents.from_seeds([2], 13)
    with Generator.open(tiny_pickle) as first:
        expected = first.map(z)
        with Generator.open(network_file[1]):
            assert np.array_equal(first.map(z), expected)
    assert tf.get_default_session() is None


def test_no_generator_inside(tmp_path):
    import pickle

    path = tmp_path / 'd.pkl'
    with tf.Graph().as_default(), tf.Session().as_default():
        with open(str(path), 'wb') as f:
            pickle.dump(
                tflib.Network('D', func_name='nvlabs_stylegan2.networks.D_stylegan2', resolution=16, fmap_max=8), f
            )
    with pytest.raises(UserError, match=r'd\.pkl holds no generator but D \(D_stylegan2\)'):
        Generator.open(path)


def test_only_the_edge_knows_tensorflow():
    """In regan, only modules of `networks` import TensorFlow or what is made of it, and only those that make graphs.

    Besides, `restored` puts TensorFlow 1 in the place of TensorFlow 2 for scripts that have imported it, `biggan` has
    a graph and a reader of checkpoints of its own, `explore` runs graphs in pieces, judges and projections are graphs
    themselves, and `conversion` writes graphs.
    """
    heavy = re.compile(r'(tensorflow|dnnlib\.tflib|nvlabs_\w+)(\.|$)')
    found = {}
    for path in sorted((PROJECT / 'regan').rglob('*.py')):
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):  # Imports inside functions are nodes, too.
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names.update('%s.%s' % (node.module, alias.name) for alias in node.names)
        found[path.relative_to(PROJECT / 'regan').as_posix()] = sorted(filter(heavy.match, names))
    biggan = {'biggan/%s.py' % module for module in ('graph', 'hub', 'network')}
    others = biggan | {'restored/of_tensorflow.py', 'explore/pieces.py'}
    graphs = ('judges/', 'projection/', 'conversion/')
    found_in = {path for path, names in found.items() if names and not path.startswith(graphs)}
    assert found_in - others == {
        'networks/%s.py' % module
        for module in (
            'opening',
            'base_generator',
            'generator',
            'progressive_generator',
            'biggan_generator',
            'layer_outputs',
            'synthesis_graphs',
        )
    }
    running = found['networks/generator.py'] + found['judges/official.py'] + found['judges/reader.py']
    assert not any(name.startswith('tensorflow') for name in running)
