"""The factor reader: a small convolutional network that reads a world's known factors from an image.

Ours, not one of the official networks, but a build function of the same kind, so that `dnnlib.tflib.Network` builds and
pickles it. Its penultimate layer is the feature space of our own Frechet distance and precision/recall.
"""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives.convolution import convolve
from dnnlib.tflib.primitives.layout import flatten_nchw, to_layout
from dnnlib.tflib.primitives.variables import weight
from nvlabs_stylegan2.layers import bias_act, dense

STEM = ((24, 2), (48, 2), (48, 1), (64, 2), (64, 1), (64, 1), (64, 2))  # (channels, stride) of the 3 x 3 convolutions.
REDUCTION = 16  # Product of the strides.


def F_reader(
    images_in,
    num_channels=3,
    resolution=64,
    num_factors=16,
    num_features=128,
    factor_names=(),
    circular=(),
    world=None,
    r2=(),
    recipe=None,
    dtype='float32',
    return_directions=False,
    is_template_graph=False,
    components=None,
    **kwargs,
):
    """Images [N, C, R, R], range [-1, 1] -> factors_out [N, num_factors], range [0, 1], and features_out [N,
    num_features].

    A circular factor, such as a hue, is read as a direction in the plane, whose angle in turns is the factor: 0 and 1
    are the same.

    Args:
        num_channels: C.
        resolution: R, a multiple of 16.
        circular: indices of the circular factors.
        factor_names: a fact that the pickle carries, as are the next three; they do not change the network.
        world: whose factors they are.
        r2: how well each is read.
        recipe: how the network was trained.
        dtype: of the convolutions, 'float32' or 'bfloat16'; variables and dense layers are float32.
        return_directions: also return the directions [N, len(circular), 2] (cosine, sine), which are not of unit
            length.
    """
    if resolution < REDUCTION or resolution % REDUCTION:
        raise ValueError(
            'the resolution of a factor reader must be a multiple of %d, found %r' % (REDUCTION, resolution)
        )
    images_in.set_shape([None, num_channels, resolution, resolution])
    x = to_layout(tf.cast(images_in, dtype))
    for index, (channels, stride) in enumerate(STEM):
        with tf.variable_scope('Conv%d' % index):
            x = convolve(x, weight([3, 3, _fan_in(index, num_channels), channels], dtype=x.dtype), stride)
            x = bias_act(x, 'lrelu')
    with tf.variable_scope('Features'):
        features = bias_act(dense(tf.cast(flatten_nchw(x), tf.float32), num_features), 'lrelu')
    with tf.variable_scope('Factors'):
        raw = bias_act(
            dense(features, num_factors + len(circular))
        )  # [N, factors, then the sines of the circular ones]
    directions = {i: tf.stack([raw[:, i], raw[:, num_factors + k]], axis=1) for k, i in enumerate(circular)}
    columns = [_turns(directions[i]) if i in directions else tf.sigmoid(raw[:, i]) for i in range(num_factors)]
    factors_out = tf.identity(tf.stack(columns, axis=1), name='factors_out')
    features_out = tf.identity(features, name='features_out')
    if return_directions:
        return factors_out, features_out, tf.stack([directions[i] for i in circular], axis=1)
    return factors_out, features_out


def _fan_in(index, num_channels):
    return STEM[index - 1][0] if index else num_channels


def _turns(direction):
    """Angle of directions [N, 2] (cosine, sine) as a part of a full turn, in [0, 1)."""
    turns = tf.atan2(direction[:, 1], direction[:, 0]) * np.float32(0.5 / np.pi)
    return turns - tf.floor(turns)
