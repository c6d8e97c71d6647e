"""The distance by a discriminator, and the gradients of the whole loss."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib import unpickle
from dnnlib.tflib.revival import revive
from regan.base.errors import UserError
from regan.judges.vgg16 import DEVIATION, MEAN
from regan.projection import distances, methods, noise_maps
from regan.projection.objective import Objective
from regan.projection.search import Search, Statistics
from tests import judge_weights, make_pickles, numpy_judges, small_networks


@pytest.fixture
def objective(tiny_objective):
    return tiny_objective


def some(generator, objective, count, seed=0):
    """dlatents [count, L, D] and noise images of some pictures."""
    random = np.random.RandomState(seed)
    dlatents = generator.map(random.randn(count * generator.num_layers, generator.latent_size))
    noise = [random.randn(count, 1, side, side).astype(np.float32) for side in objective.sides]
    return dlatents.reshape(count, generator.num_layers, -1), noise


def test_pictures_are_those_of_the_generator(tiny_generator, objective):
    dlatents, _ = some(tiny_generator, objective, 3)
    stored = [one.repeat(3, axis=0) for one in objective.stored]
    np.testing.assert_allclose(objective.images(dlatents, stored), tiny_generator.render(dlatents), atol=1e-5)
    apart = objective.pictures(dlatents, stored).astype(int) - tiny_generator.synthesize(dlatents)
    assert abs(apart).max() <= 1


def test_the_distance_is_that_of_the_activations(tiny_generator, objective):
    """By NumPy, from the outputs of the blocks in the discriminator's own graph."""
    images = np.random.RandomState(1).uniform(-1, 1, [4, 3, 16, 16]).astype(np.float32)
    with small_networks.fresh_session():
        network = revive(unpickle.read(tiny_generator.path)[1], 'tiny')
        scope = network.input_templates[0].op.name.rsplit('/', 1)[0]
        names = ['%s/%s/Skip/out:0' % (scope, side) for side in ('16x16', '8x8')]
        blocks = tflib.run(names, {network.input_templates[0]: images, network.input_templates[1]: np.zeros([4, 0])})
    expected = np.zeros(2)
    for block in blocks:
        unit = block / np.sqrt(np.square(block).sum(axis=1, keepdims=True))
        expected += np.square(unit[:2] - unit[2:]).sum(axis=1).mean(axis=(1, 2)) / len(blocks)
    features = [one.astype(np.float64) for one in objective.features(images)]
    apart = [np.square(one[:2] - one[2:]).sum(axis=1).mean(axis=(1, 2)) for one in features]
    np.testing.assert_allclose(np.mean(apart, axis=0), expected, rtol=1e-4)


def test_the_distance_is_one(tiny_generator, objective):
    dlatents, noise = some(tiny_generator, objective, 2)
    seen = objective.features(objective.images(dlatents, noise))
    np.testing.assert_array_equal(objective.distances(dlatents, noise, seen), [0, 0])
    there_and_back = objective.distances(dlatents[::-1], [one[::-1] for one in noise], seen)
    assert 0 < there_and_back[0] <= 4 and there_and_back[0] == pytest.approx(there_and_back[1], rel=1e-5)


def test_pictures_do_not_depend_on_their_neighbours(tiny_generator, objective):
    dlatents, noise = some(tiny_generator, objective, 3)
    seen = objective.features(np.random.RandomState(2).uniform(-1, 1, [3, 3, 16, 16]))
    together = objective.slope(dlatents, noise, seen)
    alone = objective.slope(dlatents[1:2], [one[1:2] for one in noise], [one[1:2] for one in seen])
    assert alone.distance[0] == pytest.approx(together.distance[1], rel=1e-5)
    for one, all_ in zip([alone.dlatents] + alone.noise, [together.dlatents] + together.noise):
        np.testing.assert_allclose(one[0], all_[1], atol=1e-5 * abs(all_).max())


def test_a_graph_for_single_pictures_is_the_same(tiny_generator, objective):
    distance = distances.DiscriminatorDistance(tiny_generator.path)
    dlatents, noise = some(tiny_generator, objective, 1)
    seen = objective.features(np.random.RandomState(2).uniform(-1, 1, [1, 3, 16, 16]))
    expected = objective.slope(dlatents, noise, seen)
    with tiny_generator.with_synthesis(lambda synthesis: Objective(synthesis, distance, single=True)) as single:
        found = single.slope(dlatents, noise, seen)
    np.testing.assert_allclose(found.distance, expected.distance, rtol=1e-4)
    for one, other in zip([found.dlatents] + found.noise, [expected.dlatents] + expected.noise):
        np.testing.assert_allclose(one, other, atol=1e-4 * abs(other).max())


def in_double(graph):
    """A copy of a graph of float32 in float64."""
    wanted = graph.as_graph_def()
    single, double = tf.float32.as_datatype_enum, tf.float64.as_datatype_enum
    for node in wanted.node:
        for attribute in node.attr.values():
            if attribute.type == single:
                attribute.type = double
            if attribute.list.type:
                attribute.list.type[:] = [double if kind == single else kind for kind in attribute.list.type]
            if attribute.HasField('tensor') and attribute.tensor.dtype == single:
                value = tf.make_ndarray(attribute.tensor).astype(np.float64)
                attribute.tensor.CopyFrom(tf.make_tensor_proto(value))
    with tf.Graph().as_default() as copy:
        tf.import_graph_def(wanted, name='')
    return copy


def test_the_slope_of_the_whole_loss_is_that_of_its_values(tiny_generator, objective, monkeypatch):
    """Along some directions of w and noise together, by central differences in float64."""
    copy = in_double(objective.frozen.graph)
    with tf.Session(graph=copy) as session:
        monkeypatch.setattr(objective.frozen, 'session', session)
        for held in (objective.frozen.inputs, objective.frozen.outputs):
            for name, tensor in held.items():
                monkeypatch.setitem(held, name, copy.get_tensor_by_name(tensor.name))
        dlatents, noise = some(tiny_generator, objective, 2)
        dlatents, noise = dlatents.astype(np.float64), noise_maps.joined(noise, 2).astype(np.float64)
        seen = objective.features(np.random.RandomState(2).uniform(-1, 1, [2, 3, 16, 16]))

        def loss(dlatents, noise):
            apart = objective.distances(dlatents, noise_maps.split(noise, objective.sides), seen)
            return apart + 1e5 * noise_maps.loss_and_gradient(noise, objective.sides)[0]

        slope = objective.slope(dlatents, noise_maps.split(noise, objective.sides), seen)
        by_noise = np.concatenate([one.reshape(2, -1) for one in slope.noise], axis=1)
        for weight in (0, 1):  # The distance alone, and all of it.
            random, h = np.random.RandomState(5), 1e-5
            for _ in range(3):
                a, b = random.randn(*dlatents.shape), random.randn(*noise.shape) * weight
                ahead, behind = [loss(dlatents + sign * h * a, noise + sign * h * b) for sign in (1, -1)]
                total = by_noise + 1e5 * noise_maps.loss_and_gradient(noise, objective.sides)[1]
                expected = (slope.dlatents * a).sum(axis=(1, 2)) + (total * b).sum(axis=1)
                np.testing.assert_allclose((ahead - behind) / (2 * h), expected, rtol=1e-5, atol=1e-7)


def test_who_starts_at_the_picture_stays_there(tiny_generator, objective):
    dlatents, _ = some(tiny_generator, objective, 1)
    stored = list(objective.stored)
    seen = objective.features(objective.images(dlatents, stored))
    spread = Statistics(tiny_generator.dlatent_avg, 1.0)
    search = Search(objective, methods.METHODS['adam'], 3, spread)
    for state, _ in search.states(search.begin(1, dlatents[0]), seen):
        np.testing.assert_allclose(search.dlatents(state), dlatents, atol=1e-6)
    assert search.distances(state, seen)[0] < 1e-9


@pytest.mark.parametrize(
    'function, arguments',
    [
        ('nvlabs_stylegan.networks.D_basic', {}),
        ('nvlabs_stylegan2.networks.D_stylegan2', dict(architecture='skip')),
        ('nvlabs_stylegan2.ada.D_main', dict(label_size=2)),
    ],
)
def test_every_discriminator_has_a_distance(function, arguments):
    with small_networks.fresh_session():
        network = small_networks.build(function, **arguments)
        images = np.random.RandomState(0).uniform(-1, 1, [2, 3, 16, 16]).astype(np.float32)
        found = distances.discriminator_features(network, tf.constant(images))
        values = tflib.run(found.tensors, found.given)
        assert [value.shape[2] for value in values] == [8, 4]
        for value in values:
            np.testing.assert_allclose(np.square(value).sum(axis=1), 1, atol=1e-3)
            assert abs(value[0] - value[1]).max() > 1e-3


def test_what_is_no_discriminator_is_refused(tiny_generator, tmp_path):
    path = tmp_path / 'alone.pkl'
    path.write_bytes(make_pickles.dumps(make_pickles.from_data(unpickle.read(tiny_generator.path)[2]), 4))
    with pytest.raises(UserError, match='holds no discriminator.*--distance-network'):
        distances.DiscriminatorDistance(path)
    with pytest.raises(UserError, match='3 channels and 16 pixels.*not of 3 channels and 24 pixels'):
        distances.DiscriminatorDistance(tiny_generator.path).check(3, 24)
    distances.DiscriminatorDistance(tiny_generator.path).check(3, 32)


def test_larger_images_are_averaged():
    with small_networks.fresh_session():
        images = np.arange(2 * 3 * 16.0).reshape(2, 3, 4, 4)
        found = tflib.run(distances.averaged(tf.constant(images), 2))
    np.testing.assert_allclose(found, images.reshape(2, 3, 2, 2, 2, 2).mean(axis=(3, 5)))


@pytest.mark.parametrize('name', ['lpips', 'vgg16'])
def test_perceptual_distances_see_what_their_programs_show(name, tmp_path, monkeypatch):
    """LPIPS sees means of blocks, the encoder's VGG16 every second pixel; by NumPy."""
    judge_weights.small(monkeypatch)
    monkeypatch.setattr(distances, 'SIDE_OF_VGG', 16)
    path = judge_weights.official(tmp_path / 'judge.pkl', with_heads=True)
    images = np.random.RandomState(7).uniform(-1, 1, [3, 3, 32, 32]).astype(np.float32)
    distance = distances.PerceptualDistance(name, path)
    distance.check(3, 32)
    with small_networks.fresh_session():
        found = distance.features(tf.constant(images))
        assert not found.given
        first = [tensor[:1] for tensor in found.tensors]
        apart = tflib.run(distance.between([tensor[1:] for tensor in found.tensors], first))
    weights, shown = judge_weights.convolutions(), (images.astype(np.float64) + 1) * 127.5
    if name == 'lpips':
        shown = shown.reshape(3, 3, 16, 2, 16, 2).mean(axis=(3, 5))
        expected = numpy_judges.lpips(shown[1:], shown[[0, 0]], weights, judge_weights.heads(), MEAN, DEVIATION)
    else:
        layer = numpy_judges.vgg16_layers(shown[:, :, ::2, ::2], weights, MEAN, DEVIATION)[6]
        expected = np.square(layer[1:] - layer[:1]).mean(axis=(1, 2, 3)) / 82890
    np.testing.assert_allclose(apart, expected, rtol=1e-4)
    assert distance.facts['distance_by'] == name and list(distance.facts['distance_files']) == ['judge.pkl']
    with pytest.raises(UserError, match='at least 16 pixels a side.*--distance discriminator'):
        distance.check(3, 8)
