"""The BigGAN-deep generator as a graph of ours, NHWC, in which every layer's output has a name (biggan 2 to 8).

Any of its tensors can be fetched, and fed in its place: TensorFlow then computes nothing above it.
"""

import collections
from typing import Any, Callable, Dict, Mapping

import dnnlib.tflib  # noqa: F401  It keeps TensorFlow's start-up notices off the terminal.
from dnnlib.tflib.frozen import Frozen
from regan.biggan.configuration import BOTTLENECK, FIRST_RESOLUTION, FIRST_WIDTH, Configuration
from regan.biggan.weights import Weights

# isort: split
import tensorflow.compat.v1 as tf

IMAGE_CHANNELS = 3
Normalise = Callable[[str, Any, Any, Any], Any]  # See `layers`.


def build(weights: Weights) -> Frozen:
    """The graph of a generator, with a session of its own. Needs a default session, in which it only folds constants.

    Args:
        weights: Weights of `regan.biggan.weights`.

    Inputs: 'z' float32 [L, N, Z], 'y' float32 [L, N, classes] (weights of the classes), 'rows' float32 [rows] of
    `regan.biggan.statistics.row_weights`.

    Outputs, NHWC: 'embedding' [L, N, Z]; 'gen_z' [N, 256 ch]; 'block_00' ..., and inside 'block_00/norm_0' (before
    ReLU), 'block_00/norm_0/scale' and '.../offset' [N, C], 'block_00/conv_0'; 'attention', 'attention/theta' and so
    on, 'attention/map' [N, H W, H W / 4]; 'final_norm' (before ReLU); 'to_rgb' (three maps) and 'to_rgb/all'; 'image'
    [N, R, R, 3], in [-1, 1].
    """
    configuration = weights.configuration
    held = {name: tf.placeholder(tf.float32, value.shape) for name, value in weights.tensors.items()}
    inputs = dict(
        z=tf.placeholder(tf.float32, [configuration.num_latents, None, configuration.z_size]),
        y=tf.placeholder(tf.float32, [configuration.num_latents, None, configuration.classes]),
        rows=tf.placeholder(tf.float32, [configuration.rows]),
    )
    normalise = by_tables(configuration, held, inputs['rows'])
    outputs = layers(configuration, held, inputs['z'], inputs['y'], normalise)
    return Frozen(inputs, outputs, given={held[name]: value for name, value in weights.tensors.items()})


def by_tables(configuration: Configuration, held: Mapping[str, Any], rows: Any) -> Normalise:
    """Normalisation by the stored means and variances, as a finished network has it.

    Args:
        configuration: Configuration.
        held: own name -> tensor, the tables among them.
        rows: weights of their rows, float32 [rows].
    """

    def normalise(name, x, gain, offset):
        mean, variance = [tf.tensordot(rows, held['%s/%s' % (name, what)], 1) for what in ('means', 'variances')]
        gain = tf.rsqrt(variance + configuration.epsilon) * gain
        return (x - mean) * over_pixels(gain) + over_pixels(offset)

    return normalise


def over_pixels(x: Any) -> Any:
    """[N, C] -> [N, 1, 1, C]; [C] stays."""
    return x if x.shape.rank == 1 else x[:, None, None]


def layers(configuration: Configuration, held: Mapping[str, Any], z: Any, y: Any, normalise: Normalise) -> Dict:
    """All layers of a generator as ops, in the default graph; see `build` for their names.

    Args:
        configuration: Configuration.
        held: own name -> tensor; kernels are divided by their spectral norm.
        z: float32 [L, N, Z].
        y: float32 [L, N, classes].
        normalise: callable (name of a normalisation, x [N, H, W, C], gain, offset) -> [N, H, W, C]; gain and offset
            are [N, C], of the final one [C].
    """
    return _Layers(configuration, held, normalise).run(z, y)


class _Layers:
    def __init__(self, configuration: Configuration, held: Mapping[str, Any], normalise: Normalise) -> None:
        self._configuration, self._held, self._normalise = configuration, held, normalise
        self._outputs: Dict[str, Any] = collections.OrderedDict()

    def _keep(self, name, tensor):
        # An op of its own, so that feeding it replaces what everything after it gets.
        self._outputs[name] = tf.identity(tensor)
        return self._outputs[name]

    def run(self, z, y):
        configuration, held = self._configuration, self._held
        embedding = tf.tensordot(y, held['embedding/kernel'], [[2], [0]])
        embedding.set_shape([configuration.num_latents, None, configuration.z_size])
        embedding = self._keep('embedding', embedding)
        codes = tf.unstack(tf.concat([z, embedding], axis=2), axis=0)  # L of [N, 2 Z]
        x = self._keep('gen_z', tf.matmul(codes[0], held['gen_z/kernel']) + held['gen_z/bias'])
        x = tf.reshape(x, [-1, FIRST_RESOLUTION, FIRST_RESOLUTION, FIRST_WIDTH * configuration.width])
        for i, block in enumerate(configuration.blocks):
            if i == configuration.attention:
                x = self._keep('attention', self._attention(x))
            x = self._keep('block_%02d' % i, self._block('block_%02d/' % i, block, x, codes[i + 1]))
        gain, offset = [held['final_norm/' + what] for what in ('scale', 'offset')]
        x = tf.nn.relu(self._keep('final_norm', self._normalise('final_norm', x, gain, offset)))
        self._keep('to_rgb/all', self._convolve(x, 'to_rgb'))
        kernel, bias = held['to_rgb/kernel'][..., :IMAGE_CHANNELS], held['to_rgb/bias'][:IMAGE_CHANNELS]
        x = self._keep('to_rgb', tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding='SAME') + bias)
        self._keep('image', tf.tanh(x))
        return self._outputs

    def _convolve(self, x, name):
        x = tf.nn.conv2d(x, self._held[name + '/kernel'], strides=[1, 1, 1, 1], padding='SAME')
        return x + self._held[name + '/bias'] if name + '/bias' in self._held else x

    def _norm(self, name, x, code):
        scale, offset = [
            self._keep('%s/%s' % (name, what), tf.matmul(code, self._held['%s/%s/kernel' % (name, what)]))
            for what in ('scale', 'offset')
        ]
        return self._keep(name, self._normalise(name, x, 1 + scale, offset))

    def _block(self, scope, block, x, code):
        doubles, _, leaving = block
        y = x
        for k in range(BOTTLENECK):
            y = tf.nn.relu(self._norm('%snorm_%d' % (scope, k), y, code))
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
        keep: callable that is given the weights [N, S S, S S / 4], and returns what is used.

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
