"""The graph of a training run: networks, losses, optimisers, and the ops that make a step."""

import numpy as np

import dnnlib
import dnnlib.tflib as tflib

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

from dnnlib.tflib.primitives.randomness import counted_randomness, random_uniform
from training import misc
from training.schedule import lazy_correction

ADAM = 'tf.train.AdamOptimizer'


class TrainingGraph:
    """Networks, and the steps of training; made in the default graph and session.

    Attributes:
        G: generator in training.
        D: discriminator in training.
        Gs: the average of G over time.
    """

    def __init__(self, recipe, training_set, networks=None):
        """
        Args:
            recipe: `training.recipe.Recipe`.
            training_set: `training.dataset` set: shape, label_size, get_random_labels_tf.
            networks: (G, D, Gs) to go on from; default: new ones.
        """
        self._recipe = recipe
        self.G, self.D, self.Gs = networks or _new_networks(recipe, training_set)
        self._inputs(training_set)
        self._opts = {}
        with counted_randomness(recipe.seed, self._counter):
            reals = self._process_reals()
            losses = self._losses(training_set, reals)
        self._steps = {name: self._step(name, *loss) for name, loss in losses.items()}
        with tf.control_dependencies([self._steps['D'][0]]):  # The average takes dlatent_avg as this step left it.
            average = self.Gs.setup_as_moving_average_of(self.G, beta=self._ema_decay)
        self._steps['D'] = (tf.group(self._steps['D'][0], average), self._steps['D'][1])
        self._lod_ops = [tf.assign(net.find_var('lod'), self._lod) for net in (self.G, self.D) if 'lod' in net.own_vars]
        tflib.init_uninitialized_vars()

    def _inputs(self, training_set):
        self._counter = tf.placeholder(tf.int64, [], name='counter')
        self._minibatch = tf.placeholder(tf.int32, [], name='minibatch')
        self._lod = tf.placeholder(tf.float32, [], name='lod_in')
        self._lrate = tf.placeholder(tf.float32, [], name='lrate')
        self._rounds = tf.placeholder(tf.int32, [], name='rounds')
        self._ema_decay = tf.placeholder(tf.float32, [], name='ema_decay')
        self._images = tf.placeholder(tf.float32, [None] + list(training_set.shape), name='reals')
        self._labels = tf.placeholder(tf.float32, [None, training_set.label_size], name='labels')

    def _process_reals(self):
        with tf.name_scope('ProcessReals'):
            return signed_reals(self._images, self._recipe.mirror_augment)

    def _losses(self, training_set, reals):
        """Name of a step -> (loss [N, 1] or [N], weight, trained network)."""
        recipe = self._recipe
        networks = [_InPrecision(net, recipe.precision) for net in (self.G, self.D)]
        common = dict(training_set=training_set, minibatch_size=self._minibatch)
        losses = {}
        for name, net, args, extra in [
            ('G', self.G, recipe.G_loss, {}),
            ('D', self.D, recipe.D_loss, dict(reals=reals, labels=self._labels)),
        ]:
            loss, reg = _pair(
                dnnlib.util.call_func_by_name(*networks, opt=self._opt(name), **dict(args, **common, **extra))
            )
            interval = self._interval(name)
            if reg is not None and interval is None:
                loss = tf.reduce_mean(loss) + tf.reduce_mean(reg)
            elif reg is not None:
                losses[name + '_reg'] = (reg, interval, net)
            losses[name] = (loss, 1, net)
        return losses

    def _interval(self, name):
        return self._recipe.G_reg_interval if name == 'G' else self._recipe.D_reg_interval

    def _opt(self, name, share=None):
        """The optimiser of a step; that of a regulariser shares the state of its network's."""
        if name not in self._opts:
            c = lazy_correction(self._interval(name[0]))
            args = dict(self._recipe.G_opt if name[0] == 'G' else self._recipe.D_opt)
            args.update({beta: args[beta] ** c for beta in ('beta1', 'beta2') if beta in args})
            if share:
                rate = share.learning_rate
            else:
                rate = self._lrate * (c if name[0] == 'G' else c * self._recipe.D_lrate_ratio)
            several = self._recipe.schedule.minibatch_gpu is not None or self._recipe.schedule.minibatch_gpu_dict
            self._opts[name] = tflib.Optimizer(
                name='Train' + name,
                tf_optimizer=ADAM,
                learning_rate=rate,
                share=share,
                minibatch_multiplier=self._rounds if several else None,
                **args,
            )
        return self._opts[name]

    def _step(self, name, loss, weight, net):
        """(op, mean loss before the weight)."""
        opt = self._opt(name, share=self._opts[name[0]] if name.endswith('_reg') else None)
        mean = tf.reduce_mean(loss)
        opt.register_gradients(mean * weight, net.trainables)
        return opt.apply_updates(), mean

    # ---------------------------------------------------------------- use

    def step_names(self):
        """The names of the steps: G, D, and G_reg, D_reg if those have steps of their own."""
        return list(self._steps)

    def step(self, name, counter, stage, images, labels, ema_decay):
        """Makes one step (or one round of it).

        Args:
            name: one of `step_names`.
            counter: int; equal ones give equal random numbers.
            stage: `schedule.Stage`.
            images: uint8 [N, C, H, W].
            labels: [N, label_size].
            ema_decay: of the average of G.
        Returns: the mean loss.
        """
        op, mean = self._steps[name]
        feeds = {
            self._counter: counter,
            self._minibatch: stage.at_once,
            self._lod: stage.lod,
            self._lrate: stage.lrate,
            self._rounds: stage.rounds,
            self._ema_decay: ema_decay,
            self._images: images,
            self._labels: labels,
        }
        return float(tflib.run([mean, op], feeds)[0])

    def set_lod(self, lod):
        """Tells the networks the level of detail."""
        if self._lod_ops:
            tflib.run(self._lod_ops, {self._lod: lod})

    def reset_optimizers(self):
        """Forgets the moments of Adam."""
        for name in 'GD':
            self._opts[name].reset_optimizer_state()

    def get_state(self):
        """All variables: dict name -> array."""
        variables = tf.global_variables()
        return dict(zip([v.op.name for v in variables], tflib.run(variables)))

    def set_state(self, values):
        """Sets all variables. Raises KeyError or ValueError if they are not those of this graph."""
        variables = {v.op.name: v for v in tf.global_variables()}
        if set(variables) != set(values):
            raise KeyError('the variables %s' % ', '.join(sorted(set(variables) ^ set(values))[:3]))
        tflib.tfutil.load_vars({variables[name]: value for name, value in values.items()})


def _new_networks(recipe, training_set):
    facts = dict(
        num_channels=training_set.shape[0], resolution=training_set.shape[1], label_size=training_set.label_size
    )
    tf.set_random_seed(recipe.seed)
    G = tflib.Network('G', **dict(recipe.G, **facts))
    D = tflib.Network('D', **dict(recipe.D, **facts))
    return G, D, G.clone('Gs')


def signed_reals(images, mirror):
    """Tensor of images [N, C, R, R] in [0, 255] -> [-1, 1], each flipped left to right with probability 1/2 if
    mirror is set.
    """
    return _mirrored(tflib.convert_images_from_uint8(images)) if mirror else tflib.convert_images_from_uint8(images)


def _mirrored(x):
    flipped = random_uniform(tf.stack([tf.shape(x)[0], 1, 1, 1])) < 0.5
    return tf.where(tf.broadcast_to(flipped, tf.shape(x)), tf.reverse(x, axis=[3]), x)


def process_reals(x, *args, **kwargs):
    """Real images as the networks see them at a level of detail, as a tensor (official API of both generations).

    Call it with (x, lod, mirror_augment, drange_data, drange_net) as in StyleGAN, or with (x, labels, lod, ...) as in
    StyleGAN2, by position or by name.

    Args:
        x: images [N, C, h, w] of the resolution that the level of detail has.
        labels: [N, label_size].
        lod: number or tensor [], >= 0; each block of 2 x 2 pixels is moved towards its mean by the fraction of lod.
        mirror_augment: flip each image left to right with probability 1/2.
        drange_data, drange_net: ranges of the values, before and after.
    Returns: float32 [N, C, h 2^floor(lod), w 2^floor(lod)], scaled up by nearest neighbour; with labels, a pair of
        these images and the labels.
    """
    names = ['lod', 'mirror_augment', 'drange_data', 'drange_net']
    if 'labels' in kwargs or len(args) + len(kwargs) > len(names):
        names.insert(0, 'labels')
    given = dict(zip((name for name in names if name not in kwargs), args), **kwargs)
    if set(given) != set(names) or len(args) + len(kwargs) != len(names):
        raise TypeError('process_reals takes x, then %s' % ', '.join(names))
    with tf.name_scope('ProcessReals'):
        x = misc.adjust_dynamic_range(tf.cast(x, tf.float32), given['drange_data'], given['drange_net'])
        if given['mirror_augment']:
            x = _mirrored(x)
        x = _faded(x, tf.cast(given['lod'], tf.float32))
    return (x, given['labels']) if 'labels' in given else x


def _faded(x, lod):
    """`fade` as a graph."""
    level = tf.floor(lod)
    shape = tf.shape(x)
    n, c, h, w = [shape[axis] for axis in range(4)]
    blocks = tf.reshape(x, tf.stack([n, c, h // 2, 2, w // 2, 2]))
    blocks = tflib.lerp(blocks, tf.reduce_mean(blocks, axis=[3, 5], keepdims=True), lod - level)
    factor = tf.cast(2.0**level, tf.int32)
    pixels = tf.tile(tf.reshape(blocks, tf.stack([n, c, h, 1, w, 1])), tf.stack([1, 1, 1, factor, 1, factor]))
    result = tf.reshape(pixels, tf.stack([n, c, h * factor, w * factor]))
    result.set_shape(x.shape.as_list()[:2] + [None, None])
    return result


def fade(images, lod):
    """Progressive growing of the reals: full-sized images whose detail ends at a fractional level.

    Args:
        images: uint8 [N, C, h, w], read at the level floor(lod).
        lod: float >= 0.
    Returns: [N, C, h 2^floor(lod), ...]: x + (m - x) (lod - floor(lod)), m the means of 2 x 2 blocks, scaled up
        (nearest neighbour).
    """
    if lod == 0:
        return images
    n, c, h, w = images.shape
    x, fraction = images.astype(np.float32), np.float32(lod - np.floor(lod))
    if fraction:
        means = x.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5), keepdims=True)
        x += (np.broadcast_to(means, [n, c, h // 2, 2, w // 2, 2]).reshape(x.shape) - x) * fraction
    factor = 2 ** int(np.floor(lod))
    return x.repeat(factor, axis=2).repeat(factor, axis=3)


class _InPrecision:
    """A network whose outputs are computed in a given precision unless the caller asks for another."""

    def __init__(self, network, dtype):
        self._network = network
        self._kwargs = {} if dtype == 'float32' else dict(dtype=dtype)

    def __getattr__(self, name):
        return getattr(self._network, name)

    def get_output_for(self, *inputs, **kwargs):
        return self._network.get_output_for(*inputs, **dict(self._kwargs, **kwargs))


def _pair(loss):
    return loss if isinstance(loss, tuple) else (loss, None)
