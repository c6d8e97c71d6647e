"""The graphs in which a synthesis network draws: one for each precision and set of further inputs."""

from typing import Any, Callable, Dict, Mapping, Optional, Tuple, Union

import numpy as np

import dnnlib.tflib as tflib
from dnnlib.tflib.cut import Cut
from dnnlib.tflib.frozen import Frozen
from regan.networks.precision import DTYPES

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

Controls = Union[Dict[str, Tuple[int, ...]], Tuple[()]]  # Shapes of further inputs, without N.

IMAGES_AT_ONCE = 16  # A larger minibatch hardly gains speed.
# Resolution from which a graph for single images is as fast as any minibatch; it needs the least memory.
ONE_BY_ONE_FROM = 256


def truncated_to_uint8(images: tf.Tensor) -> tf.Tensor:
    """float [N, C, H, W] -> uint8 [N, H, W, C]: floor(255 clip((x + 1) / 2, 0, 1)), the conversion of GANSpace."""
    images = tf.clip_by_value((tf.cast(images, tf.float32) + 1) / 2, 0, 1)
    return tf.cast(tf.transpose(images, [0, 2, 3, 1]) * 255, tf.uint8)


def hub_to_uint8(images: tf.Tensor) -> tf.Tensor:
    """float [N, C, H, W] -> uint8 [N, H, W, C]: floor(clip(256 (x + 1) / 2, 0, 255)), as BigGAN's tools do."""
    images = tf.cast(tf.transpose(images, [0, 2, 3, 1]), tf.float32)
    return tf.cast(tf.clip_by_value((images + 1) / 2 * 256, 0, 255), tf.uint8)


def black_for_nan(images: tf.Tensor) -> tf.Tensor:
    """Images [N, C, H, W] with black, -1, for NaN, of which each processor would make bytes in its own way."""
    return tf.where(tf.math.is_nan(images), -tf.ones_like(images), images)


Conversions = Mapping[str, Callable[[tf.Tensor], tf.Tensor]]

CONVERSIONS: Conversions = {  # Names of `Generator.synthesize` -> functions of images.
    'round': lambda images: tflib.convert_images_to_uint8(images, nchw_to_nhwc=True),
    'truncate': truncated_to_uint8,
    'hub': hub_to_uint8,
}


def drawn(
    synthesis: tflib.Network, values: Dict[str, np.ndarray], dlatents: tf.Tensor, **arguments: Any
) -> Tuple[tf.Tensor, Dict[str, tf.Tensor]]:
    """The images of a synthesis network, with noise images that do not change from run to run, without variables.

    Args:
        synthesis: Network.
        values: of its variables, by local names.
        dlatents: tensor [N, L, D].
        arguments: further ones of `Network.get_output_with_values`.

    Returns:
        Images [N, C, R, R], and placeholders of the variables by local names.
    """
    # A synthesis that has grown up needs no branches, which nothing could be known of before they run.
    grown = dict(structure='fixed', unused=['ToRGB_lod']) if values.get('lod') == 0 else {}
    return synthesis.get_output_with_values(dlatents, randomize_noise=False, **dict(grown, **arguments))


class SynthesisGraphs:
    """All graphs of one synthesis network, each made at first use.

    Its methods need the network's graph and session as the default ones.

    Args:
        synthesis: Network, or what offers its `own_values`, `static_kwargs` and `get_output_with_values`.
        precision: key of `precision.DTYPES`, of what is drawn unless something else is asked for.
        allow_non_finite: whether images that hold NaN are drawn, it as black; else who runs a graph refuses them.
        conversions: names of conversions to bytes -> functions of images.

    Attributes:
        network: the synthesis.
        values: ordered dict of local names -> arrays, all variables as they are in the pickle.
        noise: the noise images among them, as they were set last.
        num_layers L, dlatent_size D, num_channels C, resolution R: int.

    Raises:
        NetworkPickleError: the values of a pickle do not fit the network.
    """

    network: tflib.Network
    values: Dict[str, np.ndarray]
    noise: Dict[str, np.ndarray]
    num_layers: int
    dlatent_size: int
    num_channels: int
    resolution: int

    def __init__(
        self,
        synthesis: Any,
        precision: str,
        allow_non_finite: bool,
        conversions: Conversions = CONVERSIONS,
    ) -> None:
        self.network, self._precision, self._allow_non_finite = synthesis, precision, allow_non_finite
        self._conversions = conversions
        self._arguments: Tuple = ()
        self.values = synthesis.own_values()
        self.noise = {name: value for name, value in self.values.items() if name.startswith('noise')}
        self._frozen: Dict[
            Tuple, Any
        ] = {}  # (precision, arguments, further inputs...) -> Frozen, and its placeholders by name.
        self._unfrozen: Dict[Tuple, Any] = {(precision, ()): self._build(precision, ())}
        dlatents, images = [tensor.shape.as_list() for tensor in self._unfrozen[precision, ()][:2]]
        self.num_layers, self.dlatent_size = dlatents[1:]
        self.num_channels, self.resolution = images[1:3]

    @property
    def images_at_once(self) -> int:
        """Largest minibatch of images that the graphs take."""
        return IMAGES_AT_ONCE if self.resolution < ONE_BY_ONE_FROM else 1

    def set_noise(self, noise: Dict[str, np.ndarray]) -> None:
        """Replaces the noise images in all graphs: dict of names -> float [1, 1, H, W]."""
        self.noise = noise
        for frozen, placeholders in self._frozen.values():
            frozen.refresh({placeholders[name]: value for name, value in noise.items()})

    def set_arguments(self, arguments: Dict[str, float]) -> None:
        """Replaces the arguments of the build function beside those of the pickle; at first there are none.

        What is frozen with others is freed, so that the values are in memory once.
        """
        key = tuple(sorted(arguments.items()))
        if key != self._arguments:
            self.close()
            self._arguments, self._frozen = key, {}

    def get(self, controls: Controls = (), precision: Optional[str] = None) -> Frozen:
        """A `dnnlib.tflib.frozen.Frozen`; see `Generator.synthesis_graph`."""
        key = (precision or self._precision, self._arguments) + tuple(sorted(dict(controls).items()))
        if key not in self._frozen:
            if key not in self._unfrozen:
                self._unfrozen[key] = self._build(*key)
            dlatents, images, inputs, placeholders = self._unfrozen[key]
            drawn = black_for_nan(images) if self._allow_non_finite else images
            outputs = {name: convert(drawn) for name, convert in self._conversions.items()}
            outputs['finite'] = tf.reduce_all(tf.math.is_finite(images), axis=[1, 2, 3])  # [N]
            values = dict(self.values, **self.noise)
            given = {placeholder: values[name] for name, placeholder in placeholders.items()}
            self._frozen[key] = (
                Frozen(
                    dict(inputs, dlatents=dlatents),
                    dict(outputs, float=images),
                    [placeholders[name] for name in self.noise],
                    given,
                ),
                placeholders,
            )
        return self._frozen[key][0]

    def cut(
        self, conversion: str, check_input: Callable[[np.ndarray], None], check_images: Callable[[np.ndarray], None]
    ) -> Cut:
        """A `dnnlib.tflib.cut.Cut`; see `Generator.cut`.

        Args:
            conversion: name of `CONVERSIONS`.
            check_input: called with all dlatents [N, L, D] before anything is computed from them.
            check_images: called with whether images are finite, bool [N], before they are handed out.
        """
        frozen = self.get()
        dlatents, images, are_finite = frozen.inputs['dlatents'], frozen.outputs[conversion], frozen.outputs['finite']

        def run(fetches, feeds):
            if dlatents in feeds:
                check_input(feeds[dlatents])
            if not any(tensor is images for tensor in (fetches if isinstance(fetches, list) else [fetches])):
                return frozen.session.run(fetches, feeds)
            values, said = frozen.session.run([fetches, are_finite], feeds)
            check_images(said)
            return values

        return Cut(dlatents, images, run)

    def _build(self, precision, arguments, *controls):
        """dlatents, images, further inputs by name, placeholders of variables by name: a graph without variables."""
        inputs = {name: tf.placeholder(tf.float32, (None,) + shape) for name, shape in controls}
        single = self.network.static_kwargs.get('resolution', 0) >= ONE_BY_ONE_FROM
        dlatents = tf.placeholder(tf.float32, [1 if single else None, None, None])
        # A pickle's own dtype stays unless another one is asked for.
        dtype = {} if precision == 'float32' else {'dtype': DTYPES[precision]}
        images, placeholders = drawn(self.network, self.values, dlatents, **dict(dtype, **inputs, **dict(arguments)))
        return dlatents, images, inputs, placeholders

    def close(self) -> None:
        """Frees the graphs' sessions."""
        for frozen, _ in self._frozen.values():
            frozen.close()
