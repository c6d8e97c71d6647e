"""VGG16 (Simonyan and Zisserman, 2014), and LPIPS on it (Zhang et al., 2018), as build functions of Networks.

Images are RGB, NCHW, range [0, 255], of any size that the layers asked for leave a pixel of.
"""

from typing import Any, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives.convolution import convolve, dense_product
from dnnlib.tflib.primitives.layout import (
    channel_axis,
    data_format,
    flatten_nchw,
    for_axes,
    from_layout,
    per_channel,
    to_layout,
)

Tensor = Any

BLOCKS = (2, 2, 3, 3, 3)  # Convolutions of each block; max pooling follows.
WIDTHS = (64, 128, 256, 512, 512)  # Their channels.
LPIPS_LAYERS = ('conv1_2', 'conv2_2', 'conv3_3', 'conv4_3', 'conv5_3')  # The last of each block.
MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # Of ImageNet, as torchvision's weights expect.


def VGG16(
    images_in: Tensor,
    widths: Sequence[int] = WIDTHS,
    dense_sizes: Sequence[int] = (),
    mean: Sequence[float] = MEAN,
    deviation: Sequence[float] = DEVIATION,
    resolution: int = 224,
    layers: Optional[Sequence[str]] = None,
    is_template_graph: bool = False,
    components: Any = None,
    **kwargs: Any,
) -> Any:
    """Images [N, 3, H, W], range [0, 255] -> activations after the ReLU of the layers asked for.

    Args:
        widths: channels of the five blocks.
        dense_sizes: of fc6, fc7 and fc8, or of the first of these; (): the file had none.
        mean, deviation: three numbers each: the network sees (images - mean) / deviation.
        resolution: for the fc layers images are resized to this, bilinearly.
        layers: list of names 'conv1_1' ... 'conv5_3' (NCHW), 'fc6', 'fc7', 'fc8' ([N, size], fc8 without ReLU); one
            tensor is returned for each. Default: fc7, else conv5_3.
    """
    images_in.set_shape([None, 3, None, None])
    dense_names = ['fc6', 'fc7', 'fc8'][: len(dense_sizes)]
    layers = layers or ['fc7' if 'fc7' in dense_names else 'conv5_3']
    found = {}
    if is_template_graph or set(layers) - set(dense_names):
        for name, x in _convolutions(_seen(images_in, mean, deviation), widths):
            found[name] = from_layout(x)
    if dense_names and (is_template_graph or set(layers) & set(dense_names)):
        resized = _resize(images_in, resolution)
        _, x = list(_convolutions(_seen(resized, mean, deviation), widths))[-1]
        x = flatten_nchw(_pool(x))
        for name, size in zip(dense_names, dense_sizes):
            with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
                x = dense_product(x, _variable('weight', [x.shape.as_list()[1], size])) + _variable('bias', [size])
            found[name] = x = x if name == 'fc8' else tf.nn.relu(x)
    outputs = tuple(tf.identity(found[name], name=name) for name in layers)
    return outputs if len(outputs) > 1 else outputs[0]


def LPIPS(
    images_a: Tensor,
    images_b: Tensor,
    widths: Sequence[int] = WIDTHS,
    mean: Sequence[float] = MEAN,
    deviation: Sequence[float] = DEVIATION,
    return_features: bool = False,
    is_template_graph: bool = False,
    components: Any = None,
    **kwargs: Any,
) -> Any:
    """Images [N, 3, H, W] and others, range [0, 255] -> distance_out [N].

    Features of VGG16 after the last layer of each block, of unit length over the channels; their squared differences,
    weighted by channel, averaged over positions and summed over layers.

    Args:
        widths, mean, deviation: as of VGG16.
        return_features: return the five unit-length features of images_a instead, for `compare`: what is compared with
            many images is then looked at once.
    """
    for images in (images_a, images_b):
        images.set_shape([None, 3, None, None])
    features = _unit_features(images_a, widths, mean, deviation)
    heads = [_variable('lin%d/weight' % i, [width]) for i, width in enumerate(widths)]
    if return_features:
        return tuple(features)
    others = _unit_features(images_b, widths, mean, deviation)
    return tf.identity(compare(features, others, heads), name='distance_out')


def compare(features: Sequence[Tensor], others: Sequence[Tensor], heads: Sequence[Any]) -> Tensor:
    """LPIPS of two lists of features as `return_features` gives them: float32 [N]. heads: list of [C] for each."""
    total = 0
    for a, b, head in zip(features, others, heads):
        weighted = tf.square(a - b) * per_channel(tf.convert_to_tensor(head))
        total += tf.reduce_mean(tf.reduce_sum(weighted, axis=channel_axis(), keepdims=True), axis=[1, 2, 3])
    return total


def _unit_features(images, widths, mean, deviation):
    found = dict(_convolutions(_seen(images, mean, deviation), widths))
    return [_unit_length(found[name]) for name in LPIPS_LAYERS]


def _unit_length(x):
    """Of the channels at each position; where all are 0 they stay 0, and so does what flows back."""
    return x * tf.rsqrt(tf.maximum(tf.reduce_sum(tf.square(x), axis=channel_axis(), keepdims=True), 1e-20))


def _seen(images, mean, deviation):
    """Internal images as the first layer sees them."""
    shift, scale = [np.reshape(np.float32(values), [1, 3, 1, 1]) for values in (mean, deviation)]
    return to_layout((tf.cast(images, tf.float32) - shift) / scale)


def _resize(images, resolution):
    nhwc = tf.image.resize_bilinear(tf.transpose(images, [0, 2, 3, 1]), [resolution, resolution])
    return tf.transpose(nhwc, [0, 3, 1, 2])


def _convolutions(x, widths):
    """Yields the name and the activation of each convolution, internal images."""
    for block, (count, width) in enumerate(zip(BLOCKS, widths)):
        x = _pool(x) if block else x
        for layer in range(count):
            name = 'conv%d_%d' % (block + 1, layer + 1)
            with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
                kernel = _variable('weight', [3, 3, x.shape.as_list()[channel_axis()], width])
                x = tf.nn.relu(convolve(x, kernel) + per_channel(_variable('bias', [width])))
            yield name, x


def _pool(x):
    return tf.nn.max_pool2d(x, for_axes(2), for_axes(2), padding='VALID', data_format=data_format())


def _variable(name, shape):
    initial = tf.initializers.zeros() if len(shape) == 1 else tf.initializers.variance_scaling(2.0)
    return tf.convert_to_tensor(tf.get_variable(name, shape=shape, initializer=initial))
