"""The resampling and activation ops against loops in NumPy, on sizes that share no factor."""

import inspect

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dnnlib.tflib import custom_ops
from dnnlib.tflib.ops import upfirdn_2d as ops
from dnnlib.tflib.ops.fused_bias_act import activation_funcs, fused_bias_act

K4 = [1, 3, 3, 1]
TOLERANCE = dict(rtol=1e-5, atol=1e-5)  # float32 sums of up to 100 terms of size 1.


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


def evaluate(*tensors, **feeds):
    with tf.Session() as session:
        values = session.run(tensors, **feeds)
    return values[0] if len(values) == 1 else values


def normal(seed, *shape):
    return np.random.RandomState(seed).randn(*shape).astype(np.float32)


# ------------------------------------------------------------------ the definition, in loops


def loop_upfirdn(image, k, up=(1, 1), down=(1, 1), pad=((0, 0), (0, 0))):
    """One channel [H, W] in float64, by the definition: insert zeros, pad or crop, convolve, keep every down-th."""
    k = np.asarray(k, np.float64)
    margin = 20  # Zeros all around, more than any pad here.
    canvas = np.zeros([image.shape[i] * up[i] + 2 * margin for i in (0, 1)])
    canvas[margin : -margin : up[0], margin : -margin : up[1]] = image
    rows, cols = [image.shape[i] * up[i] + sum(pad[i]) - k.shape[i] + 1 for i in (0, 1)]
    out = np.zeros([rows, cols])
    for a in range(k.shape[0]):
        for b in range(k.shape[1]):
            y, x = margin - pad[0][0] + a, margin - pad[1][0] + b
            out += canvas[y : y + rows, x : x + cols] * k[k.shape[0] - 1 - a, k.shape[1] - 1 - b]
    return out[:: down[0], :: down[1]]


def loop_channels(x, *args):
    """`loop_upfirdn` for every channel of [N, C, H, W]."""
    return np.stack([np.stack([loop_upfirdn(c, *args) for c in image]) for image in x])


def loop_correlate(x, w, stride):
    """Correlation of [N, I, H, W] with [kh, kw, I, O], full coverage only."""
    kh, kw = w.shape[:2]
    rows, cols = x.shape[2] - kh + 1, x.shape[3] - kw + 1
    out = np.zeros([x.shape[0], w.shape[3], rows, cols])
    for a in range(kh):
        for b in range(kw):
            out += np.einsum('nihw,io->nohw', x[:, :, a : a + rows, b : b + cols].astype(np.float64), w[a, b])
    return out[:, :, ::stride, ::stride]


def kernel(f, gain):
    k = np.outer(f, f) if np.ndim(f) == 1 else np.asarray(f)
    return k / np.sum(k) * gain


def in_format(op, x, data_format, *args, **kwargs):
    """Applies op to x [N, C, H, W] in the given format and gives the result back as [N, C, H, W]."""
    if data_format == 'NCHW':
        return op(tf.constant(x), *args, **kwargs)
    return tf.transpose(op(tf.constant(x.transpose([0, 2, 3, 1])), *args, data_format='NHWC', **kwargs), [0, 3, 1, 2])


# ------------------------------------------------------------------ upfirdn_2d


@pytest.mark.parametrize(
    'up, down, pad',
    [
        ((1, 1), (1, 1), ((0, 0), (0, 0))),
        ((2, 3), (1, 1), ((1, 2), (3, 0))),
        ((1, 1), (2, 3), ((2, 2), (1, 4))),
        ((3, 2), (2, 5), ((-1, 4), (2, -3))),
        ((2, 2), (3, 1), ((-2, -1), (-1, 0))),
    ],
)
def test_upfirdn(up, down, pad):
    x, k = normal(0, 2, 7, 5, 3), normal(1, 3, 2)
    y = ops.upfirdn_2d(
        x,
        k,
        upx=up[1],
        upy=up[0],
        downx=down[1],
        downy=down[0],
        padx0=pad[1][0],
        padx1=pad[1][1],
        pady0=pad[0][0],
        pady1=pad[0][1],
    )
    expected = loop_channels(x.transpose([0, 3, 1, 2]), k, up, down, pad).transpose([0, 2, 3, 1])
    assert y.shape.as_list() == list(expected.shape)
    np.testing.assert_allclose(evaluate(y), expected, **TOLERANCE)


def test_upfirdn_shapes_unknown_while_building():
    x = normal(0, 2, 7, 5, 3)
    fed = tf.placeholder(tf.float32, [None] * 4)
    y = ops.upfirdn_2d(fed, np.ones([2, 2]), upx=2, upy=2, padx0=1, pady0=1)
    np.testing.assert_allclose(evaluate(y, feed_dict={fed: x}), x.repeat(2, axis=1).repeat(2, axis=2), **TOLERANCE)


def test_upfirdn_needs_two_axes():
    with pytest.raises(ValueError, match='kernel'):
        ops.upfirdn_2d(normal(0, 1, 5, 5, 1), [1, 2, 1])


# ------------------------------------------------------------------ resampling

FILTERS = [K4, [1, 2, 1], [1.0, 2.0, 4.0, 3.0, 5.0], [[1, 2], [3, 5]]]


@pytest.mark.parametrize('data_format', ['NCHW', 'NHWC'])
@pytest.mark.parametrize('f', FILTERS)
@pytest.mark.parametrize('padding', [0, 1])
def test_filter(f, data_format, padding):
    x = normal(0, 2, 3, 7, 5)
    p = len(f) - 1
    pad = ((p + 1) // 2 + padding, p // 2 + padding)
    y = evaluate(in_format(ops.filter_2d, x, data_format, f, gain=1.5, padding=padding))
    assert y.shape == (2, 3, 7 + 2 * padding, 5 + 2 * padding)
    np.testing.assert_allclose(y, loop_channels(x, kernel(f, 1.5), (1, 1), (1, 1), (pad, pad)), **TOLERANCE)


@pytest.mark.parametrize('data_format', ['NCHW', 'NHWC'])
@pytest.mark.parametrize('f, factor', [(K4, 2), ([1, 2, 1], 2), ([1, 3, 3, 3, 1], 3)])
@pytest.mark.parametrize('padding', [0, 2])
def test_upsample(f, factor, data_format, padding):
    x = normal(0, 2, 3, 7, 5)
    p = len(f) - factor
    pad = ((p + 1) // 2 + factor - 1 + padding, p // 2 + padding)
    y = evaluate(in_format(ops.upsample_2d, x, data_format, f, factor=factor, gain=1.5, padding=padding))
    assert y.shape == (2, 3, 7 * factor + 2 * padding, 5 * factor + 2 * padding)
    expected = loop_channels(x, kernel(f, 1.5 * factor**2), (factor, factor), (1, 1), (pad, pad))
    np.testing.assert_allclose(y, expected, **TOLERANCE)


@pytest.mark.parametrize('data_format', ['NCHW', 'NHWC'])
@pytest.mark.parametrize('f, factor', [(K4, 2), ([1, 2, 1], 2), ([1, 3, 3, 3, 1], 3)])
@pytest.mark.parametrize('padding', [0, 1])
def test_downsample(f, factor, data_format, padding):
    x = normal(0, 2, 3, 7 * factor, 5 * factor)
    p = len(f) - factor
    pad = ((p + 1) // 2 + padding * factor, p // 2 + padding * factor)
    y = evaluate(in_format(ops.downsample_2d, x, data_format, f, factor=factor, gain=1.5, padding=padding))
    assert y.shape == (2, 3, 7 + 2 * padding, 5 + 2 * padding)
    np.testing.assert_allclose(y, loop_channels(x, kernel(f, 1.5), (1, 1), (factor, factor), (pad, pad)), **TOLERANCE)


def test_without_kernel_up_is_nearest_and_down_is_the_mean():
    x = normal(0, 2, 3, 14, 22)
    up, down = evaluate(ops.upsample_2d(x), ops.downsample_2d(x))
    np.testing.assert_allclose(up, x.repeat(2, axis=2).repeat(2, axis=3), **TOLERANCE)
    np.testing.assert_allclose(down, x.reshape([2, 3, 7, 2, 11, 2]).mean(axis=(3, 5)), **TOLERANCE)


@pytest.mark.parametrize(
    'op, pad, k', [(ops.upsample_2d, (2, 1), kernel(K4, 4)), (ops.downsample_2d, (1, 1), kernel(K4, 1))]
)
def test_published_pads(op, pad, k):
    """StyleGAN2's concrete values for [1, 3, 3, 1]: pads (2, 1) with kernel sum 4, pads (1, 1) with kernel sum 1."""
    x = normal(0, 1, 2, 6, 10)
    up, down = ((2, 2), (1, 1)) if op is ops.upsample_2d else ((1, 1), (2, 2))
    np.testing.assert_allclose(evaluate(op(x, K4)), loop_channels(x, k, up, down, (pad, pad)), **TOLERANCE)


# ------------------------------------------------------------------ convolutions


@pytest.mark.parametrize('data_format', ['NCHW', 'NHWC'])
@pytest.mark.parametrize('size, pads', [(3, (1, 1)), (1, (2, 2))])
def test_upsample_conv(size, pads, data_format):
    """The published steps: full correlation of the stuffed image of size 2H - 1, then the filter with pads (1, 1) or
    (2, 2).
    """
    x, w = normal(0, 2, 3, 7, 5), normal(1, size, size, 3, 5)
    stuffed = np.zeros([2, 3, 13 + 2 * (size - 1), 9 + 2 * (size - 1)])
    stuffed[:, :, size - 1 : size + 12 : 2, size - 1 : size + 8 : 2] = x
    expected = loop_channels(loop_correlate(stuffed, w, 1), kernel(K4, 4), (1, 1), (1, 1), (pads, pads))
    y = evaluate(in_format(ops.upsample_conv_2d, x, data_format, w, K4))
    assert y.shape == (2, 5, 14, 10)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=3e-5)


@pytest.mark.parametrize('size', [1, 3])
@pytest.mark.parametrize('factor', [2, 3])
@pytest.mark.parametrize('f', [None, [1, 2, 3, 1]])
def test_upsample_conv_is_convolution_after_upsampling(size, factor, f):
    """Away from the border, filter and convolution commute."""
    x, w = normal(0, 2, 3, 7, 11), normal(1, size, size, 3, 5)
    expected = tf.nn.conv2d(
        ops.upsample_2d(x.transpose([0, 2, 3, 1]), f, factor, data_format='NHWC'), w, [1] * 4, 'SAME'
    )
    y, expected = evaluate(ops.upsample_conv_2d(x.transpose([0, 2, 3, 1]), w, f, factor, data_format='NHWC'), expected)
    assert y.shape == expected.shape == (2, 7 * factor, 11 * factor, 5)
    inner = slice(size // 2, -(size // 2) or None)
    np.testing.assert_allclose(y[:, inner, inner], expected[:, inner, inner], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('data_format', ['NCHW', 'NHWC'])
@pytest.mark.parametrize('size, pads', [(3, (2, 2)), (1, (1, 1))])
def test_conv_downsample(size, pads, data_format):
    x, w = normal(0, 2, 3, 14, 10), normal(1, size, size, 3, 5)
    filtered = loop_channels(x, kernel(K4, 1), (1, 1), (1, 1), (pads, pads))
    y = evaluate(in_format(ops.conv_downsample_2d, x, data_format, w, K4))
    assert y.shape == (2, 5, 7, 5)
    np.testing.assert_allclose(y, loop_correlate(filtered, w, 2), rtol=1e-5, atol=3e-5)


@pytest.mark.parametrize('op', [ops.upsample_conv_2d, ops.conv_downsample_2d])
def test_padding_shows_more_of_the_same(op):
    x, w = normal(0, 2, 3, 14, 10), normal(1, 3, 3, 3, 5)
    y, padded = evaluate(op(x, w, K4), op(x, w, K4, padding=1))
    np.testing.assert_allclose(padded[:, :, 1:-1, 1:-1], y, **TOLERANCE)
    assert padded.shape[2:] == (y.shape[2] + 2, y.shape[3] + 2)


@pytest.mark.parametrize('op', [ops.upsample_conv_2d, ops.conv_downsample_2d])
@pytest.mark.parametrize('static', [True, False])
def test_groups(op, static):
    """Three groups with their own weights; the number of groups may be unknown while building."""
    x, w = normal(0, 2, 6, 14, 10), normal(1, 3, 3, 2, 15)
    separate = tf.concat([op(x[:, 2 * g : 2 * g + 2], w[:, :, :, 5 * g : 5 * g + 5], K4) for g in range(3)], axis=1)
    fed_x = tf.placeholder(tf.float32, x.shape if static else [None, None, 14, 10])
    fed_w = tf.placeholder(tf.float32, w.shape if static else [3, 3, 2, None])
    y, expected = evaluate(op(fed_x, fed_w, K4), separate, feed_dict={fed_x: x, fed_w: w})
    np.testing.assert_allclose(y, expected, **TOLERANCE)


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda x: ops.filter_2d(x, [1, 1], data_format='HWCN'), 'HWCN'),
        (lambda x: ops.filter_2d(x, np.ones([2, 3])), 'kernel'),
        (lambda x: ops.upsample_conv_2d(x, np.ones([3, 1, 2, 2], np.float32)), 'weights'),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call(normal(0, 1, 2, 7, 5))


# ------------------------------------------------------------------ gradients


def numeric_gradient(f, x, step):
    """Central differences of a scalar function, one coordinate at a time."""
    g = np.zeros_like(x)
    for i in np.ndindex(*x.shape):
        d = np.zeros_like(x)
        d[i] = step
        g[i] = (f(x + d) - f(x - d)) / (2 * step)
    return g


@pytest.mark.parametrize(
    'op',
    [
        lambda x, w: ops.upsample_2d(x, K4),
        lambda x, w: ops.downsample_2d(x, K4),
        lambda x, w: ops.filter_2d(x, K4),
        lambda x, w: ops.upsample_conv_2d(x, w, K4),
        lambda x, w: ops.conv_downsample_2d(x, w, K4),
        lambda x, w: ops.upsample_conv_2d(x, w[:1, :1, :1], K4),
        lambda x, w: ops.conv_downsample_2d(x, w[:1, :1, :1], K4),
    ],
)
def test_gradients_of_first_to_third_order(op):
    """Each order against differences of the one below."""
    x, w = np.float64(normal(0, 1, 2, 4, 2)), np.float64(normal(1, 3, 3, 2, 2))
    fed = tf.placeholder(tf.float64, x.shape)
    levels = [tf.reduce_sum(tf.sin(op(fed, tf.constant(w))))]
    gradients = []
    for _order in range(3):
        g = tf.gradients(levels[-1], fed)[0]
        gradients.append(g)
        levels.append(tf.reduce_sum(tf.square(g) * np.arange(1.0, 17.0).reshape(x.shape)))
    with tf.Session() as session:
        for level, g in zip(levels, gradients):
            expected = numeric_gradient(lambda v: session.run(level, {fed: v}), x, 1e-5)
            np.testing.assert_allclose(
                session.run(g, {fed: x}), expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max()
            )


def test_gradient_for_the_weights():
    x, w = np.float64(normal(0, 1, 2, 4, 2)), np.float64(normal(1, 3, 3, 1, 4))
    fed = tf.placeholder(tf.float64, w.shape)
    loss = tf.reduce_sum(tf.sin(ops.upsample_conv_2d(tf.constant(x), fed, K4)))
    with tf.Session() as session:
        expected = numeric_gradient(lambda v: session.run(loss, {fed: v}), w, 1e-5)
        np.testing.assert_allclose(session.run(tf.gradients(loss, fed)[0], {fed: w}), expected, rtol=1e-6, atol=1e-6)


# ------------------------------------------------------------------ fused_bias_act

SQRT2 = np.sqrt(2)
ACTIVATIONS = {
    'linear': (lambda v: v, 1),
    'relu': (lambda v: np.maximum(v, 0), SQRT2),
    'lrelu': (lambda v: np.where(v >= 0, v, 0.2 * v), SQRT2),
    'tanh': (np.tanh, 1),
    'sigmoid': (lambda v: 1 / (1 + np.exp(-v)), 1),
    'elu': (lambda v: np.where(v >= 0, v, np.exp(v) - 1), 1),
    'selu': (lambda v: 1.0507009873554805 * np.where(v >= 0, v, 1.6732632423543772 * (np.exp(v) - 1)), 1),
    'softplus': (lambda v: np.log(1 + np.exp(v)), 1),
    'swish': (lambda v: v / (1 + np.exp(-v)), SQRT2),
}


def test_no_activation_is_untested():
    assert set(ACTIVATIONS) == set(activation_funcs)


@pytest.mark.parametrize('act', sorted(ACTIVATIONS))
def test_activation(act):
    f, gain = ACTIVATIONS[act]
    x, b = normal(0, 2, 3, 5, 7), normal(1, 3)
    y = evaluate(fused_bias_act(x, b, act=act))
    np.testing.assert_allclose(y, gain * f(np.float64(x) + b.reshape([3, 1, 1])), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(activation_funcs[act].def_gain, gain)


@pytest.mark.parametrize('axis', [0, 1, 2, 3, -1])
def test_bias_axis(axis):
    x = normal(0, 2, 3, 5, 7)
    b = normal(1, x.shape[axis])
    expected = np.moveaxis(np.moveaxis(x, axis, -1) + b, -1, axis)
    np.testing.assert_allclose(evaluate(fused_bias_act(x, b, axis=axis)), expected, rtol=1e-6)


def test_alpha_gain_and_clamp():
    x = np.array([[-3.0, -1.0, 0.0, 2.0, 5.0]], np.float32)
    y = evaluate(fused_bias_act(x, act='lrelu', alpha=0.5, gain=2, clamp=4, impl='ref'))
    np.testing.assert_allclose(y, [[-3, -1, 0, 4, 4]])


def test_dense_with_unknown_batch():
    fed = tf.placeholder(tf.float32, [None, 3])
    y = fused_bias_act(fed, tf.constant([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(evaluate(y, feed_dict={fed: np.zeros([2, 3])}), [[1, 2, 3]] * 2)


@pytest.mark.parametrize('act', sorted(ACTIVATIONS))
def test_second_gradients_of_activations(act):
    x = np.linspace(-2.2, 2.3, 11)  # No point at 0, where some have a kink.
    fed = tf.placeholder(tf.float64, x.shape)
    first = tf.gradients(fused_bias_act(fed, axis=0, act=act, clamp=100), fed)[0]
    squares = tf.reduce_sum(tf.square(first))
    second = tf.gradients(squares, fed)[0]
    with tf.Session() as session:
        if second is None:
            np.testing.assert_array_equal(session.run(first, {fed: x}), session.run(first, {fed: x + 1e-4}))
        else:
            expected = numeric_gradient(lambda v: session.run(squares, {fed: v}), x, 1e-5)
            np.testing.assert_allclose(session.run(second, {fed: x}), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(act='gelu'), 'gelu'),
        (dict(b=np.zeros([2], np.float32)), 'does not fit'),
        (dict(b=np.zeros([3, 1], np.float32)), 'does not fit'),
    ],
)
def test_fused_bias_act_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        fused_bias_act(normal(0, 2, 3, 5, 7), **kwargs)


def test_get_plugin():
    with pytest.raises(RuntimeError, match='fused_bias_act.cu'):
        custom_ops.get_plugin('fused_bias_act.cu')


def test_positional_arguments_are_those_of_the_official_functions():
    def names(f):
        return ' '.join(inspect.signature(f).parameters)

    assert names(ops.upfirdn_2d) == 'x k upx upy downx downy padx0 padx1 pady0 pady1 impl'
    assert names(ops.upsample_conv_2d).startswith('x w k factor gain data_format impl')
    assert names(fused_bias_act).startswith('x b axis act alpha gain impl')
