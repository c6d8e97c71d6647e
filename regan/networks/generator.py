"""A StyleGAN from a file: latents z to w, and w to images, as numbers in NumPy."""

from typing import Callable, List, Optional, Sequence, TypeVar

import numpy as np

import dnnlib.tflib as tflib
from dnnlib.tflib.revival import revive
from dnnlib.unpickle import NetworkState
from regan.base.errors import UserError
from regan.networks import description, styles
from regan.networks import labels as classes
from regan.networks.base_generator import BaseGenerator, Facts
from regan.networks.latent_traits import MappedTraits
from regan.networks.layer_outputs import LayerOutputs
from regan.networks.synthesis_graphs import SynthesisGraphs
from regan.sampling import noise as noises

Made = TypeVar('Made')
MAP_ROWS = 8192  # Rows of z at a time: large enough for full speed, small enough to stay out of the way.


class Generator(MappedTraits, BaseGenerator):
    """A StyleGAN, StyleGAN2 or StyleGAN2-ADA, which maps z to w; use it in `with`. Its attributes: see BaseGenerator.

    `dlatent_avg` is the running average of w that the file has.
    """

    _epsilon: Optional[float] = None

    def _built(self, state: NetworkState, trust_embedded_code: bool) -> Facts:
        network = revive(state, self.path, trust_embedded_code)
        parts = network.components
        if not {'mapping', 'synthesis'} <= set(parts):
            raise UserError(
                '%s holds a generator without mapping and synthesis networks, so it has no W space; '
                '`by_name.open_generator` opens it, if it is of a kind without W' % self.path
            )
        graphs = SynthesisGraphs(parts.synthesis, self.precision, self.allow_non_finite)
        self._mapping, self._graphs = parts.mapping, graphs
        self._layers = LayerOutputs(parts.synthesis, (graphs.num_layers, graphs.dlatent_size), graphs.noise)
        average = network.get_var('dlatent_avg')
        if average.shape != (graphs.dlatent_size,):
            raise UserError(
                '%s: dlatent_avg has shape %s, but w has width %d' % (self.path, average.shape, graphs.dlatent_size)
            )
        first = any(name.endswith('StyleMod/weight') for name in graphs.values)
        latent_size, label_size = [shape[1] for shape in self._mapping.input_shapes]
        return Facts(
            latent_size,
            graphs.dlatent_size,
            graphs.num_layers,
            label_size,
            graphs.resolution,
            graphs.num_channels,
            average,
            'StyleGAN' if first else 'StyleGAN2',
            1 if first else 2,
        )

    @property
    def layer_resolutions(self) -> List[int]:
        """See BaseGenerator."""
        return [row['resolution'] for row in description.style_layers(self.generation, self.resolution)]

    def set_noise(self, noise: noises.Drawn, layers: Optional[Sequence[int]] = None) -> None:
        """Chooses the noise images of all following pictures.

        Args:
            noise: a choice of `regan.sampling.noise`: 'stored' (those of the pickle), 'none', or a generator's name and
                seed, for example {'numpy_seed': 0}. Or a RandomState to draw them from, or a list of them. The order is
                noise0, noise1, ...
            layers: numbers of the layers that have noise, that of the others is zero; None: all.
        """
        stored = {name: value for name, value in self._graphs.values.items() if name.startswith('noise')}
        values = list(stored.values())
        if noise != 'stored':
            values = noises.images(noise, [value.shape for value in values], self.generation)
        if layers is not None:
            values = [value if layer in layers else np.zeros_like(value) for layer, value in enumerate(values)]
        chosen = dict(zip(stored, values))
        with self._entered():
            self._graphs.set_noise(chosen)
            self._layers.set_noise(chosen)

    @property
    def instance_norm_epsilon(self) -> Optional[float]:
        """What the instance norms of a StyleGAN add to the variance; None: the official 1e-8. It may be set."""
        return self._epsilon

    @instance_norm_epsilon.setter
    def instance_norm_epsilon(self, epsilon: Optional[float]) -> None:
        self._epsilon = epsilon
        arguments = {} if epsilon is None else {'instance_norm_epsilon': epsilon}
        with self._entered():
            self._graphs.set_arguments(arguments)
            self._layers.set_arguments(arguments)

    def map(self, z: np.ndarray, labels: Optional[np.ndarray] = None) -> np.ndarray:
        """z float [N, Z] -> w float32 [N, D]. No truncation.

        Args:
            z: latents.
            labels: float [N, label_size], or None: those of the class `label`, or zeros.
        """
        if labels is None:
            labels = classes.rows(self.label, self.label_size, len(z))
        with self._entered():
            w = self._mapping.run(z, labels, dlatent_broadcast=None, minibatch_size=MAP_ROWS)
        self._check('the w of %s' % self.path, w, 'its file is damaged, or its training diverged')
        return w

    def with_synthesis(self, make: Callable[[tflib.Network], Made]) -> Made:
        """What a function makes of the synthesis network; its graph and session are the default ones meanwhile."""
        with self._entered():
            return make(self._graphs.network)

    def style_matrices(self) -> List[np.ndarray]:
        """See `regan.networks.styles.matrices`: list of L arrays [D, C_l]. UserError for layers of another kind."""
        return styles.matrices(self.synthesis_values(), self.generation, self.resolution, self.num_layers)
