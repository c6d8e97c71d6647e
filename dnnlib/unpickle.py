"""Reads a pickle as data: bytes -> plain Python values, arrays and `NetworkState`, never code.

Python's own `pickle.load` imports and calls whatever the file names. Here every name is looked up in a
fixed table of stand-ins defined in this module, so a file can neither import nor run anything, and NumPy's
own unpickling hooks (which trust a crafted dtype) are not reached either. TensorFlow is not needed.

The table holds the names that network pickles of StyleGAN, StyleGAN2 and StyleGAN2-ADA use, written by
Python 2 or 3, any protocol, with NumPy 1 or 2.
"""

import bz2
import collections
import gzip
import io
import lzma
import os
import re
import reprlib
import sys

import numpy as np

if sys.version_info < (3, 8):
    import pickle5 as pickle  # Protocol 5, which Python 3.7's own module cannot read.
else:
    import pickle

STATE_VERSIONS = (2, 3, 4, 5)  # TensorFlow Progressive GAN, StyleGAN, StyleGAN2, StyleGAN2-ADA.


class NetworkPickleError(IOError):
    """A file that is not a readable network pickle; the message names the file, the network and the finding."""


class NetworkState:
    """What a pickle says about one network. Plain data; nothing is built.

    Attributes:
        version: int in `STATE_VERSIONS`, the dnnlib generation that wrote the state.
        name: str, e.g. 'Gs' or 'G_synthesis'.
        static_kwargs: dict of the keyword arguments given at construction.
        components: OrderedDict of str -> NetworkState.
        build_module_src: str, embedded source text. Never executed here.
        build_func_name: str, e.g. 'G_main'.
        variables: OrderedDict of own local name -> float32 array, in creation order.
    """

    def __init__(self, version, name, static_kwargs, components, build_module_src, build_func_name, variables):
        self.version = version
        self.name = name
        self.static_kwargs = static_kwargs
        self.components = components
        self.build_module_src = build_module_src
        self.build_func_name = build_func_name
        self.variables = variables

    @classmethod
    def from_dict(cls, state, path='the pickle'):
        """Checks a state dictionary (as `Network.__getstate__` gives it) and makes a NetworkState.

        The values of `components` may be any objects; they are kept as they are.
        Raises NetworkPickleError that names the file, the network and the field.
        """
        if not isinstance(state, dict) or 'version' not in state:
            raise NetworkPickleError(
                '%s holds a network without a state version, as the Theano code of Progressive GAN wrote; '
                'only TensorFlow networks (StyleGAN, StyleGAN2, StyleGAN2-ADA) can be read.' % path
            )
        where = '%s, network %s' % (path, reprlib.repr(state.get('name', '?')))
        if state['version'] not in STATE_VERSIONS:
            raise NetworkPickleError(
                '%s: state version %s is unknown; versions %d to %d can be read.'
                % (where, reprlib.repr(state['version']), STATE_VERSIONS[0], STATE_VERSIONS[-1])
            )
        types = dict(name=str, static_kwargs=dict, build_func_name=str, variables=(list, tuple))
        for key, kind in types.items():
            if not isinstance(state.get(key), kind):
                raise NetworkPickleError(
                    '%s: field %r is missing or damaged (found %s).' % (where, key, type(state.get(key)).__name__)
                )
        components = state.get('components') or {}
        if not isinstance(components, dict):
            raise NetworkPickleError(
                "%s: field 'components' is damaged (found %s)." % (where, type(components).__name__)
            )
        return cls(
            state['version'],
            state['name'],
            dict(state['static_kwargs']),
            collections.OrderedDict(components),
            state.get('build_module_src') or '',
            state['build_func_name'],
            collections.OrderedDict(_variable(item, where) for item in state['variables']),
        )

    def parameters(self):
        """Number of scalars in all variables, those of the components included."""
        return sum(v.size for v in self.variables.values()) + sum(c.parameters() for c in self.components.values())


def read(source, name=None):
    """Reads one pickle as data.

    Args:
        source: path, or binary file object opened for reading; may be compressed (xz, gzip, bzip2).
        name: how error messages call the file; default: its path.
    Returns: the pickled value, with every network as a NetworkState, arrays as ndarray, EasyDict as dict.
        The official generator files hold the tuple (G, D, Gs).
    Raises: NetworkPickleError, FileNotFoundError.
    """
    if hasattr(source, 'read'):
        return _load(io.BytesIO(source.read()), name or getattr(source, 'name', 'the stream'))
    with open(source, 'rb') as f:
        return _load(f, name or os.fspath(source))  # From the file itself: large arrays are copied once less.


def networks(value):
    """The NetworkStates at the top level of a value that `read` returned: list of NetworkState."""
    values = value if isinstance(value, (tuple, list)) else [value]
    return [v for v in values if isinstance(v, NetworkState)]


# ------------------------------------------------------------------ bytes

_COMPRESSORS = ((b'\xfd7zXZ\x00', lzma.open), (b'\x1f\x8b', gzip.open), (b'BZh', bz2.open))
LARGEST = 4 << 30  # Bytes that a compressed file may unfold to; the largest official network has 0.4 GB.


def _decompressed(open_compressed, stream, path):
    """The content of a compressed stream; never more than LARGEST of it is in memory, however small the file."""
    try:
        with open_compressed(stream) as file:
            content = file.read(LARGEST + 1)
    except (OSError, EOFError, ValueError, lzma.LZMAError) as e:
        raise NetworkPickleError('%s is compressed, and damaged or cut off (%s); fetch it again.' % (path, e))
    if len(content) > LARGEST:
        raise NetworkPickleError(
            '%s unfolds to more than %d GB, which no network needs; decompress it yourself if you trust it.'
            % (path, LARGEST >> 30)
        )
    return io.BytesIO(content)


def _load(stream, path):
    for magic, open_compressed in _COMPRESSORS:
        if _head(stream).startswith(magic):
            stream = _decompressed(open_compressed, stream, path)
    _refuse_other_formats(_head(stream), path)
    try:
        return _resolve(_DataUnpickler(stream, encoding='latin1').load(), path)
    except NetworkPickleError:
        raise
    except _Refused as e:
        raise NetworkPickleError('%s was not loaded: %s' % (path, e))
    except EOFError:
        raise NetworkPickleError('%s is cut off after %d bytes; fetch it again.' % (path, stream.seek(0, os.SEEK_END)))
    except RecursionError:
        raise NetworkPickleError('%s is nested too deeply to be a network pickle.' % path)
    except Exception as e:  # The unpickler raises nearly any type on damaged bytes.
        raise NetworkPickleError(
            '%s is not a readable pickle, or damaged (%s: %s); fetch it again.' % (path, type(e).__name__, e)
        )


def _head(stream):
    data = stream.read(1024)
    stream.seek(0)
    return data


def _refuse_other_formats(data, path):
    head = data.lstrip().lower()
    if not data:
        raise NetworkPickleError('%s is empty; fetch it again.' % path)
    if head.startswith(b'<'):
        raise NetworkPickleError(
            '%s is an HTML page, not a network pickle: the server sent a notice (often a quota or confirmation '
            'page) instead of the file; fetch it again in a browser.' % path
        )
    if head.startswith(b'version https://git-lfs'):
        raise NetworkPickleError(
            '%s is a Git LFS pointer, not the file itself; run "git lfs pull" where it came from.' % path
        )
    if data.startswith(b'PK\x03\x04'):
        raise NetworkPickleError('%s is a zip archive (PyTorch weights?), not a TensorFlow network pickle.' % path)


# ------------------------------------------------------------------ stand-ins for what a pickle may name


class _Refused(Exception):
    pass


class _NetworkStub:
    """Receives the state of a pickled Network."""

    state = None

    def __setstate__(self, state):
        self.state = state


class _DTypeStub:
    """A plain number type; nothing of NumPy's own dtype unpickling is used."""

    def __init__(self, code, *_):
        code = code.decode('latin1') if isinstance(code, bytes) else code
        if not isinstance(code, str) or not re.match(r'^[<>|=]?(b1|[iu][1248]|f[248])$', code):
            raise _Refused('it holds an array of type %s; only plain numbers are read.' % reprlib.repr(code))
        self.code = code.lstrip('<>|=')
        self.order = code[0] if code[0] in '<>' else '='

    def __setstate__(self, state):
        if state[2:5] != (None, None, None):
            raise _Refused('it holds a structured array; only plain numbers are read.')
        self.order = state[1] if state[1] in ('<', '>') else '='

    def array(self, data, shape, order):
        data = data.encode('latin1') if isinstance(data, str) else data
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise _Refused('it holds an array of Python objects; only plain numbers are read.')
        dtype = np.dtype(self.order + self.code)
        values = np.frombuffer(data, dtype).astype(dtype.newbyteorder('='))  # A copy: writable, native byte order.
        return values.reshape(shape, order=order)


class _ArrayStub:
    """An ndarray between its creation and its BUILD."""

    value = None

    def __setstate__(self, state):
        _, shape, dtype, is_fortran, data = state
        self.value = dtype.array(data, shape, 'F' if is_fortran else 'C')


def _reconstruct(*_):
    return _ArrayStub()


def _frombuffer(data, dtype, shape, order):
    stub = _ArrayStub()
    stub.value = dtype.array(data, shape, order)
    return stub


def _scalar(dtype, data):
    stub = _ArrayStub()
    stub.value = dtype.array(data, (), 'C')
    return stub


def _reconstructor(cls, *_):
    if cls not in (_NetworkStub, _DictStub):
        raise _Refused('it rebuilds an object of a kind that networks do not hold.')
    return cls()


def _encode(text, encoding='latin1'):
    return text.encode('latin1')


def _empty_bytes():
    """How Python 3 writes b'' in protocols 0 to 2."""
    return b''


class _DictStub(dict):
    """EasyDict and OrderedDict, as plain data."""

    def __setstate__(self, state):
        pass


_ALLOWED = {
    ('dnnlib.tflib.network', 'Network'): _NetworkStub,
    ('tfutil', 'Network'): _NetworkStub,
    ('network', 'Network'): _NetworkStub,
    ('dnnlib.util', 'EasyDict'): _DictStub,
    ('collections', 'OrderedDict'): _DictStub,
    ('numpy', 'ndarray'): 'numpy.ndarray',  # Only an argument, never called; a string, so that no file can change it.
    ('numpy', 'dtype'): _DTypeStub,
    ('copy_reg', '_reconstructor'): _reconstructor,
    ('copyreg', '_reconstructor'): _reconstructor,
    ('__builtin__', 'object'): object,
    ('builtins', 'object'): object,
    ('_codecs', 'encode'): _encode,
    ('__builtin__', 'bytes'): _empty_bytes,
    ('builtins', 'bytes'): _empty_bytes,
}
for _core in ('numpy.core', 'numpy._core'):
    _ALLOWED[(_core + '.multiarray', '_reconstruct')] = _reconstruct
    _ALLOWED[(_core + '.multiarray', 'scalar')] = _scalar
    _ALLOWED[(_core + '.numeric', '_frombuffer')] = _frombuffer


class _DataUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        try:
            return _ALLOWED[(module, name)]
        except KeyError:
            hint = ' (a PyTorch network; this loader reads TensorFlow ones)' if module.startswith('torch') else ''
            raise _Refused(
                'it names %s.%s%s, which no StyleGAN network pickle needs; nothing of it was executed.'
                % (module, name, hint)
            )

    def persistent_load(self, pid):
        raise _Refused('it refers to data outside the file (%s).' % reprlib.repr(pid))


# ------------------------------------------------------------------ stand-ins -> values


def _resolve(value, path):
    """Replaces stubs by values, depth first. A shared object is resolved once."""
    done = {}

    def walk(v):
        if id(v) in done:
            return done[id(v)][1]
        if isinstance(v, _NetworkStub):
            out = NetworkState.from_dict(walk(v.state), path)
        elif isinstance(v, _ArrayStub):
            out = v.value
        elif isinstance(v, dict):
            out = {walk(k): walk(x) for k, x in v.items()}
        elif isinstance(v, (list, tuple)):
            out = type(v)([walk(x) for x in v])
        elif v is None or isinstance(v, (bool, int, float, complex, str, bytes)):
            out = v
        else:
            raise NetworkPickleError(
                '%s holds a value of kind %s where data is expected.' % (path, type(v).__name__.strip('_'))
            )
        done[id(v)] = (v, out)  # Keeps v alive, so that its id stays its own.
        return out

    return walk(value)


def _variable(item, where):
    if not isinstance(item, (tuple, list)) or len(item) != 2 or not isinstance(item[0], str):
        raise NetworkPickleError('%s: the list of variables is damaged (found %r).' % (where, type(item).__name__))
    name, value = item
    try:
        return name, np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError):
        raise NetworkPickleError('%s: variable %r is not numeric (found %s).' % (where, name, type(value).__name__))
