"""A generator's functions as one graph of constants, for programs that know nothing of its variables."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple

import numpy as np

from dnnlib.tflib.frozen import Frozen
from dnnlib.tflib.revival import revive
from dnnlib.unpickle import NetworkState
from regan.base.typing import PathLike
from regan.conversion.source import has_w, own_graph, sizes

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

SYNTHESIS, MAPPING = 'synthesis', 'mapping'
_ALL = 1 << 31  # Bytes: as many constants as a graph can hold.


class Function(NamedTuple):
    """A part of a Frozen: names of its inputs, and of its output."""

    inputs: List[str]
    output: str


class Graph:
    """A generator's graph, whose images have the stored noise, and a session for it; use it in `with`.

    Args:
        state: NetworkState.
        generation: of it.
        path: for messages.

    Attributes:
        frozen: `dnnlib.tflib.frozen.Frozen`, all constants.
        functions: dict of names to Functions. SYNTHESIS takes dlatents_in [N, L, D] and gives images_out
            [N, C, R, R]; MAPPING takes latents_in [N, Z], and labels_in [N, label_size] of a network with labels, and
            gives dlatents_out [N, L, D], not truncated. A network without a mapping has SYNTHESIS alone, from
            latents_in (and labels_in).
        latent_size, label_size: int.

    Raises:
        UserError: the network cannot be built.
    """

    frozen: Frozen
    functions: Dict[str, Function]
    latent_size: int
    label_size: int

    def __init__(self, state: NetworkState, generation: str, path: PathLike) -> None:
        self.latent_size, self.label_size = sizes(state, generation)
        with own_graph():
            network = revive(state, str(path))
            latents = tf.placeholder(tf.float32, [None, self.latent_size])
            labels = tf.placeholder(tf.float32, [None, self.label_size])
            from_z = dict(latents_in=latents, **({'labels_in': labels} if self.label_size else {}))
            if not self.label_size:
                labels = tf.zeros([tf.shape(latents)[0], 0])
            if not has_w(state):
                images, given = _applied(network, latents, labels)
                self.functions = {SYNTHESIS: Function(list(from_z), 'images_out')}
                self.frozen = Frozen(from_z, dict(images_out=images), given=given, largest_graph=_ALL)
                return
            dlatents = tf.placeholder(tf.float32, [None, None, None])
            w, given = _applied(network.components.mapping, latents, labels)
            images, more = _applied(network.components.synthesis, dlatents, randomize_noise=False)
            self.functions = {
                SYNTHESIS: Function(['dlatents_in'], 'images_out'),
                MAPPING: Function(list(from_z), 'dlatents_out'),
            }
            inputs, outputs = dict(from_z, dlatents_in=dlatents), dict(images_out=images, dlatents_out=w)
            self.frozen = Frozen(inputs, outputs, given={**given, **more}, largest_graph=_ALL)

    def run(self, name: str, **arrays: np.ndarray) -> np.ndarray:
        """The output of a function for arrays as inputs, by name; one item at a time, which needs the least memory."""
        function = self.functions[name]
        count = len(arrays[function.inputs[0]])
        rows = [
            self.frozen.run(function.output, **{one: arrays[one][i : i + 1] for one in function.inputs})
            for i in range(count)
        ]
        return np.concatenate(rows)

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_: Any) -> None:
        self.frozen.close()


def _applied(network, *inputs, **dynamic_kwargs):
    """(output, {placeholder: value}) of a network, with no branches."""
    values = network.own_values()
    if 'lod' in values:
        grown = values['lod'] == 0
        dynamic_kwargs.update(dict(structure='fixed', unused=['ToRGB_lod']) if grown else dict(structure='linear'))
    output, placeholders = network.get_output_with_values(*inputs, **dynamic_kwargs)
    return output, {placeholder: values[name] for name, placeholder in placeholders.items()}
