"""A synthesis cut before any layer gives the images of the whole one, without computing what lies below the cut."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dnnlib.tflib.cut import Cut
from dnnlib.tflib.frozen import Frozen
from tests import small_networks

SYNTHESES = [
    ('nvlabs_stylegan.networks.G_synthesis', dict(structure='fixed')),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan2', dict(architecture='skip')),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan2', dict(architecture='resnet')),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan2', dict(architecture='orig')),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan_revised', dict(structure='linear')),
    ('nvlabs_stylegan2.ada.G_synthesis', {}),
]
LAYERS, WIDTH, PER_BASE = 6, 10, 3
TOLERANCE = 1e-5  # Of images that span about [-3, 3].


def latents_of(layer):
    """Two bases, and for each of them latents that differ from it in layers from `layer` on."""
    random = np.random.RandomState(layer)
    bases = random.randn(2, LAYERS, WIDTH).astype(np.float32)
    edited = bases.repeat(PER_BASE, axis=0)
    edited[:, layer:] += random.randn(2 * PER_BASE, LAYERS - layer, WIDTH).astype(np.float32)
    return bases, edited


def built(function, arguments):
    """Input and output of a network's template, on stored noise."""
    synthesis = small_networks.build(function, randomize_noise=False, **arguments)
    return synthesis.input_templates[0], synthesis.output_templates[0]


def rounding(dlatents, images, run, values):
    """By how much the number of images alone changes them: TensorFlow adds up in another order then, on some
    processors.
    """
    singly = np.concatenate([run(images, {dlatents: value[None]}) for value in values])
    return np.abs(singly - run(images, {dlatents: values})).max()


def check_cuts(dlatents, images, run, layers):
    cut = Cut(dlatents, images, run)
    assert cut.border(0) == [] and cut.border(LAYERS) == [images]
    for layer in layers:
        bases, edited = latents_of(layer)
        held = cut.hold(bases, layer)
        found = cut.finish([held[i // PER_BASE] for i in range(len(edited))], edited)
        expected = run(images, {dlatents: edited})
        assert np.ptp(expected) > 1
        largest = max(TOLERANCE, 2 * rounding(dlatents, images, run, edited))
        assert largest < 1e-4
        np.testing.assert_allclose(found, expected, rtol=0, atol=largest)
    other = cut.finish([held[0]], bases[1:])
    assert not np.allclose(other, run(images, {dlatents: bases[1:]}), atol=0.1)  # What is held decides.


@pytest.mark.parametrize('function, arguments', SYNTHESES)
def test_a_cut_gives_the_images_of_the_whole(function, arguments):
    with small_networks.fresh_session() as session:
        check_cuts(*built(function, arguments), run=session.run, layers=[2, 3])


@pytest.mark.parametrize('function, arguments', SYNTHESES[:2])
def test_so_does_every_cut_of_a_frozen_graph(function, arguments):
    with small_networks.fresh_session():
        dlatents, images = built(function, arguments)
        frozen = Frozen(dict(dlatents=dlatents), dict(images=images))
        check_cuts(frozen.inputs['dlatents'], frozen.outputs['images'], frozen.session.run, layers=range(1, LAYERS + 1))
        frozen.close()


def test_nothing_below_the_cut_is_computed():
    with small_networks.fresh_session() as session:
        dlatents, images = built(*SYNTHESES[1])
        cut = Cut(dlatents, images, session.run)
        for layer in (1, 4):
            held = cut.hold(latents_of(layer)[0], layer)[0]
            broken = np.full([1, LAYERS, WIDTH], np.nan)
            broken[:, layer:] = 0
            assert np.isfinite(cut.finish([held], broken)).all()


def test_the_border_is_small():
    """Features and image of one resolution; not all that was ever computed."""
    with small_networks.fresh_session() as session:
        cut = Cut(*built(*SYNTHESES[1]), run=session.run)
        shapes = [sorted(tensor.shape.as_list()[1:] for tensor in cut.border(layer)) for layer in range(1, LAYERS)]
        assert [len(sizes) for sizes in shapes] == [1, 2, 2, 2, 2]
        assert all(sizes[0][-1] == 3 and sizes[0][:2] == sizes[1][:2] for sizes in shapes[1:])


def toy(output_of):
    """(placeholder [N, 3, 2], output) of a graph of a few ops."""
    dlatents = tf.placeholder(tf.float32, [None, 3, 2])
    return dlatents, output_of(dlatents)


@pytest.mark.parametrize(
    'take',
    [
        lambda x: [x[:, 0], x[:, 1], x[:, -1]],
        lambda x: tf.unstack(x, axis=1),
        lambda x: [
            tf.identity(x)[:, 0],
            tf.reduce_sum(x[:, 0:2], axis=1),
            tf.squeeze(tf.cast(x, tf.float32)[:, 2:], axis=1),
        ],
        lambda x: [x[:, 0], x[:, 1] + tf.cast(tf.shape(x)[0], tf.float32), x[:, 2]],
    ],
    ids=['index', 'unstack', 'ranges', 'shape'],
)
def test_ways_to_take_a_style(take):
    def output_of(x):
        first, second, third = take(x)
        return tf.tanh(tf.tanh(first) + second) * third

    with small_networks.fresh_session() as session:
        dlatents, output = toy(output_of)
        cut = Cut(dlatents, output, session.run)
        assert [[tensor.op.type for tensor in cut.border(layer)] for layer in range(4)] == [
            [],
            ['Tanh'],
            ['Tanh'],
            ['Mul'],
        ]
        for layer in range(4):
            base = np.random.RandomState(1).randn(1, 3, 2)
            edited = base + (np.arange(3) >= layer)[:, np.newaxis]
            np.testing.assert_allclose(
                cut.finish(cut.hold(base, layer), edited), session.run(output, {dlatents: edited}), rtol=1e-6
            )


def test_a_graph_that_mixes_all_styles_is_not_cut():
    with small_networks.fresh_session() as session:
        dlatents, output = toy(lambda x: tf.tanh(tf.reduce_sum(x, axis=1)))
        cut = Cut(dlatents, output, session.run)
        assert [cut.border(layer) for layer in range(3)] == [[], [], []]
        base = np.random.RandomState(2).randn(2, 3, 2)
        np.testing.assert_allclose(cut.finish(cut.hold(base, 2), base + 1), np.tanh((base + 1).sum(axis=1)), rtol=1e-5)


def test_what_mixes_latents_is_refused():
    with small_networks.fresh_session() as session:
        dlatents, output = toy(lambda x: tf.reduce_max(x[:, 0]) * x[:, 1] + x[:, 2])
        with pytest.raises(ValueError, match=r'enters layer 1, has shape \[\] for 5 latents'):
            Cut(dlatents, output, session.run).hold(np.zeros([5, 3, 2]), 1)


def test_bytes_that_are_held():
    with small_networks.fresh_session() as session:
        dlatents, output = toy(lambda x: tf.concat([tf.tanh(x[:, 0]), x[:, 1], x[:, 2]], axis=1))
        assert [held.nbytes for held in Cut(dlatents, output, session.run).hold(np.zeros([7, 3, 2]), 1)] == [8] * 7
