"""The layers of the first generation under their official names, for build functions that scripts bring along.

Images are NCHW tensors with known C, H and W, whatever the machine computes in; variables are made in the present
scope. Keyword arguments `kwargs` are those of `get_weight`. Our own networks use `layers`.
"""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives import layers
from dnnlib.tflib.primitives.convolution import box_down, convolve, dense_product, nearest_up, reverse_taps
from dnnlib.tflib.primitives.layers import EPSILON
from dnnlib.tflib.primitives.layout import data_format, for_axes, from_layout, num_channels, to_layout
from dnnlib.tflib.primitives.randomness import random_normal
from dnnlib.tflib.primitives.variables import bias, weight
from nvlabs_stylegan.layers import FUSED_FROM

# ------------------------------------------------------------------ resampling


def filter_images(x, f=(1, 2, 1), normalize=True, flip=False, stride=1):
    """Correlates every channel with a filter; zeros beyond the border, padding SAME, in float32.

    Args:
        x: images [N, C, H, W].
        f: array [k] (its outer square is meant) or [k, k].
        normalize: divide it by its sum.
        flip: reverse it in space.
        stride: of the result.
    """
    f = np.asarray(f, np.float32)
    f = np.outer(f, f) if f.ndim == 1 else f
    f = f / f.sum() if normalize else f
    f = f[::-1, ::-1] if flip else f
    inner = tf.cast(to_layout(x), tf.float32)
    taps = tf.constant(np.tile(f[:, :, np.newaxis, np.newaxis], [1, 1, num_channels(inner), 1]))
    y = tf.nn.depthwise_conv2d(inner, taps, strides=for_axes(stride), padding='SAME', data_format=data_format())
    return tf.cast(from_layout(y), x.dtype)


def enlarge_images(x, factor=2, gain=1):
    """Nearest neighbour: [N, C, H, W] -> [N, C, H factor, W factor], times gain."""
    x = x if gain == 1 else x * tf.constant(gain, x.dtype)
    return from_layout(nearest_up(to_layout(x), factor))


def shrink_images(x, factor=2, gain=1):
    """Block means: [N, C, H, W] -> [N, C, H / factor, W / factor], times gain."""
    x = x if gain == 1 else x * tf.constant(gain, x.dtype)
    return from_layout(box_down(to_layout(x), factor))


def blur2d(x, f=(1, 2, 1), normalize=True):
    """`filter_images` as a layer."""
    with tf.variable_scope('Blur2D'):
        return filter_images(x, f, normalize)


def upscale2d(x, factor=2):
    """`enlarge_images` as a layer."""
    with tf.variable_scope('Upscale2D'):
        return enlarge_images(x, factor)


def downscale2d(x, factor=2):
    """`shrink_images` as a layer."""
    with tf.variable_scope('Downscale2D'):
        return shrink_images(x, factor)


# ------------------------------------------------------------------ layers with weights


def get_weight(shape, gain=np.sqrt(2), use_wscale=False, lrmul=1):
    """The variable 'weight' times the coefficient of its equalised learning rate; see `variables.weight`."""
    return weight(shape, gain, use_wscale, lrmul)


def dense(x, fmaps, **kwargs):
    """[N, ...] -> [N, fmaps]; no bias."""
    w = get_weight([int(np.prod(x.shape.as_list()[1:])), fmaps], **kwargs)
    return dense_product(x, tf.cast(w, x.dtype))


def conv2d(x, fmaps, kernel, **kwargs):
    """[N, C, H, W] -> [N, fmaps, H, W]; no bias."""
    w = _kernel(x, fmaps, kernel, kwargs)
    return from_layout(convolve(to_layout(x), w))


def _kernel(x, fmaps, kernel, kwargs):
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError('the side of a kernel must be odd, found %r' % (kernel,))
    return tf.cast(get_weight([kernel, kernel, x.shape.as_list()[1], fmaps], **kwargs), x.dtype)


def upscale2d_conv2d(x, fmaps, kernel, fused_scale='auto', **kwargs):
    """[N, C, H, W] -> [N, fmaps, 2 H, 2 W]: nearest neighbour, then convolution.

    fused_scale: True reverses the kernel in space, as the official transposed convolution does; 'auto': where the
        result has at least 128 rows and columns.
    """
    if fused_scale == 'auto':
        fused_scale = min(x.shape.as_list()[2:]) * 2 >= FUSED_FROM
    w = _kernel(x, fmaps, kernel, kwargs)
    return from_layout(convolve(nearest_up(to_layout(x)), reverse_taps(w) if fused_scale else w))


def conv2d_downscale2d(x, fmaps, kernel, fused_scale='auto', **kwargs):
    """[N, C, H, W] -> [N, fmaps, H / 2, W / 2]: convolution, then means of 2 x 2 blocks.

    fused_scale: True, False or 'auto', which are one function here, in the official code up to rounding.
    """
    if fused_scale not in (True, False, 'auto'):
        raise ValueError("fused_scale must be True, False or 'auto', found %r" % (fused_scale,))
    w = _kernel(x, fmaps, kernel, kwargs)
    return from_layout(box_down(convolve(to_layout(x), w)))


def apply_bias(x, lrmul=1):
    """x [N, C] or [N, C, H, W], plus the variable 'bias' [C] times lrmul."""
    b = bias(x.shape.as_list()[1], lrmul, x.dtype)
    return x + (b if x.shape.rank == 2 else tf.reshape(b, [1, -1, 1, 1]))


def leaky_relu(x, alpha=0.2):
    """max(x, alpha x)."""
    with tf.variable_scope('LeakyReLU'):
        return tf.maximum(x, x * tf.constant(alpha, x.dtype))


# ------------------------------------------------------------------ norms, styles, noise


def pixel_norm(x, epsilon=EPSILON):
    """x / sqrt(mean of x^2 over the channels + epsilon), for [N, C] and [N, C, H, W]."""
    with tf.variable_scope('PixelNorm'):
        mean = tf.reduce_mean(tf.square(x), axis=1, keepdims=True)
        return x * tf.rsqrt(mean + tf.constant(epsilon, x.dtype))


def instance_norm(x, epsilon=EPSILON):
    """Every channel of every image [N, C, H, W] with mean 0 and deviation 1, computed in float32."""
    with tf.variable_scope('InstanceNorm'):
        y = tf.cast(x, tf.float32)
        y -= tf.reduce_mean(y, axis=[2, 3], keepdims=True)
        y *= tf.rsqrt(tf.reduce_mean(tf.square(y), axis=[2, 3], keepdims=True) + epsilon)
        return tf.cast(y, x.dtype)


def style_mod(x, dlatent, **kwargs):
    """x [N, C] or [N, C, H, W] (scale + 1) + shift, both from one dense layer on the dlatent [N, D]."""
    with tf.variable_scope('StyleMod'):
        channels = x.shape.as_list()[1]
        style = apply_bias(dense(dlatent, channels * 2, **dict(dict(gain=1), **kwargs)))  # [N, 2 C]
        style = tf.reshape(style, [-1, 2, channels] + [1] * (x.shape.rank - 2))
        return x * (style[:, 0] + 1) + style[:, 1]


def apply_noise(x, noise_var=None, randomize_noise=True):
    """x [N, C, H, W] plus one noise channel times the variable 'weight' [C], at first 0.

    Args:
        noise_var: stored noise [1, 1, H, W], or None: fresh normal numbers.
        randomize_noise: True takes fresh normal numbers in any case.
    """
    with tf.variable_scope('Noise'):
        _, channels, height, width = x.shape.as_list()
        if noise_var is None or randomize_noise:
            noise = random_normal(tf.stack([tf.shape(x)[0], 1, height, width]), x.dtype)
        else:
            noise = tf.cast(noise_var, x.dtype)
        strength = tf.get_variable('weight', shape=[channels], initializer=tf.initializers.zeros())
        return x + noise * tf.reshape(tf.cast(strength, x.dtype), [1, -1, 1, 1])


def minibatch_stddev_layer(x, group_size=4, num_new_features=1):
    """Appends num_new_features channels to [N, C, H, W]: the mean deviation over groups of images."""
    with tf.variable_scope('MinibatchStddev'):
        return from_layout(layers.minibatch_stddev(to_layout(x), group_size, num_new_features))
