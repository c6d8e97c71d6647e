"""Layers of the first generation. Gains of sqrt(2) sit in the weights, not in the activation."""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives.convolution import (
    box_down,
    combine_taps,
    convolve,
    dense_product,
    filter_channels,
    nearest_up,
    scatter_convolve,
)
from dnnlib.tflib.primitives.layers import EPSILON
from dnnlib.tflib.primitives.layout import num_channels, per_channel, publish, spatial_axes, spatial_sizes, to_layout
from dnnlib.tflib.primitives.variables import bias, weight

FUSED_FROM = 128  # fused_scale 'auto': the larger side of the resampling is at least this.


def activation(nonlinearity):
    """Name -> (function, gain of the weights before it)."""
    functions = {'lrelu': leaky_relu, 'relu': tf.nn.relu}
    if nonlinearity not in functions:
        raise ValueError('nonlinearity %r is unknown; choose one of %s' % (nonlinearity, ', '.join(sorted(functions))))
    return functions[nonlinearity], np.sqrt(2)


def leaky_relu(x):
    """max(x, 0.2 x)."""
    with tf.name_scope('LeakyReLU'):
        return tf.maximum(x, x * tf.constant(0.2, x.dtype))


def dense(x, size, gain, use_wscale=True, lrmul=1.0):
    """[N, ...] -> [N, size] with the scope's 'weight'; no bias. Further arguments: see `variables.weight`."""
    return dense_product(x, weight([int(np.prod(x.shape.as_list()[1:])), size], gain, use_wscale, lrmul, x.dtype))


def conv(x, size, kernel, gain, use_wscale=True):
    """Convolution of internal images with the scope's 'weight' [kernel, kernel, in, size]; no bias."""
    return convolve(x, weight([kernel, kernel, num_channels(x), size], gain, use_wscale, dtype=x.dtype))


def add_bias(x, lrmul=1.0):
    """x [N, C] or internal images, plus the scope's 'bias' [C] times lrmul."""
    b = bias(x.shape.as_list()[1] if x.shape.rank == 2 else num_channels(x), lrmul, x.dtype)
    if x.shape.rank == 2:
        return x + b
    return publish(tf.add(x, per_channel(b), name='biased'), 'add')


def sum_of_shifts(size, reverse=False):
    """The map of taps w [k, k] to K [k + 1, k + 1], K[a, b] = sum of w[a - p, b - q] over p, q in {0, 1}.

    With `reverse`, w is reversed first.
    """
    matrix = np.zeros([size + 1] * 2 + [size] * 2)
    for a, b, p, q in np.ndindex(size, size, 2, 2):
        matrix[a + p, b + q, size - 1 - a if reverse else a, size - 1 - b if reverse else b] += 1
    return matrix


def up_conv(x, size, kernel, gain, use_wscale, fused_scale):
    """Doubling and 3 x 3 convolution as one transposed convolution.

    The official non-fused path (nearest-neighbour up-scaling, then correlation) and its fused path are not the same
    function of the weights: each equals the other with the kernel reversed in space. So one form serves both.
    """
    resolution = spatial_sizes(x)[0] * 2
    if fused_scale == 'auto':
        fused_scale = resolution >= FUSED_FROM
    w = weight([kernel, kernel, num_channels(x), size], gain, use_wscale, dtype=x.dtype)
    return scatter_convolve(x, combine_taps(w, sum_of_shifts(kernel, reverse=not fused_scale)), resolution, 'SAME')


def down_conv(x, size, kernel, gain, use_wscale):
    """3 x 3 convolution and 2 x 2 mean as one strided convolution; fused_scale makes no difference here."""
    w = weight([kernel, kernel, num_channels(x), size], gain, use_wscale, dtype=x.dtype)
    return convolve(x, combine_taps(w, sum_of_shifts(kernel) / 4), stride=2)


def blur(x, blur_filter):
    """Normalised FIR filter per channel, zero padding; None or empty: identity."""
    if blur_filter is None or len(blur_filter) == 0:
        return x
    with tf.variable_scope('Blur2D'):
        kernel = np.asarray(blur_filter, dtype=np.float32)
        kernel = np.outer(kernel, kernel) if kernel.ndim == 1 else kernel
        kernel = kernel / kernel.sum()
        # A correlation, so the kernel is reversed against filter_channels; SAME padding.
        return filter_channels(x, kernel[::-1, ::-1], (len(kernel) - 1) // 2, len(kernel) // 2)


def instance_norm(x, epsilon=EPSILON):
    """Every channel of every image with mean 0 and deviation 1, computed in float32.

    Args:
        epsilon: added to the variance.
    """
    with tf.variable_scope('InstanceNorm'):
        dtype = x.dtype
        x = tf.cast(x, tf.float32)
        x -= tf.reduce_mean(x, axis=spatial_axes(), keepdims=True)
        x *= tf.rsqrt(tf.reduce_mean(tf.square(x), axis=spatial_axes(), keepdims=True) + epsilon)
        return tf.cast(x, dtype)


def style_mod(x, dlatent, use_wscale):
    """x (scale + 1) + shift, both from one dense layer on the dlatent [N, D].

    Scripts look up StyleMod/add, the style [N, 2 C], and StyleMod/add_1, the scale with its 1, [N, C, 1, 1].
    """
    with tf.variable_scope('StyleMod'):
        channels = num_channels(x)
        style = add_bias(dense(tf.cast(dlatent, x.dtype), channels * 2, gain=1, use_wscale=use_wscale))  # [N, 2 C]
        style = tf.reshape(style, [-1, 2, channels, 1, 1])
        scale, shift = to_layout(style[:, 0] + 1), to_layout(style[:, 1])
        return publish(tf.add(x * scale, shift, name='styled'), 'add_2')


def add_noise(x, noise):
    """x + noise times the per-channel variable Noise/weight."""
    with tf.variable_scope('Noise'):
        strength = tf.get_variable('weight', shape=[num_channels(x)], initializer=tf.initializers.zeros())
        return publish(tf.add(x, noise * per_channel(tf.cast(strength, x.dtype)), name='noisy'), 'add')


def up_image(x, factor=2):
    """Nearest-neighbour up-scaling as a layer."""
    with tf.variable_scope('Upscale2D'):
        return publish(nearest_up(x, factor))


def down_image(x, factor=2):
    """Block means as a layer."""
    with tf.variable_scope('Downscale2D'):
        return publish(box_down(x, factor))
