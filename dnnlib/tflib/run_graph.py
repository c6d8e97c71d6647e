"""The graphs behind `Network.run`: placeholders, the network on each device, conversions of its inputs and outputs."""

import threading
import warnings

import numpy as np
import tensorflow.compat.v1 as tf

from .. import architectures
from . import tfutil
from .primitives.latents import truncation_number
from .primitives.layout import has_gpu

_DEPRECATED_CONVERSIONS = ('out_mul', 'out_add', 'out_shrink', 'out_dtype')  # Of `run`; see tfutil.convert_outputs.

# What our generators take as tensors, too: one graph serves all values.
_FED = {
    'truncation_psi': tf.float32,
    'truncation_psi_val': tf.float32,
    'truncation_cutoff': tf.int32,
    'truncation_cutoff_val': tf.int32,
}

# Held while a graph grows: graphs of TensorFlow 1 are no place for two threads to build at once.
building = threading.RLock()


class RunGraphs:
    """Makes a graph for each combination of arguments of `Network.run`, once.

    Args:
        net: the Network.
    """

    def __init__(self, net):
        self._net = net
        self._made = {}  # Key of the arguments -> (placeholders, outputs).
        self._frozen = {}  # Index of a device -> copy of the network.

    def get(self, input_transform, output_transform, num_gpus, assume_frozen, custom_inputs, dynamic_kwargs):
        """The graph for some arguments of `Network.run`, which has their meaning.

        Returns: (inputs, outputs, values). Lists of tensors, of which the inputs are to be fed with arrays; and a dict
            of further tensors -> the numbers to feed them with.
        Raises: ValueError if the network makes another number of outputs than its template, for deprecated arguments
            together with output_transform, or for truncation by something else than numbers.
        """
        dynamic_kwargs = dict(dynamic_kwargs)
        output_transform = _with_deprecated(output_transform, dynamic_kwargs)
        numbers = _take_numbers(dynamic_kwargs) if self._is_ours() else {}
        arguments = (
            input_transform,
            output_transform,
            num_gpus,
            assume_frozen,
            custom_inputs,
            dynamic_kwargs,
            sorted(numbers),
        )
        key = _freeze(arguments)
        with building:
            if key not in self._made:
                self._made[key] = self._make(*arguments)
            in_expr, out_expr, placeholders = self._made[key]
        return in_expr, out_expr, {placeholders[name]: value for name, value in numbers.items()}

    def _is_ours(self):
        return self._net.build_module_name in architectures.MODULES.values()

    def _make(self, input_transform, output_transform, num_gpus, assume_frozen, custom_inputs, dynamic_kwargs, fed):
        net = self._net
        with net.graph.as_default(), tf.control_dependencies(None), tfutil.absolute_name_scope(
            net.scope + '/_Run'
        ) as scope:
            makers = custom_inputs or [lambda name: tf.placeholder(tf.float32, name=name)] * net.num_inputs
            in_expr = [make(name) for make, name in zip(makers, net.input_names)]
            placeholders = {name: tf.placeholder(_FED[name], [], name=name) for name in fed}
            dynamic_kwargs = dict(dynamic_kwargs, **placeholders)
            # Also for one GPU, as official graphs do: what the network finds out about shapes is not pushed back to the
            # placeholders, so that whatever an input ignores (labels) may have any shape.
            splits = zip(*[tf.split(tf.convert_to_tensor(x), num_gpus) for x in in_expr])
            per_device = []
            for index, split in enumerate(splits):
                with tf.device('/gpu:%d' % index if has_gpu() else None):
                    net_here = self._frozen_net(index) if assume_frozen else net
                    inputs = _transform(split, input_transform)
                    outputs = net_here.get_output_for(*inputs, return_as_list=True, **dynamic_kwargs)
                    per_device.append(_transform(outputs, output_transform))
            if len(per_device[0]) != net.num_outputs:
                raise ValueError(
                    'network %r made %d outputs where its template has %d; use get_output_for for optional ones'
                    % (net.name, len(per_device[0]), net.num_outputs)
                )
            return in_expr, [_concat(pieces, scope) for pieces in zip(*per_device)], placeholders

    def _frozen_net(self, index):
        if index not in self._frozen:
            self._frozen[index] = self._net.clone()
        return self._frozen[index]


def run_in_minibatches(out_expr, feeds, values, num_items, minibatch_size, print_progress):
    """Runs tensors for some items at a time, in the default session.

    Args:
        out_expr: list of tensors, first axis = items.
        feeds: dict of tensors -> arrays, first axis = items.
        values: dict of tensors -> what all minibatches feed them with.
        num_items: how many; without any, the tensors run once all the same.
        minibatch_size: items at a time; None = all.
        print_progress: whether a line tells how many items are done.
    Returns: list of arrays.
    """
    pieces, step = [], minibatch_size or max(num_items, 1)
    for begin in range(0, max(num_items, 1), step):
        if print_progress:
            print('\r%d / %d' % (begin, num_items), end='')
        minibatch = dict(values)
        minibatch.update((t, x[begin : begin + step]) for t, x in feeds.items())
        pieces.append(tfutil.run(out_expr, minibatch))
    if print_progress:
        print('\r%d / %d' % (num_items, num_items))
    return [piece[0] if len(piece) == 1 else np.concatenate(piece) for piece in zip(*pieces)]


def _take_numbers(dynamic_kwargs):
    """Takes the arguments of truncation that a graph can be fed with out of dynamic_kwargs: dict of names -> numbers.

    Values that switch truncation off stay, since they make another graph.
    """
    numbers = {}
    for name in sorted(_FED.keys() & dynamic_kwargs.keys()):
        value = truncation_number(name, dynamic_kwargs[name])
        if isinstance(value, (bool, int, float)):
            is_cutoff = _FED[name] == tf.int32
            off = value <= 0 if is_cutoff else value == 1
            if off:
                value = 0 if is_cutoff else 1
            else:
                # Layers are whole numbers: index < cutoff says the same for the next one.
                numbers[name] = int(np.ceil(min(value, 1 << 20))) if is_cutoff else float(value)
                del dynamic_kwargs[name]
                continue
        dynamic_kwargs[name] = value
    return numbers


def _with_deprecated(output_transform, dynamic_kwargs):
    """The output transform that deprecated arguments stand for; takes them out of dynamic_kwargs."""
    given = {name: dynamic_kwargs.pop(name) for name in _DEPRECATED_CONVERSIONS if name in dynamic_kwargs}
    if not given:
        return output_transform
    if output_transform is not None:
        raise ValueError('%s cannot be used together with output_transform' % ', '.join(sorted(given)))
    warnings.warn('%s of Network.run are deprecated; use output_transform' % ', '.join(sorted(given)))
    return dict(func=tfutil.convert_outputs, **given)


def _transform(tensors, transform):
    """Applies dict(func=..., **kwargs) to a list of tensors; None: unchanged."""
    if transform is None:
        return list(tensors)
    kwargs = dict(transform)
    out = kwargs.pop('func')(*tensors, **kwargs)
    return list(out) if isinstance(out, (tuple, list)) else [out]


def _concat(pieces, scope):
    """Joins the devices' outputs. Encoders look the result up as '<scope>/_Run/concat' or '.../concat/concat'."""
    joined = pieces[0] if len(pieces) == 1 else tf.concat(pieces, axis=0, name='join')
    outer = tf.identity(joined, name='concat')
    with tf.name_scope(outer.op.name + '/'):
        tf.identity(joined, name='concat')
    return outer


def _freeze(value):
    """A hashable key that tells values apart; functions and tensors by identity, arrays by content."""
    if isinstance(value, dict):
        return tuple(sorted((k, _freeze(v)) for k, v in value.items()))
    if isinstance(value, (list, tuple)):
        return (type(value).__name__,) + tuple(_freeze(v) for v in value)
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, (bool, int, float, str, type(None))):
        return type(value).__name__, value
    return value
