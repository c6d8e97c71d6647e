"""The Inception-v3 of December 2015 (Szegedy et al.), which FID and Inception score are defined with."""

from typing import Any

import tensorflow.compat.v1 as tf

from dnnlib.judge_states.inception_layers import apply
from dnnlib.tflib.primitives.layout import channel_axis, data_format, for_axes, per_channel, spatial_axes, to_layout


def Inception_v3(
    images_in: Any,
    num_classes: int = 0,
    has_bias: bool = True,
    resolution: int = 299,
    divisor: int = 1,
    is_template_graph: bool = False,
    components: Any = None,
    **kwargs: Any,
) -> Any:
    """Images RGB [N, 3, H, W], range [0, 255] -> features_out [N, 2048], or with classes softmax_out [N, classes].

    As the graph of 2015 does it, images are resized bilinearly (pixel 0 stays pixel 0), then x becomes (x - 128) / 128.
    Batch normalisation is in the weights.

    Args:
        num_classes: of the softmax; 0: the pooled features are returned.
        has_bias: whether the classes have one.
        resolution: that images are resized to, 75 at least.
        divisor: the network has so many times fewer channels, for tests.
    """
    images_in.set_shape([None, 3, None, None])
    nhwc = tf.transpose(tf.cast(images_in, tf.float32), [0, 2, 3, 1])
    resized = tf.image.resize_bilinear(nhwc, [resolution, resolution])
    x = to_layout(tf.transpose((resized - 128) / 128, [0, 3, 1, 2]))

    def convolve(x, layer):
        with tf.variable_scope(layer.name):
            outputs = layer.outputs // divisor
            w = _variable('weight', [layer.height, layer.width, x.shape.as_list()[channel_axis()], outputs])
            padding = 'SAME' if layer.same else 'VALID'
            x = tf.nn.conv2d(x, w, for_axes(layer.stride), padding=padding, data_format=data_format())
            return tf.nn.relu(x + per_channel(_variable('bias', [outputs])))

    def pool(x, layer):
        function = tf.nn.max_pool2d if layer.kind == 'max' else tf.nn.avg_pool2d
        padding = 'SAME' if layer.stride == 1 else 'VALID'
        return function(x, for_axes(3), for_axes(layer.stride), padding=padding, data_format=data_format())

    x = apply(x, convolve, pool, lambda parts: tf.concat(parts, axis=channel_axis()))
    features = tf.reduce_mean(x, axis=spatial_axes(), name='features_out')
    if not num_classes:
        return features
    with tf.variable_scope('softmax'):
        logits = tf.matmul(features, _variable('weight', [features.shape.as_list()[1], num_classes]))
        logits = logits + _variable('bias', [num_classes]) if has_bias else logits
    return tf.nn.softmax(logits, name='softmax_out')


def _variable(name, shape):
    initial = tf.initializers.zeros() if len(shape) == 1 else tf.initializers.variance_scaling(2.0)
    return tf.convert_to_tensor(tf.get_variable(name, shape=shape, initializer=initial))
