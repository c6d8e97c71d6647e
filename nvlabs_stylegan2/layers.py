"""Layers of the second generation: FIR resampling, modulated convolution, bias-activation.

Plain TensorFlow: no custom op (`bias_act` stands for the official fused_bias_act, the resamplers for upfirdn_2d), no
grouped convolution.
"""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives.convolution import (
    combine_taps,
    convolve,
    dense_product,
    filter_channels,
    reverse_taps,
    scatter_convolve,
    stuff_zeros,
)
from dnnlib.tflib.primitives.layers import EPSILON
from dnnlib.tflib.primitives.layout import data_format, has_gpu, is_single, num_channels, per_channel, spatial_sizes
from dnnlib.tflib.primitives.variables import bias, stored_weight, weight

# Name -> (function of x, default gain). StyleGAN2 section 1.2.
ACTIVATIONS = {
    'linear': (lambda x: x, 1.0),
    'relu': (tf.nn.relu, np.sqrt(2)),
    'lrelu': (lambda x: tf.nn.leaky_relu(x, 0.2), np.sqrt(2)),
    'tanh': (tf.nn.tanh, 1.0),
    'sigmoid': (tf.nn.sigmoid, 1.0),
    'elu': (tf.nn.elu, 1.0),
    'selu': (tf.nn.selu, 1.0),
    'softplus': (tf.nn.softplus, 1.0),
    'swish': (lambda x: x * tf.nn.sigmoid(x), np.sqrt(2)),
}

# On TensorFlow 1.15 the FIR filter after a transposed convolution costs more than the fourfold multiply-adds of the
# folded
# kernel for layers this narrow; with oneDNN (TensorFlow 2) it never does. Measured by benchmarks/up_convolution.py.
FOLD_UP_TO_CHANNELS = 32
FOLD_SINGLE_UP_TO_CHANNELS = 16  # The filter of a single image takes two passes, see `filter_channels`.


def bias_act(x, act='linear', lrmul=1.0, clamp=None):
    """gain f(x + bias), then clipping to [-clamp, clamp]."""
    _check_activation(act)
    b = bias(x.shape.as_list()[1] if x.shape.rank == 2 else num_channels(x), lrmul, x.dtype)
    # Not called 'add': in official graphs a layer's 'add' is its style, see `modulated_conv`.
    return activate(tf.add(x, b if x.shape.rank == 2 else per_channel(b), name='biased'), act, clamp)


def _check_activation(act):
    if act not in ACTIVATIONS:
        raise ValueError('nonlinearity %r is unknown; choose one of %s' % (act, ', '.join(sorted(ACTIVATIONS))))


def activate(x, act, clamp=None, gain=None):
    """The activation; its gain may be replaced, by 1 if x has it already."""
    function, own_gain = ACTIVATIONS[act]
    gain = own_gain if gain is None else gain
    x = function(x)
    if gain != 1:
        x *= tf.constant(gain, x.dtype)
    return x if clamp is None else tf.clip_by_value(x, tf.constant(-clamp, x.dtype), tf.constant(clamp, x.dtype))


def dense(x, size, lrmul=1.0):
    """[N, ...] -> [N, size] with the scope's 'weight'; no bias."""
    return dense_product(x, weight([int(np.prod(x.shape.as_list()[1:])), size], lrmul=lrmul, dtype=x.dtype))


# ------------------------------------------------------------------ resampling by 2


def fir_kernel(taps, gain=1.0):
    """1-D or 2-D taps -> 2-D float32 kernel with sum `gain`; None: box of 2."""
    taps = np.asarray([1, 1] if taps is None else taps, dtype=np.float32)
    if taps.ndim == 1:
        taps = np.outer(taps, taps)
    return taps / taps.sum() * np.float32(gain)


def upsample(x, taps):
    """Doubles the size with a FIR filter (`upsample_2d`): one transposed convolution per channel, no mixing."""
    kernel = fir_kernel(taps, gain=4)
    p = len(kernel) - 2
    before, after = (p + 1) // 2 + 1, p // 2
    return filter_channels(stuff_zeros(x), kernel, before, after)


def upsample_rgb(x, taps):
    """`upsample` for images of few channels, as one transposed convolution with a diagonal kernel."""
    kernel = fir_kernel(taps, gain=4)
    if len(kernel) != 4:
        return upsample(x, taps)
    diagonal = kernel[:, :, np.newaxis, np.newaxis] * np.eye(num_channels(x), dtype=np.float32)  # [4, 4, C, C]
    size = spatial_sizes(x)[0] * 2
    return tf.cast(scatter_convolve(tf.cast(x, tf.float32), tf.constant(diagonal), size, 'SAME'), x.dtype)


def downsample(x, taps):
    """Halves the size with a FIR filter (`downsample_2d`)."""
    kernel = fir_kernel(taps)
    p = len(kernel) - 2
    return filter_channels(x, kernel, (p + 1) // 2, p // 2, stride=2)


def up_convolve(x, w, taps):
    """Doubling convolution with w [k, k, in, out], then FIR (`upsample_conv_2d`)."""
    kernel, size = fir_kernel(taps, gain=4), w.shape.as_list()[0]
    if size == 1:
        return upsample(convolve(x, w), taps)
    p = (len(kernel) - 2) - (size - 1)
    before, after = (p + 1) // 2 + 1, p // 2 + 1
    if folds(w.shape.as_list()[3]) and not (is_single(x) and w.shape.as_list()[3] > FOLD_SINGLE_UP_TO_CHANNELS):
        return _up_convolve_folded(x, w, kernel, before)
    resolution = spatial_sizes(x)[0] * 2
    # The stored kernel is correlated, so its scatter form is reversed in space.
    x = scatter_convolve(x, reverse_taps(w), resolution - 2 + size, 'VALID')
    return filter_channels(x, kernel, before, after)


def folds(channels):
    """Whether `up_convolve` to so many channels takes the form of one convolution; see FOLD_UP_TO_CHANNELS."""
    return not has_gpu() and tf.__version__.startswith('1.') and channels <= FOLD_UP_TO_CHANNELS


def _up_convolve_folded(x, w, kernel, before):
    """`up_convolve` as one convolution at the low resolution that makes the four sub-pixel phases.

    Along one axis, with c = reversed w convolved with the FIR kernel and s = taps - 1 - before, the result is
    y[2 i + r] = sum over d of x[i + d] c[s + r - 2 d].
    """
    size, _, fan_in, fan_out = w.shape.as_list()
    folding = _phase_folding(size, kernel, len(kernel) - 1 - before)  # [d, d, r, r, k, k]
    reach = folding.shape[0]
    phases = combine_taps(w, folding.reshape(reach * reach, 4, size, size))  # [d d, r r, in, out]
    phases = tf.reshape(tf.transpose(phases, [0, 2, 1, 3]), [reach, reach, fan_in, 4 * fan_out])
    return tf.nn.depth_to_space(convolve(x, phases), 2, data_format=data_format())


def _phase_folding(size, kernel, s):
    """The linear map from kernel taps to sub-pixel taps: float32 [d, d, r, r, k, k], d odd and centred."""
    c = np.zeros([size + len(kernel) - 1] * 2 + [size] * 2, dtype=np.float32)  # [m, m, k, k]: c in terms of w.
    for a in range(size):
        for b in range(size):
            y, x = size - 1 - a, size - 1 - b
            c[y : y + len(kernel), x : x + len(kernel), a, b] = kernel
    reach = max(-(-s // 2), (len(c) - s) // 2)
    folding = np.zeros([2 * reach + 1] * 2 + [2, 2, size, size], dtype=np.float32)
    for dy, dx, ry, rx in np.ndindex(2 * reach + 1, 2 * reach + 1, 2, 2):
        y, x = s + ry - 2 * (dy - reach), s + rx - 2 * (dx - reach)
        if 0 <= y < len(c) and 0 <= x < len(c):
            folding[dy, dx, ry, rx] = c[y, x]
    return folding


def down_convolve(x, w, taps):
    """FIR, then halving convolution with w [k, k, in, out] (`conv_downsample_2d`)."""
    kernel, size = fir_kernel(taps), w.shape.as_list()[0]
    if size == 1:
        return convolve(downsample(x, taps), w)
    p = (len(kernel) - 2) + (size - 1)
    return convolve(filter_channels(x, kernel, (p + 1) // 2, p // 2), w, stride=2, padding='VALID')


def _resample_convolve(x, w, up, down, taps):
    if up:
        return up_convolve(x, w, taps)
    return down_convolve(x, w, taps) if down else convolve(x, w)


# ------------------------------------------------------------------ convolutions


def conv(x, size, kernel, up=False, down=False, resample_kernel=None):
    """Convolution with the scope's 'weight'; no bias."""
    return _resample_convolve(
        x, weight([kernel, kernel, num_channels(x), size], dtype=x.dtype), up, down, resample_kernel
    )


def modulated_conv(x, dlatent, size, kernel, up=False, demodulate=True, resample_kernel=None, gain=1.0):
    """gain d C(s x): input channels scaled by the style s, output channels by its demodulation d (StyleGAN2 section
    1.4).

    Scripts look up two tensors of a layer by their official names: '<layer>/add', the style [N, in] with its 1, and
    '<layer>/add_1', the squared norms [N, size] from which the demodulation comes. This is the unfused form; the fused
    form (per-sample weights, grouped convolution) equals it up to rounding. It is taken where x is known to be a single
    image, for which it is one plain convolution, and there are fewer weights than numbers in images.

    Args:
        x: internal images.
        dlatent: style vectors, float32 [N, D].
        size: number of output channels.
        kernel: side of the kernel.
        up: whether the size of the images doubles.
        demodulate: False: d = 1.
        resample_kernel: FIR filter of the up-scaling; None: box of 2.
        gain: factor on the result.
    Returns: internal images of x's dtype.
    """
    channels = num_channels(x)
    w, coef = stored_weight([kernel, kernel, channels, size])
    mod = _style_weight([dlatent.shape.as_list()[1], channels])
    mod_bias = tf.get_variable('mod_bias', shape=[channels], initializer=tf.initializers.zeros())
    s = tf.add(tf.add(tf.matmul(dlatent, mod), mod_bias, name='biased'), 1, name='add')
    s *= coef  # [N, in]; the weight's own coefficient, put where there are fewer numbers.
    if x.dtype == tf.float16 and demodulate:  # Keeps half precision in range; cancels in the demodulation.
        w /= tf.reduce_max(tf.abs(w), axis=[0, 1, 2])
        s /= tf.reduce_max(tf.abs(s))
    d = None
    if demodulate:
        power = tf.matmul(tf.square(s), tf.reduce_sum(tf.square(w), axis=[0, 1]))  # [N, out]
        d = tf.rsqrt(tf.add(power, EPSILON, name='add_1'))
        d = d if gain == 1 else d * np.float32(gain)
    if _fewer_weights(x, kernel, size, up):
        w *= tf.transpose(s) * (np.float32(gain) if d is None else d)  # [k, k, in, out]
        return _resample_convolve(x, tf.cast(w, x.dtype), up, False, resample_kernel)
    y = _resample_convolve(x * per_channel(tf.cast(s, x.dtype)), tf.cast(w, x.dtype), up, False, resample_kernel)
    return y if d is None else y * per_channel(tf.cast(d, x.dtype))


def _fewer_weights(x, kernel, size, up):
    """Whether x is a single image, and has more pixels than one of its channels has weights."""
    pixels = spatial_sizes(x)[0] ** 2 * (4 if up else 1)
    return is_single(x) and pixels > kernel**2 * size and x.dtype != tf.float16


def styled_layer(x, dlatent, size, noise, act, clamp=None, up=False, resample_kernel=None):
    """act(modulated 3 x 3 convolution + noise + bias) for images of a graph that is made for drawing them one by one.

    Equal to `modulated_conv`, noise and `bias_act` up to rounding, with fewer passes over the image: the bias follows
    the convolution, with which TensorFlow fuses it, and a gain that commutes with the activation is multiplied into
    whatever is smaller.

    Args:
        x: internal images.
        dlatent: style vectors, float32 [N, D].
        size: number of output channels.
        noise: images that broadcast against the result, or None.
        act: key of ACTIVATIONS.
        clamp: largest magnitude of the result, or None.
        up: whether the size of the images doubles.
        resample_kernel: as in `modulated_conv`.
    Returns: internal images of x's dtype.
    """
    _check_activation(act)
    gain = ACTIVATIONS[act][1] if act in ('lrelu', 'relu') else 1.0
    b = bias(size, dtype=x.dtype) * tf.constant(gain, x.dtype)
    x = modulated_conv(x, dlatent, size, 3, up, resample_kernel=resample_kernel, gain=gain)
    x = tf.nn.bias_add(x, b, data_format=data_format())
    x = x if noise is None else x + noise * tf.constant(gain, x.dtype)
    return activate(x, act, clamp, gain=ACTIVATIONS[act][1] / gain)


def _style_weight(shape):
    w = tf.get_variable('mod_weight', shape=shape, initializer=tf.initializers.random_normal())
    return w * np.float32(1 / np.sqrt(shape[0]))
