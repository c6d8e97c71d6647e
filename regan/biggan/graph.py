"""The BigGAN-deep generator as a graph of ours, NHWC, in which every layer's output has a name (biggan 2 to 8).

Any of its tensors can be fetched, and fed in its place: TensorFlow then computes nothing above it.
"""

import collections
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

import dnnlib.tflib  # noqa: F401  It keeps TensorFlow's start-up notices off the terminal.
from dnnlib.tflib.frozen import Frozen
from regan.biggan.configuration import BOTTLENECK, FIRST_RESOLUTION, FIRST_WIDTH, Configuration
from regan.biggan.weights import Weights

# isort: split
import tensorflow.compat.v1 as tf

IMAGE_CHANNELS = 3
Statistics = Callable[[str, Any], Sequence[Any]]  # See `layers`.
Further = Callable[[Dict[str, Any]], Dict[str, Any]]


def build(weights: Weights) -> Frozen:
    """The graph of a generator, with a session of its own. Needs a default session, in which it only folds constants.

    Args:
        weights: Weights of `regan.biggan.weights`.

    Inputs: 'z' float32 [L, N, Z], 'y' float32 [L, N, classes] (weights of the classes), 'rows' float32 [rows] of
    `regan.biggan.statistics.row_weights`.

    Outputs: those of `layers`.
    """
    shape = [weights.configuration.num_latents, None]
    z = tf.placeholder(tf.float32, shape + [weights.configuration.z_size])
    return _frozen(weights, dict(z=z), tf.unstack(z, axis=0))


def build_for_dlatents(weights: Weights, further: Optional[Further] = None) -> Frozen:
    """As `build`, for latents as other generators take them: the input 'dlatents' float32 [N, L, Z] in place of 'z'.

    Args:
        weights: Weights of `regan.biggan.weights`.
        further: function of the dict of outputs to a dict of more of them.
    """
    shape = [None, weights.configuration.num_latents, weights.configuration.z_size]
    dlatents = tf.placeholder(tf.float32, shape)
    return _frozen(weights, dict(dlatents=dlatents), tf.unstack(dlatents, axis=1), further)


def _frozen(weights, latents, z, further=None):
    configuration = weights.configuration
    held = {name: tf.placeholder(tf.float32, value.shape) for name, value in weights.tensors.items()}
    y = tf.placeholder(tf.float32, [configuration.num_latents, None, configuration.classes])
    rows = tf.placeholder(tf.float32, [configuration.rows])
    outputs = layers(configuration, held, rows, z, tf.unstack(y, axis=0))
    outputs.update(further(outputs) if further else {})
    given = {held[name]: value for name, value in weights.tensors.items()}
    return Frozen(dict(latents, y=y, rows=rows), outputs, given=given)


def layers(
    configuration: Configuration,
    held: Mapping[str, Any],
    rows: Any,
    z: Sequence[Any],
    y: Sequence[Any],
    statistics: Optional[Statistics] = None,
) -> Dict[str, Any]:
    """Every layer's output.

    Args:
        configuration: Configuration.
        held: own names -> tensors, of `Configuration.shapes`.
        rows: tensor [rows], weights of the rows of statistics.
        z: L tensors [N, Z].
        y: L tensors [N, classes].
        statistics: function of a normalisation's name and what it normalises, [N, H, W, C], to mean and variance [C];
            default: those of the tables, by `rows`.

    Returns:
        Ordered dict of names -> tensors, NHWC: 'embedding' [L, N, Z]; 'gen_z' [N, 256 ch]; 'block_00' ..., and inside
        'block_00/norm_0' (before ReLU), 'block_00/norm_0/scale' and '.../offset' [N, C], 'block_00/conv_0';
        'attention', 'attention/theta' and so on, 'attention/map' [N, H W, H W / 4]; 'final_norm' (before ReLU);
        'to_rgb' (three maps) and 'to_rgb/all'; 'image' [N, R, R, 3], in [-1, 1].
    """

    def by_tables(norm, _x):
        return [tf.tensordot(rows, held['%s/%s' % (norm, what)], 1) for what in ('means', 'variances')]

    return _Layers(configuration, held, statistics or by_tables).run(z, y)


def normalised(x: Any, statistics: Sequence[Any], epsilon: float, gain: Any, offset: Any) -> Any:
    """(x - mean) / sqrt(variance + epsilon) gain + offset.

    Args:
        x: tensor [N, H, W, C].
        statistics: mean and variance, tensors [C].
        epsilon: added to the variance.
        gain: tensor [N, C], or [C].
        offset: the same.
    """
    mean, variance = statistics
    gain = tf.rsqrt(variance + epsilon) * gain
    # One product and one sum for each number of the layer.
    return x * _over_pixels(gain) + _over_pixels(offset - mean * gain)


def _over_pixels(x):
    return x if x.shape.rank == 1 else x[:, None, None]


class _Layers:
    def __init__(self, configuration: Configuration, held: Mapping[str, Any], statistics: Statistics) -> None:
        self._configuration, self._held, self._statistics = configuration, held, statistics
        self._outputs: Dict[str, Any] = collections.OrderedDict()

    def _keep(self, name, tensor):
        # An op of its own, so that feeding it replaces what everything after it gets.
        self._outputs[name] = tf.identity(tensor)
        return self._outputs[name]

    def run(self, z, y):
        configuration, held = self._configuration, self._held
        embedding = tf.stack([tf.matmul(one, held['embedding/kernel']) for one in y])
        embedding = tf.unstack(self._keep('embedding', embedding), axis=0)
        codes = [tf.concat(pair, axis=1) for pair in zip(z, embedding)]  # L of [N, 2 Z]
        x = self._keep('gen_z', tf.matmul(codes[0], held['gen_z/kernel']) + held['gen_z/bias'])
        x = tf.reshape(x, [-1, FIRST_RESOLUTION, FIRST_RESOLUTION, FIRST_WIDTH * configuration.width])
        for i, block in enumerate(configuration.blocks):
            if i == configuration.attention:
                x = self._keep('attention', self._attention(x))
            x = self._keep('block_%02d' % i, self._block('block_%02d/' % i, block, x, codes[i + 1]))
        x = tf.nn.relu(self._normalise('final_norm', x, held['final_norm/scale'], held['final_norm/offset']))
        self._keep('to_rgb/all', self._convolve(x, 'to_rgb'))
        kernel, bias = held['to_rgb/kernel'][..., :IMAGE_CHANNELS], held['to_rgb/bias'][:IMAGE_CHANNELS]
        x = tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding='SAME')
        x = self._keep('to_rgb', tf.nn.bias_add(x, bias))
        self._keep('image', tf.tanh(x))
        return self._outputs

    def _convolve(self, x, name):
        x = tf.nn.conv2d(x, self._held[name + '/kernel'], strides=[1, 1, 1, 1], padding='SAME')
        return tf.nn.bias_add(x, self._held[name + '/bias']) if name + '/bias' in self._held else x

    def _normalise(self, name, x, gain, offset):
        return self._keep(name, normalised(x, self._statistics(name, x), self._configuration.epsilon, gain, offset))

    def _norm(self, name, x, code):
        scale, offset = [
            self._keep('%s/%s' % (name, what), tf.matmul(code, self._held['%s/%s/kernel' % (name, what)]))
            for what in ('scale', 'offset')
        ]
        return self._normalise(name, x, 1 + scale, offset)

    def _block(self, scope, block, x, code):
        doubles, _, leaving = block
        y = x
        for k in range(BOTTLENECK):
            y = tf.nn.relu(self._norm('%snorm_%d' % (scope, k), y, code))
            if k == BOTTLENECK - 1:
                y = self._keep(scope + 'relu', y)  # What the public code calls so is the last of four.
            if doubles and k == 1:
                y = _nearest(y)
            y = self._keep('%sconv_%d' % (scope, k), self._convolve(y, '%sconv_%d' % (scope, k)))
        skip = x[..., : leaving * self._configuration.width]
        return y + (_nearest(skip) if doubles else skip)

    def _attention(self, x):
        theta, phi, g = [
            self._keep('attention/' + name, self._convolve(x, 'attention/' + name)) for name in ('theta', 'phi', 'g')
        ]
        y = attend(theta, phi, g, lambda weights: self._keep('attention/map', weights))
        y = self._keep('attention/o_conv', self._convolve(y, 'attention/o_conv'))
        return x + self._held['attention/gamma'] * y


def attend(theta: Any, phi: Any, g: Any, keep: Callable[[Any], Any] = lambda weights: weights) -> Any:
    """Self-attention: each pixel's mean of g, weighted by the softmax of theta phi.

    Args:
        theta: [N, S, S, C], queries.
        phi: [N, S, S, C], keys; of each 2 x 2 the largest counts.
        g: [N, S, S, D], values, likewise.
        keep: function that is given the weights [N, S S, S S / 4], and returns those that are used.

    Returns:
        [N, S, S, D].
    """
    size = theta.shape.as_list()[1]
    theta = _flat(theta, size)
    phi, g = [_flat(tf.nn.max_pool(t, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID'), size // 2) for t in (phi, g)]
    weights = keep(tf.nn.softmax(tf.matmul(theta, phi, transpose_b=True)))
    return tf.reshape(tf.matmul(weights, g), [-1, size, size, g.shape.as_list()[2]])


def _flat(x, size):
    return tf.reshape(x, [-1, size * size, x.shape.as_list()[3]])


def _nearest(x):
    _, height, width, channels = x.shape.as_list()
    x = tf.tile(tf.reshape(x, [-1, height, 1, width, 1, channels]), [1, 1, 2, 1, 2, 1])
    return tf.reshape(x, [-1, 2 * height, 2 * width, channels])
