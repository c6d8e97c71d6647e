"""The layers of the second generation under their official names, for build functions that scripts bring along.

Images are NCHW tensors with known C, H and W, whatever the machine computes in; variables are made in the present
scope, under the names that arguments ending in _var say. Our own networks use `layers`.
"""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.ops.fused_bias_act import fused_bias_act
from dnnlib.tflib.ops.upfirdn_2d import conv_downsample_2d, upsample_conv_2d
from dnnlib.tflib.primitives import layers
from dnnlib.tflib.primitives.convolution import box_down, convolve, dense_product, nearest_up
from dnnlib.tflib.primitives.layers import EPSILON, second_moment_norm
from dnnlib.tflib.primitives.layout import from_layout, to_layout
from dnnlib.tflib.primitives.variables import bias, weight


def get_weight(shape, gain=1, use_wscale=True, lrmul=1, weight_var='weight'):
    """A weight variable times the coefficient of its equalised learning rate; see `variables.weight`."""
    return weight(shape, gain, use_wscale, lrmul, name=weight_var)


def dense_layer(x, fmaps, gain=1, use_wscale=True, lrmul=1, weight_var='weight'):
    """[N, ...] -> [N, fmaps]; no bias."""
    w = get_weight([int(np.prod(x.shape.as_list()[1:])), fmaps], gain, use_wscale, lrmul, weight_var)
    return dense_product(x, tf.cast(w, x.dtype))


def conv2d_layer(
    x,
    fmaps,
    kernel,
    up=False,
    down=False,
    resample_kernel=None,
    gain=1,
    use_wscale=True,
    lrmul=1,
    weight_var='weight',
):
    """Convolution [N, C, H, W] -> [N, fmaps, H, W], or of twice (up) or half (down) the size; no bias.

    resample_kernel: FIR filter of the resampling; None: box of 2.
    """
    w = get_weight([kernel, kernel, x.shape.as_list()[1], fmaps], gain, use_wscale, lrmul, weight_var)
    return _convolve(x, tf.cast(w, x.dtype), up, down, resample_kernel)


def _convolve(x, w, up, down, resample_kernel):
    size = w.shape.as_list()[0]
    if (up and down) or size % 2 == 0:
        raise ValueError('a convolution has an odd kernel and goes up or down, not both; found side %d' % size)
    if up:
        return upsample_conv_2d(x, w, resample_kernel, data_format='NCHW')
    if down:
        return conv_downsample_2d(x, w, resample_kernel, data_format='NCHW')
    return from_layout(convolve(to_layout(x), w))


def apply_bias_act(x, act='linear', alpha=None, gain=None, lrmul=1, bias_var='bias', clamp=None):
    """gain f(x + bias) for x [N, C] or [N, C, H, W], then clipping to [-clamp, clamp]; see `fused_bias_act`."""
    b = bias(x.shape.as_list()[1], lrmul, x.dtype, bias_var)
    return fused_bias_act(x, b=b, act=act, alpha=alpha, gain=gain, clamp=clamp)


def naive_upsample_2d(x, factor=2):
    """Nearest neighbour: [N, C, H, W] -> [N, C, H factor, W factor]."""
    with tf.variable_scope('NaiveUpsample'):
        return from_layout(nearest_up(to_layout(x), factor))


def naive_downsample_2d(x, factor=2):
    """Block means: [N, C, H, W] -> [N, C, H / factor, W / factor]."""
    with tf.variable_scope('NaiveDownsample'):
        return from_layout(box_down(to_layout(x), factor))


def modulated_conv2d_layer(
    x,
    y,
    fmaps,
    kernel,
    up=False,
    down=False,
    demodulate=True,
    resample_kernel=None,
    gain=1,
    use_wscale=True,
    lrmul=1,
    fused_modconv=True,
    weight_var='weight',
    mod_weight_var='mod_weight',
    mod_bias_var='mod_bias',
):
    """d C(s x): input channels of x [N, C, H, W] scaled by the style s [N, C] that a dense layer makes of y [N, D],
    output channels by its demodulation d (StyleGAN2 section 1.4).

    fused_modconv: selects between two forms of one function in the official code; here it is always the unfused one.
    Other arguments as of `conv2d_layer`.
    """
    channels = x.shape.as_list()[1]
    w = get_weight([kernel, kernel, channels, fmaps], gain, use_wscale, lrmul, weight_var)
    s = apply_bias_act(dense_layer(y, channels, weight_var=mod_weight_var), bias_var=mod_bias_var) + 1  # [N, C]
    result = _convolve(x * _per_channel(s, x), tf.cast(w, x.dtype), up, down, resample_kernel)
    if not demodulate:
        return result
    power = tf.matmul(tf.square(tf.cast(s, tf.float32)), tf.reduce_sum(tf.square(w), axis=[0, 1]))  # [N, fmaps]
    return result * _per_channel(tf.rsqrt(power + EPSILON), x)


def _per_channel(v, like):
    return tf.cast(v, like.dtype)[:, :, tf.newaxis, tf.newaxis]


def minibatch_stddev_layer(x, group_size=4, num_new_features=1):
    """Appends num_new_features channels to [N, C, H, W]: the mean deviation over groups of images (None: over all)."""
    return from_layout(layers.minibatch_stddev(to_layout(x), group_size, num_new_features))


def normalize_2nd_moment(x, axis=1):
    """x / sqrt(mean of x^2 along an axis + 1e-8)."""
    return second_moment_norm(x, axis)
