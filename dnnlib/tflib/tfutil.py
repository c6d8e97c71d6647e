"""Session and variable helpers of the official dnnlib API, on TensorFlow 1.15 and 2.x.

The only module that switches TensorFlow 2 to graph mode. Nothing here runs on import but that switch.
"""

import contextlib
import functools
import logging
import os
import warnings
from typing import Any, Iterable, List, Union

from .quiet import filtered_stderr

# Read by TensorFlow's C++ core when it is imported: hides notices about CPU features, keeps errors.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

with warnings.catch_warnings(), filtered_stderr():
    # TensorFlow 1.15's own use of NumPy's old type names is no news to its users.
    warnings.simplefilter('ignore', FutureWarning)
    import numpy as np
    import tensorflow.compat.v1 as tf
    from tensorflow.python.util import deprecation

# Finding out whether an argument is deprecated takes a tenth of the time in which a graph is built.
deprecation._PRINT_DEPRECATION_WARNINGS = False
logging.getLogger('tensorflow').addFilter(
    lambda record: record.levelno >= logging.ERROR or 'deprecat' not in record.getMessage().lower()
)
tf.disable_v2_behavior()

from .primitives.layout import has_gpu  # noqa: E402

TfExpression = Union[tf.Tensor, tf.Variable, tf.Operation]
TfExpressionEx = Union[TfExpression, int, float, np.ndarray]


# ------------------------------------------------------------------ expressions


def run(*args, **kwargs) -> Any:
    """Runs ops in the default session; in a thread without one, in that of `init_tf`. Raises RuntimeError without
    any.
    """
    session = tf.get_default_session()  # Each thread has its own.
    if session is None:
        session = next((s for s in _forced if not is_closed(s)), None)
    if session is None:
        assert_tf_initialized()
    return session.run(*args, **kwargs)


def is_tf_expression(x: Any) -> bool:
    """True for tensors, variables and operations."""
    return isinstance(x, (tf.Tensor, tf.Variable, tf.Operation))


def shape_to_list(shape: Iterable) -> List[Union[int, None]]:
    """A TensorShape (or an iterable of dimensions) as a list of int or None."""
    return tf.TensorShape(shape).as_list()


def flatten(x: TfExpressionEx) -> TfExpression:
    """The tensor as one axis."""
    with tf.name_scope('Flatten'):
        return tf.reshape(x, [-1])


def log2(x: TfExpressionEx) -> TfExpression:
    """Logarithm to base 2."""
    with tf.name_scope('Log2'):
        return tf.log(x) * np.float32(1.0 / np.log(2.0))


def exp2(x: TfExpressionEx) -> TfExpression:
    """2 to the power of x."""
    with tf.name_scope('Exp2'):
        return tf.exp(x * np.float32(np.log(2.0)))


def erfinv(y: TfExpressionEx) -> TfExpression:
    """Inverse error function on (-1, 1), float32.

    Polynomials of M. Giles, Approximating the erfinv function (GPU Computing Gems, 2010); TensorFlow 1.15 has no such
    op.
    """
    with tf.name_scope('ErfInv'):
        y = tf.convert_to_tensor(y, tf.float32)
        w = -tf.log((1.0 - y) * (1.0 + y))
        centre = _polynomial(
            tf.minimum(w, 5.0) - 2.5,
            [
                2.81022636e-08,
                3.43273939e-07,
                -3.5233877e-06,
                -4.39150654e-06,
                0.00021858087,
                -0.00125372503,
                -0.00417768164,
                0.246640727,
                1.50140941,
            ],
        )
        tail = _polynomial(
            tf.sqrt(tf.maximum(w, 5.0)) - 3.0,
            [
                -0.000200214257,
                0.000100950558,
                0.00134934322,
                -0.00367342844,
                0.00573950773,
                -0.0076224613,
                0.00943887047,
                1.00167406,
                2.83297682,
            ],
        )
        return tf.where(w < 5.0, centre, tail) * y


def _polynomial(x, coefficients):
    """Horner's rule; highest power first."""
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def lerp(a, b, t):
    """Linear interpolation a + (b - a) t; tensors or NumPy."""
    return a + (b - a) * t


def lerp_clip(a: TfExpressionEx, b: TfExpressionEx, t: TfExpressionEx) -> TfExpressionEx:
    """`lerp` with t clipped to [0, 1]."""
    return a + (b - a) * tf.clip_by_value(t, 0.0, 1.0)


# ------------------------------------------------------------------ scopes


@contextlib.contextmanager
def absolute_name_scope(scope: str):
    """Enters exactly the name scope `scope`, whatever surrounds it."""
    with tf.name_scope(scope + '/') as entered:
        yield entered


@contextlib.contextmanager
def absolute_variable_scope(scope: str, **kwargs):
    """Enters exactly the variable scope `scope`, without opening a name scope of its own."""
    with tf.variable_scope(
        tf.VariableScope(name=scope, reuse=kwargs.pop('reuse', None), **kwargs), auxiliary_name_scope=False
    ) as entered:
        yield entered


# ------------------------------------------------------------------ session


def init_tf(config_dict: dict = None) -> None:
    """Makes a session the default one for the rest of the process, unless there is one already.

    Args:
        config_dict: flat dict of settings, see `_config`; e.g. {'rnd.np_random_seed': 1000}.
    """
    if tf.get_default_session() is not None:
        return
    config = _config(config_dict)
    if config['rnd.np_random_seed'] is not None:
        np.random.seed(config['rnd.np_random_seed'])
    seed = config['rnd.tf_random_seed']
    if seed == 'auto':
        seed = np.random.randint(1 << 31)  # One draw, as the official API does: it is part of scripts' random streams.
    if seed is not None:
        tf.set_random_seed(seed)
    for key, value in config.items():
        if key.startswith('env.'):
            os.environ.setdefault(key[len('env.') :], str(value))
    create_session(config, force_as_default=True)


def is_closed(session: tf.Session) -> bool:
    """Whether a session has been closed."""
    return session._closed


def _place_softly():
    """Without a GPU, every session puts ops that name one on the CPU, whoever makes it.

    Official scripts name /gpu:0 in sessions of their own, too.
    """
    base = tf.Session.__mro__[1]  # What all kinds of sessions are made from.
    make = base.__init__

    @functools.wraps(make)
    def make_softly(self, target='', graph=None, config=None):
        if not target and not has_gpu():
            tf.config.set_soft_device_placement(True)  # Where no config is given.
            if isinstance(config, tf.ConfigProto):
                given, config = config, tf.ConfigProto()
                config.CopyFrom(given)
                config.allow_soft_placement = True
        make(self, target, graph, config)

    base.__init__ = make_softly


_place_softly()
_forced = []  # Sessions that `create_session` made the default ones for the rest of the process.


def assert_tf_initialized() -> None:
    """Raises RuntimeError if there is no default session."""
    if tf.get_default_session() is None:
        raise RuntimeError('No default TensorFlow session found. Please call dnnlib.tflib.init_tf().')


def create_session(config_dict: dict = None, force_as_default: bool = False) -> tf.Session:
    """A new session with the given settings (see `init_tf`); use it in `with ... .as_default()`.

    With force_as_default it stays the default session until the process ends.
    """
    proto = tf.ConfigProto()
    for key, value in _config(config_dict).items():
        path = key.split('.')
        if path[0] in ('rnd', 'env'):
            continue
        target = proto
        for field in path[:-1]:
            target = getattr(target, field)
        setattr(target, path[-1], value)
    with filtered_stderr():
        session = tf.Session(config=proto)
    if force_as_default:
        keeper = session.as_default()
        keeper.enforce_nesting = False
        keeper.__enter__()
        _forced.append(session)
        session._dnnlib_keeper = keeper  # A collected context manager would end the default session.
    return session


def _config(overrides):
    config = {
        'rnd.np_random_seed': None,
        'rnd.tf_random_seed': 'auto',
        'env.TF_CPP_MIN_LOG_LEVEL': '1',
        'graph_options.place_pruned_graph': True,
        'gpu_options.allow_growth': True,
        # Official scripts name /gpu:0; without a GPU the op must land on the CPU.
        'allow_soft_placement': True,
    }
    config.update(overrides or {})
    return config


# ------------------------------------------------------------------ variables


def init_uninitialized_vars(target_vars: List[tf.Variable] = None) -> None:
    """Initialises those of the variables (default: all global ones) that have no value yet."""
    assert_tf_initialized()
    variables = tf.global_variables() if target_vars is None else list(target_vars)
    if not variables:
        return
    ready = []
    with tf.control_dependencies(None):
        for var in variables:
            if not hasattr(var, '_dnnlib_ready'):
                with absolute_name_scope(var.name.split(':')[0]):
                    var._dnnlib_ready = tf.is_variable_initialized(var)
            ready.append(var._dnnlib_ready)
    run([var.initializer for var, done in zip(variables, run(ready)) if not done])


def load_vars(var_to_value_dict: dict) -> None:
    """Assigns values through the initialisers, in one run and without new ops in the graph.

    Same as `set_vars` for variables whose initial values nobody needs again; several times faster for a whole network.
    Raises ValueError for a wrong shape.
    """
    feeds = {}
    for var, value in var_to_value_dict.items():
        value = np.asarray(value)
        if list(value.shape) != var.shape.as_list():
            raise ValueError(
                'variable %s has shape %s, the value given has %s' % (var.name, var.shape.as_list(), list(value.shape))
            )
        feeds[var.initializer.inputs[1]] = value
    run([var.initializer for var in var_to_value_dict], feeds)


def set_vars(var_to_value_dict: dict) -> None:
    """Assigns several variables in one run.

    Args:
        var_to_value_dict: variable -> array of exactly its shape, or a scalar for shape []; cast to its dtype.
    Raises: ValueError for a wrong shape.
    """
    ops, feeds = [], {}
    for var, value in var_to_value_dict.items():
        setter, new_value = _setter(var)
        ops.append(setter)
        feeds[new_value] = np.asarray(value, dtype=var.dtype.base_dtype.as_numpy_dtype)
    run(ops, feeds)


def _setter(var):
    """The op `<var>/setter` and the placeholder `<var>/new_value` that feeds it, made once per variable."""
    name = var.name.split(':')[0]
    graph = var.graph
    try:
        return graph.get_operation_by_name(name + '/setter'), graph.get_tensor_by_name(name + '/new_value:0')
    except KeyError:
        with graph.as_default(), absolute_name_scope(name), tf.control_dependencies(None):
            new_value = tf.placeholder(var.dtype.base_dtype, shape=var.shape, name='new_value')
            setter = tf.assign(var, new_value, name='setter')
        return getattr(setter, 'op', setter), new_value


def create_var_with_large_initial_value(initial_value: np.ndarray, *args, **kwargs) -> tf.Variable:
    """A variable whose value is not stored in the graph (which is limited to 2 GB): created as zeros, then set."""
    assert_tf_initialized()
    zeros = tf.zeros(initial_value.shape, initial_value.dtype)
    var = tf.Variable(zeros, *args, **kwargs)
    set_vars({var: initial_value})
    return var


# ------------------------------------------------------------------ images


def convert_images_from_uint8(images, drange=(-1, 1), nhwc_to_nchw=False):
    """uint8 [N, C, H, W] (or [N, H, W, C] with nhwc_to_nchw) -> float32 [N, C, H, W]: 0 -> drange[0], 255 ->
    drange[1].
    """
    images = tf.cast(images, tf.float32)
    if nhwc_to_nchw:
        images = tf.transpose(images, [0, 3, 1, 2])
    return images * ((drange[1] - drange[0]) / 255.0) + drange[0]


def convert_images_to_uint8(images, drange=(-1, 1), nchw_to_nhwc=False, shrink=1, uint8_cast=True):
    """float [N, C, H, W] -> uint8 [N, C, H, W], or [N, H, W, C] with nchw_to_nhwc.

    For drange [-1, 1]: floor(clip(127.5 x + 128, 0, 255)).

    Args:
        shrink: int; side of the square blocks that are averaged first.
        uint8_cast: False leaves float32 values out (as a widespread fork of the API does).
    """
    images = tf.cast(images, tf.float32)
    if shrink > 1:
        images = _box_mean(images, shrink)
    if nchw_to_nhwc:
        images = tf.transpose(images, [0, 2, 3, 1])
    scale = 255.0 / (drange[1] - drange[0])
    images = images * scale + (0.5 - drange[0] * scale)
    return tf.saturate_cast(images, tf.uint8) if uint8_cast else images


def convert_outputs(*outputs, out_mul=1.0, out_add=0.0, out_shrink=1, out_dtype=None):
    """What the deprecated arguments of `Network.run` ask for: outputs * out_mul + out_add, block means of images
    [N, C, H, W], and for integer types rounding (half to even) and a saturating cast. Returns a list of tensors.
    """
    converted = []
    for x in outputs:
        x = x * out_mul + out_add
        x = _box_mean(x, out_shrink) if out_shrink > 1 else x
        if out_dtype is not None:
            dtype = tf.as_dtype(out_dtype)
            x = tf.saturate_cast(tf.round(x) if dtype.is_integer else x, dtype)
        converted.append(x)
    return converted


def _box_mean(images, size):
    """Means over size x size blocks of [N, C, H, W]; incomplete blocks at the border are dropped."""
    nhwc = tf.transpose(images, [0, 2, 3, 1])  # CPU pooling has no NCHW kernel.
    pooled = tf.nn.avg_pool(nhwc, ksize=[1, size, size, 1], strides=[1, size, size, 1], padding='VALID')
    return tf.transpose(pooled, [0, 3, 1, 2])
