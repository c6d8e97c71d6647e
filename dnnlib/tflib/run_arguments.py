"""What `Network.run` is given, checked before a graph is made: every refusal names argument, finding and
expectation.
"""

import reprlib

import numpy as np
import tensorflow.compat.v1 as tf


def input_arrays(network, names, shapes, given, free=False):
    """The arrays for the inputs of a network.

    Args:
        network: its name, for messages.
        names: of the inputs, list of str.
        shapes: of the inputs, list of [None, ...].
        given: one array [N, ...] for each input; None = zeros, but not for the first. What a network without labels
            gets as labels is not looked at.
        free: True allows arrays of any shape: something turns them into inputs first.
    Returns: list of arrays with the same N.
    Raises: ValueError for anything else.
    """
    if len(given) != len(names) or given[0] is None:
        raise ValueError(
            'network %r takes %d inputs (%s), the first not None; found %d'
            % (network, len(names), ', '.join(names), len(given))
        )
    arrays = []
    for name, shape, value in zip(names, shapes, given):
        where = 'network %r: %s' % (network, name)
        if value is None or (0 in shape[1:] and arrays and not free and _is_list_of_none(value)):
            arrays.append(np.zeros([len(arrays[0])] + shape[1:], np.float32))
            continue
        array = _array(where, shape, value)
        if 0 in shape[1:] and arrays and not free and array.ndim:
            array = np.zeros([len(arrays[0])] + shape[1:], np.float32)
        if not array.ndim or not free and not _is_like(array.shape, shape):
            raise ValueError(
                '%s must have the shape %s; found %s%s'
                % (where, _text(shape), list(array.shape), _hint(array.shape, shape))
            )
        if arrays and not free and len(array) != len(arrays[0]):
            raise ValueError(
                '%s must have the shape %s with N = %d, as many as %s; found %s'
                % (where, _text(shape), len(arrays[0]), names[0], list(array.shape))
            )
        arrays.append(array)
    return arrays


def _is_like(found, shape):
    """Whether an array's shape is that of an input; sizes that are None may be any, N is not looked at."""
    return len(found) == len(shape) and all(want in (None, size) for size, want in zip(found[1:], shape[1:]))


def _is_list_of_none(value):
    is_list = isinstance(value, (list, tuple, np.ndarray))
    return is_list and all(v is None for v in np.asarray(value, dtype=object).ravel())


def _array(where, shape, value):
    if isinstance(value, (tf.Tensor, tf.Variable)):
        raise ValueError(
            '%s must be an array of shape %s; found a tensor, which get_output_for takes' % (where, _text(shape))
        )
    try:
        array = np.asarray(value)
        is_number = array.dtype.kind in 'biuf'
    except ValueError:  # Rows of unequal length, in newer NumPy.
        is_number = False
    if not is_number:
        raise ValueError('%s must be numbers of shape %s; found %s' % (where, _text(shape), reprlib.repr(value)))
    return array


def _text(shape):
    return '[%s]' % ', '.join(['N'] + ['any' if size is None else str(size) for size in shape[1:]])


def _hint(found, shape):
    return ', which lacks the axis of N: use x[np.newaxis]' if list(found) == shape[1:] else ''


def whole_number(name, value):
    """A positive int; ValueError with the argument's name for anything else."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError('%s must be a positive whole number; found %r' % (name, value))
    return int(value)


def check_split(num_items, minibatch_size, num_gpus):
    """Raises ValueError unless every minibatch of num_items can be split over num_gpus. minibatch_size: None = all."""
    step = minibatch_size or max(num_items, 1)
    uneven = [size for size in (min(step, num_items), num_items % step) if size % num_gpus]
    if uneven:
        raise ValueError('num_gpus must divide every minibatch; found %d for a minibatch of %d' % (num_gpus, uneven[0]))


def transform(name, value):
    """dict(func=function, keyword arguments...) as it is, or None; ValueError with the argument's name otherwise."""
    if value is not None and not (isinstance(value, dict) and callable(value.get('func'))):
        raise ValueError('%s must be dict(func=function, keyword arguments...); found %s' % (name, reprlib.repr(value)))
    return value
