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
    from pickle5 import pickletools
else:
    import pickle
    import pickletools

SPARE = 64 << 20  # Bytes that the arrays of a file may have beyond four times those of the file.


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
        dtype = np.dtype(self.order + self.code)
        values = np.frombuffer(data, dtype).astype(dtype.newbyteorder('='))  # A copy: writable, native byte order.
        return values.reshape(shape, order=order)


class Budget:
    """How many bytes of arrays a file may still give: one piece of data can be asked for many times.

    Args:
        file_bytes: size of the file, or of the data in it.
    """

    def __init__(self, file_bytes=0):
        self._left = 4 * file_bytes + SPARE
        self._known = {}

    def spend(self, nbytes):
        """Raises Refused if so many bytes are too many."""
        self._left -= nbytes
        if self._left < 0:
            raise Refused('it holds arrays far larger than the file.')

    def spend_data(self, data):
        """As `spend`; data that was not seen before raises the limit first."""
        if id(data) not in self._known:
            self._known[id(data)] = data  # Keeps its id its own.
            self._left += 4 * len(data)
        self.spend(len(data))


class _BytesStub:
    """Bytes that are kept as a text, until all is read: the same text can be named any number of times."""

    def __init__(self, text):
        if not isinstance(text, str):
            raise Refused('it encodes what is no text.')
        self.text = text


class _ArrayStub:
    """An ndarray, until all is read."""

    data = None

    def __setstate__(self, state):
        _, shape, dtype, is_fortran, data = state
        self.take(dtype, data, shape, 'F' if is_fortran else 'C')

    def take(self, dtype, data, shape, order):
        data = data.text if isinstance(data, _BytesStub) else data
        if not isinstance(data, (str, bytes, bytearray, memoryview)):
            raise Refused('it holds an array of Python objects; only plain numbers are read.')
        if not isinstance(dtype, _DTypeStub):
            raise Refused('it holds an array of no type.')
        self.data, self._described = data, (dtype, shape, order)
        return self

    def array(self, budget):
        """The array, or None if its description never came."""
        if self.data is None:
            return None
        budget.spend_data(self.data)
        dtype, shape, order = self._described
        return dtype.array(self.data.encode('latin1') if isinstance(self.data, str) else self.data, shape, order)


def _reconstruct(*_):
    return _ArrayStub()


def _frombuffer(data, dtype, shape, order):
    return _ArrayStub().take(dtype, data, shape, order)


def _scalar(dtype, data):
    return _ArrayStub().take(dtype, data, (), 'C')


def _encode(text, encoding='latin1'):
    return _BytesStub(text)


def as_bytes(data):
    """Bytes that a pickle gives to a stand-in, in whatever way its protocol keeps them; else Refused."""
    data = data.text if isinstance(data, _BytesStub) else data
    data = data.encode('latin1') if isinstance(data, str) else data
    if not isinstance(data, (bytes, bytearray)):
        raise Refused('it holds %s where bytes are expected.' % type(data).__name__)
    return bytes(data)


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

    def __init__(self, stream, **options):
        super().__init__(stream, **options)
        self._stream = stream

    def load(self):
        begin = self._stream.tell()
        _check_memo(self._stream)
        self._stream.seek(begin)
        return super().load()

    def find_class(self, module, name):
        try:
            return self.allowed[(module, name)]
        except KeyError:
            raise Refused(
                'it names %s.%s, which no network needs; nothing of it was executed.' % (module, name)
            ) from None

    def persistent_load(self, pid):
        raise Refused('it refers to data outside the file (%s).' % reprlib.repr(pid))


_LINES = -1  # In `pickletools`, in the place of an argument's size: it ends with the line.
_COUNTED = {-2: (1, False), -3: (4, True), -4: (4, False), -5: (8, False)}  # A number of so many bytes, signed or not.
_OPCODES = {
    ord(op.code): (op.name, op.arg.n if op.arg else 0, 2 if op.name in ('GLOBAL', 'INST') else 1)
    for op in pickletools.opcodes
}


def _check_memo(stream):
    """Goes through the opcodes of a pickle, whose data are skipped, and refuses places in its memo that are larger than
    the pickle so far: the unpickler makes a table as large as the largest of them.
    """
    begin = stream.tell()
    while True:
        code = stream.read(1)
        if not code or code[0] not in _OPCODES:
            return  # The unpickler says what is wrong.
        name, size, lines = _OPCODES[code[0]]
        if name == 'STOP':
            return
        argument = b''
        if size == _LINES:
            for _ in range(lines):
                argument = stream.readline()
        elif size > 0:
            argument = stream.read(size)
        elif size < 0:
            width, signed = _COUNTED[size]
            length = int.from_bytes(stream.read(width), 'little', signed=signed)
            if not 0 <= length < sys.maxsize >> 1:
                return
            stream.seek(length, 1)
        if name in ('PUT', 'LONG_BINPUT'):
            place = argument.strip()[:20] if name == 'PUT' else b'%d' % int.from_bytes(argument, 'little')
            if not place.isdigit() or int(place) > stream.tell() - begin:
                raise Refused(
                    'it is damaged, or made to fill the memory (place %r of its memo).' % place.decode('latin1')
                )


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
    done, budget = {}, Budget()

    def walk(v):
        if id(v) in done:
            return done[id(v)][1]
        if type(v) in kinds:
            out = kinds[type(v)](v, walk)
        elif isinstance(v, _ArrayStub):
            out = v.array(budget)
        elif isinstance(v, _BytesStub):
            budget.spend_data(v.text)
            out = v.text.encode('latin1')
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

    try:
        return walk(value)
    finally:
        done.clear()  # It is part of a circle, and holds all data of the file.
