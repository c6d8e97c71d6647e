"""What the layers of a synthesis network put out: a graph with variables, in which every layer can be asked for."""

import collections
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np

import dnnlib.tflib as tflib
from dnnlib.tflib.primitives import layout
from regan.networks.synthesis_graphs import CONVERSIONS, Conversions

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

LATENTS_AT_ONCE = 16  # A larger minibatch hardly gains speed.


class LayerOutputs:
    """The layers of one synthesis network, without branches, with the noise that is set. It is made at first use.

    Its methods need the network's graph and session as the default ones.

    Args:
        synthesis: Network, or what offers its `get_output_for` and `find_var`.
        dlatent_shape: (L, D).
        noise: dict of local names -> noise images.
        conversions: names of conversions to bytes -> functions of images.
    """

    def __init__(
        self,
        synthesis: Any,
        dlatent_shape: Tuple[int, int],
        noise: Dict[str, np.ndarray],
        conversions: Conversions = CONVERSIONS,
    ) -> None:
        self._synthesis, self._dlatent_shape, self._noise = synthesis, tuple(dlatent_shape), noise
        self._conversions = conversions
        self._made: Dict[Tuple, Any] = {}  # Arguments -> placeholder, and outputs by name.
        self._arguments: Tuple = ()

    def set_arguments(self, arguments: Dict[str, float]) -> None:
        """Replaces the arguments of the build function beside those of the pickle. All graphs share the variables."""
        self._arguments = tuple(sorted(arguments.items()))

    def set_noise(self, noise: Dict[str, np.ndarray]) -> None:
        """Replaces the noise images."""
        self._noise = noise
        if self._made:
            tflib.set_vars({self._synthesis.find_var(name): value for name, value in noise.items()})

    def shapes(self) -> Dict[str, Tuple[int, ...]]:
        """Ordered dict of names, such as '8x8/Conv0_up', to (C, H, W)."""
        outputs = self._graph()[1]
        return collections.OrderedDict((name, tuple(tensor.shape.as_list()[1:])) for name, tensor in outputs.items())

    def run(self, dlatents: np.ndarray, layer: str) -> np.ndarray:
        """Output of a layer: dlatents float [N, L, D] -> float32 [N, C, H, W]. KeyError if there is no such layer."""
        dlatents_in, outputs = self._graph()[:2]
        return np.concatenate(
            [
                tflib.run(outputs[layer], {dlatents_in: dlatents[begin : begin + LATENTS_AT_ONCE]})
                for begin in range(0, len(dlatents), LATENTS_AT_ONCE)
            ]
        )

    def images(
        self, dlatents: np.ndarray, layer: str, change: np.ndarray, conversion: Optional[str] = None
    ) -> Iterator[np.ndarray]:
        """Yields images with a changed output of a layer, in minibatches.

        Args:
            dlatents: float [N, L, D].
            layer: a name of `shapes`. KeyError if there is none.
            change: float [N, C, H, W], added to the output of the layer.
            conversion: key of `synthesis_graphs.CONVERSIONS`, for uint8 [n, H, W, C]; None: float32 [n, C, H, W].
        """
        dlatents_in, _, inner, images = self._graph()
        output, tensor = images[conversion], inner[layer]
        if layout.data_format() == 'NHWC':
            change = np.transpose(change, [0, 2, 3, 1])
        for begin in range(0, len(dlatents), LATENTS_AT_ONCE):
            end = begin + LATENTS_AT_ONCE
            feeds = {dlatents_in: dlatents[begin:end]}
            value = tflib.run(tensor, feeds)
            feeds[tensor] = value + change[begin:end].astype(value.dtype)
            yield tflib.run(output, feeds)

    def _graph(self):
        if self._arguments not in self._made:
            graph = tf.get_default_graph()
            begin = len(graph.get_operations())
            dlatents = tf.placeholder(tf.float32, (None,) + self._dlatent_shape)
            images = self._synthesis.get_output_for(
                dlatents, randomize_noise=False, force_clean_graph=True, **dict(self._arguments)
            )
            scope = images.op.name.rsplit('/', 1)[0] + '/'
            names = [
                op.name
                for op in graph.get_operations()[begin:]
                if op.name.startswith(scope) and op.name.endswith('/out')
            ]
            layers = [_layer_of(name[len(scope) : -len('/out')]) for name in names]
            outs = {layer: graph.get_operation_by_name(name) for layer, name in zip(layers, names)}
            self._made[self._arguments] = (
                dlatents,
                collections.OrderedDict(
                    (layer, tf.cast(graph.get_tensor_by_name(name + ':0'), tf.float32))
                    for layer, name in zip(layers, names)
                ),
                {name: op.inputs[0] for name, op in outs.items()},  # What further layers take, in the inner layout.
                _converted(images, self._conversions),
            )
            self.set_noise(self._noise)
        return self._made[self._arguments]


def _layer_of(scope):
    """The layer whose last op is in a scope, which may be that of its norm."""
    return scope[: -len('/PixelNorm')] if scope.endswith('/PixelNorm') else scope


def _converted(images, conversions):
    """Dict of conversions -> tensors; None: as they are."""
    found: Dict[Optional[str], Any] = {name: convert(images) for name, convert in conversions.items()}
    found[None] = tf.cast(images, tf.float32)
    return found
