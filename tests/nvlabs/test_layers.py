"""Layers of both generations against slow NumPy versions, in both memory layouts."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives import layers as shared
from dnnlib.tflib.primitives import layout as memory
from nvlabs_stylegan import layers as layers1
from nvlabs_stylegan2 import layers as layers2
from tests import nchw_on_cpu
from tests import numpy_networks as oracle
from tests.layers_in_layouts import TOLERANCE, apply, layout, normal

TAPS = [[1, 3, 3, 1], [1, 2, 1], [1, 1], None, [1, 2, 5, 3], [1, 4, 6, 4, 1], [[1, 2, 0], [3, 5, 1], [1, 0, 2]]]


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
    monkeypatch.setattr(layers2, 'folds', lambda channels: folded)
    x, w = normal(2, 2, 3, size, size), normal(3, 3, 3, 3, 7)
    np.testing.assert_allclose(apply(layers2.up_convolve, x, w, taps), oracle.up_convolve(x, w, taps), **TOLERANCE)


def test_folding_is_chosen_for_narrow_layers_of_tensorflow_1_on_a_cpu(monkeypatch):
    monkeypatch.setattr(tf, '__version__', '1.15.5')
    assert [layers2.folds(n) for n in (1, 32, 33, 512)] == [True, True, False, False]
    monkeypatch.setattr(tf, '__version__', '2.21.0')
    assert not layers2.folds(1)
    monkeypatch.setattr(tf, '__version__', '1.15.5')
    nchw_on_cpu.install(monkeypatch)
    assert not layers2.folds(1)


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


@pytest.mark.parametrize(
    'options', [dict(), dict(up=True), dict(up=True, resample_kernel=[1, 2, 1]), dict(demodulate=False)], ids=str
)
def test_modulated_convolution_equals_per_sample_weights(layout, options):
    x, dlatent, v = normal(6, 3, 5, 7, 7), normal(7, 3, 11), {}
    options.setdefault('resample_kernel', [1, 3, 3, 1])
    y = apply(scoped(layers2.modulated_conv), x, dlatent, 13, 3, variables=v, **options)
    expected = oracle.modulated_conv(
        x, dlatent, v, 'scope', options.get('up', False), options.get('demodulate', True), options['resample_kernel']
    )
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


@pytest.mark.parametrize(
    'fused_scale, size, fused', [(False, 5, False), (True, 5, True), ('auto', 6, False), ('auto', 64, True)]
)
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
    axis = memory.channel_axis()
    np.testing.assert_allclose(apply(shared.second_moment_norm, x, axis), oracle.normalize(x), **TOLERANCE)
    y = apply(layers1.style_mod, x, dlatent, True, variables=v)
    np.testing.assert_allclose(y, oracle.style_mod(x, dlatent, v['StyleMod/weight'], v['StyleMod/bias']), **TOLERANCE)


def test_noise_has_one_channel_and_a_strength_for_each(layout):
    x, noise, v = normal(16, 3, 5, 4, 6), normal(17, 1, 1, 4, 6), {}
    y = apply(
        lambda x: layers1.add_noise(x, shared.noise_image(x, tf.constant(noise, tf.float32), randomize=False)),
        x,
        variables=v,
    )
    np.testing.assert_allclose(y, x + noise * oracle.per_channel(v['Noise/weight']), **TOLERANCE)
