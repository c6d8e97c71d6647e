"""Pickles as data: an unpickler that looks every name up in a table of stand-ins.

Python's own `pickle.load` imports and calls whatever the file names. Here a file can neither import nor run anything,
and NumPy's own unpickling hooks, which trust a crafted dtype, are not reached either.
"""

import re
import reprlib
import sys

import numpy as np

if sys.version_info < (3, 8):
    import pickle5 as pickle  # Protocol 5, which Python 3.7's own module cannot read.
else:
    import pickle


class NetworkPickleError(IOError):
    """A file that is not a readable network pickle; the message names the file, the network and the finding."""


class Refused(Exception):
    """A pickle that asks for more than data; the message says for what, and does not name the file."""


# ------------------------------------------------------------------ stand-ins


class _DTypeStub:
    """A plain number type; nothing of NumPy's own dtype unpickling is used."""

    def __init__(self, code, *_):
        code = code.decode('latin1') if isinstance(code, bytes) else code
        if not isinstance(code, str) or not re.match(r'^[<>|=]?(b1|[iu][1248]|f[248])$', code):
            raise Refused('it holds an array of type %s; only plain numbers are read.' % reprlib.repr(code))
        self.code = code.lstrip('<>|=')
        self.order = code[0] if code[0] in '<>' else '='

    def __setstate__(self, state):
        if state[2:5] != (None, None, None):
            raise Refused('it holds a structured array; only plain numbers are read.')
        self.order = state[1] if state[1] in ('<', '>') else '='

    def array(self, data, shape, order):
        data = data.encode('latin1') if isinstance(data, str) else data
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise Refused('it holds an array of Python objects; only plain numbers are read.')
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


def _encode(text, encoding='latin1'):
    return text.encode('latin1')


def _empty_bytes():
    """How Python 3 writes b'' in protocols 0 to 2."""
    return b''


class DictStub(dict):
    """EasyDict and OrderedDict, as plain data."""

    def __setstate__(self, state):
        pass


class AttributesStub(dict):
    """An object that is nothing but its attributes, as a dict of them."""

    def __setstate__(self, state):
        self.update(state)


_PLAIN = {
    ('dnnlib.util', 'EasyDict'): DictStub,
    ('collections', 'OrderedDict'): DictStub,
    ('argparse', 'Namespace'): AttributesStub,
    ('types', 'SimpleNamespace'): AttributesStub,
    ('numpy', 'ndarray'): 'numpy.ndarray',  # Only an argument, never called; a string, so that no file can change it.
    ('numpy', 'dtype'): _DTypeStub,
    ('_codecs', 'encode'): _encode,
    ('__builtin__', 'bytes'): _empty_bytes,
    ('builtins', 'bytes'): _empty_bytes,
}
for _core in ('numpy.core', 'numpy._core'):
    _PLAIN[(_core + '.multiarray', '_reconstruct')] = _reconstruct
    _PLAIN[(_core + '.multiarray', 'scalar')] = _scalar
    _PLAIN[(_core + '.numeric', '_frombuffer')] = _frombuffer


def allow(*tables):
    """What an unpickler allows: plain values and arrays, and the names of some tables {(module, name): stand-in}."""
    allowed = dict(_PLAIN)
    for table in tables:
        allowed.update(table)
    return allowed


class DataUnpickler(pickle.Unpickler):
    """Reads one pickle. To be inherited from, with a table `allowed` of `allow`."""

    allowed = allow()

    def find_class(self, module, name):
        try:
            return self.allowed[(module, name)]
        except KeyError:
            raise Refused(
                'it names %s.%s, which no network needs; nothing of it was executed.' % (module, name)
            ) from None

    def persistent_load(self, pid):
        raise Refused('it refers to data outside the file (%s).' % reprlib.repr(pid))


# ------------------------------------------------------------------ stand-ins -> values


def resolve(value, path, kinds):
    """Replaces stand-ins by values, depth first. A shared object is resolved once.

    Args:
        value: what a DataUnpickler gave.
        path: how error messages call the file.
        kinds: {stand-in class: function of (stand-in, walk) -> value}; `walk` resolves what it holds.

    Raises:
        NetworkPickleError: a value that is no data.
    """
    done = {}

    def walk(v):
        if id(v) in done:
            return done[id(v)][1]
        if type(v) in kinds:
            out = kinds[type(v)](v, walk)
        elif isinstance(v, _ArrayStub):
            out = v.value
        elif isinstance(v, dict):
            out = {walk(k): walk(x) for k, x in v.items()}
        elif isinstance(v, (list, tuple, set, frozenset)):
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
