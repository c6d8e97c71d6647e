"""Layers without weights of their own, which both generations have."""

import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives.layout import channel_axis, from_layout, full_shape, publish, spatial_sizes, to_layout
from dnnlib.tflib.primitives.randomness import random_normal

EPSILON = 1e-8  # Inside the square root of every norm, as in the official networks.


def resolution_log2(resolution):
    """log2 of a resolution. Raises ValueError unless it is a power of two and at least 4."""
    log2 = int(resolution).bit_length() - 1
    if resolution < 4 or resolution != 2**log2:
        raise ValueError('resolution must be a power of two and at least 4, found %r' % (resolution,))
    return log2


def second_moment_norm(x, axis):
    """x / sqrt(mean(x^2) + 1e-8) along one axis: 'pixel norm'."""
    return x * tf.rsqrt(tf.reduce_mean(tf.square(x), axis=axis, keepdims=True) + tf.constant(EPSILON, x.dtype))


def noise_image(x, stored, randomize):
    """One noise channel for internal images x.

    Args:
        x: internal images; the noise has their size and dtype.
        stored: variable [1, 1, R, R].
        randomize: True takes fresh normal numbers for each image instead of the stored ones.
    Returns: internal images with one channel.
    """
    if not randomize:
        return tf.cast(to_layout(stored), x.dtype)
    height, width = spatial_sizes(x)
    return random_normal(full_shape(height, width, 1, tf.shape(x)[0]), x.dtype)


def constant_input(const, batch, dtype):
    """The learned 4 x 4 constant [1, C, 4, 4], repeated over the batch, in internal layout."""
    return tf.tile(tf.cast(to_layout(const), dtype), tf.stack([batch, 1, 1, 1]))


def minibatch_stddev(x, group_size, num_features):
    """Appends num_features channels with the mean standard deviation over groups of samples (StyleGAN section 1).

    Groups hold min(group_size, N) samples that lie N / group size apart; N must be divisible.
    """
    nchw = tf.cast(from_layout(x), tf.float32)
    _, channels, height, width = nchw.shape.as_list()
    batch = tf.shape(nchw)[0]
    group = batch if group_size is None else tf.minimum(group_size, batch)
    y = tf.reshape(nchw, tf.stack([group, -1, num_features, channels // num_features, height, width]))
    # [G, M, F, c, H, W]
    y = y - tf.reduce_mean(y, axis=0, keepdims=True)
    y = tf.sqrt(tf.reduce_mean(tf.square(y), axis=0) + EPSILON)  # [M, F, c, H, W]
    y = tf.reduce_mean(y, axis=[2, 3, 4], keepdims=True)[:, :, 0]  # [M, F, 1, 1]
    y = tf.tile(y, tf.stack([group, 1, height, width]))  # [N, F, H, W]
    return publish(tf.concat([x, to_layout(tf.cast(y, x.dtype))], axis=channel_axis()))


def weighted_score(scores, labels_in, label_size):
    """Conditional networks: the label-weighted sum of label_size scores [N, 1]."""
    return tf.reduce_sum(scores * labels_in, axis=1, keepdims=True) if label_size else scores
