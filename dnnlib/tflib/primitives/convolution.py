"""Products with weights, filters and resampling of internal images, in whatever form is fastest."""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives.layout import (
    batch_size,
    data_format,
    enlarge,
    for_axes,
    full_shape,
    has_slow_half,
    is_single,
    num_channels,
    pad_spatial,
)


def dense_product(x, w):
    """x [N, ...] flattened to [N, in], times w [in, out]."""
    if x.shape.rank > 2:
        x = tf.reshape(x, [-1, int(np.prod(x.shape.as_list()[1:]))])
    if x.dtype == tf.float16 and has_slow_half():
        return tf.cast(tf.matmul(tf.cast(x, tf.float32), tf.cast(w, tf.float32)), tf.float16)
    return tf.matmul(x, w)


def convolve(x, w, stride=1, padding='SAME'):
    """Cross-correlation of internal images with w [kh, kw, in, out]."""
    return tf.nn.conv2d(x, w, strides=for_axes(stride), padding=padding, data_format=data_format())


def scatter_convolve(x, w, size, padding):
    """Transposed convolution, stride 2, to images of size x size; w [kh, kw, in, out].

    out[2 y + a - p] += x[y] w[a], p = 0 for 'VALID', 1 for 'SAME' with a 4 x 4 kernel.
    """
    w = tf.transpose(w, [0, 1, 3, 2])
    channels = w.shape.as_list()[2]
    shape = full_shape(size, size, channels, batch_size(x))
    y = tf.nn.conv2d_transpose(x, w, shape, for_axes(2), padding=padding, data_format=data_format())
    y.set_shape(for_axes(size, batch=x.shape.as_list()[0], channels=channels))
    return y


def filter_channels(x, kernel, before, after, stride=1):
    """True convolution (kernel reversed) of every channel with one kernel, in float32.

    Args:
        x: internal images.
        kernel: array [kh, kw].
        before: rows and columns of zeros that are added first; negative numbers crop.
        after: the same behind the last pixels.
        stride: of the result.
    Returns: internal images of x's dtype.
    """
    dtype = x.dtype
    x = pad_spatial(tf.cast(x, tf.float32), before, after)
    for part in _passes(x, np.asarray(kernel, dtype=np.float32)[::-1, ::-1], stride):
        taps = tf.constant(np.tile(part[:, :, np.newaxis, np.newaxis], [1, 1, num_channels(x), 1]))
        x = tf.nn.depthwise_conv2d(x, taps, strides=for_axes(stride), padding='VALID', data_format=data_format())
    return tf.cast(x, dtype)


def _passes(x, kernel, stride):
    """The kernels that, one after the other, make up a kernel: for drawing on TensorFlow 1.15 a row and a column."""
    rows, columns = kernel.sum(axis=0, keepdims=True), kernel.sum(axis=1, keepdims=True)
    separable = np.allclose(columns * rows, kernel * kernel.sum(), rtol=1e-6)
    if separable and is_single(x) and stride == 1 and tf.__version__.startswith('1.'):
        return [rows, columns / kernel.sum()]
    return [kernel]


def nearest_up(x, factor=2):
    """Nearest-neighbour up-scaling."""
    if factor == 1:
        return x
    return enlarge(x, lambda x, axes: tf.tile(x, [factor if axis in axes else 1 for axis in range(6)]))


def stuff_zeros(x):
    """[.., H, W, ..] -> [.., 2 H, 2 W, ..], zeros after each sample."""
    return enlarge(x, lambda x, axes: tf.pad(x, [[0, 1 if axis in axes else 0] for axis in range(6)]))


def box_down(x, factor=2):
    """Mean over factor x factor blocks."""
    if factor == 1:
        return x
    sizes = for_axes(factor)
    return tf.nn.avg_pool(x, ksize=sizes, strides=sizes, padding='VALID', data_format=data_format())


def combine_taps(w, matrix):
    """New kernel taps as linear combinations of the old ones.

    Args:
        w: [kh, kw, in, out].
        matrix: float32 array [kh', kw', kh, kw].
    Returns: [kh', kw', in, out] of w's dtype.

    One matrix product, far cheaper than slicing and padding large kernels.
    """
    new, (kh, kw, fan_in, fan_out) = matrix.shape[:2], w.shape.as_list()
    flat = tf.reshape(tf.cast(w, tf.float32), [kh * kw, fan_in * fan_out])
    taps = tf.matmul(matrix.reshape(-1, kh * kw).astype(np.float32), flat)
    return tf.cast(tf.reshape(taps, list(new) + [fan_in, fan_out]), w.dtype)


def reverse_taps(w):
    """The kernel reversed in space."""
    kh, kw, fan_in, fan_out = w.shape.as_list()
    flat = tf.gather(tf.reshape(w, [kh * kw, fan_in, fan_out]), list(range(kh * kw))[::-1])
    return tf.reshape(flat, [kh, kw, fan_in, fan_out])
