"""Reads a pickle as data: bytes -> plain Python values, arrays and `NetworkState`, never code.

Python's own `pickle.load` imports and calls whatever the file names. Here every name is looked up in a
fixed table of stand-ins defined in this module, so a file can neither import nor run anything, and NumPy's
own unpickling hooks (which trust a crafted dtype) are not reached either. TensorFlow is not needed.

The table holds the names that network pickles of StyleGAN, StyleGAN2 and StyleGAN2-ADA use, written by
Python 2 or 3, any protocol, with NumPy 1 or 2.
"""

import collections
import io
import os
import re
import reprlib
import stat
import sys

import numpy as np

from . import file_kinds, file_sample

if sys.version_info < (3, 8):
    import pickle5 as pickle  # Protocol 5, which Python 3.7's own module cannot read.
else:
    import pickle

STATE_VERSIONS = (2, 3, 4, 5)  # TensorFlow Progressive GAN, StyleGAN, StyleGAN2, StyleGAN2-ADA.

# Names become scopes of graphs and words of messages.
_NETWORK_NAME = re.compile(r'[A-Za-z0-9.][A-Za-z0-9_.\-]{0,99}\Z')
_VARIABLE_NAME = re.compile(r'[A-Za-z0-9.][A-Za-z0-9_.\-/>:]{0,499}\Z')
_IDENTIFIER = re.compile(r'[A-Za-z_][A-Za-z0-9_]{0,199}\Z')


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
        if not _NETWORK_NAME.match(state['name']):
            raise NetworkPickleError(
                '%s: a name of a network holds letters, digits and _ . - only, does not begin with _ or -, and '
                'has at most 100 characters; the file is damaged, or crafted.' % where
            )
        for what, words in [
            ('build function', [state['build_func_name']]),
            ('argument', state['static_kwargs']),
            ('component', components),
        ]:
            for word in words:
                if not isinstance(word, str) or not _IDENTIFIER.match(word):
                    raise NetworkPickleError(
                        '%s: %s is no name of %s %s; the file is damaged, or crafted.'
                        % (where, reprlib.repr(word), 'an' if what[0] in 'aeiou' else 'a', what)
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
    name = name or os.fspath(source)
    if not stat.S_ISREG(os.stat(source).st_mode):
        found = file_kinds.of_path(source)
        raise NetworkPickleError('%s is %s, not a file; %s.' % (name, found.what, found.advice))
    with open(source, 'rb') as f:
        return _load(f, name)  # From the file itself: large arrays are copied once less.


Place = collections.namedtuple('Place', 'keys state')  # keys: those of dicts and sequences that lead to a network.


def places(value):
    """Where the networks are in a value that `read` returned, however deep: list of Place, in order.

    A network that stands at several places is in the list as often.
    """
    found, seen = [], set()

    def look(value, keys):
        if isinstance(value, NetworkState):
            found.append(Place(keys, value))
        elif isinstance(value, (dict, list, tuple)) and id(value) not in seen:
            seen.add(id(value))  # What holds many times the same would take forever.
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                look(inner, keys + (key,))

    look(value, ())
    return found


def networks(value):
    """The NetworkStates in a value that `read` returned, see `places`: list of NetworkState."""
    return [place.state for place in places(value)]


# ------------------------------------------------------------------ bytes

LARGEST = 4 << 30  # Bytes that a compressed file may unfold to; the largest official network has 0.4 GB.


def _decompressed(open_compressed, stream, path):
    """The content of a compressed stream; never more than LARGEST of it is in memory, however small the file."""
    try:
        with open_compressed(stream) as file:
            content = file.read(LARGEST + 1)
    except file_sample.DAMAGED as e:
        raise NetworkPickleError('%s is compressed, and damaged or cut off (%s); fetch it again.' % (path, e))
    if len(content) > LARGEST:
        raise NetworkPickleError(
            '%s unfolds to more than %d GB, which no network needs; decompress it yourself if you trust it.'
            % (path, LARGEST >> 30)
        )
    return io.BytesIO(content)


def _load(stream, path):
    compression = file_sample.compression(_head(stream))
    if compression:
        stream = _decompressed(file_sample.COMPRESSORS[compression][1], stream, path)
    if _head(stream).startswith(file_sample.TORCH) or not _head(stream):
        raise _other_kind(stream, path)
    try:
        return _resolve(_DataUnpickler(stream, encoding='latin1').load(), path)
    except NetworkPickleError:
        raise
    except Exception as e:  # The unpickler raises nearly any type on damaged bytes.
        raise _unreadable(e, stream, path)


def _head(stream):
    stream.seek(0)
    data = stream.read(64)
    stream.seek(0)
    return data


def _unreadable(error, stream, path):
    refused = isinstance(error, (_Refused, RecursionError))  # It is a pickle, perhaps one of another program.
    if _head(stream).startswith(b'\x80') and not refused:
        return _damaged(error, stream, path)
    return _other_kind(stream, path, refused) or _damaged(error, stream, path)


def _other_kind(stream, path, is_pickle=False):
    """The error for a file that is something else than a pickle of plain data; None if it is no known kind."""
    found = file_kinds.identify(stream, os.path.splitext(str(path))[1])
    if found is None or found.key in file_kinds.PICKLES or is_pickle and found.key in file_kinds.UNCLEAR:
        return None
    if found.key == 'empty':
        return NetworkPickleError('%s is empty; fetch it again.' % path)
    return NetworkPickleError('%s is %s, not a TensorFlow network pickle; %s.' % (path, found.what, found.advice))


def _damaged(error, stream, path):
    if isinstance(error, _Refused):
        return NetworkPickleError('%s was not loaded: %s' % (path, error))
    if isinstance(error, EOFError):
        return NetworkPickleError('%s is cut off after %d bytes; fetch it again.' % (path, stream.seek(0, os.SEEK_END)))
    if isinstance(error, RecursionError):
        return NetworkPickleError('%s is nested too deeply to be a network pickle.' % path)
    return NetworkPickleError(
        '%s is not a readable pickle, or damaged (%s: %s); fetch it again.' % (path, type(error).__name__, error)
    )


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
    if cls not in (_NetworkStub, _DictStub, _AttributesStub):
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


class _AttributesStub(dict):
    """An object that is nothing but its attributes, as a dict of them."""

    def __setstate__(self, state):
        self.update(state)


_ALLOWED = {
    ('dnnlib.tflib.network', 'Network'): _NetworkStub,
    ('tfutil', 'Network'): _NetworkStub,
    ('network', 'Network'): _NetworkStub,
    ('dnnlib.util', 'EasyDict'): _DictStub,
    ('collections', 'OrderedDict'): _DictStub,
    ('argparse', 'Namespace'): _AttributesStub,
    ('types', 'SimpleNamespace'): _AttributesStub,
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
            raise _Refused(
                'it names %s.%s, which no StyleGAN network pickle needs; nothing of it was executed.' % (module, name)
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
            _check_components(out, path)
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


def _check_components(state, path):
    for key, component in state.components.items():
        if not isinstance(component, NetworkState):
            raise NetworkPickleError(
                '%s, network %r: the component %r is no network (found %s).'
                % (path, state.name, key, type(component).__name__)
            )


def _variable(item, where):
    if not isinstance(item, (tuple, list)) or len(item) != 2 or not isinstance(item[0], str):
        raise NetworkPickleError('%s: the list of variables is damaged (found %r).' % (where, type(item).__name__))
    name, value = item
    if not _VARIABLE_NAME.match(name):
        raise NetworkPickleError(
            '%s: %s is no name of a variable; the file is damaged, or crafted.' % (where, reprlib.repr(name))
        )
    try:
        return name, np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError):
        raise NetworkPickleError('%s: variable %r is not numeric (found %s).' % (where, name, type(value).__name__))
