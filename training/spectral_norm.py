"""Spectral normalisation in training (Miyato et al. 2018), as BigGAN has it: one step of the power iteration a step."""

import numpy as np
import tensorflow.compat.v1 as tf

SHORTEST = 1e-4  # A shorter vector is divided by this and not by its length, as in the public PyTorch code.


def kernel(name, shape, iterate=False):
    """The variable `name` divided by the estimate of its largest singular value.

    Initial values are orthogonal. Beside it stands `<name>_u` [1, out], the estimate of a singular vector.

    Args:
        name: of the variable, in the present scope.
        shape: tuple; the last number is that of the outputs.
        iterate: whether executing it stores the vector after one step of the power iteration; the estimate is made
            with that step in any case. None: the variable as it is, for a graph that only tells shapes.
    """
    stored = tf.get_variable(name, shape, initializer=tf.initializers.orthogonal())
    normal = tf.initializers.random_normal()
    vector = tf.get_variable(name + '_u', (1, shape[-1]), initializer=normal, trainable=False)
    if iterate is None:
        return stored
    sigma, found = largest_singular_value(tf.reshape(stored, [-1, shape[-1]]), vector)
    with tf.control_dependencies([tf.assign(vector, found)] if iterate else []):
        return stored / sigma


def largest_singular_value(matrix, u):
    """An estimate, whose gradient reaches the matrix only.

    Args:
        matrix: tensor [in, out].
        u: tensor [1, out], an estimate of the singular vector of the outputs, of any length.
    Returns: (tensor [1, 1], tensor [1, out], the better estimate of that vector, of length 1).
    """
    v = tf.stop_gradient(_shortened(tf.matmul(u, matrix, transpose_b=True)))  # [1, in]
    image = tf.matmul(v, matrix)  # [1, out]
    u = tf.stop_gradient(_shortened(image))
    return tf.matmul(image, u, transpose_b=True), u


def _shortened(x):
    return x * tf.rsqrt(tf.maximum(tf.reduce_sum(tf.square(x)), SHORTEST**2))


def singular_vectors(kernel, u):
    """(v [in], u [out]) of one step of the power iteration from u, in float64: what `largest_singular_value` is the
    product of. `kernel`: array [..., out]; u: array [1, out].
    """
    matrix = np.asarray(kernel, np.float64).reshape(-1, kernel.shape[-1])
    v = matrix @ np.asarray(u, np.float64)[0]
    v /= max(np.linalg.norm(v), SHORTEST)
    u = v @ matrix
    return v, u / max(np.linalg.norm(u), SHORTEST)
