"""A network's build function applied once, to find out what the network is: its inputs, outputs and variables."""

import collections
import inspect
import warnings

import numpy as np
import tensorflow.compat.v1 as tf

from ..unpickle import NetworkPickleError
from . import tfutil
from .primitives.layout import feedable_views


class Template:
    """The graph with placeholders as inputs that defines a network's variables and shapes.

    Args:
        function: the build function.
        graph: the tf.Graph that it goes into.
        scope: name and variable scope, which must be free.
        kwargs: static arguments, and `components`.

    Attributes:
        inputs, outputs: lists of tensors.
        input_names, output_names: lists of str.
        own_vars: ordered dict of local name -> variable.

    Raises:
        ValueError: a shape is undefined; or whatever the build function raises.
    """

    def __init__(self, function, graph, scope, kwargs):
        self._graph, self._scope = graph, scope
        parameters = inspect.signature(function).parameters.values()
        self.input_names = [p.name for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD and p.default is p.empty]
        with graph.as_default(), tf.control_dependencies(None), tf.device(None), tfutil.absolute_variable_scope(
            scope, reuse=False
        ), tfutil.absolute_name_scope(scope), feedable_views(scope + '/_Views'):
            self.inputs = [tf.placeholder(tf.float32, name=n) for n in self.input_names]
            outputs = function(*self.inputs, **dict(kwargs, is_template_graph=True))
        self.outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
        self.output_names = [t.name.split('/')[-1].split(':')[0] for t in self.outputs]
        for tensor, name in zip(self.inputs + self.outputs, self.input_names + self.output_names):
            if tensor.shape.rank is None:  # Sizes may stay open, as those of images that judges take.
                raise ValueError('the build function leaves the shape of %r undefined' % name)
        prefix = scope + '/'
        self.own_vars = collections.OrderedDict(
            (v.name[len(prefix) :].split(':')[0], v)
            for v in graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
            if v.name.startswith(prefix)
        )
        self._num_ops = len(graph.get_operations())  # Later ones, such as setters, are not of the template.

    def ops(self):
        """Ops under the network's scope, without those whose first scope begins with '_': list of tf.Operation."""
        prefix, hidden = self._scope + '/', self._scope + '/_'
        return [
            op
            for op in self._graph.get_operations()[: self._num_ops]
            if op.name.startswith(prefix) and not op.name.startswith(hidden)
        ]


def without_variables(function, inputs, scope, kwargs, given):
    """A build function applied with placeholders in the place of variables, in the variable scope `scope`.

    Args:
        function: the build function.
        inputs: list of tensors.
        scope: name of the variable scope.
        kwargs: its arguments.
        given: dict of local name -> tensor that stands in the place of that variable.
    Returns: (tensor or tuple of tensors, ordered local name -> placeholder).
    """
    placeholders = collections.OrderedDict()

    def placeholder(name, shape=None, initializer=None, dtype=tf.float32, **_kwargs):
        local = name[len(scope) + 1 :]
        if local in given:
            return given[local]
        if local not in placeholders:
            with tf.control_dependencies(None):  # Outside of any branch.
                placeholders[local] = tf.placeholder(dtype, np.shape(initializer) if shape is None else shape)
        return placeholders[local]

    with tfutil.absolute_variable_scope(scope, custom_getter=placeholder):
        return function(*inputs, **kwargs), placeholders


def check_values(values, shapes, where):
    """Raises NetworkPickleError unless values have the names and shapes that a graph wants. Warns of NaN and
    infinity among them.

    Args:
        values: dict of local name -> array.
        shapes: dict of local name -> list of int.
        where: how the message calls the network.
    """
    missing, surplus = [n for n in shapes if n not in values], [n for n in values if n not in shapes]
    wrong = [
        '%s is %s instead of %s' % (n, list(values[n].shape), shape)
        for n, shape in shapes.items()
        if n in values and list(values[n].shape) != shape
    ]
    for what, names in [
        ('lacks the variables', missing),
        ('holds unknown variables', surplus),
        ('holds wrong shapes:', wrong),
    ]:
        if names:
            raise NetworkPickleError(
                '%s: the file %s %s%s.' % (where, what, ', '.join(names[:3]), ' ...' if len(names) > 3 else '')
            )
    with np.errstate(all='ignore'):  # A sum is finite only if all values are, and quicker.
        doubtful = [n for n, value in values.items() if not np.isfinite(np.sum(value))]
    wrong = [n for n in doubtful if not np.isfinite(values[n]).all()]
    if wrong:
        warnings.warn('%s: NaN or infinity in %s%s' % (where, ', '.join(wrong[:3]), ' ...' if len(wrong) > 3 else ''))
