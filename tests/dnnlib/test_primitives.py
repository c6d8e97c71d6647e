"""What the layers of every generation are made of, in both memory layouts."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives import convolution, latents, variables
from dnnlib.tflib.primitives import layers as shared
from dnnlib.tflib.primitives import layout as memory
from tests import numpy_networks as oracle
from tests.layers_in_layouts import TOLERANCE, apply, layout, normal
from tests.small_networks import fresh_session

# ------------------------------------------------------------------ images


def test_fresh_noise_is_one_normal_channel_for_each_sample(layout):
    x = np.zeros([11, 3, 16, 17])
    tf.set_random_seed(5)
    noise = apply(lambda x: shared.noise_image(x, None, randomize=True), x)
    assert noise.shape == (11, 1, 16, 17)
    # 2992 numbers: standard errors of mean and deviation are 0.018 and 0.013.
    assert abs(noise.mean()) < 0.08 and abs(noise.std() - 1) < 0.06
    assert len({image.tobytes() for image in noise}) == 11


@pytest.mark.parametrize(
    'count, group_size, num_features', [(8, 4, 1), (8, 4, 2), (3, 4, 1), (1, 4, 1), (6, None, 3), (6, 2, 1)]
)
def test_minibatch_stddev(layout, count, group_size, num_features):
    x = normal(18, count, 6, 4, 5)
    y = apply(shared.minibatch_stddev, x, group_size, num_features)
    assert y.shape == (count, 6 + num_features, 4, 5)
    np.testing.assert_allclose(y, oracle.minibatch_stddev(x, group_size, num_features), **TOLERANCE)


@pytest.mark.parametrize('factor', [1, 2, 4])
def test_naive_resampling(layout, factor):
    x = normal(19, 2, 3, 4, 12)
    np.testing.assert_allclose(apply(convolution.nearest_up, x, factor), oracle.nearest_up(x, factor), **TOLERANCE)
    np.testing.assert_allclose(apply(convolution.box_down, x, factor), oracle.box_down(x, factor), **TOLERANCE)


def test_zeros_between_pixels(layout):
    x = normal(26, 2, 3, 4, 5)
    expected = np.zeros([2, 3, 8, 10])
    expected[:, :, ::2, ::2] = x
    np.testing.assert_array_equal(apply(convolution.stuff_zeros, x), expected.astype(np.float32))


def test_values_for_axes(layout):
    assert memory.for_axes('space', 'batch', 'channels') == [
        {'N': 'batch', 'C': 'channels'}.get(axis, 'space') for axis in memory.data_format()
    ]


def test_flattening_is_channel_major(layout):
    x = normal(20, 2, 3, 4, 5).astype(np.float32)
    with fresh_session() as session:
        flat = session.run(memory.flatten_nchw(memory.to_layout(tf.constant(x))))
    np.testing.assert_array_equal(flat, x.reshape(2, 60))


def test_publish_leaves_an_nchw_view(layout):
    x = normal(21, 2, 3, 4, 5).astype(np.float32)
    with fresh_session() as session:
        with tf.name_scope('layer'):
            inner = memory.to_layout(tf.constant(x))
            assert memory.publish(inner) is inner
        np.testing.assert_array_equal(session.run('layer/out:0'), x)


# ------------------------------------------------------------------ variables


@pytest.mark.parametrize('use_wscale, lrmul', [(True, 1.0), (True, 0.01), (False, 0.01)])
def test_equalised_learning_rate(use_wscale, lrmul):
    """The stored weight is scaled by gain / sqrt(fan_in) * lrmul (or by lrmul); its initial deviation is the rest."""
    with fresh_session() as session:
        w = variables.weight([97, 101], 1.5, use_wscale, lrmul)
        (var,) = tf.global_variables()
        session.run(var.initializer)
        stored, scaled = session.run([var, w])
    coef = 1.5 / np.sqrt(97) * lrmul if use_wscale else lrmul
    np.testing.assert_allclose(scaled, stored * np.float32(coef), rtol=1e-6)
    assert np.std(scaled) == pytest.approx(1.5 / np.sqrt(97), rel=0.03)  # 9797 numbers: standard error 0.7 %.


# ------------------------------------------------------------------ latents


@pytest.mark.parametrize('cutoff, layers', [(None, 5), (5, 5), (3, 3), (0, 0), (-1, 0)])
@pytest.mark.parametrize('as_tensors', [False, True])
def test_truncation(cutoff, layers, as_tensors):
    dlatents, average = normal(22, 2, 5, 7).astype(np.float32), normal(23, 7).astype(np.float32)
    expected = dlatents.copy()
    expected[:, :layers] = average + (dlatents[:, :layers] - average) * np.float32(0.3)
    with fresh_session() as session:
        psi = tf.constant(0.3) if as_tensors else 0.3
        cutoff = tf.constant(cutoff) if as_tensors and cutoff is not None else cutoff
        value = session.run(latents.truncate(tf.constant(dlatents), tf.constant(average), psi, cutoff))
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-6)


def test_style_mixing_makes_one_random_cut_for_the_minibatch():
    """With probability 0.9 the cut is uniform on 1 .. active - 1, else all layers are kept."""
    own, other, active = np.zeros([3, 8, 2], np.float32), np.ones([3, 8, 2], np.float32), 5
    with fresh_session() as session:
        tf.set_random_seed(7)
        mixed = latents.mix_styles(tf.constant(own), tf.constant(other), tf.constant(active), 0.9)
        draws = np.array([session.run(mixed) for _ in range(1000)])
    assert (draws == draws[:, :1, :, :1]).all()
    cuts = 8 - draws[:, 0, :, 0].sum(axis=1)
    assert all((draw[: int(cut)] == 0).all() for draw, cut in zip(draws[:, 0, :, 0], cuts))
    counts = [int(np.sum(cuts == k)) for k in range(9)]
    assert counts[0] == counts[6] == counts[7] == counts[8] == 0
    # Binomial: 100 +- 9.5 without mixing, 225 +- 13 for each cut.
    assert abs(counts[5] - 100) < 45
    assert all(abs(n - 225) < 60 for n in counts[1:5])


def test_track_average_moves_towards_the_batch_mean_of_layer_0():
    dlatents, average = normal(24, 11, 3, 5).astype(np.float32), normal(25, 5).astype(np.float32)
    with fresh_session() as session:
        var = variables.state_variable('dlatent_avg', average)
        session.run(var.initializer)
        np.testing.assert_array_equal(session.run(latents.track_average(tf.constant(dlatents), var, 0.75)), dlatents)
        updated = session.run(var)
    np.testing.assert_allclose(updated, 0.75 * average + 0.25 * dlatents[:, 0].mean(axis=0), rtol=1e-5, atol=1e-6)
