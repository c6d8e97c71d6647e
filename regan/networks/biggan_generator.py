"""A BigGAN-deep from a file: one z and one class for each layer, and statistics that a truncation chooses."""

import functools
from typing import Callable, ClassVar, Dict, Iterator, List, Optional, Tuple

import numpy as np

from dnnlib.tflib.cut import Cut
from dnnlib.tflib.frozen import Frozen
from dnnlib.unpickle import NetworkState
from regan.base.errors import UserError
from regan.biggan import affine, graph, names, states, statistics
from regan.biggan import classes as imagenet
from regan.biggan.configuration import Configuration
from regan.biggan.weights import Weights
from regan.networks import labels as classes
from regan.networks.base_generator import BaseGenerator, Facts
from regan.networks.synthesis_graphs import CONVERSIONS, Controls, black_for_nan
from regan.sampling import priors

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

LATENTS_AT_ONCE = 16  # Of layers; a larger minibatch hardly gains speed.


class BigGANGenerator(BaseGenerator):
    """A BigGAN-deep; use it in `with`. Its attributes: see BaseGenerator. Layer 0 is gen_z, layer j block j - 1.

    Attributes:
        configuration: Configuration of `regan.biggan.configuration`.
    """

    configuration: Configuration
    truncation: ClassVar[Optional[str]] = 'prior'
    usual_conversion: ClassVar[str] = 'hub'
    label_of_layers: ClassVar[bool] = True
    first_layer: ClassVar[Optional[str]] = 'gen_z'

    def _built(self, state: NetworkState, trust_embedded_code: bool) -> Facts:
        self._weights = weights = states.from_state(state, self.path)
        self.configuration = configuration = weights.configuration
        self._psi = 1.0
        self._rows = statistics.row_weights(1.0, configuration.rows)
        self._drawn_label: Optional[classes.Label] = None
        self._graphs = self._layers = _Graphs(weights, self._conditions, self.allow_non_finite)
        width = configuration.z_size
        return Facts(
            width,
            width,
            configuration.num_latents,
            configuration.classes,
            configuration.resolution,
            graph.IMAGE_CHANNELS,
            np.zeros(width, np.float32),
            'BigGAN-deep',
        )

    @property
    def layer_resolutions(self) -> List[int]:
        """See BaseGenerator."""
        return [layer['resolution'] for layer in states.layers(self.configuration)]

    @property
    def original_name(self) -> str:
        """See BaseGenerator."""
        return 'BigGAN-%d' % self.resolution

    @property
    def class_names(self) -> Optional[List[str]]:
        """See BaseGenerator."""
        if self.label_size != imagenet.COUNT:
            return None
        return [one.names[0] for one in imagenet.everything()]

    def _resolved(self, label):
        find = functools.partial(imagenet.find, count=self.label_size)
        return classes.resolve(label, self.label_size, self.path, self.num_layers, find)

    def prior(self, psi: Optional[float] = None) -> priors.Prior:
        """See BaseGenerator: psi scales z."""
        return priors.TruncatedNormal(self._psi if psi is None else psi)

    def set_truncation(self, psi: float, statistics_mode: Optional[str] = None) -> None:
        """See BaseGenerator. Args: psi, above 0 to 1; statistics_mode, of `statistics.row_weights`."""
        self._rows = statistics.row_weights(psi, self.configuration.rows, statistics_mode or statistics.MODES[0])
        self._psi = psi

    def set_label(self, label: Optional[classes.Label]) -> None:
        """See BaseGenerator."""
        self._drawn_label = self.label if label is None else label

    def map(self, z: np.ndarray, labels: Optional[np.ndarray] = None) -> np.ndarray:
        """z itself, float32 [N, Z]; labels do not matter here."""
        z = np.asarray(z, np.float32)
        self._check('the z for %s' % self.path, z, 'take others')
        return z

    def layer_name(self, name: str) -> str:
        """Our name of a layer that is named as here, in the PyTorch code, or in TF-Hub's graph."""
        return names.resolve(name, self.layer_shapes, self.configuration.attention, self.path)

    def _synthesis_layer(self, name):
        return self.layer_name(name)

    def affine(self, layer: str) -> Optional[Tuple[np.ndarray, np.ndarray]]:
        """Kernel float [Z, F] and offset float [F] of a layer that is affine in z, else None (see `regan.biggan`)."""
        labels = classes.vectors(self._drawn_label, self.label_size, self.num_layers)
        return affine.of_layer(self._weights, self.layer_name(layer), labels)

    def _drawn(self, frozen, output, arrays):
        arrays = dict(arrays)
        if 'labels' in arrays:  # [N, L, classes]
            arrays['y'] = arrays.pop('labels').transpose(1, 0, 2)
        return super()._drawn(frozen, output, arrays)

    def _conditions(self, count: int) -> Dict[str, np.ndarray]:
        labels = classes.vectors(self._drawn_label, self.label_size, self.num_layers)  # [L, classes]
        return dict(y=np.repeat(labels[:, np.newaxis], count, axis=1), rows=self._rows)


class _Graphs:
    """The graph of a BigGAN-deep as the graphs and the layers of a BaseGenerator.

    Args:
        weights: Weights.
        conditions: function of N to what is fed beside the latents.
        allow_non_finite: as of `SynthesisGraphs`.
    """

    def __init__(
        self, weights: Weights, conditions: Callable[[int], Dict[str, np.ndarray]], allow_non_finite: bool
    ) -> None:
        self._weights, self._conditions, self._allow_non_finite = weights, conditions, allow_non_finite
        self._frozen: Optional[Frozen] = None
        self.values = dict(weights.tensors)
        self.noise: Dict[str, np.ndarray] = {}

    @property
    def images_at_once(self) -> int:
        """One, so that an image never depends on those beside it, even in its last bits."""
        return 1

    def get(self, controls: Controls = (), precision: Optional[str] = None) -> Frozen:
        """The graph, see `BaseGenerator.synthesis_graph`; it knows one precision. As a control it takes 'labels', float
        [N, L, classes], the weights of the classes for each latent and layer in place of those of the class.
        """
        if set(dict(controls)) - {'labels'}:
            raise UserError('a BigGAN-deep takes no further inputs than labels (%s)' % ', '.join(dict(controls)))
        if self._frozen is None:
            self._frozen = graph.build_for_dlatents(self._weights, self._further)
        return self._frozen

    def _further(self, outputs):
        images = tf.transpose(outputs['image'], [0, 3, 1, 2])  # [N, C, H, W]
        drawn = black_for_nan(images) if self._allow_non_finite else images
        found = {name: convert(drawn) for name, convert in CONVERSIONS.items()}
        found['finite'] = tf.reduce_all(tf.math.is_finite(images), axis=[1, 2, 3])
        return dict(found, float=images)

    def cut(self, conversion: str, check_input: Callable, check_images: Callable) -> Cut:
        """As `SynthesisGraphs.cut`."""
        frozen = self.get()
        dlatents, images, are_finite = frozen.inputs['dlatents'], frozen.outputs[conversion], frozen.outputs['finite']

        def run(fetches, feeds):
            if dlatents in feeds:
                check_input(feeds[dlatents])
                feeds = {**self._feeds(feeds[dlatents]), **feeds}
            if not any(tensor is images for tensor in (fetches if isinstance(fetches, list) else [fetches])):
                return frozen.session.run(fetches, feeds)
            values, said = frozen.session.run([fetches, are_finite], feeds)
            check_images(said)
            return values

        return Cut(dlatents, images, run)

    def _feeds(self, dlatents):
        frozen = self.get()
        feeds = {frozen.inputs[name]: value for name, value in self._conditions(len(dlatents)).items()}
        feeds[frozen.inputs['dlatents']] = dlatents
        return feeds

    def close(self) -> None:
        """Frees the session."""
        if self._frozen is not None:
            self._frozen.close()

    # ---------------------------------------------------------------- layers

    def shapes(self) -> Dict[str, Tuple[int, ...]]:
        """Names of layers -> (C, H, W), (C,) of vectors."""
        found = {}
        for name in names.layers(self._weights.configuration):
            shape = tuple(self.get().outputs[name].shape.as_list()[1:])
            found[name] = (shape[2],) + shape[:2] if len(shape) == 3 else shape
        return found

    def run(self, dlatents: np.ndarray, layer: str) -> np.ndarray:
        """Output of a layer: dlatents float [N, L, D] -> float32 [N, C, H, W] or [N, C]."""
        frozen, step = self.get(), LATENTS_AT_ONCE
        pieces = [
            frozen.session.run(frozen.outputs[layer], self._feeds(dlatents[begin : begin + step]))
            for begin in range(0, len(dlatents), step)
        ]
        return _channels_first(np.concatenate(pieces))

    def images(
        self, dlatents: np.ndarray, layer: str, change: np.ndarray, conversion: Optional[str] = None
    ) -> Iterator[np.ndarray]:
        """As `LayerOutputs.images`."""
        frozen, step = self.get(), self.images_at_once
        tensor, output = frozen.outputs[layer], frozen.outputs[conversion or 'float']
        change = np.asarray(change, np.float32)
        change = change.transpose(0, 2, 3, 1) if change.ndim == 4 else change
        for begin in range(0, len(dlatents), step):
            feeds = self._feeds(dlatents[begin : begin + step])
            value = frozen.session.run(tensor, feeds)
            feeds[tensor] = value + change[begin : begin + step]
            yield frozen.session.run(output, feeds)


def _channels_first(values: np.ndarray) -> np.ndarray:
    return values.transpose(0, 3, 1, 2) if values.ndim == 4 else values
