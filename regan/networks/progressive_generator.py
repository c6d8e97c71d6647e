"""A Progressive GAN from a file: one z for the whole network, no W, no noise images, no truncation."""

from typing import ClassVar, List, Optional

import numpy as np

from dnnlib.tflib.revival import revive
from dnnlib.unpickle import NetworkState
from regan.networks import labels as classes
from regan.networks.base_generator import BaseGenerator, Facts
from regan.networks.layer_outputs import LayerOutputs
from regan.networks.synthesis_graphs import CONVERSIONS, SynthesisGraphs

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

NO_CLASS = -1


def rounded(images: tf.Tensor) -> tf.Tensor:
    """float [N, C, H, W] -> uint8 [N, H, W, C]: rint(127.5 x + 127.5), ties to even, as the official tool does."""
    images = tf.round(tf.cast(tf.transpose(images, [0, 2, 3, 1]), tf.float32) * 127.5 + 127.5)
    return tf.saturate_cast(images, tf.uint8)


class ProgressiveGenerator(BaseGenerator):
    """A Progressive GAN; use it in `with`. Its attributes: see BaseGenerator. Its one layer takes z; L is 1."""

    first_layer: ClassVar[Optional[str]] = '4x4/Dense'

    def _built(self, state: NetworkState, trust_embedded_code: bool) -> Facts:
        network = _OfDlatents(revive(state, self.path, trust_embedded_code))
        conversions = dict(CONVERSIONS, round=rounded)
        self._graphs = SynthesisGraphs(network, self.precision, self.allow_non_finite, conversions)
        width = network.latent_size
        self._layers = LayerOutputs(network, (1, width), {}, conversions)
        return Facts(
            width,
            width,
            1,
            network.label_size,
            self._graphs.resolution,
            self._graphs.num_channels,
            np.zeros(width, np.float32),
            'Progressive GAN',
        )

    @property
    def layer_resolutions(self) -> List[int]:
        """See BaseGenerator."""
        return [4]

    @property
    def original_name(self) -> str:
        """See BaseGenerator."""
        return 'ProGAN'

    @property
    def images_at_once(self) -> int:
        """One, so that an image never depends on those beside it, even in its last bits."""
        return 1

    def set_label(self, label: Optional[classes.Label]) -> None:
        """See BaseGenerator."""
        label = self.label if label is None else label
        with self._entered():
            for graphs in (self._graphs, self._layers):
                graphs.set_arguments({} if label is None else {'label': label})

    def map(self, z: np.ndarray, labels: Optional[np.ndarray] = None) -> np.ndarray:
        """z itself, float32 [N, Z]; labels do not matter here."""
        z = np.asarray(z, np.float32)
        self._check('the z for %s' % self.path, z, 'take others')
        return z


class _OfDlatents:
    """G_paper as a synthesis network: of dlatents [N, 1, Z] and a class, instead of z and labels.

    Args:
        network: Network.
    """

    def __init__(self, network):
        self._network = network
        self.name, self.static_kwargs = network.name, network.static_kwargs
        self.label_size = self.static_kwargs.get('label_size', 0)
        self.latent_size = self.own_values()['4x4/Dense/weight'].shape[0] - self.label_size

    def own_values(self):
        return self._network.own_values()

    def find_var(self, name):
        return self._network.find_var(name)

    def get_output_for(self, dlatents, label=NO_CLASS, randomize_noise=False, force_clean_graph=True):
        """The images, without noise, which there is none of, and without branches."""
        structure = 'fixed' if self.own_values()['lod'] == 0 else 'linear'
        return self._network.get_output_for(*self._inputs(dlatents, label), structure=structure)

    def get_output_with_values(self, dlatents, label=NO_CLASS, randomize_noise=False, **kwargs):
        return self._network.get_output_with_values(*self._inputs(dlatents, label), **kwargs)

    def _inputs(self, dlatents, label):
        dlatents.set_shape([None, 1, self.latent_size])
        z = dlatents[:, 0]
        labels = tf.one_hot([label], self.label_size, dtype=tf.float32)  # Of no class: zeros.
        return z, tf.tile(labels, [tf.shape(z)[0], 1])
