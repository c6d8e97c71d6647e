"""Frozen graphs against Network.run: every architecture of both generations, labels, controls, noise that changes."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib.tflib import frozen
from dnnlib.tflib.frozen import Frozen
from tests import small_networks

# Other orders of summation and fused operations; images are of the order of 1.
CLOSE = dict(rtol=1e-4, atol=2e-5)
SIZE = 8  # Pixels: the first block and one of the others.
MAIN, STYLEGAN, STYLEGAN2, ADA = [
    'nvlabs_stylegan2.networks.G_main',
    'nvlabs_stylegan.networks.G_synthesis',
    'nvlabs_stylegan2.networks.G_synthesis_stylegan2',
    'nvlabs_stylegan2.ada.G_synthesis',
]
NETWORKS = {
    'skip': (STYLEGAN2, {}),
    'orig': (STYLEGAN2, dict(architecture='orig')),
    'resnet': (STYLEGAN2, dict(architecture='resnet')),
    'relu, other taps': (STYLEGAN2, dict(nonlinearity='relu', resample_kernel=(1, 2, 1))),
    'tanh': (STYLEGAN2, dict(nonlinearity='tanh')),
    'revised': ('nvlabs_stylegan2.networks.G_synthesis_stylegan_revised', {}),
    'clamped': (ADA, dict(conv_clamp=1)),
    'without noise': (ADA, dict(use_noise=False)),
    'first generation': (STYLEGAN, {}),
}


def synthesis(function=STYLEGAN2, **kwargs):
    """A synthesis network alone, on stored noise."""
    return small_networks.build(function, 'S', resolution=SIZE, randomize_noise=False, **kwargs)


def frozen_synthesis(net, batch, **kwargs):
    """A Frozen from dlatents to images; batch: None, or 1 for the form that draws single images."""
    dlatents = tf.placeholder(tf.float32, [batch] + net.input_shape[1:])
    images = net.get_output_for(dlatents, **kwargs)
    return Frozen(
        dict(dlatents=dlatents), dict(images=images), [v for n, v in net.vars.items() if n.startswith('noise')]
    )


def images_of(net, dlatents):
    """Images of the network's template, which needs no second graph."""
    return tflib.run(net.output_templates[0], {net.input_templates[0]: dlatents})


def latents(net, count, seed=0):
    return np.random.RandomState(seed).randn(count, *net.input_shape[1:]).astype(np.float32)


@pytest.mark.parametrize('name', NETWORKS)
def test_images_are_those_of_the_network(name):
    function, kwargs = NETWORKS[name]
    with small_networks.fresh_session():
        net = synthesis(function, **kwargs)
        dlatents = latents(net, 3)
        expected = images_of(net, dlatents)
        many, one = frozen_synthesis(net, None), frozen_synthesis(net, 1)
        np.testing.assert_allclose(many.run('images', dlatents=dlatents), expected, **CLOSE)
        for w, image in zip(dlatents, expected):
            np.testing.assert_allclose(one.run('images', dlatents=w[np.newaxis])[0], image, **CLOSE)


@pytest.mark.parametrize('folds', [0, 10**6])
@pytest.mark.parametrize('architecture', ['skip', 'resnet'])
def test_a_single_image_with_and_without_weights_of_its_own(monkeypatch, folds, architecture):
    """Which form a layer takes depends on its size; both forms are right for all layers."""
    from nvlabs_stylegan2 import layers

    monkeypatch.setattr(layers, '_fewer_weights', lambda x, kernel, size, up: layers.is_single(x) and folds > 0)
    with small_networks.fresh_session():
        net = synthesis(architecture=architecture)
        w = latents(net, 1)
        np.testing.assert_allclose(frozen_synthesis(net, 1).run('images', dlatents=w), images_of(net, w), **CLOSE)


@pytest.mark.parametrize('batch', [None, 1])
def test_noise_that_changes_is_seen(batch):
    with small_networks.fresh_session():
        net = synthesis()
        w, graph = latents(net, 1), frozen_synthesis(net, batch)
        before = graph.run('images', dlatents=w)
        random = np.random.RandomState(1)
        tflib.set_vars({v: random.randn(*v.shape.as_list()) for n, v in net.vars.items() if n.startswith('noise')})
        assert np.array_equal(graph.run('images', dlatents=w), before)
        graph.refresh()
        after = graph.run('images', dlatents=w)
        assert not np.allclose(after, before, **CLOSE)
        np.testing.assert_allclose(after, images_of(net, w), **CLOSE)


def test_labels_and_a_whole_generator():
    with small_networks.fresh_session():
        net = small_networks.build(MAIN, resolution=SIZE, label_size=4)
        inputs = [tf.placeholder(tf.float32, [None] + shape[1:]) for shape in net.input_shapes]
        images = net.get_output_for(*inputs, randomize_noise=False, truncation_psi=0.6)
        graph = Frozen(dict(z=inputs[0], labels=inputs[1]), dict(images=images))
        z, labels = np.random.RandomState(0).randn(3, 12).astype(np.float32), np.eye(4, dtype=np.float32)[[2, 0, 3]]
        np.testing.assert_allclose(
            graph.run('images', z=z, labels=labels),
            net.run(z, labels, randomize_noise=False, truncation_psi=0.6),
            **CLOSE,
        )


@pytest.mark.parametrize('mode', [0, 1, 2, 3, 4])
def test_controls_are_inputs(mode):
    with small_networks.fresh_session():
        net = synthesis('nvlabs_stylegan2.segan.G_synthesis_segan', mode=mode, subspace_dims=5)
        random, w = np.random.RandomState(0), latents(net, 2)
        shape = [2, net.input_shape[1] * 2, 5 if mode == 4 else net.input_shape[2]]
        scale = random.randn(*shape).astype(np.float32)
        control = tf.placeholder(tf.float32, [None] + shape[1:])
        dlatents = tf.placeholder(tf.float32, [None] + net.input_shape[1:])
        images = net.get_output_for(dlatents, randomize_noise=False, control_scale=control)
        graph = Frozen(dict(dlatents=dlatents, scale=control), dict(images=images))
        np.testing.assert_allclose(
            graph.run('images', dlatents=w, scale=scale),
            net.run(w, randomize_noise=False, control_scale=scale),
            **CLOSE,
        )


@pytest.mark.parametrize('lod', [0.0, 0.7, 1.0])
def test_branches_stay_branches(lod):
    """What is inside a branch that is not taken has no value, and is not asked for one."""
    with small_networks.fresh_session():
        net = synthesis(STYLEGAN)
        net.set_var('lod', lod)
        w, graph = latents(net, 2), frozen_synthesis(net, None, structure='recursive')
        np.testing.assert_allclose(graph.run('images', dlatents=w), images_of(net, w), **CLOSE)


def test_random_numbers_stay_random():
    with small_networks.fresh_session():
        x = tf.placeholder(tf.float32, [None])
        graph = Frozen(dict(x=x), dict(y=x + tf.random_normal([3])))
        assert not np.array_equal(graph.run('y', x=np.zeros(3)), graph.run('y', x=np.zeros(3)))


@pytest.mark.parametrize('limit', [1 << 30, 40, 0])
def test_constants_are_computed_once_however_large(monkeypatch, limit):
    monkeypatch.setattr(frozen, 'LARGEST_GRAPH', limit)
    with small_networks.fresh_session():
        v = tf.Variable(np.arange(7, dtype=np.float32))
        w = tf.Variable(np.arange(3, dtype=np.float32))
        tflib.run([v.initializer, w.initializer])
        x = tf.placeholder(tf.float32, [])
        scaled = v * 2 + 1
        graph = Frozen(dict(x=x), dict(y=scaled * x, sum=tf.reduce_sum(w) + x, fixed=scaled))
        tflib.set_vars({v: np.zeros(7)})
        assert np.array_equal(graph.run('y', x=3), 3 * (np.arange(7) * 2 + 1)) and graph.run('sum', x=1) == 4
        assert np.array_equal(graph.run('fixed'), np.arange(7) * 2 + 1)
        kinds = [op.type for op in graph.graph.get_operations() if op.type in ('Mul', 'AddV2', 'Add', 'Sum')]
        assert sorted(kinds)[-1] == 'Mul' and len(kinds) == 2  # y and sum; the rest is done.
