"""Lets a CPU execute graphs in NCHW, the layout of GPUs, so that tests can compare its values."""

import tensorflow.compat.v1 as tf

_TO_NHWC, _TO_NCHW = [0, 2, 3, 1], [0, 3, 1, 2]


def install(monkeypatch):
    """For the rest of a test: the networks believe that there is a GPU.

    Such ops run as NHWC ones between transpositions: TensorFlow 1.15 has no NCHW kernels for a CPU, and TensorFlow 2
    has those of oneDNN only on some processors.
    """
    monkeypatch.setattr(tf.config.experimental, 'list_physical_devices', lambda kind=None: ['a GPU'])
    monkeypatch.setattr(tf.nn, 'conv2d', _transposing(tf.nn.conv2d))
    monkeypatch.setattr(tf.nn, 'depthwise_conv2d', _transposing(tf.nn.depthwise_conv2d))
    monkeypatch.setattr(tf.nn, 'avg_pool', _transposing(tf.nn.avg_pool))
    monkeypatch.setattr(tf.nn, 'conv2d_transpose', _transposing_to_shape(tf.nn.conv2d_transpose))


def _nhwc(sizes):
    return [sizes[i] for i in _TO_NHWC]


def _transposing(op):
    def wrapped(x, *args, data_format='NHWC', **kwargs):
        if data_format == 'NCHW':
            for name in ('strides', 'ksize'):
                if name in kwargs:
                    kwargs[name] = _nhwc(kwargs[name])
            return tf.transpose(op(tf.transpose(x, _TO_NHWC), *args, data_format='NHWC', **kwargs), _TO_NCHW)
        return op(x, *args, data_format=data_format, **kwargs)

    return wrapped


def _transposing_to_shape(op):
    def wrapped(x, w, shape, strides, padding, data_format):
        if data_format == 'NCHW':
            y = op(
                tf.transpose(x, _TO_NHWC),
                w,
                tf.gather(shape, _TO_NHWC),
                _nhwc(strides),
                padding=padding,
                data_format='NHWC',
            )
            return tf.transpose(y, _TO_NCHW)
        return op(x, w, shape, strides, padding=padding, data_format=data_format)

    return wrapped
