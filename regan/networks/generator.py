"""The edge to TensorFlow: the only module of regan that knows there is a graph."""
import collections

import numpy as np

import dnnlib.tflib as tflib
from dnnlib import unpickle
from dnnlib.tflib.cut import Cut
from dnnlib.tflib.frozen import Frozen
from dnnlib.tflib.revival import revive
from dnnlib.unpickle import NetworkPickleError
from regan.sampling import noise as noises
from regan.base.errors import UserError
from regan.networks.network_file import NetworkFile

import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

WRAPPERS = ('G_style', 'G_main')
MAP_ROWS = 8192  # Rows of z at a time: large enough for full speed, small enough to stay out of the way.
ACTIVATIONS_AT_ONCE = 16  # Latents; more are hardly faster.
IMAGES_AT_ONCE = 16  # More are hardly faster.
ONE_BY_ONE_FROM = 256  # Resolution from which a graph for single images is as fast as any minibatch; it needs the least memory.
PRECISIONS = {'float32': {}, 'bf16': {'dtype': 'bfloat16'}}  # Names -> arguments of a synthesis.


class Generator:
    """A generator from a pickle, with a graph and a session of its own; use it in `with`.

    Attributes:
        path, sha256: the pickle.
        backend: dict of the versions that decide about last bits, e.g. {'tensorflow': '1.15.0', 'numpy': '1.19.5'}.
        generation: 1 (StyleGAN) or 2 (StyleGAN2, StyleGAN2-ADA).
        latent_size Z, dlatent_size D, num_layers L, label_size, resolution R, num_channels C: int.
        dlatent_avg: float32 [D], the running average of w.
        precision: 'float32' or 'bf16'.
        build_function: str, e.g. 'G_main'; static_kwargs: dict of the arguments that the network was made with.
    """

    @classmethod
    def open(cls, path, noise='stored', trust_embedded_code=False, precision='float32'):
        """Reads the last generator (Gs) of a pickle.

        Args:
            path: network pickle, may be compressed; or a NetworkFile, which is being read already.
            noise: a choice, see `set_noise`.
            trust_embedded_code: True lets the file run code of its own, only if its networks are not among ours.
            precision: of the images that are drawn, 'float32' or 'bf16', which needs TensorFlow 2 (see `bf16_delta`).
        Raises: UserError if the file is missing, unreadable, or holds no generator, or for bf16 on TensorFlow 1.
        """
        return cls(path, noise, trust_embedded_code, precision)

    def __init__(self, path, noise, trust_embedded_code, precision='float32'):
        check_precision(precision)
        self.precision = precision
        file = NetworkFile.of(path)
        self.path = file.path
        self.backend = {'tensorflow': tf.__version__, 'numpy': np.__version__}
        self._graph = tf.Graph()
        with self._graph.as_default():
            self._session = tflib.create_session()
        try:
            with self._entered():
                state = generator_state(file)
                self.sha256 = file.sha256
                self.build_function, self.static_kwargs = state.build_func_name, dict(state.static_kwargs)
                self._network = revive(state, self.path, trust_embedded_code)
                self._describe()
                self.set_noise(noise)
        except NetworkPickleError as error:
            self.close()
            raise UserError(str(error)) from None
        except BaseException:
            self.close()
            raise

    def _describe(self):
        parts = self._network.components
        if not {'mapping', 'synthesis'} <= set(parts):
            raise UserError('%s holds a generator without mapping and synthesis networks, so it has no W space' % self.path)
        self._mapping, self._synthesis = parts.mapping, parts.synthesis
        self._published = None  # See `_layers`.
        self._values = self._synthesis.own_values()
        self._noise = {name: value for name, value in self._values.items() if name.startswith('noise')}
        self._frozen = {}  # Names and shapes of further inputs -> Frozen, see `synthesis_graph`.
        self._unfrozen = {(self.precision,): self._build_synthesis(self.precision)}
        self.latent_size, self.label_size = [shape[1] for shape in self._mapping.input_shapes]
        dlatents, images = [tensor.shape.as_list() for tensor in self._unfrozen[self.precision,][:2]]
        self.num_layers, self.dlatent_size = dlatents[1:]
        self.num_channels, self.resolution = images[1:3]
        self.dlatent_avg = self._network.get_var('dlatent_avg')
        if self.dlatent_avg.shape != (self.dlatent_size,):
            raise UserError('%s: dlatent_avg has shape %s, but w has width %d' % (self.path, self.dlatent_avg.shape, self.dlatent_size))
        first = any(name.endswith('StyleMod/weight') for name in self._values)
        self.generation = 1 if first else 2

    # ---------------------------------------------------------------- life

    def _entered(self):
        return _Both(self._graph.as_default(), self._session.as_default())

    def close(self):
        """Frees the sessions; the object is of no use afterwards."""
        for frozen, _ in getattr(self, '_frozen', {}).values():
            frozen.close()
        self._session.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---------------------------------------------------------------- use

    def set_noise(self, noise):
        """Chooses the noise images of all following pictures.

        Args:
            noise: a choice of `regan.sampling.noise`: 'stored' (those of the pickle), 'none', or a generator's name and seed, for example
                {'numpy_seed': 0}. Or a RandomState to draw them from. The order is noise0, noise1, ...
        """
        names = [name for name in self._values if name.startswith('noise')]
        values = [self._values[name] for name in names]
        if noise != 'stored':
            values = noises.images(noise, [value.shape for value in values], self.generation)
        self._noise = dict(zip(names, values))
        with self._entered():
            for frozen, placeholders in self._frozen.values():
                frozen.refresh({placeholders[name]: value for name, value in self._noise.items()})
            self._publish_noise()

    def _publish_noise(self):
        if self._published is not None:
            tflib.set_vars({self._synthesis.find_var(name): value for name, value in self._noise.items()})

    def map(self, z, labels=None):
        """z float [N, Z], labels float [N, label_size] or None (zeros) -> w float32 [N, D]. No truncation."""
        with self._entered():
            return self._mapping.run(z, labels, dlatent_broadcast=None, minibatch_size=MAP_ROWS)

    def render(self, dlatents):
        """dlatents float [N, L, D] -> float32 [N, C, H, W], nominal range [-1, 1]: neither rounded nor clipped."""
        return np.concatenate(list(self._minibatches('float', dlatents, {})))

    @property
    def layer_shapes(self):
        """The layers of the synthesis whose output can be had: ordered dict of names, such as '8x8/Conv0_up', to (C, H, W)."""
        return collections.OrderedDict((name, tuple(tensor.shape.as_list()[1:])) for name, tensor in self._layers()[1].items())

    def activations(self, dlatents, layer):
        """Output of a layer, without truncation: dlatents float [N, L, D] -> float32 [N, C, H, W].

        Args:
            layer: a name of `layer_shapes`; the values are those of the last op of that name in the official network.
        Raises: UserError if there is no such layer.
        """
        dlatents_in, outputs = self._layers()
        if layer not in outputs:
            raise UserError("%s has no layer '%s'; choose one of %s" % (self.path, layer, ', '.join(outputs)))
        pieces = []
        with self._entered():
            for begin in range(0, len(dlatents), ACTIVATIONS_AT_ONCE):
                pieces.append(tflib.run(outputs[layer], {dlatents_in: dlatents[begin:begin + ACTIVATIONS_AT_ONCE]}))
        return np.concatenate(pieces)

    def _layers(self):
        """A placeholder for dlatents, and the NCHW output of each layer by name: a graph with the chosen noise and without branches."""
        if self._published is None:
            with self._entered():
                begin = len(self._graph.get_operations())
                dlatents = tf.placeholder(tf.float32, [None, self.num_layers, self.dlatent_size])
                images = self._synthesis.get_output_for(dlatents, randomize_noise=False, force_clean_graph=True)
                scope = images.op.name.rsplit('/', 1)[0] + '/'
                names = [op.name for op in self._graph.get_operations()[begin:] if op.name.startswith(scope) and op.name.endswith('/out')]
                self._published = dlatents, collections.OrderedDict(
                    (name[len(scope):-len('/out')], tf.cast(self._graph.get_tensor_by_name(name + ':0'), tf.float32)) for name in names)
                self._publish_noise()
        return self._published

    def synthesis_values(self):
        """Values of all variables of the synthesis network, as they are in the pickle: ordered dict of names to arrays."""
        return self._values

    def variable(self, name):
        """Value of a variable of the synthesis network, e.g. '8x8/Conv1/mod_weight'. KeyError if there is none."""
        return np.array(self._noise.get(name, self._values[name]))[()]

    def synthesize(self, dlatents, progress=None, conversion='round', **controls):
        """dlatents float [N, L, D] -> uint8 [N, H, W, C].

        Args:
            progress: callable that gets the number of images done since its last call.
            conversion: of the official images x to bytes: 'round', floor(clip(127.5 x + 128, 0, 255)), as the official tools
                do; or 'truncate', floor(255 clip((x + 1) / 2, 0, 1)), as GANSpace does.
            controls: further inputs of the synthesis network, float [N, ...] (SEGAN's control_scale and control_shift).
        """
        pieces = []
        for images in self._minibatches(conversion, dlatents, controls):
            pieces.append(images)
            if progress:
                progress(len(images))
        return np.concatenate(pieces)

    def _minibatches(self, output, dlatents, controls):
        """Yields that output of `synthesis_graph` for as many dlatents at a time as memory allows."""
        frozen = self.synthesis_graph({name: value.shape[1:] for name, value in controls.items()})
        arrays = dict(controls, dlatents=dlatents)
        step = self.images_at_once
        for begin in range(0, len(dlatents), step):
            yield frozen.run(output, **{name: value[begin:begin + step] for name, value in arrays.items()})

    @property
    def images_at_once(self):
        """Largest minibatch of images that `synthesis_graph` takes."""
        return IMAGES_AT_ONCE if self.resolution < ONE_BY_ONE_FROM else 1

    def bf16_delta(self, dlatents, conversion='round'):
        """What bf16 costs on dlatents [N, L, D]: mean and largest absolute difference of images from float32, in levels of 255."""
        drawn = []
        for precision in ('float32', 'bf16'):
            frozen = self.synthesis_graph(precision=precision)
            drawn.append(np.concatenate([frozen.run(conversion, dlatents=w[None]) for w in dlatents]).astype(int))
        delta = np.abs(drawn[1] - drawn[0])
        return delta.mean(), delta.max()

    def cut(self, conversion='round'):
        """The synthesis cut in two, for many images that share their first layers: a `dnnlib.tflib.cut.Cut` that makes uint8 images."""
        frozen = self.synthesis_graph()
        return Cut(frozen.inputs['dlatents'], frozen.outputs[conversion], frozen.session.run)

    def synthesis_graph(self, controls=(), precision=None):
        """The synthesis with the chosen noise as a `dnnlib.tflib.frozen.Frozen`, made at first use.

        Inputs: dlatents float32 [N, L, D], and further ones. Outputs: 'float', as `render`, and the conversions of `synthesize`.

        Args:
            controls: dict of names -> shapes without N, of further inputs of the network.
            precision: other than that of the generator.
        """
        key = (precision or self.precision,) + tuple(sorted(dict(controls).items()))
        if key not in self._frozen:
            with self._entered():
                dlatents, images, inputs, placeholders = self._unfrozen.pop(key, None) or self._build_synthesis(*key)
                outputs = {name: transform['func'](images, **{k: v for k, v in transform.items() if k != 'func'})
                           for name, transform in CONVERSIONS.items()}
                values = dict(self._values, **self._noise)
                self._frozen[key] = Frozen(dict(inputs, dlatents=dlatents), dict(outputs, float=images),
                                           [placeholders[name] for name in self._noise],
                                           {placeholder: values[name] for name, placeholder in placeholders.items()}), placeholders
        return self._frozen[key][0]

    def _build_synthesis(self, precision, *controls):
        """dlatents, images, further inputs by name, placeholders of variables by name: a graph without variables, see `Network`."""
        inputs = {name: tf.placeholder(tf.float32, (None,) + shape) for name, shape in controls}
        single = self._synthesis.static_kwargs.get('resolution', 0) >= ONE_BY_ONE_FROM
        dlatents = tf.placeholder(tf.float32, [1 if single else None, None, None])
        # A synthesis that has grown up needs no branches, which nothing could be known of before they run.
        grown = dict(structure='fixed', unused=['ToRGB_lod']) if self._values.get('lod') == 0 else {}
        images, placeholders = self._synthesis.get_output_with_values(dlatents, randomize_noise=False, **dict(grown, **PRECISIONS[precision], **inputs))
        return dlatents, images, inputs, placeholders


def check_precision(precision):
    """Raises UserError if this TensorFlow cannot draw so."""
    if precision not in PRECISIONS:
        raise UserError('precision %r is unknown; choose one of %s' % (precision, ', '.join(PRECISIONS)))
    if precision == 'bf16' and tf.__version__.startswith('1.'):
        raise UserError('TensorFlow %s has no bfloat16 convolutions on a CPU; choose float32, or TensorFlow 2' % tf.__version__)


def truncated_to_uint8(images):
    """float [N, C, H, W] -> uint8 [N, H, W, C]: floor(255 clip((x + 1) / 2, 0, 1)), the conversion of GANSpace."""
    images = tf.clip_by_value((tf.cast(images, tf.float32) + 1) / 2, 0, 1)
    return tf.cast(tf.transpose(images, [0, 2, 3, 1]) * 255, tf.uint8)


CONVERSIONS = {  # Names of `synthesize` -> output transforms of a Network.
    'round': dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True),
    'truncate': dict(func=truncated_to_uint8),
}


class _Both:
    """Two context managers as one."""

    def __init__(self, outer, inner):
        self._managers = outer, inner

    def __enter__(self):
        for manager in self._managers:
            manager.__enter__()

    def __exit__(self, *error):
        for manager in reversed(self._managers):
            manager.__exit__(*error)


def generator_state(path):
    """The NetworkState of the last generator in a pickle (Gs of the official files). Raises NetworkPickleError if there is none.

    Args: path, or a NetworkFile.
    """
    file = NetworkFile.of(path)
    path, found = file.path, unpickle.networks(file.take())
    generators = [state for state in found if state.components or state.build_func_name in WRAPPERS]
    if not generators:
        names = ', '.join('%s (%s)' % (state.name, state.build_func_name) for state in found) or 'no network at all'
        raise NetworkPickleError('%s holds no generator but %s; give a file with G, D and Gs' % (path, names))
    return generators[-1]
