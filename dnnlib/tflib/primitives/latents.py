"""What the wrapper of a generator does with latents and dlatents, between the mapping and the synthesis network."""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives.layers import second_moment_norm
from dnnlib.tflib.primitives.layout import has_slow_half
from dnnlib.tflib.primitives.randomness import random_uniform


def concat_label(x, labels, latent_size):
    """Appends the embedded label: [N, Z] -> [N, 2 Z]."""
    with tf.variable_scope('LabelConcat'):
        embedding = tf.get_variable(
            'weight', shape=[labels.shape.as_list()[1], latent_size], initializer=tf.initializers.random_normal()
        )
        return tf.concat([x, tf.matmul(labels, tf.cast(embedding, x.dtype))], axis=1)


def mapping_input(latents_in, labels_in, latent_size, label_size, dtype, scope):
    """What enters the dense layers of a mapping network: the latents, with the embedded label appended, normalised.

    Args:
        latents_in: tensor [N, Z]; its static shape is set.
        labels_in: tensor [N, label_size]; likewise.
        latent_size: Z.
        label_size: 0 appends nothing.
        dtype: of the network; see `mapping_dtype`.
        scope: name under which it is normalised, or None: it is not.
    Returns: [N, Z or 2 Z].
    """
    latents_in.set_shape([None, latent_size])
    labels_in.set_shape([None, label_size])
    x = tf.cast(latents_in, mapping_dtype(dtype))
    if label_size:
        x = concat_label(x, tf.cast(labels_in, x.dtype), latent_size)
    if scope is not None:
        with tf.variable_scope(scope):
            x = second_moment_norm(x, axis=1)
    return x


def mapping_dtype(dtype):
    """The dtype in which a mapping network computes: float32 in place of a slow float16."""
    return 'float32' if tf.as_dtype(dtype) == tf.float16 and has_slow_half() else dtype


def broadcast_dlatents(x, num_layers, dtype):
    """[N, D] -> dlatents_out [N, num_layers, D] of a dtype; [N, D] if num_layers is None."""
    x = tf.cast(x, dtype)
    if num_layers is not None:
        with tf.variable_scope('Broadcast'):
            x = tf.tile(x[:, np.newaxis], [1, num_layers, 1])  # [N, L, D]
    return tf.identity(x, name='dlatents_out')


def truncation_number(name, value):
    """A truncation argument with its kind checked: None and tensors as they are, one number as a Python number.

    Args:
        name: of the argument.
        value: what was given for it.
    Raises: ValueError for anything else, such as an array of several numbers.
    """
    if value is None or isinstance(value, (tf.Tensor, tf.Variable)):
        return value
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in 'biuf':
        found = 'numbers of shape %s' % list(array.shape) if array.dtype.kind in 'biuf' else repr(value)
        raise ValueError('%s must be None, one number or a tensor; found %s' % (name, found))
    return array.item()


def is_number(value):
    """False for None and for tensors, whose value is unknown while the graph is built."""
    return value is not None and not isinstance(value, (tf.Tensor, tf.Variable))


def track_average(dlatents, dlatent_avg, beta):
    """Training: moves dlatent_avg towards the batch mean of layer 0.

    Args:
        dlatents: [N, L, D].
        dlatent_avg: variable [D].
        beta: how much of the old average is kept.
    Returns: dlatents behind that update.
    """
    with tf.variable_scope('DlatentAvg'):
        mean = tf.reduce_mean(dlatents[:, 0], axis=0)
        update = tf.assign(dlatent_avg, mean + (dlatent_avg - mean) * beta)
        with tf.control_dependencies([update]):
            return tf.identity(dlatents)


def mix_styles(dlatents, other, active_layers, probability):
    """Training: with some probability, layers from one random cut on come from another batch.

    Args:
        dlatents: [N, L, D].
        other: the other batch, of the same shape.
        active_layers: tensor or int; the cut is uniform on [1, active_layers).
        probability: of a cut.
    Returns: [N, L, D].
    """
    with tf.name_scope('StyleMix'):
        num_layers = dlatents.shape.as_list()[1]
        draws = random_uniform([2])
        cut = 1 + tf.cast(draws[1] * tf.cast(active_layers - 1, tf.float32), tf.int32)  # Uniform on [1, active_layers).
        cut = tf.where(draws[0] < probability, tf.minimum(cut, active_layers - 1), active_layers)
        own = np.arange(num_layers)[np.newaxis, :, np.newaxis] < cut  # [1, L, 1]
        return tf.where(tf.broadcast_to(own, tf.shape(dlatents)), dlatents, other)


def truncate(dlatents, dlatent_avg, psi, cutoff):
    """dlatent_avg + psi (w - dlatent_avg) for the first layers.

    Args:
        dlatents: w, [N, L, D].
        dlatent_avg: [D].
        psi: number or tensor.
        cutoff: how many layers, number or tensor; None: all.
    Returns: [N, L, D].
    """
    with tf.variable_scope('Truncation'):
        index = np.arange(dlatents.shape.as_list()[1])[np.newaxis, :, np.newaxis]  # [1, L, 1]
        ones = np.ones(index.shape, dtype=np.float32)
        factors = (
            ones * psi if cutoff is None else tf.where(tf.broadcast_to(index < cutoff, index.shape), ones * psi, ones)
        )
        with tf.name_scope('Lerp'):
            return dlatent_avg + (dlatents - dlatent_avg) * factors
