"""A generator from a pickle: latents z to w, and w to images, as numbers in NumPy."""

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, TypeVar, Union

import numpy as np

import dnnlib.tflib as tflib
from dnnlib.tflib.cut import Cut
from dnnlib.tflib.frozen import Frozen
from dnnlib.tflib.revival import revive
from regan.base import finite
from regan.base.errors import UserError
from regan.base.typing import PathLike, Progress
from regan.networks import labels as classes
from regan.networks import layer_names, styles, weights
from regan.networks import precision as precisions
from regan.networks.layer_outputs import LayerOutputs
from regan.networks.network_file import NetworkFile
from regan.networks.opening import Opened, backend, generator_state
from regan.networks.synthesis_graphs import Controls, SynthesisGraphs
from regan.pictures import images
from regan.sampling import noise as noises

TOO_FAR = (
    'a smaller psi, strength or distance keeps numbers in range, unless the file is damaged; --allow-non-finite, where '
    'a command has it, draws them all the same'
)
# Styles are squared and summed over 512 maps: float32 ends at 3e38, and each TensorFlow makes something else of more.
LARGEST_INPUT = 1e15
Made = TypeVar('Made')
MAP_ROWS = 8192  # Rows of z at a time: large enough for full speed, small enough to stay out of the way.


class Generator(Opened):
    """A generator from a pickle, with a graph and a session of its own; use it in `with`.

    Attributes:
        path, sha256: the pickle.
        backend: dict of the versions that decide about last bits, e.g. {'tensorflow': '1.15.0', 'numpy': '1.19.5'}.
        generation: 1 (StyleGAN) or 2 (StyleGAN2, StyleGAN2-ADA).
        latent_size Z, dlatent_size D, num_layers L, label_size, resolution R, num_channels C: int.
        label: the class of a conditional network, from 0, or None: its label is zero.
        dlatent_avg: float32 [D], the running average of w.
        precision: 'float32' or 'bf16'.
        allow_non_finite: whether NaN and infinity are let through, in weights, latents and images; else they are
            refused (UserError), wherever one comes in or out.
        build_function: str, e.g. 'G_main'; static_kwargs: dict of the arguments that the network was made with.
    """

    path: str
    sha256: str
    backend: Dict[str, str]
    generation: int
    latent_size: int
    dlatent_size: int
    num_layers: int
    label_size: int
    label: Optional[int]
    resolution: int
    num_channels: int
    dlatent_avg: np.ndarray
    precision: str
    allow_non_finite: bool
    build_function: str
    static_kwargs: Dict[str, Any]

    @classmethod
    def open(
        cls,
        path: Union[PathLike, NetworkFile],
        noise: noises.Choice = 'stored',
        trust_embedded_code: bool = False,
        precision: str = 'float32',
        label: Optional[int] = None,
    ) -> 'Generator':
        """Reads the last generator (Gs) of a pickle.

        Args:
            path: network pickle, may be compressed; or a NetworkFile, which is being read already, and which says
                whether NaN and infinity are let through.
            noise: a choice, see `set_noise`.
            trust_embedded_code: True lets the file run code of its own, only if its networks are not among ours.
            precision: of the images that are drawn, 'float32' or 'bf16', which needs TensorFlow 2 (see `bf16_delta`).
            label: class of a conditional network, from 0; None: a label of zeros, which is said.

        Raises:
            UserError: the file is missing, unreadable, or holds no generator, or weights that are not finite; bf16 on
                TensorFlow 1; or there is no such class.
        """
        return cls(path, noise, trust_embedded_code, precision, label)

    def __init__(
        self,
        path: Union[PathLike, NetworkFile],
        noise: noises.Choice,
        trust_embedded_code: bool,
        precision: str,
        label: Optional[int],
    ) -> None:
        self.backend = backend()
        precisions.check(precision, self.backend['tensorflow'])
        self.precision = precision
        self._graphs: Any = None  # SynthesisGraphs, once there are some.
        self._epsilon: Optional[float] = None
        file = NetworkFile.of(path)
        self.path, self.allow_non_finite = file.path, file.allow_non_finite
        super().__init__()
        with self._opening():
            state = generator_state(file)
            if not self.allow_non_finite:
                weights.check(state, self.path)
            self.sha256 = file.sha256
            self.build_function, self.static_kwargs = state.build_func_name, dict(state.static_kwargs)
            self._describe(revive(state, self.path, trust_embedded_code))
            classes.check(label, self.label_size, self.path)
            self.label = label
            self.set_noise(noise)

    def _describe(self, network):
        parts = network.components
        if not {'mapping', 'synthesis'} <= set(parts):
            raise UserError(
                '%s holds a generator without mapping and synthesis networks, so it has no W space' % self.path
            )
        self._mapping, self._graphs = (
            parts.mapping,
            SynthesisGraphs(parts.synthesis, self.precision, self.allow_non_finite),
        )
        self.latent_size, self.label_size = [shape[1] for shape in self._mapping.input_shapes]
        self.num_layers, self.dlatent_size = self._graphs.num_layers, self._graphs.dlatent_size
        self.num_channels, self.resolution = self._graphs.num_channels, self._graphs.resolution
        self._layers = LayerOutputs(parts.synthesis, (self.num_layers, self.dlatent_size), self._graphs.noise)
        self.dlatent_avg = network.get_var('dlatent_avg')
        if self.dlatent_avg.shape != (self.dlatent_size,):
            raise UserError(
                '%s: dlatent_avg has shape %s, but w has width %d'
                % (self.path, self.dlatent_avg.shape, self.dlatent_size)
            )
        first = any(name.endswith('StyleMod/weight') for name in self._graphs.values)
        self.generation = 1 if first else 2

    def close(self) -> None:
        """Frees the sessions; the object is of no use afterwards."""
        if self._graphs is not None:
            self._graphs.close()
        super().close()

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
        if labels is None and self.label is not None:
            labels = classes.one_hot(self.label, self.label_size, len(z))
        with self._entered():
            w = self._mapping.run(z, labels, dlatent_broadcast=None, minibatch_size=MAP_ROWS)
        self._check('the w of %s' % self.path, w, 'its file is damaged, or its training diverged')
        return w

    # ---------------------------------------------------------------- images

    def render(self, dlatents: np.ndarray) -> np.ndarray:
        """dlatents float [N, L, D] -> float32 [N, C, H, W], nominal range [-1, 1]: neither rounded nor clipped."""
        return np.concatenate(list(self._minibatches('float', dlatents, {})))

    def _check(self, what, values, advice):
        """Raises UserError if there are NaN or infinity among some values and they are not let through."""
        if not self.allow_non_finite:
            finite.check(values, what, advice)

    def synthesize(
        self,
        dlatents: np.ndarray,
        progress: Optional[Progress] = None,
        conversion: str = 'round',
        **controls: np.ndarray,
    ) -> np.ndarray:
        """dlatents float [N, L, D] -> uint8 [N, H, W, C].

        Args:
            progress: callable that gets the number of images done since its last call.
            conversion: of the official images x to bytes: 'round', floor(clip(127.5 x + 128, 0, 255)), as the official
                tools do; or 'truncate', floor(255 clip((x + 1) / 2, 0, 1)), as GANSpace does.
            controls: further inputs of the synthesis network, float [N, ...] (SEGAN's control_scale and control_shift).

        Raises:
            UserError: the images have a number of channels that no picture has; or latents or images are not finite.
        """
        images.check_channels(self)
        pieces = []
        for piece in self._minibatches(conversion, dlatents, controls):
            pieces.append(piece)
            if progress:
                progress(len(piece))
        return np.concatenate(pieces)

    def _minibatches(self, output, dlatents, controls):
        """Yields that output of `synthesis_graph` for as many dlatents at a time as memory allows."""
        frozen = self.synthesis_graph({name: value.shape[1:] for name, value in controls.items()})
        with np.errstate(over='ignore'):  # What overflows is infinite, and that is checked.
            arrays = {name: np.asarray(value, np.float32) for name, value in dict(controls, dlatents=dlatents).items()}
        for name, value in arrays.items():
            self._check_input(value, name)
        step = self.images_at_once
        for begin in range(0, len(dlatents), step):
            yield self._drawn(frozen, output, {name: value[begin : begin + step] for name, value in arrays.items()})

    def _drawn(self, frozen, output, arrays):
        """An output for one minibatch; images in float32 are checked here, bytes by what the graph says of them."""
        images, are_finite = frozen.run([output, 'finite'], **arrays)
        self._check_images(are_finite)
        return images

    def _check_input(self, values, name='dlatents'):
        """Raises UserError if latents or controls may not be drawn: they are not finite, or will not stay so."""
        self._check('the %s for %s' % (name, self.path), values, TOO_FAR)
        largest = np.abs(values).max(initial=0)
        if largest > LARGEST_INPUT and not self.allow_non_finite:
            raise UserError(
                'the %s for %s go up to %.1g, where numbers overflow inside the network and images mean nothing; %s'
                % (name, self.path, largest, TOO_FAR)
            )

    def _check_images(self, are_finite):
        """Raises UserError if images, of which it is said whether they are finite (bool [N]), may not be drawn."""
        if not self.allow_non_finite and not np.all(are_finite):
            raise UserError(
                '%d of %d images of %s hold NaN or infinity, so there is nothing to see; %s'
                % (np.sum(~are_finite), len(are_finite), self.path, TOO_FAR)
            )

    @property
    def images_at_once(self) -> int:
        """Largest minibatch of images that `synthesis_graph` takes."""
        return self._graphs.images_at_once

    def bf16_delta(self, dlatents: np.ndarray, conversion: str = 'round') -> Tuple[float, int]:
        """What bf16 costs on dlatents [N, L, D]: mean and largest absolute difference of images from float32, in
        levels of 255.
        """
        drawn = []
        for precision in ('float32', 'bf16'):
            frozen = self.synthesis_graph(precision=precision)
            pieces = [self._drawn(frozen, conversion, dict(dlatents=w[None])) for w in dlatents]
            drawn.append(np.concatenate(pieces).astype(int))
        delta = np.abs(drawn[1] - drawn[0])
        return delta.mean(), delta.max()

    # ---------------------------------------------------------------- inside

    def synthesis_graph(self, controls: Controls = (), precision: Optional[str] = None) -> Frozen:
        """The synthesis with the chosen noise as a `dnnlib.tflib.frozen.Frozen`, made at first use.

        Inputs: dlatents float32 [N, L, D], and further ones. Outputs: 'float', as `render`, and the conversions of
        `synthesize`.

        Args:
            controls: dict of names -> shapes without N, of further inputs of the network.
            precision: other than that of the generator.
        """
        with self._entered():
            return self._graphs.get(controls, precision)

    def cut(self, conversion: str) -> Cut:
        """The synthesis cut in two, for many images that share their first layers.

        Args:
            conversion: as of `synthesize`.

        Returns:
            `dnnlib.tflib.cut.Cut` that makes uint8 images.

        Raises:
            UserError: as `synthesize`.
        """
        images.check_channels(self)
        with self._entered():
            return self._graphs.cut(conversion, self._check_input, self._check_images)

    def with_synthesis(self, make: Callable[[tflib.Network], Made]) -> Made:
        """What a function makes of the synthesis network; its graph and session are the default ones meanwhile."""
        with self._entered():
            return make(self._graphs.network)

    def synthesis_values(self) -> Dict[str, np.ndarray]:
        """Values of all variables of the synthesis, as they are in the pickle: ordered dict of names to arrays."""
        return self._graphs.values

    def variable(self, name: str) -> Any:
        """Value of a variable of the synthesis network, e.g. '8x8/Conv1/mod_weight'. KeyError if there is none."""
        return np.array(self._graphs.noise.get(name, self._graphs.values[name]))[()]

    def style_matrices(self) -> List[np.ndarray]:
        """See `regan.networks.styles.matrices`: list of L arrays [D, C_l]. UserError for layers of another kind."""
        return styles.matrices(self.synthesis_values(), self.generation, self.resolution, self.num_layers)

    @property
    def layer_shapes(self) -> Dict[str, Tuple[int, ...]]:
        """The layers whose output can be had: ordered dict of names, such as '8x8/Conv0_up', to (C, H, W)."""
        with self._entered():
            return self._layers.shapes()

    def activations(self, dlatents: np.ndarray, layer: str) -> np.ndarray:
        """Output of a layer, without truncation: dlatents float [N, L, D] -> float32 [N, C, H, W].

        Args:
            layer: a name of `layer_shapes`, or the original's name of that layer; the values are those of the last op
                of that name in the official network.

        Raises:
            UserError: there is no such layer in the synthesis network.
        """
        name = self._synthesis_layer(layer)
        with self._entered():
            return self._layers.run(dlatents, name)

    def synthesize_changed(
        self,
        dlatents: np.ndarray,
        layer: str,
        change: np.ndarray,
        progress: Optional[Progress] = None,
        conversion: str = 'round',
    ) -> np.ndarray:
        """As `synthesize`, with a change of one layer's output, which all later layers see: uint8 [N, H, W, C].

        Args:
            dlatents: float [N, L, D].
            layer: as for `activations`.
            change: float [N, C, H, W], what is added to the layer's output.
            progress, conversion: as for `synthesize`.

        Raises:
            UserError: there is no such layer, or the change has another shape than it.
        """
        name = self._synthesis_layer(layer)
        wanted = (len(dlatents),) + self.layer_shapes[name]
        if np.shape(change) != wanted:
            raise UserError(
                'the change of layer %s has shape %s but must have %s' % (name, list(np.shape(change)), list(wanted))
            )
        pieces = []
        with self._entered():
            for images in self._layers.images(dlatents, name, np.asarray(change), conversion):
                pieces.append(images)
                if progress:
                    progress(len(images))
        return np.concatenate(pieces)

    def layer_name(self, name: str) -> str:
        """Our name of a layer that is named as here or in the original, see `regan.networks.layer_names`.

        Raises:
            UserError: there is no such layer.
        """
        return layer_names.resolve(name, self.layer_shapes, self.path)

    def _synthesis_layer(self, name):
        found = self.layer_name(name)
        if found == layer_names.MAPPING:
            raise UserError('%s is the output of the mapping network; take it from `map`' % name)
        return found
