"""Layers of both generations against slow NumPy versions, in both memory layouts."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from nvlabs_stylegan import layers as layers1
from nvlabs_stylegan import primitives
from nvlabs_stylegan2 import layers as layers2
from tests import nchw_on_cpu, numpy_networks as oracle
from tests.small_networks import fresh_session, value_of

TOLERANCE = dict(rtol=1e-5, atol=1e-5)  # float32 sums of some hundred terms of size 1.

TAPS = [[1, 3, 3, 1], [1, 2, 1], [1, 1], None, [1, 2, 5, 3], [1, 4, 6, 4, 1], [[1, 2, 0], [3, 5, 1], [1, 0, 2]]]


@pytest.fixture(params=['NHWC', 'NCHW'])
def layout(request, monkeypatch):
    """Both memory layouts; NCHW runs on the CPU through transpositions."""
    if request.param == 'NCHW':
        nchw_on_cpu.install(monkeypatch)
    assert primitives.data_format() == request.param


def normal(seed, *shape):
    return np.random.RandomState(seed).randn(*shape)


def apply(layer, x, *arguments, variables=None, **kwargs):
    """Runs a layer on x [N, C, H, W] in the layout of the test; gives [N, C, H, W]. Variables get values by their names."""
    with fresh_session() as session:
        arrays = [tf.constant(a, tf.float32) if isinstance(a, np.ndarray) else a for a in arguments]
        images = tf.placeholder_with_default(x.astype(np.float32), [None] + list(x.shape[1:]))
        y = primitives.from_layout(layer(primitives.to_layout(images), *arrays, **kwargs))
        for var in tf.global_variables():
            name = var.name.split(':')[0]
            if variables is not None:
                variables[name] = value_of(name, var.shape.as_list()).astype(np.float64)
            var.load(value_of(name, var.shape.as_list()), session)
        value = session.run(y)
        static = y.shape.as_list()
        assert static[1:] == list(value.shape[1:]), 'static shape %s, value %s' % (static, value.shape)
        return value


# ------------------------------------------------------------------ resampling (second generation)

@pytest.mark.parametrize('taps', TAPS, ids=str)
def test_resampling_by_two(layout, taps):
    x = normal(0, 2, 3, 6, 10)
    np.testing.assert_allclose(apply(layers2.upsample, x, taps), oracle.upsample(x, taps), **TOLERANCE)
    np.testing.assert_allclose(apply(layers2.downsample, x, taps), oracle.downsample(x, taps), **TOLERANCE)


@pytest.mark.parametrize('taps', TAPS, ids=str)
@pytest.mark.parametrize('size', [5, 6])
def test_upsampling_of_images(layout, taps, size):
    x = normal(1, 2, 3, size, size)
    np.testing.assert_allclose(apply(layers2.upsample_rgb, x, taps), oracle.upsample(x, taps), **TOLERANCE)


@pytest.mark.parametrize('taps', TAPS, ids=str)
@pytest.mark.parametrize('size', [5, 6])
@pytest.mark.parametrize('folded', [False, True])
def test_both_forms_of_the_up_convolution(monkeypatch, folded, size, taps):
    monkeypatch.setattr(layers2, '_folds', lambda channels: folded)
    x, w = normal(2, 2, 3, size, size), normal(3, 3, 3, 3, 7)
    np.testing.assert_allclose(apply(layers2.up_convolve, x, w, taps), oracle.up_convolve(x, w, taps), **TOLERANCE)


def test_folding_is_chosen_for_narrow_layers_of_tensorflow_1_on_a_cpu(monkeypatch):
    monkeypatch.setattr(tf, '__version__', '1.15.5')
    assert [layers2._folds(n) for n in (1, 32, 33, 512)] == [True, True, False, False]
    monkeypatch.setattr(tf, '__version__', '2.21.0')
    assert not layers2._folds(1)
    monkeypatch.setattr(tf, '__version__', '1.15.5')
    nchw_on_cpu.install(monkeypatch)
    assert not layers2._folds(1)


@pytest.mark.parametrize('taps', TAPS, ids=str)
@pytest.mark.parametrize('size', [1, 3])
def test_resampling_convolutions(layout, size, taps):
    x, w = normal(4, 2, 3, 6, 6), normal(5, size, size, 3, 7)
    np.testing.assert_allclose(apply(layers2.up_convolve, x, w, taps), oracle.up_convolve(x, w, taps), **TOLERANCE)
    np.testing.assert_allclose(apply(layers2.down_convolve, x, w, taps), oracle.down_convolve(x, w, taps), **TOLERANCE)


def test_fir_kernel():
    np.testing.assert_allclose(layers2.fir_kernel([1, 3, 3, 1]), np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64)
    np.testing.assert_allclose(layers2.fir_kernel(None, 4), np.ones([2, 2]))
    assert layers2.fir_kernel([1, 2, 1]).dtype == np.float32


# ------------------------------------------------------------------ modulation and activation (second generation)

@pytest.mark.parametrize('options', [dict(), dict(up=True), dict(up=True, resample_kernel=[1, 2, 1]), dict(demodulate=False)], ids=str)
def test_modulated_convolution_equals_per_sample_weights(layout, options):
    x, dlatent, v = normal(6, 3, 5, 7, 7), normal(7, 3, 11), {}
    options.setdefault('resample_kernel', [1, 3, 3, 1])
    y = apply(scoped(layers2.modulated_conv), x, dlatent, 13, 3, variables=v, **options)
    expected = oracle.modulated_conv(x, dlatent, v, 'scope', options.get('up', False), options.get('demodulate', True), options['resample_kernel'])
    np.testing.assert_allclose(y, expected, **TOLERANCE)


def scoped(layer):
    """The layer inside the variable scope 'scope'."""
    def inside(*args, **kwargs):
        with tf.variable_scope('scope'):
            return layer(*args, **kwargs)
    return inside


ACTIVATIONS = {
    'linear': lambda x: x,
    'relu': lambda x: np.sqrt(2) * np.maximum(x, 0),
    'lrelu': lambda x: np.sqrt(2) * np.where(x >= 0, x, 0.2 * x),
    'tanh': np.tanh,
    'sigmoid': lambda x: 1 / (1 + np.exp(-x)),
    'elu': lambda x: np.where(x > 0, x, np.expm1(x)),
    'selu': lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    'softplus': lambda x: np.log1p(np.exp(x)),
    'swish': lambda x: np.sqrt(2) * x / (1 + np.exp(-x)),
}


@pytest.mark.parametrize('name', sorted(ACTIVATIONS))
def test_bias_then_activation_then_gain(name):
    assert set(ACTIVATIONS) == set(layers2.ACTIVATIONS)
    x, v = normal(8, 2, 5, 3, 3), {}
    y = apply(layers2.bias_act, x, name, variables=v)
    np.testing.assert_allclose(y, ACTIVATIONS[name](x + oracle.per_channel(v['bias'])), **TOLERANCE)
    clamped = apply(layers2.bias_act, x, name, clamp=0.5)
    np.testing.assert_allclose(clamped, np.clip(y, -0.5, 0.5), **TOLERANCE)


def test_unknown_activations_are_refused():
    x = tf.zeros([1, 2])
    with pytest.raises(ValueError, match="'gelu' is unknown; choose one of elu, linear"):
        layers2.bias_act(x, 'gelu')
    with pytest.raises(ValueError, match="'tanh' is unknown; choose one of lrelu, relu"):
        layers1.activation('tanh')


# ------------------------------------------------------------------ first generation

@pytest.mark.parametrize('fused_scale, size, fused', [(False, 5, False), (True, 5, True), ('auto', 6, False), ('auto', 64, True)])
def test_up_convolution_in_both_forms(layout, fused_scale, size, fused):
    x, v = normal(9, 2, 3, size, size), {}
    y = apply(layers1.up_conv, x, 5, 3, np.sqrt(2), True, fused_scale, variables=v)
    np.testing.assert_allclose(y, oracle.up_conv1(x, oracle.hat(v['weight'], np.sqrt(2)), fused), **TOLERANCE)


def test_fused_up_convolution_is_the_other_one_with_its_kernel_reversed():
    x, w = normal(10, 1, 2, 5, 5), normal(11, 3, 3, 2, 3)
    np.testing.assert_allclose(oracle.up_conv1(x, w, True), oracle.up_conv1(x, w[::-1, ::-1], False))


@pytest.mark.parametrize('size', [6, 10])
def test_down_convolution(layout, size):
    x, v = normal(12, 2, 3, size, size), {}
    y = apply(layers1.down_conv, x, 5, 3, 1.0, True, variables=v)
    np.testing.assert_allclose(y, oracle.box_down(oracle.same(x, oracle.hat(v['weight']))), **TOLERANCE)


@pytest.mark.parametrize('taps', [[1, 2, 1], [1, 2, 5], [[0, 1, 0], [2, 5, 1], [0, 0, 3]], [1]], ids=str)
def test_blur(layout, taps):
    x = normal(13, 2, 3, 5, 7)
    np.testing.assert_allclose(apply(layers1.blur, x, taps), oracle.blur(x, taps), **TOLERANCE)


@pytest.mark.parametrize('nothing', [None, []])
def test_no_blur(nothing):
    x = tf.zeros([1, 2, 2, 1])
    assert layers1.blur(x, nothing) is x


def test_norms_and_style(layout):
    x, dlatent, v = normal(14, 3, 5, 4, 6), normal(15, 3, 7), {}
    np.testing.assert_allclose(apply(layers1.instance_norm, x), oracle.instance_norm(x), **TOLERANCE)
    axis = primitives.channel_axis()
    np.testing.assert_allclose(apply(primitives.second_moment_norm, x, axis), oracle.normalize(x), **TOLERANCE)
    y = apply(layers1.style_mod, x, dlatent, True, variables=v)
    np.testing.assert_allclose(y, oracle.style_mod(x, dlatent, v['StyleMod/weight'], v['StyleMod/bias']), **TOLERANCE)


def test_noise_has_one_channel_and_a_strength_for_each(layout):
    x, noise, v = normal(16, 3, 5, 4, 6), normal(17, 1, 1, 4, 6), {}
    y = apply(lambda x: layers1.add_noise(x, primitives.noise_image(x, tf.constant(noise, tf.float32), randomize=False)), x, variables=v)
    np.testing.assert_allclose(y, x + noise * oracle.per_channel(v['Noise/weight']), **TOLERANCE)


def test_fresh_noise_is_one_normal_channel_for_each_sample(layout):
    x = np.zeros([11, 3, 16, 17])
    tf.set_random_seed(5)
    noise = apply(lambda x: primitives.noise_image(x, None, randomize=True), x)
    assert noise.shape == (11, 1, 16, 17)
    # 2992 numbers: standard errors of mean and deviation are 0.018 and 0.013.
    assert abs(noise.mean()) < 0.08 and abs(noise.std() - 1) < 0.06
    assert len({image.tobytes() for image in noise}) == 11


@pytest.mark.parametrize('use_wscale, lrmul', [(True, 1.0), (True, 0.01), (False, 0.01)])
def test_equalised_learning_rate(use_wscale, lrmul):
    """The stored weight is scaled by gain / sqrt(fan_in) * lrmul (or by lrmul); its initial deviation is the rest."""
    with fresh_session() as session:
        w = primitives.weight([97, 101], 1.5, use_wscale, lrmul)
        var, = tf.global_variables()
        session.run(var.initializer)
        stored, scaled = session.run([var, w])
    coef = 1.5 / np.sqrt(97) * lrmul if use_wscale else lrmul
    np.testing.assert_allclose(scaled, stored * np.float32(coef), rtol=1e-6)
    assert np.std(scaled) == pytest.approx(1.5 / np.sqrt(97), rel=0.03)  # 9797 numbers: standard error 0.7 %.


# ------------------------------------------------------------------ both

@pytest.mark.parametrize('count, group_size, num_features', [(8, 4, 1), (8, 4, 2), (3, 4, 1), (1, 4, 1), (6, None, 3), (6, 2, 1)])
def test_minibatch_stddev(layout, count, group_size, num_features):
    x = normal(18, count, 6, 4, 5)
    y = apply(primitives.minibatch_stddev, x, group_size, num_features)
    assert y.shape == (count, 6 + num_features, 4, 5)
    np.testing.assert_allclose(y, oracle.minibatch_stddev(x, group_size, num_features), **TOLERANCE)


@pytest.mark.parametrize('factor', [1, 2, 4])
def test_naive_resampling(layout, factor):
    x = normal(19, 2, 3, 4, 12)
    np.testing.assert_allclose(apply(primitives.nearest_up, x, factor), oracle.nearest_up(x, factor), **TOLERANCE)
    np.testing.assert_allclose(apply(primitives.box_down, x, factor), oracle.box_down(x, factor), **TOLERANCE)


def test_flattening_is_channel_major(layout):
    x = normal(20, 2, 3, 4, 5).astype(np.float32)
    with fresh_session() as session:
        flat = session.run(primitives.flatten_nchw(primitives.to_layout(tf.constant(x))))
    np.testing.assert_array_equal(flat, x.reshape(2, 60))


def test_publish_leaves_an_nchw_view(layout):
    x = normal(21, 2, 3, 4, 5).astype(np.float32)
    with fresh_session() as session:
        with tf.name_scope('layer'):
            inner = primitives.to_layout(tf.constant(x))
            assert primitives.publish(inner) is inner
        np.testing.assert_array_equal(session.run('layer/out:0'), x)


# ------------------------------------------------------------------ wrapper logic

@pytest.mark.parametrize('cutoff, layers', [(None, 5), (5, 5), (3, 3), (0, 0), (-1, 0)])
@pytest.mark.parametrize('as_tensors', [False, True])
def test_truncation(cutoff, layers, as_tensors):
    dlatents, average = normal(22, 2, 5, 7).astype(np.float32), normal(23, 7).astype(np.float32)
    expected = dlatents.copy()
    expected[:, :layers] = average + (dlatents[:, :layers] - average) * np.float32(0.3)
    with fresh_session() as session:
        psi = tf.constant(0.3) if as_tensors else 0.3
        cutoff = tf.constant(cutoff) if as_tensors and cutoff is not None else cutoff
        value = session.run(primitives.truncate(tf.constant(dlatents), tf.constant(average), psi, cutoff))
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-6)


def test_style_mixing_makes_one_random_cut_for_the_minibatch():
    """With probability 0.9 the cut is uniform on 1 .. active - 1, else all layers are kept."""
    own, other, active = np.zeros([3, 8, 2], np.float32), np.ones([3, 8, 2], np.float32), 5
    with fresh_session() as session:
        tf.set_random_seed(7)
        mixed = primitives.mix_styles(tf.constant(own), tf.constant(other), tf.constant(active), 0.9)
        draws = np.array([session.run(mixed) for _ in range(1000)])
    assert (draws == draws[:, :1, :, :1]).all()
    cuts = 8 - draws[:, 0, :, 0].sum(axis=1)
    assert all((draw[:int(cut)] == 0).all() for draw, cut in zip(draws[:, 0, :, 0], cuts))
    counts = [int(np.sum(cuts == k)) for k in range(9)]
    assert counts[0] == counts[6] == counts[7] == counts[8] == 0
    # Binomial: 100 +- 9.5 without mixing, 225 +- 13 for each cut.
    assert abs(counts[5] - 100) < 45
    assert all(abs(n - 225) < 60 for n in counts[1:5])


def test_track_average_moves_towards_the_batch_mean_of_layer_0():
    dlatents, average = normal(24, 11, 3, 5).astype(np.float32), normal(25, 5).astype(np.float32)
    with fresh_session() as session:
        var = primitives.state_variable('dlatent_avg', average)
        session.run(var.initializer)
        np.testing.assert_array_equal(session.run(primitives.track_average(tf.constant(dlatents), var, 0.75)), dlatents)
        updated = session.run(var)
    np.testing.assert_allclose(updated, 0.75 * average + 0.25 * dlatents[:, 0].mean(axis=0), rtol=1e-5, atol=1e-6)
