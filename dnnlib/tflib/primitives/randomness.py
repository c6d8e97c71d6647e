"""Random numbers in graphs, which a training run can repeat."""

import contextlib
import itertools

import tensorflow.compat.v1 as tf

_COUNTERS = 'nvlabs_random_counters'  # Graph collection: the innermost `counted_randomness` is the last.


@contextlib.contextmanager
def counted_randomness(seed, counter):
    """Inside, random numbers are functions of (seed, order of construction, counter) and keep no state.

    So a graph whose counter is fed can go on where another left off, bit for bit. Outside, `random_normal` and
    `random_uniform` use TensorFlow's own generators.

    Args:
        seed: int.
        counter: int64 tensor [], a new value for each execution.
    """
    stack = tf.get_collection_ref(_COUNTERS)
    stack.append((itertools.count(seed << 20), counter))
    try:
        yield
    finally:
        stack.pop()


def _next_seed():
    """int64 tensor [2] for a stateless op, or None."""
    stack = tf.get_collection_ref(_COUNTERS)
    if not stack:
        return None
    numbers, counter = stack[-1]
    return tf.stack([tf.constant(next(numbers), tf.int64), counter])


def random_normal(shape, dtype=tf.float32):
    """Normal numbers; see `counted_randomness`."""
    seed = _next_seed()
    if seed is None:
        return tf.random_normal(shape, dtype=dtype)
    return tf.random.stateless_normal(shape, seed, dtype=dtype)


def random_uniform(shape):
    """float32 numbers in [0, 1); see `counted_randomness`."""
    seed = _next_seed()
    return tf.random_uniform(shape) if seed is None else tf.random.stateless_uniform(shape, seed)
