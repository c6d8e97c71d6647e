"""What a training run draws and saves of a BigGAN-deep: a generator in the published form, with its tables of
statistics (Brock et al. 2019, appendix B: standing statistics for every truncation).
"""

import dataclasses
import pathlib

import numpy as np

import dnnlib.tflib as tflib

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

from regan.base import json_records
from regan.base.errors import UserError
from regan.biggan import graph, latents, saving, statistics, weights
from training import state
from training.networks_biggan import configuration_of
from training.run_folder import STATE
from training.spectral_norm import singular_vectors

PASSES = 100  # Minibatches behind each row of statistics, as published.
PASSES_WHILE_TRAINING = 10
MINIBATCH = 32  # Of those.
SAMPLES_AT_ONCE = 16


class Containers:
    """Averaged generators of BigGAN-deep as PyTorch files, see `regan.biggan.saving`; made once for each run.

    Args:
        passes: minibatches behind each row of statistics; default: PASSES_WHILE_TRAINING.

    Attributes:
        ENDING: of the files.
    """

    ENDING = '-' + saving.WEIGHTS

    def __init__(self, passes=None):
        self._passes = passes or PASSES_WHILE_TRAINING
        self._standing = None

    def images(self, networks, labels, seed):
        """Images float32 [N, 3, R, R] of the averaged generator at truncation 1, as those who read its file get them.

        Args:
            networks: (G, D, Gs).
            labels: [N, classes].
            seed: of the latents.
        """
        made, tensors, vectors = self._exported(networks[2], rows=2)
        found = weights.from_pytorch(weights.to_pytorch(made, tensors, vectors), 'the generator', made)
        z = latents.from_seed(seed, len(labels), made.z_size)
        rows = statistics.row_weights(1.0, made.rows)
        with tf.Graph().as_default(), tflib.create_session():
            frozen = graph.build(found)
            images = [
                frozen.run('image', z=_of_all_layers(made, z[i]), y=_of_all_layers(made, labels[i]), rows=rows)
                for i in _parts(len(labels), SAMPLES_AT_ONCE)
            ]
            frozen.close()
        return np.concatenate(images).transpose(0, 3, 1, 2)

    def save(self, networks, path):
        """Writes the averaged generator to a path with this ending, and its configuration beside it."""
        saving.save(path, *self._exported(networks[2]))

    @staticmethod
    def advice(_path):
        """What to do when a loss is no longer finite: these files hold no discriminator to start from."""
        return 'start again with a lower learning rate'

    def _exported(self, Gs, rows=None):
        """(Configuration, tensors, vectors) of a generator in training, see `regan.biggan.saving`.

        Args:
            rows: of statistics; default: those of the published networks.
        """
        made = configuration(Gs)
        made = made if rows is None else dataclasses.replace(made, rows=rows)
        values = Gs.own_values()
        vectors = {
            name: singular_vectors(values[name + '/kernel'], values[name + '/kernel_u']) for name in made.normalised
        }
        if self._standing is None:
            self._standing = StandingStatistics(Gs)
        tables = self._standing.tables(made.rows, self._passes)
        return made, dict(tables, **{name: values[name] for name in made.shapes if name in values}), vectors


def export(run_dir, path, passes=PASSES):
    """Saves the averaged generator of a run as it is at present, with better statistics than its snapshots have.

    Args:
        run_dir: folder of a run, which may be going on.
        path: of the weights, see `regan.biggan.saving`.
        passes: minibatches behind each row of statistics.
    Returns: thousands of images that D has seen.
    Raises: UserError if the folder holds no run of a BigGAN, or its state is damaged.
    """
    folder = pathlib.Path(run_dir)
    recipe, saved = folder / 'recipe.json', folder / STATE
    facts = json_records.load(recipe)
    if facts.get('snapshots') != '%s.%s' % (__name__, Containers.__name__):
        raise UserError('%s is a run of another network; give the folder of a run of --network biggan' % run_dir)
    variables, progress = state.load(saved, facts)
    channels, resolution, _ = facts['data']['shape']
    of_data = dict(num_channels=channels, resolution=resolution, label_size=facts['data']['label_size'])
    with tf.Graph().as_default(), tflib.create_session():
        Gs = tflib.Network('Gs', **dict(facts['G'], **of_data))
        tflib.tfutil.load_vars({variable: variables['Gs/' + name] for name, variable in Gs.own_vars.items()})
        Containers(passes).save((None, None, Gs), path)
    return progress['images'] / 1000


def configuration(network):
    """The `Configuration` of a generator in training, a Network of `G_biggan`."""
    names = ('resolution', 'label_size', 'latent_size', 'width', 'blocks', 'attention')
    return configuration_of(**{name: network.static_kwargs[name] for name in names if name in network.static_kwargs})


class StandingStatistics:
    """Means and variances of all normalisations over many minibatches; made in the graph of the generator.

    Args:
        network: Network of `G_biggan`.
    """

    def __init__(self, network):
        self._made = configuration(network)
        self._z = tf.placeholder(tf.float32, [None, self._made.z_size])
        self._y = tf.placeholder(tf.float32, [None, self._made.classes])
        self._statistics = network.get_output_for(self._z, self._y, return_statistics=True)[1:]

    def tables(self, rows, passes):
        """The tables of a network: own name -> float32 [rows, C].

        Every minibatch goes through the network as in training, normalised by itself; its means and variances are
        averaged over the minibatches. Row k belongs to truncation k / (rows - 1): its latents are those that the
        truncation gives (`regan.biggan.latents`), with seeds 0, 1, ... for the minibatches; all classes are equally
        frequent.
        """
        found = [self._row(k / (rows - 1), passes) for k in range(rows)]
        means, variances = [np.float32(one) for one in zip(*found)]  # [rows, sum of C]
        ends = np.cumsum([maps for _, maps in self._made.norms])[:-1]
        names = [name for name, _ in self._made.norms]
        tables = dict(zip([name + '/means' for name in names], np.split(means, ends, axis=1)))
        tables.update(zip([name + '/variances' for name in names], np.split(variances, ends, axis=1)))
        return tables

    def _row(self, truncation, passes):
        """(means, variances) at a truncation, float64 [sum of C]."""
        sums = 0.0
        for seed in range(passes):
            z = latents.from_seed(seed, MINIBATCH, self._made.z_size, truncation)
            numbers = (seed * MINIBATCH + np.arange(MINIBATCH)) % self._made.classes
            y = np.eye(self._made.classes, dtype=np.float32)[numbers]
            sums = sums + np.float64(tflib.run(self._statistics, {self._z: z, self._y: y}))
        return sums / passes


def _of_all_layers(made, x):
    return np.repeat(x[np.newaxis], made.num_latents, axis=0)


def _parts(n, step):
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]
