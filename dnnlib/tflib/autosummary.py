"""Means of whatever a graph or a script computes, for TensorBoard (official dnnlib API).

`autosummary` adds to an accumulator (count, sum, sum of squares) of its name; `save_summaries` writes the mean of
each name since the last call.
"""

import collections

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib import tfutil

enable_custom_scalars = False  # Set it before the first `save_summaries` for charts of mean +- standard deviation.

_COLLECTION = 'dnnlib_autosummary'  # Holds the graph's one _Summaries.


class _Summaries:
    """What is known of one graph."""

    def __init__(self):
        self.names = collections.OrderedDict()  # str -> _Name
        self.finalized = False
        self.merged = None
        self.reset = None


class _Name:
    """The accumulators of one name. Each holds float64 [3]: count, sum, sum of squares."""

    def __init__(self):
        self.variables = []  # One for each tensor.
        self.python = np.zeros(3)  # For values that are not tensors,
        self.fed = None  # fed to this placeholder.


def autosummary(name, value, passthru=None, condition=True):
    """Adds the finite elements of a value to the summary `name`.

    Args:
        value: tensor (counted whenever the result is evaluated), number or array (counted now).
        passthru: what to return instead of the value.
        condition: bool, for tensors also bool tensor [], False: do not count.
    Returns: the value or passthru; for tensors an identity of it that is to be used instead.
    Raises: RuntimeError for a new name after the first `save_summaries`.
    """
    entry = _entry(name)
    result = value if passthru is None else passthru
    if not tfutil.is_tf_expression(value):
        if condition:
            entry.python += _moments_of_array(value)
        return result
    with tf.name_scope('summary_' + _op_name(name)), tf.device(value.device or None):
        moments = _moments_of_tensor(value) * tf.cast(condition, tf.float64)
        with tf.control_dependencies([_accumulate(entry, moments)]):
            return tf.identity(result)


def finalize_autosummaries():
    """Makes the summary ops of all names; `save_summaries` calls it. Only the first call for a graph does something.

    Returns: TensorBoard layout, or None without `enable_custom_scalars`.
    """
    summaries = _summaries()
    if summaries.finalized:
        return None
    summaries.finalized = True
    variables = [v for entry in summaries.names.values() for v in entry.variables]
    if variables:
        tfutil.init_uninitialized_vars(variables)
    with tf.name_scope(None), tf.device(None), tf.control_dependencies(None):
        summaries.reset = tf.group([v.initializer for v in variables])
        for name, entry in summaries.names.items():
            with tf.name_scope('Autosummary/' + _op_name(name)):
                _make_summary(name, entry)
    return _layout(summaries.names) if enable_custom_scalars else None


def save_summaries(file_writer, global_step=None):
    """Writes all summaries of the graph, those of `autosummary` included, and starts new means.

    Args:
        file_writer: tf.summary.FileWriter, or what has its add_summary.
        global_step: int or None.
    """
    summaries = _summaries()
    if not summaries.finalized:
        layout = finalize_autosummaries()
        if layout is not None:
            file_writer.add_summary(_layout_summary(layout))
    if summaries.merged is None:
        summaries.merged = tf.summary.merge_all()
    if summaries.merged is None:
        return
    entries = list(summaries.names.values())
    file_writer.add_summary(tfutil.run(summaries.merged, {e.fed: e.python for e in entries}), global_step)
    tfutil.run(summaries.reset)
    for entry in entries:
        entry.python[:] = 0


# ------------------------------------------------------------------ accumulators


def _summaries():
    found = tf.get_collection_ref(_COLLECTION)
    if not found:
        found.append(_Summaries())
    return found[0]


def _entry(name):
    summaries = _summaries()
    if name not in summaries.names:
        if summaries.finalized:
            raise RuntimeError('autosummary(%r): new names are not possible after the first save_summaries().' % name)
        summaries.names[name] = _Name()
    return summaries.names[name]


def _op_name(name):
    return ''.join(c if c.isalnum() and c.isascii() else '_' for c in name)


def _moments_of_array(value):
    x = np.asarray(value, dtype=np.float64).ravel()
    x = x[np.isfinite(x)]
    return np.array([x.size, x.sum(), np.square(x).sum()])


def _moments_of_tensor(value):
    x = tf.cast(tf.reshape(value, [-1]), tf.float64)
    x = tf.boolean_mask(x, tf.math.is_finite(x))
    return tf.stack([tf.cast(tf.size(x), tf.float64), tf.reduce_sum(x), tf.reduce_sum(tf.square(x))])


def _accumulate(entry, moments):
    """The op that adds to a new accumulator, which may have no value yet."""
    with tf.init_scope():
        # Local, so that a network that reports something does not count this among its variables.
        var = tf.Variable(np.zeros(3), trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    entry.variables.append(var)
    return tf.cond(
        tf.is_variable_initialized(var), lambda: tf.assign_add(var, moments), lambda: tf.assign(var, moments)
    )


# ------------------------------------------------------------------ summaries


def _make_summary(name, entry):
    entry.fed = tf.placeholder_with_default(np.zeros(3), [3])
    count, total, squares = tf.unstack(tf.add_n(entry.variables + [entry.fed]))
    mean = total / count  # NaN if nothing was counted.
    _scalar(name, mean)
    if enable_custom_scalars:
        std = tf.sqrt(tf.maximum(squares / count - tf.square(mean), 0))
        for tag, value in zip(_margin_tags(name), [mean, mean - std, mean + std]):
            _scalar(tag, value)


def _scalar(tag, value):
    """A summary with exactly this tag: tf.summary.scalar would number it if an op of the graph has that name."""
    summary = tf.raw_ops.ScalarSummary(tags=tag, values=value)
    tf.add_to_collection(tf.GraphKeys.SUMMARIES, summary)


def _margin_tags(name):
    return ['xCustomScalars/%s/%s' % (name, part) for part in ('mean', 'margin_lo', 'margin_hi')]


def _layout(names):
    """One category for each first part of the names, one margin chart for each name."""
    from tensorboard.plugins.custom_scalar import layout_pb2  # TensorBoard is optional.

    categories = collections.OrderedDict()
    for name in names:
        value, lower, upper = _margin_tags(name)
        series = layout_pb2.MarginChartContent.Series(value=value, lower=lower, upper=upper)
        chart = layout_pb2.Chart(title=name, margin=layout_pb2.MarginChartContent(series=[series]))
        categories.setdefault(name.split('/')[0], []).append(chart)
    return layout_pb2.Layout(
        category=[layout_pb2.Category(title=title, chart=charts) for title, charts in categories.items()]
    )


def _layout_summary(layout):
    from tensorboard.plugins.custom_scalar import summary

    return summary.pb(layout)
