"""Up-sampling, FIR filtering and down-sampling of images (official dnnlib API; StyleGAN2).

Everything is computed in NHWC, which every device supports. `impl` is accepted for compatibility: there is one
implementation. Kernels `k` are given as 1-D (separable) or 2-D arrays; convolution weights `w` are [kh, kw, in, out].
"""

import numpy as np
import tensorflow.compat.v1 as tf


def upfirdn_2d(x, k, upx=1, upy=1, downx=1, downy=1, padx0=0, padx1=0, pady0=0, pady1=0, impl='cuda'):
    """Inserts zeros, pads, convolves with k, and keeps every down-th pixel.

    Args:
        x: float tensor [major, H, W, minor].
        k: array [kh, kw]; not normalised here.
        upx, upy: int; every pixel is followed by up - 1 zeros.
        downx, downy: int; the first pixel is kept.
        padx0, padx1, pady0, pady1: pixels before and after, in up-sampled pixels; negative values crop.
    Returns: tensor [major, (H * upy + pady0 + pady1 - kh) // downy + 1, likewise for W, minor].
    """
    k = np.asarray(k, dtype=np.float32)
    if k.ndim != 2:
        raise ValueError('upfirdn_2d needs a kernel [kh, kw], not one of shape %s.' % (k.shape,))
    with tf.name_scope('Upfirdn2D'):
        x = tf.convert_to_tensor(x)
        x = _insert_zeros(x, upx, upy)
        x = _pad_or_crop(x, pady0, pady1, padx0, padx1)
        x = _fir(x, k)
        return x[:, ::downy, ::downx, :]


def filter_2d(x, k, gain=1, data_format='NCHW', impl='cuda', padding=0):
    """FIR-filters each channel; zeros beyond the border. The size stays, plus `padding` pixels per side.

    Args:
        x: float tensor [N, C, H, W], or [N, H, W, C] with data_format='NHWC'.
        k: array [n] or [n, n]; divided by its sum.
        gain: factor on the result.
    """
    k = _kernel(k, gain)
    p = k.shape[0] - 1
    return _resample(x, k, 1, 1, (p + 1) // 2 + padding, p // 2 + padding, data_format)


def upsample_2d(x, k=None, factor=2, gain=1, data_format='NCHW', impl='cuda', padding=0):
    """Up-samples each channel by `factor`; see `filter_2d`. k None: nearest neighbour."""
    k = _kernel([1] * factor if k is None else k, gain * factor**2)
    p = k.shape[0] - factor
    return _resample(x, k, factor, 1, (p + 1) // 2 + factor - 1 + padding, p // 2 + padding, data_format)


def downsample_2d(x, k=None, factor=2, gain=1, data_format='NCHW', impl='cuda', padding=0):
    """Down-samples each channel by `factor`; see `filter_2d`. k None: block means."""
    k = _kernel([1] * factor if k is None else k, gain)
    p = k.shape[0] - factor
    return _resample(x, k, 1, factor, (p + 1) // 2 + padding * factor, p // 2 + padding * factor, data_format)


def upsample_conv_2d(x, w, k=None, factor=2, gain=1, data_format='NCHW', impl='cuda', padding=0):
    """Up-samples by zero insertion, convolves with w, then filters with k: one operation with the gain of
    `upsample_2d`.

    Args:
        w: float tensor [size, size, in, out]. If x has g times `in` channels, these are g groups, each with its
            share of the outputs.
    Returns: tensor with `out` channels and `factor` times the size, plus `padding` pixels per side.
    """
    w = tf.convert_to_tensor(w)
    k = _kernel([1] * factor if k is None else k, gain * factor**2)
    size = _square_size(w)
    p = (k.shape[0] - factor) - (size - 1)
    with tf.name_scope('UpsampleConv2D'):
        x = _insert_zeros(_to_nhwc(x, data_format), factor, factor)
        after = size - factor  # size - 1, less the zeros after the last pixel.
        x = _correlate(_pad_or_crop(x, size - 1, after, size - 1, after), w, stride=1)
        pad0, pad1 = (p + 1) // 2 + factor - 1 + padding, p // 2 + factor - 1 + padding
        return _from_nhwc(_fir(_pad_or_crop(x, pad0, pad1, pad0, pad1), k), data_format)


def conv_downsample_2d(x, w, k=None, factor=2, gain=1, data_format='NCHW', impl='cuda', padding=0):
    """Filters with k, then convolves with w in steps of `factor`; see `upsample_conv_2d`."""
    w = tf.convert_to_tensor(w)
    k = _kernel([1] * factor if k is None else k, gain)
    p = (k.shape[0] - factor) + (_square_size(w) - 1)
    with tf.name_scope('ConvDownsample2D'):
        pad0, pad1 = (p + 1) // 2 + padding * factor, p // 2 + padding * factor
        x = _fir(_pad_or_crop(_to_nhwc(x, data_format), pad0, pad1, pad0, pad1), k)
        return _from_nhwc(_correlate(x, w, stride=factor), data_format)


# ------------------------------------------------------------------ kernels and layouts


def _kernel(k, gain):
    """A square FIR kernel [n, n] with the sum `gain`, from [n] or [n, n]."""
    k = np.asarray(k, dtype=np.float32)
    if k.ndim == 1:
        k = np.outer(k, k)
    if k.ndim != 2 or k.shape[0] != k.shape[1]:
        raise ValueError('A resampling kernel must be [n] or [n, n], not %s.' % (k.shape,))
    return k / np.sum(k) * np.float32(gain)


def _square_size(w):
    height, width = w.shape.as_list()[:2]
    if height is None or height != width:
        raise ValueError('The convolution weights must be [size, size, in, out], not %s.' % w.shape)
    return height


def _to_nhwc(x, data_format):
    if data_format not in ('NCHW', 'NHWC'):
        raise ValueError("data_format must be 'NCHW' or 'NHWC', not %r." % (data_format,))
    return tf.transpose(x, [0, 2, 3, 1]) if data_format == 'NCHW' else tf.convert_to_tensor(x)


def _from_nhwc(x, data_format):
    return tf.transpose(x, [0, 3, 1, 2]) if data_format == 'NCHW' else x


def _sizes(x):
    """The sizes of all axes: int where known, else a scalar tensor."""
    dynamic = tf.shape(x)
    return [dynamic[i] if n is None else n for i, n in enumerate(x.shape.as_list())]


def _resample(x, k, up, down, pad0, pad1, data_format):
    y = upfirdn_2d(_to_nhwc(x, data_format), k, up, up, down, down, pad0, pad1, pad0, pad1)
    return _from_nhwc(y, data_format)


# ------------------------------------------------------------------ steps, all on [N, H, W, C]


def _insert_zeros(x, upx, upy):
    if upx == upy == 1:
        return x
    n, h, w, c = _sizes(x)
    x = tf.reshape(x, [n, h, 1, w, 1, c])
    x = tf.pad(x, [[0, 0], [0, 0], [0, upy - 1], [0, 0], [0, upx - 1], [0, 0]])
    return tf.reshape(x, [n, h * upy, w * upx, c])


def _pad_or_crop(x, y0, y1, x0, x1):
    x = tf.pad(x, [[0, 0], [max(y0, 0), max(y1, 0)], [max(x0, 0), max(x1, 0)], [0, 0]])
    return x[:, max(-y0, 0) : -max(-y1, 0) or None, max(-x0, 0) : -max(-x1, 0) or None, :]


def _fir(x, k):
    """True convolution of each channel with k [kh, kw], where k covers the image fully."""
    k = tf.constant(k[::-1, ::-1, np.newaxis, np.newaxis], x.dtype)
    return tf.nn.depthwise_conv2d(x, tf.tile(k, [1, 1, _sizes(x)[3], 1]), [1, 1, 1, 1], 'VALID')


def _correlate(x, w, stride):
    """Correlation of x [N, H, W, groups * in] with w [kh, kw, in, out] where w covers the image fully."""
    if x.shape.as_list()[3] is not None and x.shape.as_list()[3] == w.shape.as_list()[2]:
        return tf.nn.conv2d(x, w, [1, stride, stride, 1], 'VALID')
    return _correlate_groups(x, w, stride)


def _correlate_groups(x, w, stride):
    """The same with any number of groups, known or not: a sum over the taps of w (CPUs have no grouped convolution)."""
    n, height, width, channels = _sizes(x)
    kh, kw, inputs, outputs = _sizes(w)
    groups = channels // inputs
    x = tf.transpose(tf.reshape(x, [n, height, width, groups, inputs]), [3, 0, 1, 2, 4])  # [g, N, H, W, in]
    w = tf.transpose(tf.reshape(w, [kh, kw, inputs, groups, -1]), [0, 1, 3, 2, 4])  # [kh, kw, g, in, out / g]
    rows, cols = height - kh + 1, width - kw + 1
    y = tf.add_n(
        [
            tf.matmul(x[:, :, a : a + rows : stride, b : b + cols : stride], w[a, b, :, tf.newaxis, tf.newaxis])
            for a in range(kh)
            for b in range(kw)
        ]
    )  # [g, N, H', W', out / g]
    y = tf.transpose(y, [1, 2, 3, 0, 4])
    return tf.reshape(y, [n, (rows - 1) // stride + 1, (cols - 1) // stride + 1, outputs])
