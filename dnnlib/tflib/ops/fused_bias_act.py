"""Bias, activation function, gain and clamp in one call (official dnnlib API)."""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.util import EasyDict

_SQRT2 = float(np.sqrt(2))

# func(x, alpha) without the gain; def_alpha None: the function has no parameter.
activation_funcs = {
    'linear': EasyDict(func=lambda x, **_: x, def_alpha=None, def_gain=1.0),
    'relu': EasyDict(func=lambda x, **_: tf.nn.relu(x), def_alpha=None, def_gain=_SQRT2),
    'lrelu': EasyDict(func=lambda x, alpha, **_: tf.nn.leaky_relu(x, alpha), def_alpha=0.2, def_gain=_SQRT2),
    'tanh': EasyDict(func=lambda x, **_: tf.nn.tanh(x), def_alpha=None, def_gain=1.0),
    'sigmoid': EasyDict(func=lambda x, **_: tf.nn.sigmoid(x), def_alpha=None, def_gain=1.0),
    'elu': EasyDict(func=lambda x, **_: tf.nn.elu(x), def_alpha=None, def_gain=1.0),
    'selu': EasyDict(func=lambda x, **_: tf.nn.selu(x), def_alpha=None, def_gain=1.0),
    'softplus': EasyDict(func=lambda x, **_: tf.nn.softplus(x), def_alpha=None, def_gain=1.0),
    'swish': EasyDict(func=lambda x, **_: tf.nn.sigmoid(x) * x, def_alpha=None, def_gain=_SQRT2),
}


def fused_bias_act(x, b=None, axis=1, act='linear', alpha=None, gain=None, impl='cuda', clamp=None):
    """clip(gain * act(x + b), -clamp, clamp).

    Args:
        x: float tensor of any shape.
        b: [x.shape[axis]] of the same dtype, or None.
        act: key of `activation_funcs`.
        alpha: slope of 'lrelu' for negative values; default 0.2.
        gain: default sqrt(2) for relu, lrelu and swish, else 1.
        impl: accepted for compatibility; there is one implementation.
        clamp: largest magnitude of the result, or None.
    Returns: tensor of the shape and dtype of x.
    Raises: ValueError for an unknown `act` or a bias of the wrong rank or length.
    """
    if act not in activation_funcs:
        raise ValueError('No activation function %r; the known ones are %s.' % (act, ', '.join(activation_funcs)))
    spec = activation_funcs[act]
    alpha = spec.def_alpha if alpha is None else alpha
    gain = spec.def_gain if gain is None else gain
    with tf.name_scope('FusedBiasAct'):
        x = tf.convert_to_tensor(x)
        if b is not None:
            x += _along_axis(tf.convert_to_tensor(b), x, axis)
        y = spec.func(x, alpha=alpha)
        if gain != 1:
            y *= gain
        return y if clamp is None else tf.clip_by_value(y, -clamp, clamp)


def _along_axis(b, x, axis):
    """b [n] with axes of size 1, so that it broadcasts along `axis` of x."""
    if b.shape.rank != 1 or not b.shape.is_compatible_with([x.shape[axis]]):
        raise ValueError('fused_bias_act: a bias of shape %s does not fit axis %d of %s.' % (b.shape, axis, x.shape))
    axis %= x.shape.rank
    return tf.reshape(b, [-1 if i == axis else 1 for i in range(x.shape.rank)])
