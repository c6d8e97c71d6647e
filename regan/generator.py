"""The edge to TensorFlow: the only module of regan that knows there is a graph."""
import collections
import os

import numpy as np

import dnnlib.tflib as tflib
from dnnlib import unpickle
from dnnlib.tflib.network import revive
from dnnlib.unpickle import NetworkPickleError
from regan import artefacts
from regan import noise as noises
from regan.errors import UserError

import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

WRAPPERS = ('G_style', 'G_main')
MAP_ROWS = 8192  # Rows of z at a time: large enough for full speed, small enough to stay out of the way.
ACTIVATIONS_AT_ONCE = 16  # Latents; more are hardly faster.
PIXELS_AT_ONCE = 2 ** 20  # Of a minibatch of images; a 1024 x 1024 network then needs about 1.5 GB.


class Generator:
    """A generator from a pickle, with a graph and a session of its own; use it in `with`.

    Attributes:
        path, sha256: the pickle.
        backend: dict of the versions that decide about last bits, e.g. {'tensorflow': '1.15.0', 'numpy': '1.19.5'}.
        generation: 1 (StyleGAN) or 2 (StyleGAN2, StyleGAN2-ADA).
        latent_size Z, dlatent_size D, num_layers L, label_size, resolution R, num_channels C: int.
        dlatent_avg: float32 [D], the running average of w.
        build_function: str, e.g. 'G_main'; static_kwargs: dict of the arguments that the network was made with.
    """

    @classmethod
    def open(cls, path, noise='stored', trust_embedded_code=False):
        """Reads the last generator (Gs) of a pickle.

        Args:
            path: network pickle, may be compressed.
            noise: a choice, see `set_noise`.
            trust_embedded_code: True lets the file run code of its own, only if its networks are not among ours.
        Raises: UserError if the file is missing, unreadable, or holds no generator.
        """
        return cls(path, noise, trust_embedded_code)

    def __init__(self, path, noise, trust_embedded_code):
        self.path = os.fspath(path)
        self.sha256 = artefacts.sha256_file(path)
        self.backend = {'tensorflow': tf.__version__, 'numpy': np.__version__}
        self._graph = tf.Graph()
        with self._graph.as_default():
            self._session = tflib.create_session()
        try:
            with self._entered():
                state = generator_state(path)
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
        self._controlled = {}  # Conversion, names and shapes of further inputs -> graph of the synthesis.
        self.latent_size, self.label_size = [shape[1] for shape in self._mapping.input_shapes]
        self.num_layers, self.dlatent_size = self._synthesis.input_shape[1:]
        self.num_channels, self.resolution = self._synthesis.output_shape[1:3]
        self.dlatent_avg = self._network.get_var('dlatent_avg')
        if self.dlatent_avg.shape != (self.dlatent_size,):
            raise UserError('%s: dlatent_avg has shape %s, but w has width %d' % (self.path, self.dlatent_avg.shape, self.dlatent_size))
        first = any(name.endswith('StyleMod/weight') for name in self._synthesis.vars)
        self.generation = 1 if first else 2

    # ---------------------------------------------------------------- life

    def _entered(self):
        return _Both(self._graph.as_default(), self._session.as_default())

    def close(self):
        """Frees the session; the object is of no use afterwards."""
        self._session.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---------------------------------------------------------------- use

    def set_noise(self, noise):
        """Chooses the noise images of all following pictures.

        Args:
            noise: a choice of `regan.noise`: 'stored' (those of the pickle), 'none', or a generator's name and seed, for example
                {'numpy_seed': 0}. Or a RandomState to draw them from. The order is noise0, noise1, ...
        """
        with self._entered():
            variables = [v for n, v in self._synthesis.vars.items() if n.startswith('noise')]
            if not hasattr(self, '_stored_noise'):
                self._stored_noise = tflib.run(variables)
            values = self._stored_noise
            if noise != 'stored':
                values = noises.images(noise, [v.shape.as_list() for v in variables], self.generation)
            tflib.set_vars(dict(zip(variables, values)))

    def map(self, z, labels=None):
        """z float [N, Z], labels float [N, label_size] or None (zeros) -> w float32 [N, D]. No truncation."""
        with self._entered():
            return self._mapping.run(z, labels, dlatent_broadcast=None, minibatch_size=MAP_ROWS)

    def render(self, dlatents):
        """dlatents float [N, L, D] -> float32 [N, C, H, W], nominal range [-1, 1]: neither rounded nor clipped."""
        step = max(1, min(16, PIXELS_AT_ONCE // self.resolution ** 2))
        with self._entered():
            return self._synthesis.run(dlatents, minibatch_size=step, randomize_noise=False)

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
        return self._published

    def variable(self, name):
        """Value of a variable of the synthesis network, e.g. '8x8/Conv1/mod_weight'. KeyError if there is none."""
        with self._entered():
            return self._synthesis.get_var(name)

    def synthesize(self, dlatents, progress=None, conversion='round', **controls):
        """dlatents float [N, L, D] -> uint8 [N, H, W, C].

        Args:
            progress: callable that gets the number of images done since its last call.
            conversion: of the official images x to bytes: 'round', floor(clip(127.5 x + 128, 0, 255)), as the official tools
                do; or 'truncate', floor(255 clip((x + 1) / 2, 0, 1)), as GANSpace does.
            controls: further inputs of the synthesis network, float [N, ...] (SEGAN's control_scale and control_shift).
        """
        step = max(1, min(16, PIXELS_AT_ONCE // self.resolution ** 2))
        pieces = []
        for begin in range(0, len(dlatents), step):
            batch = slice(begin, begin + step)
            with self._entered():
                pieces.append(self._images(dlatents[batch], conversion, {name: value[batch] for name, value in controls.items()}))
            if progress:
                progress(len(pieces[-1]))
        return np.concatenate(pieces)

    def _images(self, dlatents, conversion, controls):
        if not controls:
            return self._synthesis.run(dlatents, randomize_noise=False, output_transform=CONVERSIONS[conversion])
        key = (conversion,) + tuple((name, value.shape[1:]) for name, value in sorted(controls.items()))
        if key not in self._controlled:
            self._controlled[key] = self._controlled_graph(conversion, key[1:])
        inputs, images = self._controlled[key]
        return tflib.run(images, {inputs[name]: value for name, value in dict(controls, dlatents=dlatents).items()})

    def _controlled_graph(self, conversion, shapes):
        """Placeholders by name, and uint8 images [N, H, W, C]: a graph whose controls are inputs, so that new values cost nothing."""
        inputs = {name: tf.placeholder(tf.float32, (None,) + shape) for name, shape in shapes}
        dlatents = tf.placeholder(tf.float32, [None, self.num_layers, self.dlatent_size])
        images = self._synthesis.get_output_for(dlatents, randomize_noise=False, **inputs)
        transform = dict(CONVERSIONS[conversion])
        return dict(inputs, dlatents=dlatents), transform.pop('func')(images, **transform)


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
    """The NetworkState of the last generator in a pickle (Gs of the official files). Raises NetworkPickleError if there is none."""
    found = unpickle.networks(unpickle.read(path))
    generators = [state for state in found if state.components or state.build_func_name in WRAPPERS]
    if not generators:
        names = ', '.join('%s (%s)' % (state.name, state.build_func_name) for state in found) or 'no network at all'
        raise NetworkPickleError('%s holds no generator but %s; give a file with G, D and Gs' % (path, names))
    return generators[-1]
