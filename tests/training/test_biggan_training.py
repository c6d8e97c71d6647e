"""BigGAN-deep in training: spectral norms, normalisation, hinge losses, resumption, and the tables of statistics."""

import dataclasses
import json
import shutil
import types

import numpy as np
import pytest

from dnnlib import tflib
from dnnlib.torch_files import containers, writing

# isort: split
import tensorflow.compat.v1 as tf

from regan.base.errors import UserError
from regan.biggan import configuration, graph, latents, saving, statistics, weights
from regan.data import tfrecords
from tests.small_networks import fresh_session
from training import loss_biggan, networks_biggan, snapshots_biggan, spectral_norm, training_loop
from training import recipe as recipes
from training.schedule import Schedule

TINY = dict(
    latent_size=3,
    width=4,
    blocks=[[False, 16, 8], [True, 8, 4], [False, 4, 2], [True, 2, 1]],
    attention=2,
)
PASSES = 2
MADE = networks_biggan.configuration_of(16, 2, rows=3, **TINY)


# ------------------------------------------------------------------ spectral norm


def test_the_power_iteration_ends_at_the_svd_and_its_gradient_is_that_of_the_singular_value():
    kernel = np.random.RandomState(1).randn(3, 3, 4, 6).astype(np.float32)
    left, values, right = np.linalg.svd(kernel.reshape(36, 6))
    with fresh_session():
        divided = spectral_norm.kernel('kernel', kernel.shape, iterate=True)
        stored, vector = tf.global_variables()
        sigma, _ = spectral_norm.largest_singular_value(tf.reshape(stored, [36, 6]), vector)
        gradient = tf.gradients(sigma, stored)[0]
        tflib.init_uninitialized_vars()
        np.testing.assert_allclose(np.linalg.svd(tflib.run(stored).reshape(36, 6))[1], 1, atol=1e-5)  # Orthogonal.
        tflib.load_vars({stored: kernel})
        first = tflib.run(vector)
        once = spectral_norm.singular_vectors(kernel, first)[1]
        tflib.run(divided)
        np.testing.assert_allclose(tflib.run(vector)[0], once, atol=1e-6)
        for _ in range(60):
            tflib.run(divided)
        found = tflib.run([sigma, divided, gradient, vector])
    assert found[0][0, 0] == pytest.approx(values[0], rel=1e-5)
    np.testing.assert_allclose(found[1], kernel / values[0], rtol=1e-4)
    np.testing.assert_allclose(found[2].reshape(36, 6), np.outer(left[:, 0], right[0]), atol=1e-3)
    v, u = spectral_norm.singular_vectors(kernel, found[3])
    assert v @ kernel.reshape(36, 6) @ u == pytest.approx(values[0], rel=1e-6)


def test_without_iteration_the_vector_stays():
    with fresh_session():
        divided = spectral_norm.kernel('kernel', (5, 4))
        tflib.init_uninitialized_vars()
        vector = tf.global_variables()[1]
        before = tflib.run(vector)
        tflib.run(divided)
        np.testing.assert_array_equal(tflib.run(vector), before)


# ------------------------------------------------------------------ normalisation and losses


def test_conditional_normalisation_is_the_formula():
    rnd = np.random.RandomState(2)
    x, gain, offset = rnd.randn(3, 5, 5, 4) * 2 + 1, rnd.randn(3, 4), rnd.randn(3, 4)
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    scaled = (x - mean) / np.sqrt(variance + 1e-4)
    with fresh_session():
        x, mean, variance, gain_in, offset_in = [
            tf.constant(array, tf.float32) for array in (x, mean, variance, gain, offset)
        ]
        outputs = [
            graph.normalised(x, (mean, variance), 1e-4, gain_in, offset_in),
            graph.normalised(x, (mean, variance), 1e-4, gain_in[0], offset_in[0]),
        ]
        found = tflib.run(outputs)
    np.testing.assert_allclose(found[0], scaled * gain[:, None, None] + offset[:, None, None], atol=1e-5)
    np.testing.assert_allclose(found[1], scaled * gain[0] + offset[0], atol=1e-5)


class Fake:
    """A network whose output is its input times a number."""

    input_shapes = [[None, 2]]

    def __init__(self, factor):
        self.factor, self.iterated = factor, []

    def get_output_for(self, x, labels, iterate=False):
        self.iterated.append(iterate)
        return tf.reduce_sum(tf.cast(x, tf.float32) * labels, axis=1, keepdims=True) * self.factor


def test_hinge_losses_and_whose_vectors_they_move(monkeypatch):
    z, reals, labels = np.float32([[1, 2], [-0.25, 0]]), np.float32([[3], [0.5]]), np.float32([[1, 0], [1, 0]])
    monkeypatch.setattr(loss_biggan, 'random_normal', lambda shape: tf.constant(z))
    labelled = types.SimpleNamespace(get_random_labels_tf=lambda n: tf.constant(labels))
    with fresh_session():
        G, D = Fake(1.0), Fake(1.0)
        of_G = loss_biggan.G_hinge(G, D, None, labelled, 2)
        of_D = loss_biggan.D_hinge(G, D, None, labelled, 2, tf.constant(reals), tf.constant(labels))
        found = tflib.run([of_G, of_D])
    np.testing.assert_allclose(found[0], [[-1], [0.25]])
    np.testing.assert_allclose(found[1], [[1 + 1 + 0], [1 - 0.25 + 1 - 0.5]])
    assert (G.iterated, D.iterated) == ([True, False], [False, True])


# ------------------------------------------------------------------ what is left of a generator


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A generator as training has it and as its file says: its values, one minibatch (z, y) with images, means and
    variances, and the Weights that anybody reads from the file.
    """
    path = tmp_path_factory.mktemp('biggan') / 'it-pytorch_model.bin'
    z, y = latents.from_seed(1, 6, 3), np.eye(2, dtype=np.float32)[np.arange(6) % 2]
    with fresh_session():
        network = tflib.Network('Gs', func_name=networks_biggan.G_biggan, resolution=16, label_size=2, **TINY)
        outputs = network.get_output_for(tf.constant(z), tf.constant(y), return_statistics=True)
        images, means, variances = tflib.run(outputs)
        snapshots_biggan.Containers(PASSES).save((None, None, network), str(path))
        values = network.own_values()
    facts = configuration.from_json(json.loads(saving.facts_path(path).read_text()), 'config.json')
    with open(str(path), 'rb') as stream:
        read = weights.from_pytorch(containers.read(stream, str(path)), str(path), facts)
    return types.SimpleNamespace(z=z, y=y, images=images, means=means, variances=variances, values=values, read=read)


def test_the_file_holds_kernels_divided_by_their_spectral_norms(trained):
    assert trained.read.configuration == dataclasses.replace(MADE, rows=51)
    for name, value in trained.read.tensors.items():
        if name.endswith(('/means', '/variances')):
            continue
        kept = trained.values[name]
        if name.endswith('/kernel') and name != 'embedding/kernel':
            v, u = spectral_norm.singular_vectors(kept, trained.values[name + '_u'])
            kept = kept / (v @ kept.reshape(-1, kept.shape[-1]) @ u)
        np.testing.assert_allclose(value, kept, rtol=1e-5, atol=1e-6, err_msg=name)


def test_the_table_of_statistics_is_that_of_each_truncation(trained):
    """At the first normalisation, which sees a linear function of the latents."""
    read = trained.read
    for row, truncation in ((0, 0.0), (25, 0.5), (50, 1.0)):
        means, variances = [], []
        for seed in range(PASSES):
            z = latents.from_seed(seed, 32, 3, truncation)
            code = np.concatenate([z, read.tensors['embedding/kernel'][np.arange(32) % 2]], axis=1)
            maps = (code @ read.tensors['gen_z/kernel'] + read.tensors['gen_z/bias']).reshape(-1, 64)
            means.append(maps.mean(axis=0))
            variances.append(maps.var(axis=0))
        for what, expected in (('means', means), ('variances', variances)):
            table = read.tensors['block_00/norm_0/' + what]
            np.testing.assert_allclose(table[row], np.mean(expected, axis=0), rtol=1e-4, atol=1e-6)
    code = np.concatenate([trained.z, trained.y @ read.tensors['embedding/kernel']], axis=1)
    maps = (code @ read.tensors['gen_z/kernel'] + read.tensors['gen_z/bias']).reshape(-1, 64)  # Of one minibatch.
    np.testing.assert_allclose(trained.means[:64], maps.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(trained.variances[:64], maps.var(axis=0), rtol=1e-4, atol=1e-6)


def test_training_and_the_finished_network_make_the_same_image_by_the_same_statistics(trained):
    """One minibatch; its own means and variances as rows of the tables."""
    made, tensors = trained.read.configuration, dict(trained.read.tensors)
    ends = np.cumsum([maps for _, maps in made.norms])[:-1]
    for what, whole in (('means', trained.means), ('variances', trained.variances)):
        for (norm, _), part in zip(made.norms, np.split(whole, ends)):
            tensors['%s/%s' % (norm, what)] = np.repeat(part[np.newaxis], made.rows, axis=0)
    with fresh_session():
        frozen = graph.build(trained.read._replace(tensors=tensors))
        z, y = [np.repeat(x[np.newaxis], made.num_latents, axis=0) for x in (trained.z, trained.y)]
        images = frozen.run('image', z=z, y=y, rows=statistics.row_weights(1.0, made.rows))
        frozen.close()
    np.testing.assert_allclose(images.transpose(0, 3, 1, 2), trained.images, atol=1e-4)
    assert images.std() > 0.1


# ------------------------------------------------------------------ a run


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Folders of a run of two ticks, two steps of D for one of G, and of one that went on from its first tick."""
    top = tmp_path_factory.mktemp('biggan')
    with tfrecords.new_data_set(top / 'data') as writer:
        writer.add(np.random.RandomState(1).randint(256, size=[10, 3, 16, 16]).astype(np.uint8))
        writer.add_labels(np.eye(2)[np.arange(10) % 2])
    recipe = recipes.biggan(TINY, schedule=Schedule(minibatch_size=4, lrate=0.001, tick_kimg=0.008), ema_kimg=0.01)

    def keep_first(row):
        if row['kimg'] == 0.008:
            shutil.copytree(str(top / 'straight'), str(top / 'broken'))
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots_biggan, 'PASSES_WHILE_TRAINING', PASSES)
        patch.setattr(snapshots_biggan.Containers, 'images', lambda *_: np.zeros([32, 3, 16, 16], np.float32))
        for name in ('straight', 'broken'):
            training_loop.train(
                recipe,
                str(top / 'data'),
                str(top / name),
                0.016,
                max_label_size='full',
                image_snapshot_ticks=None,
                network_snapshot_ticks=None,
                threads=1,
                show_progress=False,
                surroundings=dataclasses.replace(training_loop.REGAN, each_tick=keep_first),
            )
            if name == 'straight':
                shutil.copy(str(top / 'broken' / 'state.npz'), str(top / 'half.npz'))
    return top


@pytest.mark.slow
def test_resumed_equals_uninterrupted(runs):
    arrays = []
    for name in ('half.npz', 'broken/state.npz', 'straight/state.npz'):
        with np.load(str(runs / name)) as archive:
            arrays.append({key: archive[key] for key in archive.files if key != 'header'})
    half, broken, straight = arrays
    for key in straight:
        np.testing.assert_array_equal(broken[key], straight[key], err_msg=key)
    still = [key for key in straight if np.array_equal(half[key], straight[key]) and 'Adam' not in key]
    assert not [key for key in still if key.endswith('/kernel') and 'attention' not in key]
    ending = 'network-final-pytorch_model.bin'
    assert (runs / 'broken' / ending).read_bytes() == (runs / 'straight' / ending).read_bytes()
    assert (runs / 'straight' / 'log.csv').read_text().splitlines()[0].endswith('loss_D,loss_G')


@pytest.mark.slow
def test_a_run_is_exported_as_it_is_at_present(runs, tmp_path):
    path = tmp_path / 'it-pytorch_model.bin'
    assert snapshots_biggan.export(runs / 'straight', path, PASSES) == pytest.approx(0.016)
    assert path.read_bytes() == (runs / 'straight' / 'network-final-pytorch_model.bin').read_bytes()
    (tmp_path / 'recipe.json').write_text(json.dumps(recipes.stylegan2({}).facts()))
    with pytest.raises(UserError, match='is a run of another network'):
        snapshots_biggan.export(tmp_path, path)


# ------------------------------------------------------------------ files, and what there cannot be


def test_a_file_for_pytorch_is_read_as_it_was_written(tmp_path):
    arrays = {'a.weight': np.arange(6, dtype=np.float32).reshape(2, 3), 'b': np.float32([7])}
    for name in ('one.bin', 'two.bin'):
        writing.write(tmp_path / name, dict(arrays, turned=arrays['a.weight'].T))
    with open(str(tmp_path / 'one.bin'), 'rb') as stream:
        found = containers.read(stream, 'one.bin')
    assert list(found) == ['a.weight', 'b', 'turned']
    np.testing.assert_array_equal(found['turned'], arrays['a.weight'].T)
    np.testing.assert_array_equal(found['b'], arrays['b'])
    assert (tmp_path / 'one.bin').read_bytes() == (tmp_path / 'two.bin').read_bytes()


@pytest.mark.parametrize(
    'arguments, sentence',
    [
        (dict(resolution=32), 'no BigGAN-deep for images of 32 pixels; make data of 64, 128, 256, 512'),
        (dict(label_size=0), 'needs data with labels'),
        (dict(width=6), 'must be a multiple of 4, not 6'),
        (dict(blocks=TINY['blocks'], attention=2), 'make images of 16 pixels, but the data has 64'),
    ],
)
def test_networks_that_there_are_not(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        networks_biggan.configuration_of(**dict(dict(resolution=64, label_size=4, latent_size=8, width=8), **arguments))


def test_data_that_does_not_fit_is_refused_before_anything_is_written(tmp_path):
    with tfrecords.new_data_set(tmp_path / 'grey') as writer:
        writer.add(np.zeros([4, 1, 64, 64], np.uint8))
    with pytest.raises(UserError, match='those of the data have 1 channel'):
        training_loop.train(recipes.biggan({}), str(tmp_path / 'grey'), str(tmp_path / 'run'), 1)
    assert not (tmp_path / 'run').exists()


def test_the_network_for_64_has_the_shape_of_its_family():
    made = networks_biggan.configuration_of(64, 4, 64, 16)
    assert (made.resolution, made.num_latents, made.attention) == (64, 9, 4)
    assert networks_biggan.configuration_of(128, 1000, 128, 128).blocks == configuration.PUBLISHED[128]
