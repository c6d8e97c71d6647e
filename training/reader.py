"""Training of the factor reader on images whose factors are known."""

import dataclasses
import types
import zlib

import numpy as np

import dnnlib.tflib as tflib
from dnnlib import portable_pickle
from regan.base.checkpoint import Checkpoint
from regan.base.errors import UserError
from regan.metrics.factors import r_squared
from regan.networks import precision

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

BUILD_FUNCTION = 'nvlabs_stylegan2.factor_reader.F_reader'
READ_AT = 64  # Images larger than this are averaged down to it.
SECTION = 250  # Steps between checkpoints.


@dataclasses.dataclass(frozen=True)
class ReaderSpec:
    """The recipe. Minibatches, noise and initial weights are functions of the seed and the step alone.

    Attributes:
        steps: training steps.
        minibatch: images of a step.
        learning_rate: Adam's, at first; it falls to 0 along half a cosine.
        image_noise: standard deviation of the white noise on the training images, whose range is [-1, 1]. Nothing else
            is changed on them: a mirrored or shifted image would show other factors.
        held_out: images at the end of the set that are kept for the test.
        precision: of the convolutions while training, 'float32' or 'bfloat16' (TensorFlow 2 only).
        seed: 0 .. 2**32 - 1.
    """

    steps: int = 2750
    minibatch: int = 64
    learning_rate: float = 0.01
    image_noise: float = 0.02
    held_out: int = 1000
    precision: str = 'float32'
    seed: int = 0


def train(images, factors, facts, spec, checkpoint=None, progress=None):
    """A trained factor reader as the bytes of a network pickle.

    Args:
        images: uint8 [n, H, W, C], square.
        factors: float [n, F], range [0, 1], in the same order.
        facts: dict with world (str), factor_names (F str) and circular (indices of the circular factors).
        spec: ReaderSpec.
        checkpoint: .npz file that an interrupted training goes on from, or None. It stays until the caller, who has
            written the result, removes it.
        progress: callable that gets the number of steps done since its last call, and the mean loss of them.
    Returns: bytes, and the R2 of each factor on the held-out images, float64 [F].
    Raises: UserError.
    """
    _check(images, factors, facts, spec)
    images = shrink(images, READ_AT)
    kept = Checkpoint(
        checkpoint,
        dict(
            dataclasses.asdict(spec),
            images=zlib.crc32(np.ascontiguousarray(images)),
            factors=zlib.crc32(np.ascontiguousarray(factors, np.float32)),
        ),
    )
    saved = kept.load(types.SimpleNamespace)  # Refused before anything is built.
    with tf.Graph().as_default(), tflib.create_session().as_default():
        net = tflib.Network(
            'F_reader',
            func_name=BUILD_FUNCTION,
            num_channels=images.shape[3],
            resolution=images.shape[1],
            num_factors=factors.shape[1],
            **facts,
        )
        _initialise(net, np.random.RandomState(spec.seed))
        trainer = _Trainer(net, images, np.asarray(factors, np.float32), facts['circular'], spec)
        trainer.run(kept, saved, progress or (lambda steps, loss: None))
        readings = read(net, images[-spec.held_out :])
        r2 = r_squared(factors[-spec.held_out :], readings, facts['circular'])
        net.static_kwargs.update(
            r2=[round(float(value), 4) for value in r2], recipe=dict(dataclasses.asdict(spec), images=len(images))
        )
        return portable_pickle.dumps(net), r2


def shrink(images, resolution):
    """Images uint8 [n, H, W, C] averaged over blocks to at most `resolution` pixels a side; rounded half up."""
    factor = images.shape[1] // resolution
    if factor <= 1:
        return images
    n, height, width, channels = images.shape
    small = np.empty([n, height // factor, width // factor, channels], np.uint8)
    for i, image in enumerate(images):
        blocks = image.reshape(height // factor, factor, width // factor, factor, channels)
        small[i] = np.floor(blocks.mean(axis=(1, 3)) + 0.5)
    return small


def read(net, images):
    """Factors float32 [n, F] of images uint8 [n, R, R, C]."""
    return net.run(_to_network(images), minibatch_size=64)[0]


def _to_network(images):
    """uint8 [n, R, R, C] -> float32 [n, C, R, R], range [-1, 1]."""
    return images.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1


def _check(images, factors, facts, spec):
    if images.ndim != 4 or images.shape[1] != images.shape[2] or images.dtype != np.uint8:
        raise UserError(
            'a factor reader needs square uint8 images [n, H, W, C], not %s %s' % (images.dtype, list(images.shape))
        )
    if images.shape[1] < 16 or images.shape[1] & (images.shape[1] - 1):
        raise UserError('a factor reader needs images of 16, 32, 64, ... pixels a side, not %d' % images.shape[1])
    if len(factors) != len(images) or factors.shape[1:] != (len(facts['factor_names']),):
        raise UserError(
            'there are %d images with %d named factors, but the factors have shape %s'
            % (len(images), len(facts['factor_names']), list(factors.shape))
        )
    if not (np.min(factors) >= 0 and np.max(factors) <= 1):  # Also false for NaN.
        raise UserError('factors must lie between 0 and 1')
    if len(images) < spec.held_out + spec.minibatch:
        raise UserError(
            '%d images are too few for a minibatch of %d and %d held-out ones; give more'
            % (len(images), spec.minibatch, spec.held_out)
        )
    precision.check_dtype(spec.precision, tf.__version__)


def _initialise(net, random):
    """Standard normal weights, zero biases: the layers scale their weights themselves."""
    tflib.load_vars(
        {
            var: random.randn(*var.shape.as_list()).astype(np.float32)
            if name.endswith('weight')
            else np.zeros(var.shape.as_list())
            for name, var in net.trainables.items()
        }
    )


class _Trainer:
    """The training graph of one reader, and its state."""

    def __init__(self, net, images, factors, circular, spec):
        self.spec, self.train_size = spec, len(images) - spec.held_out
        self.images, self.factors = images[: self.train_size], factors[: self.train_size]
        self.rate = tf.placeholder(tf.float32, [])
        self.inputs = tf.placeholder(tf.float32, net.input_shape)
        self.truth = tf.placeholder(tf.float32, [None, factors.shape[1]])
        self.loss = self._loss(net, circular)
        optimizer = tf.train.AdamOptimizer(self.rate, beta1=0.9, beta2=0.99)
        self.step_op = optimizer.minimize(self.loss, var_list=list(net.trainables.values()))
        self.variables = list(net.trainables.values()) + optimizer.variables()
        tflib.run([v.initializer for v in optimizer.variables()])

    def _loss(self, net, circular):
        """Sum over the factors of the squared error in units of the factor's variance; of directions, in the plane."""
        outputs = net.get_output_for(
            self.inputs, return_as_list=True, return_directions=bool(circular), dtype=self.spec.precision
        )
        scale = 1 / np.maximum(self.factors.var(axis=0), 1e-4)
        scale[list(circular)] = 0
        loss = tf.reduce_sum(tf.square(outputs[0] - self.truth) * scale, axis=1)
        if circular:
            angles = 2 * np.pi * tf.gather(self.truth, list(circular), axis=1)
            loss += tf.reduce_sum(
                tf.square(outputs[2] - tf.stack([tf.cos(angles), tf.sin(angles)], axis=2)), axis=[1, 2]
            )
        return tf.reduce_mean(loss)

    def run(self, kept, saved, progress):
        """Trains from the saved step, if there is one, to the last, and keeps that in a Checkpoint."""
        begin = self._restored(saved) if saved else 0
        progress(begin, float('nan'))
        while begin < self.spec.steps:
            end = min(begin + SECTION, self.spec.steps)
            loss = np.mean([self._step(step) for step in range(begin, end)])
            if not np.isfinite(loss):
                raise UserError('the factor reader diverged before step %d; choose a lower learning rate' % end)
            values = {'v%d' % i: value for i, value in enumerate(tflib.run(self.variables))}
            kept.save(types.SimpleNamespace(step=end, **values))
            progress(end - begin, loss)
            begin = end

    def _restored(self, saved):
        """Gives the variables, network's and optimizer's, their saved values; returns the number of steps done."""
        tflib.load_vars({variable: getattr(saved, 'v%d' % i) for i, variable in enumerate(self.variables)})
        return saved.step

    def _step(self, step):
        indices, spec = self._minibatch(step), self.spec
        images = _to_network(self.images[indices])
        images += spec.image_noise * np.random.RandomState((spec.seed, 1, step)).randn(*images.shape).astype(np.float32)
        rate = spec.learning_rate * 0.5 * (1 + np.cos(np.pi * step / spec.steps))
        feed = {self.inputs: images, self.truth: self.factors[indices], self.rate: rate}
        return tflib.run([self.loss, self.step_op], feed)[0]

    def _minibatch(self, step):
        """Indices of the images of a step: every epoch goes through another permutation; its incomplete end is left
        out.
        """
        epoch, place = divmod(step, self.train_size // self.spec.minibatch)
        order = np.random.RandomState((self.spec.seed, 0, epoch)).permutation(self.train_size)
        return order[place * self.spec.minibatch : (place + 1) * self.spec.minibatch]
