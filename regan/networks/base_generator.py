"""What every open generator offers, whatever its architecture: latents of seeds, and latents to images and layers.

An architecture is a class that fills in how its latents are drawn and truncated, and which graphs draw. Who uses one
asks it for what it has (`latent_space`, `has_noise`, `truncation`), never for what it is.
"""

import abc
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Type, TypeVar, Union

import numpy as np

from dnnlib.tflib.cut import Cut
from dnnlib.tflib.frozen import Frozen
from dnnlib.unpickle import NetworkState
from regan.base import finite
from regan.base.errors import UserError
from regan.base.typing import PathLike, Progress
from regan.networks import labels as classes
from regan.networks import layer_names, weights
from regan.networks import precision as precisions
from regan.networks.latent_traits import LatentTraits
from regan.networks.network_file import NetworkFile
from regan.networks.opening import Opened, backend, generator_state
from regan.networks.synthesis_graphs import Controls
from regan.pictures import images
from regan.sampling import noise as noises

Self = TypeVar('Self', bound='BaseGenerator')

TOO_FAR = (
    'a smaller psi, strength or distance keeps numbers in range, unless the file is damaged; --allow-non-finite, where '
    'a command has it, draws them all the same'
)
# Styles are squared and summed over 512 maps: float32 ends at 3e38, and each TensorFlow makes something else of more.
LARGEST_INPUT = 1e15


class Facts(NamedTuple):
    """Attributes of a BaseGenerator that its network decides."""

    latent_size: int
    dlatent_size: int
    num_layers: int
    label_size: int
    resolution: int
    num_channels: int
    dlatent_avg: np.ndarray
    architecture: str
    generation: int = 0


class BaseGenerator(LatentTraits, Opened, abc.ABC):
    """A generator with a graph and a session of its own; use it in `with`.

    N latents, L layers that take one each, D the width of a layer's latent.

    Attributes (and those of `LatentTraits`, which say what it has):
        path, sha256: the file.
        backend: dict of the versions that decide about last bits, e.g. {'tensorflow': '1.15.0', 'numpy': '1.19.5'}.
        generation: 1 (StyleGAN), 2 (StyleGAN2, StyleGAN2-ADA), or 0.
        latent_size Z, dlatent_size D, num_layers L, label_size, resolution R, num_channels C: int.
        label: the class of a conditional network, from 0, or one for each layer, or None: its label is zero.
        dlatent_avg: float32 [D], the average latent.
        precision: 'float32' or 'bf16'.
        allow_non_finite: whether NaN and infinity are let through, in weights, latents and images; else they are
            refused (UserError), wherever one comes in or out.
        build_function: str, e.g. 'G_main'; static_kwargs: dict of the arguments that the network was made with.
    """

    instance_norm_epsilon: Optional[float] = None

    path: str
    sha256: str
    backend: Dict[str, str]
    generation: int = 0
    latent_size: int
    dlatent_size: int
    num_layers: int
    label_size: int
    label: Optional[classes.Label]
    resolution: int
    num_channels: int
    dlatent_avg: np.ndarray
    precision: str
    allow_non_finite: bool
    build_function: str
    static_kwargs: Dict[str, Any]
    _graphs: Any
    _layers: Any

    @classmethod
    def open(
        cls: Type[Self],
        path: Union[PathLike, NetworkFile],
        noise: noises.Choice = 'stored',
        trust_embedded_code: bool = False,
        precision: str = 'float32',
        label: Union[classes.Label, str, None] = None,
    ) -> Self:
        """Reads the generator that makes the images (Gs) of a file.

        Args:
            path: network file, may be compressed; or a NetworkFile, which is being read already, and which says
                whether NaN and infinity are let through.
            noise: a choice, see `set_noise`.
            trust_embedded_code: True lets the file run code of its own, only if its networks are not among ours.
            precision: of the images that are drawn, 'float32' or 'bf16', which needs TensorFlow 2 (see `bf16_delta`).
            label: class of a conditional network, from 0, or a text that `labels.resolve` reads; None: a label of
                zeros, which is said.

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
        label: Union[classes.Label, str, None],
    ) -> None:
        self.backend = backend()
        precisions.check(precision, self.backend['tensorflow'])
        self.precision = precision
        self._graphs = None
        file = NetworkFile.of(path)
        self.path, self.allow_non_finite = file.path, file.allow_non_finite
        super().__init__()
        with self._opening():
            state = generator_state(file)
            if not self.allow_non_finite:
                weights.check(state, self.path)
            self.sha256 = file.sha256
            self.build_function, self.static_kwargs = state.build_func_name, dict(state.static_kwargs)
            for name, value in self._built(state, trust_embedded_code)._asdict().items():
                setattr(self, name, value)
            self.label = self._resolved(label)
            self.set_label(None)
            self.set_noise(noise)

    @abc.abstractmethod
    def _built(self, state: NetworkState, trust_embedded_code: bool) -> Facts:
        """Makes the graphs of a NetworkState, in the graph and session that are entered, and says what it is."""

    def _resolved(self, label):
        """The class that was asked for, checked."""
        return classes.resolve(label, self.label_size, self.path)

    @property
    @abc.abstractmethod
    def layer_resolutions(self) -> List[int]:
        """The resolution that the latent of each layer works at, of L layers."""

    def close(self) -> None:
        """Frees the sessions; the object is of no use afterwards."""
        if self._graphs is not None:
            self._graphs.close()
        super().close()

    # ---------------------------------------------------------------- latents

    @abc.abstractmethod
    def map(self, z: np.ndarray, labels: Optional[np.ndarray] = None) -> np.ndarray:
        """z float [N, Z] -> what layers take, float32 [N, D]. No truncation."""

    def set_noise(self, noise: noises.Drawn, layers: Optional[Sequence[int]] = None) -> None:
        """Chooses the noise images of all following pictures; without any, only those of the file can be chosen.

        Args:
            noise, layers: see `Generator.set_noise`.

        Raises:
            UserError: there are none to choose.
        """
        if noise != 'stored' or layers is not None:
            raise UserError('%s has no noise images (%s); leave --noise out' % (self.path, self.architecture))

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
        self._check_shape(dlatents)
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
        images, are_finite = frozen.run([output, 'finite'], **dict(self._conditions(len(arrays['dlatents'])), **arrays))
        self._check_images(are_finite)
        return images

    def _conditions(self, count):
        """What the graphs take beside latents, for so many of them: dict of names -> arrays."""
        return {}

    def _check_shape(self, dlatents):
        """Raises UserError if there is not one latent for each layer."""
        if np.shape(dlatents)[1:] != (self.num_layers, self.dlatent_size):
            raise UserError(
                'dlatents have shape %s, but %s has %d layers, which take a latent of %d numbers each'
                % (list(np.shape(dlatents)), self.path, self.num_layers, self.dlatent_size)
            )

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

    def synthesis_values(self) -> Dict[str, np.ndarray]:
        """Values of all variables of the synthesis, as they are in the pickle: ordered dict of names to arrays."""
        return self._graphs.values

    def variable(self, name: str) -> Any:
        """Value of a variable of the synthesis network, e.g. '8x8/Conv1/mod_weight'. KeyError if there is none."""
        return np.array(self._graphs.noise.get(name, self._graphs.values[name]))[()]

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
        self._check_shape(dlatents)
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
        if name == layer_names.MAPPING and self.latent_space == 'z':
            raise UserError('%s is a %s, which has no mapping network and no W' % (self.path, self.architecture))
        return layer_names.resolve(name, self.layer_shapes, self.path)

    def _synthesis_layer(self, name):
        found = self.layer_name(name)
        if found == layer_names.MAPPING:
            raise UserError('%s is the output of the mapping network; take it from `map`' % name)
        return found
