"""The variables of the official networks: names, initial values and the coefficients of equalised learning rates."""

import numpy as np
import tensorflow.compat.v1 as tf


def weight(shape, gain=1.0, use_wscale=True, lrmul=1.0, dtype=tf.float32, name='weight'):
    """The variable `name` times the coefficient of its equalised learning rate.

    Args:
        shape: list; the last number is the number of outputs.
        gain: of the layer's activation; the initial deviation of the result is gain / sqrt(fan_in).
        use_wscale: False puts the deviation into the initial values, and leaves lrmul as the coefficient.
        lrmul: factor on the learning rate: the stored values are so many times smaller.
        dtype: of the result; what is stored is float32.
    """
    w, coef = stored_weight(shape, gain, use_wscale, lrmul, name)
    return tf.cast(w * coef, dtype)


def stored_weight(shape, gain=1.0, use_wscale=True, lrmul=1.0, name='weight'):
    """The variable `name` as it is stored, and the coefficient that the forward pass puts on it."""
    std = gain / np.sqrt(np.prod(shape[:-1]))
    init_std, coef = (1.0 / lrmul, std * lrmul) if use_wscale else (std / lrmul, lrmul)
    stored = tf.get_variable(name, shape=shape, initializer=tf.initializers.random_normal(0, init_std))
    return stored, np.float32(coef)


def bias(size, lrmul=1.0, dtype=tf.float32, name='bias'):
    """The variable `name` [size], times lrmul."""
    b = tf.get_variable(name, shape=[size], initializer=tf.initializers.zeros())
    return tf.cast(b * np.float32(lrmul), dtype)


def state_variable(name, value):
    """A variable that training does not touch."""
    return tf.get_variable(name, initializer=np.asarray(value, dtype=np.float32), trainable=False)


def noise_variables(resolutions):
    """The stored noise images noise0, noise1, ...: list of variables [1, 1, R, R]."""
    normal = tf.initializers.random_normal()
    return [
        tf.get_variable('noise%d' % i, shape=[1, 1, r, r], initializer=normal, trainable=False)
        for i, r in enumerate(resolutions)
    ]
