"""How far the pictures of some latents are from their targets, and which way is nearer: the TensorFlow side."""

from typing import Any, Dict, List, NamedTuple, Sequence

import numpy as np

import dnnlib.tflib as tflib
from dnnlib.tflib.frozen import Frozen
from regan.networks.synthesis_graphs import CONVERSIONS, drawn
from regan.projection.distances import Distance

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

# Ops in turn, each on all cores: two convolutions at once would hold twice the memory.
_ONE_AFTER_THE_OTHER = {'inter_op_parallelism_threads': 1, 'use_per_session_threads': True}


class Slope(NamedTuple):
    """The distance of pictures from their targets, and its gradients.

    Attributes:
        distance: float32 [N].
        dlatents: gradient by them, float32 [N, L, D].
        noise: gradients by the noise images, list of float32 [N, 1, S, S]; empty if they were not asked for.
    """

    distance: np.ndarray
    dlatents: np.ndarray
    noise: List[np.ndarray]


class Objective:
    """The distance of a synthesis network's pictures from targets, in a graph and session of its own.

    Every picture has noise images of its own, and none depends on another.

    Args:
        synthesis: Network; its graph and session must be the default ones while the object is made.
        distance: Distance.
        single: whether there is never more than one picture: such a graph needs less memory and fewer passes over
            large images.

    Attributes:
        num_layers L, dlatent_size D, resolution R: int.
        sides: of the noise images, list of int.
        stored: the noise images of the network, list of float32 [1, 1, S, S].
    """

    num_layers: int
    dlatent_size: int
    resolution: int
    sides: List[int]
    stored: List[np.ndarray]

    def __init__(self, synthesis: tflib.Network, distance: Distance, single: bool = False) -> None:
        values = synthesis.own_values()
        noise = {name: value for name, value in values.items() if name.startswith('noise')}
        self.stored, self.sides = list(noise.values()), [value.shape[-1] for value in noise.values()]
        count = 1 if single else None
        dlatents = tf.placeholder(tf.float32, [count, None, None])
        maps = {name: tf.placeholder(tf.float32, (count,) + value.shape[1:]) for name, value in noise.items()}
        images, placeholders = drawn(synthesis, values, dlatents, given=maps)
        self.num_layers, self.dlatent_size = dlatents.shape.as_list()[1:]
        self.resolution = images.shape.as_list()[2]
        images = tf.cast(images, tf.float32)
        features = distance.features(images)
        targets = [tf.placeholder(tf.float32, tensor.shape) for tensor in features.tensors]
        apart = distance.between(features.tensors, targets)
        slopes = tf.gradients(apart, [dlatents] + list(maps.values()))
        self._maps, self._targets = list(maps), ['target%d' % i for i in range(len(targets))]
        inputs = dict(maps, dlatents=dlatents, **dict(zip(self._targets, targets)))
        outputs = dict(images=images, bytes=CONVERSIONS['round'](images), distance=apart, by_dlatents=slopes[0])
        outputs.update({'by_' + name: slope for name, slope in zip(maps, slopes[1:])})
        outputs.update({'feature%d' % i: tensor for i, tensor in enumerate(features.tensors)})
        given = {placeholder: values[name] for name, placeholder in placeholders.items()}
        self.frozen = Frozen(inputs, outputs, given={**given, **features.given}, config=_ONE_AFTER_THE_OTHER)

    def features(self, images: np.ndarray) -> List[np.ndarray]:
        """What the distance sees in images, float32 [N, C, R, R] in [-1, 1]: list of float32 [N, ...]."""
        wanted = [self.frozen.outputs['feature%d' % i] for i in range(len(self._targets))]
        return self.frozen.session.run(wanted, {self.frozen.outputs['images']: images})

    def distances(self, dlatents: np.ndarray, noise: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> np.ndarray:
        """Distances float32 [N] of the pictures of dlatents from the targets; see `slope` for the arguments."""
        return self.frozen.run('distance', **self._feeds(dlatents, noise), **dict(zip(self._targets, targets)))

    def slope(
        self,
        dlatents: np.ndarray,
        noise: Sequence[np.ndarray],
        targets: Sequence[np.ndarray],
        by_noise: bool = True,
    ) -> Slope:
        """The Slope at some latents.

        Args:
            dlatents: float [N, L, D].
            noise: list of float [N, 1, S, S].
            targets: what `features` gave for the N targets.
            by_noise: whether the gradients by the noise images are wanted.
        """
        names = ['distance', 'by_dlatents'] + (['by_' + name for name in self._maps] if by_noise else [])
        found = self.frozen.run(names, **self._feeds(dlatents, noise), **dict(zip(self._targets, targets)))
        return Slope(found[0], found[1], found[2:])

    def images(self, dlatents: np.ndarray, noise: Sequence[np.ndarray]) -> np.ndarray:
        """Images float32 [N, C, R, R], nominal range [-1, 1]."""
        return self.frozen.run('images', **self._feeds(dlatents, noise))

    def pictures(self, dlatents: np.ndarray, noise: Sequence[np.ndarray]) -> np.ndarray:
        """Pictures uint8 [N, R, R, C]."""
        return self.frozen.run('bytes', **self._feeds(dlatents, noise))

    def _feeds(self, dlatents, noise) -> Dict[str, Any]:
        return dict(zip(self._maps, noise), dlatents=dlatents)

    def close(self) -> None:
        """Frees the session; the object is of no use afterwards."""
        self.frozen.close()

    def __enter__(self) -> 'Objective':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
