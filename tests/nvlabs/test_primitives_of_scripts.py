"""The layers that scripts import of training.networks_stylegan and its sisters, against NumPy, in both layouts."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from tests import numpy_networks as oracle
from tests.layers_in_layouts import TOLERANCE, layout, normal
from tests.small_networks import fresh_session, value_of
from training import networks, networks_stylegan, networks_stylegan2

SQRT2 = np.sqrt(2)
X = normal(1, 4, 6, 8, 10)  # Rectangular, as no network of ours is.
Y = normal(2, 4, 5)


def run(layer, *arrays, **kwargs):
    """(result, dict of the variables' values) of a layer on arrays; in the scope 'L'."""
    with fresh_session() as session:
        tensors = [tf.placeholder_with_default(np.float32(a), (None,) + a.shape[1:]) for a in arrays]
        with tf.variable_scope('L'):
            y = layer(*tensors, **kwargs)
        values = {}
        for var in tf.global_variables():
            values[var.op.name[2:]] = value_of(var.op.name, var.shape.as_list())
            var.load(values[var.op.name[2:]], session)
        value = session.run(y)
        assert y.shape.as_list() == [None] + list(value.shape[1:])
        return value, {name: v.astype(np.float64) for name, v in values.items()}


FIRST = {
    'blur2d': (
        lambda L: L.blur2d,
        [X],
        dict(f=[1, 2, 4]),
        lambda v, x: oracle.blur(x, [1, 2, 4]),
    ),
    '_blur2d flipped': (
        lambda L: L._blur2d,
        [X],
        dict(f=[[0, 1, 0], [0, 0, 2], [0, 0, 0]], normalize=False, flip=True),
        lambda v, x: oracle.correlate(
            x, np.array([[0, 0, 0], [2, 0, 0], [0, 1, 0]])[..., None, None] * np.eye(6), pad=1
        ),
    ),
    '_upscale2d': (lambda L: L._upscale2d, [X], dict(factor=3, gain=2), lambda v, x: 2 * oracle.nearest_up(x, 3)),
    'upscale2d': (lambda L: L.upscale2d, [X], {}, lambda v, x: oracle.nearest_up(x)),
    '_downscale2d': (lambda L: L._downscale2d, [X], dict(gain=3), lambda v, x: 3 * oracle.box_down(x)),
    'downscale2d': (lambda L: L.downscale2d, [X], {}, lambda v, x: oracle.box_down(x)),
    'dense': (
        lambda L: L.dense,
        [X],
        dict(fmaps=7, use_wscale=True, lrmul=0.5),
        lambda v, x: x.reshape(4, -1).dot(oracle.hat(v['weight'], SQRT2, 0.5)),
    ),
    'dense without wscale': (lambda L: L.dense, [Y], dict(fmaps=7, gain=3), lambda v, y: y.dot(v['weight'])),
    'conv2d': (
        lambda L: L.conv2d,
        [X],
        dict(fmaps=7, kernel=3, use_wscale=True),
        lambda v, x: oracle.same(x, oracle.hat(v['weight'], SQRT2)),
    ),
    'upscale2d_conv2d': (
        lambda L: L.upscale2d_conv2d,
        [X],
        dict(fmaps=7, kernel=3, gain=1, use_wscale=True),
        lambda v, x: oracle.up_conv1(x, oracle.hat(v['weight']), fused=False),
    ),
    'upscale2d_conv2d fused': (
        lambda L: L.upscale2d_conv2d,
        [X],
        dict(fmaps=7, kernel=3, fused_scale=True, use_wscale=True),
        lambda v, x: oracle.up_conv1(x, oracle.hat(v['weight'], SQRT2), fused=True),
    ),
    'upscale2d_conv2d large': (
        lambda L: L.upscale2d_conv2d,
        [normal(1, 1, 2, 64, 66)],
        dict(fmaps=1, kernel=3, gain=1, use_wscale=True),
        lambda v, x: oracle.up_conv1(x, oracle.hat(v['weight']), fused=True),
    ),
    'conv2d_downscale2d': (
        lambda L: L.conv2d_downscale2d,
        [X],
        dict(fmaps=7, kernel=3, fused_scale=True, use_wscale=True),
        lambda v, x: oracle.box_down(oracle.same(x, oracle.hat(v['weight'], SQRT2))),
    ),
    'apply_bias': (
        lambda L: L.apply_bias,
        [X],
        dict(lrmul=0.5),
        lambda v, x: x + 0.5 * oracle.per_channel(v['bias']),
    ),
    'apply_bias of vectors': (lambda L: L.apply_bias, [Y], {}, lambda v, y: y + v['bias']),
    'leaky_relu': (lambda L: L.leaky_relu, [X], dict(alpha=0.3), lambda v, x: np.maximum(x, 0.3 * x)),
    'pixel_norm': (lambda L: L.pixel_norm, [X], {}, lambda v, x: oracle.normalize(x)),
    'instance_norm': (lambda L: L.instance_norm, [X], {}, lambda v, x: oracle.instance_norm(x)),
    'style_mod': (
        lambda L: L.style_mod,
        [X, Y],
        dict(use_wscale=True),
        lambda v, x, y: oracle.style_mod(x, y, v['StyleMod/weight'], v['StyleMod/bias']),
    ),
    'apply_noise': (
        lambda L: L.apply_noise,
        [X, normal(3, 1, 1, 8, 10)],
        dict(randomize_noise=False),
        lambda v, x, noise: x + noise * oracle.per_channel(v['Noise/weight']),
    ),
    'minibatch_stddev_layer': (
        lambda L: L.minibatch_stddev_layer,
        [X],
        dict(group_size=2, num_new_features=3),
        lambda v, x: oracle.minibatch_stddev(x, 2, 3),
    ),
}


@pytest.mark.parametrize('name', sorted(FIRST))
def test_first_generation(layout, name):
    layer, arrays, kwargs, expected = FIRST[name]
    value, variables = run(layer(networks_stylegan), *arrays, **kwargs)
    np.testing.assert_allclose(value, expected(variables, *arrays), **TOLERANCE)


def test_fresh_noise_is_one_channel(layout):
    value, variables = run(networks_stylegan.apply_noise, X, randomize_noise=True)
    noise = (value - X) / oracle.per_channel(variables['Noise/weight'])
    np.testing.assert_allclose(noise, np.tile(noise[:, :1], [1, 6, 1, 1]), atol=1e-4)
    assert 0.8 < noise[:, 0].std() < 1.2


def modulated(x, y, v, names=('weight', 'mod_weight', 'mod_bias'), demodulate=True, up=False, down=False, scale=1.0):
    """Weights are scaled for each sample apart (StyleGAN2, equations 1 and 3)."""
    w = oracle.hat(v[names[0]], scale)
    style = y.dot(oracle.hat(v[names[1]])) + v[names[2]] + 1
    images = []
    for image, s in zip(x, style):
        own = w * s[:, np.newaxis]
        own = own / np.sqrt(np.sum(np.square(own), axis=(0, 1, 2)) + 1e-8) if demodulate else own
        resample = (
            oracle.up_convolve if up else oracle.down_convolve if down else lambda image, w, _: oracle.same(image, w)
        )
        images.append(resample(image[np.newaxis], own, [1, 3, 3, 1]))
    return np.concatenate(images)


TAPS = [1, 3, 3, 1]
SECOND = {
    'dense_layer': (
        lambda L: L.dense_layer,
        [X],
        dict(fmaps=7, gain=2, lrmul=0.5, weight_var='w'),
        lambda v, x: x.reshape(4, -1).dot(oracle.hat(v['w'], 2, 0.5)),
    ),
    'conv2d_layer': (
        lambda L: L.conv2d_layer,
        [X],
        dict(fmaps=7, kernel=3),
        lambda v, x: oracle.same(x, oracle.hat(v['weight'])),
    ),
    'conv2d_layer up': (
        lambda L: L.conv2d_layer,
        [X],
        dict(fmaps=7, kernel=3, up=True, resample_kernel=TAPS),
        lambda v, x: oracle.up_convolve(x, oracle.hat(v['weight']), TAPS),
    ),
    'conv2d_layer down': (
        lambda L: L.conv2d_layer,
        [X],
        dict(fmaps=7, kernel=3, down=True),
        lambda v, x: oracle.down_convolve(x, oracle.hat(v['weight']), None),
    ),
    'apply_bias_act': (
        lambda L: L.apply_bias_act,
        [X],
        dict(act='lrelu', alpha=0.1, gain=2, lrmul=0.5, bias_var='b'),
        lambda v, x: 2 * np.maximum(*[part * (x + 0.5 * oracle.per_channel(v['b'])) for part in (1, 0.1)]),
    ),
    'apply_bias_act by default': (
        lambda L: L.apply_bias_act,
        [Y],
        dict(act='lrelu', clamp=1),
        lambda v, y: np.clip(SQRT2 * oracle.lrelu(y + v['bias']), -1, 1),
    ),
    'modulated_conv2d_layer': (
        lambda L: L.modulated_conv2d_layer,
        [X, Y],
        dict(fmaps=7, kernel=3, weight_var='a', mod_weight_var='b', mod_bias_var='c'),
        lambda v, x, y: modulated(x, y, v, ('a', 'b', 'c')),
    ),
    'modulated_conv2d_layer up': (
        lambda L: L.modulated_conv2d_layer,
        [X, Y],
        dict(fmaps=7, kernel=3, up=True, resample_kernel=TAPS, fused_modconv=False),
        lambda v, x, y: modulated(x, y, v, up=True),
    ),
    'modulated_conv2d_layer down': (
        lambda L: L.modulated_conv2d_layer,
        [X, Y],
        dict(fmaps=7, kernel=3, down=True, resample_kernel=TAPS, demodulate=False, gain=3),
        lambda v, x, y: modulated(x, y, v, down=True, demodulate=False, scale=3),
    ),
}


@pytest.mark.parametrize('name', sorted(SECOND))
def test_second_generation(layout, name):
    layer, arrays, kwargs, expected = SECOND[name]
    value, variables = run(layer(networks_stylegan2), *arrays, **kwargs)
    np.testing.assert_allclose(value, expected(variables, *arrays), rtol=1e-4, atol=5e-5)  # Sums of several hundreds.
    assert layer(networks) is layer(networks_stylegan2)


@pytest.mark.parametrize('module, group', [(networks_stylegan2, 4), (networks, None)])
def test_what_differs_between_the_second_generation_and_ada(module, group):
    x = normal(1, 8, 6, 4, 4)
    np.testing.assert_allclose(
        run(module.minibatch_stddev_layer, x)[0], oracle.minibatch_stddev(x, group, 1), **TOLERANCE
    )


def test_naive_resampling_and_norm():
    np.testing.assert_allclose(run(networks_stylegan2.naive_upsample_2d, X)[0], oracle.nearest_up(X), **TOLERANCE)
    np.testing.assert_allclose(run(networks_stylegan2.naive_downsample_2d, X)[0], oracle.box_down(X), **TOLERANCE)
    np.testing.assert_allclose(run(networks.normalize_2nd_moment, Y)[0], oracle.normalize(Y), **TOLERANCE)


@pytest.mark.parametrize(
    'layer, kwargs',
    [
        (networks_stylegan.conv2d, dict(fmaps=1, kernel=2)),
        (networks_stylegan.conv2d_downscale2d, dict(fmaps=1, kernel=3, fused_scale='never')),
        (networks_stylegan2.conv2d_layer, dict(fmaps=1, kernel=4)),
        (networks_stylegan2.conv2d_layer, dict(fmaps=1, kernel=3, up=True, down=True)),
    ],
)
def test_refused(layer, kwargs):
    with pytest.raises(ValueError, match='kernel|fused_scale'):
        run(layer, X, **kwargs)
