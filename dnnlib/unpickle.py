"""Reads a network file as data: bytes -> plain Python values, arrays and `NetworkState`, never code.

Pickles of StyleGAN, StyleGAN2, StyleGAN2-ADA and Progressive GAN, written by Python 2 or 3, any protocol, with NumPy 1
or 2; and whatever else has a reader in `file_kinds.READERS`: PyTorch's files, which are read without it, and BigGAN's.
"""

import collections
import importlib
import io
import os
import stat
import warnings

from . import file_kinds, file_sample
from .network_state import NetworkState
from .pickled_data import AttributesStub, DataUnpickler, DictStub, NetworkPickleError, Refused, allow, resolve

__all__ = ['LARGEST', 'FileNote', 'NetworkPickleError', 'NetworkState', 'Place', 'networks', 'places', 'read']


class FileNote(UserWarning):
    """What a file lacks and what stands for it; commands print it as a note."""


def read(source, name=None):
    """Reads one network file as data.

    Args:
        source: path, or binary file object opened for reading; may be compressed (xz, gzip, bzip2).
        name: how error messages call the file; default: its path.
    Returns: the pickled value, with every network as a NetworkState, arrays as ndarray, EasyDict as dict.
        The official generator files hold the tuple (G, D, Gs); so it is for PyTorch's, with None for what is missing.
    Raises: NetworkPickleError, FileNotFoundError.
    """
    if hasattr(source, 'read'):
        return _load(io.BytesIO(source.read()), name or getattr(source, 'name', 'the stream'))
    name = name or os.fspath(source)
    if not stat.S_ISREG(os.stat(source).st_mode):
        found = file_kinds.of_path(source)
        if found.key in file_kinds.READERS:
            return _read_by(file_kinds.READERS[found.key], os.fspath(source), name)
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
        return _by_kind(stream, path, lambda: _other_kind(stream, path))
    try:
        return _pickled(stream, path)
    except NetworkPickleError:
        raise
    except Exception as e:  # The unpickler raises nearly any type on damaged bytes.
        error = e
    return _by_kind(stream, path, lambda: _unreadable(error, stream, path))


def _by_kind(stream, path, otherwise):
    """(G, D, Gs) of a file that is no pickle of TensorFlow. Raises the error of `otherwise` if it has no reader."""
    _head(stream)
    found = file_kinds.identify(stream, os.path.splitext(str(path))[1])
    if found is None or found.key not in file_kinds.READERS:
        raise otherwise()
    stream.seek(0)
    return _read_by(file_kinds.READERS[found.key], stream, path)


def _read_by(reader, source, path):
    """(G, D, Gs) of what one of `file_kinds.READERS` reads; its notes are warnings."""
    module, function = reader.rsplit('.', 1)
    networks, notes = getattr(importlib.import_module(module), function)(source, path)
    for note in notes:
        warnings.warn(FileNote('%s: %s' % (path, note)))
    return networks


def _head(stream):
    stream.seek(0)
    data = stream.read(64)
    stream.seek(0)
    return data


def _unreadable(error, stream, path):
    refused = isinstance(error, (Refused, RecursionError))  # It is a pickle, perhaps one of another program.
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
    if isinstance(error, Refused):
        return NetworkPickleError('%s was not loaded: %s' % (path, error))
    if isinstance(error, EOFError):
        return NetworkPickleError('%s is cut off after %d bytes; fetch it again.' % (path, stream.seek(0, os.SEEK_END)))
    if isinstance(error, RecursionError):
        return NetworkPickleError('%s is nested too deeply to be a network pickle.' % path)
    return NetworkPickleError(
        '%s is not a readable pickle, or damaged (%s: %s); fetch it again.' % (path, type(error).__name__, error)
    )


# ------------------------------------------------------------------ stand-ins for what a pickle may name


class _NetworkStub:
    """Receives the state of a pickled Network."""

    state = None

    def __setstate__(self, state):
        self.state = state


def _reconstructor(cls, *_):
    if cls not in (_NetworkStub, DictStub, AttributesStub):
        raise Refused('it rebuilds an object of a kind that networks do not hold.')
    return cls()


_NAMES = {
    ('dnnlib.tflib.network', 'Network'): _NetworkStub,
    ('tfutil', 'Network'): _NetworkStub,
    ('network', 'Network'): _NetworkStub,
    ('copy_reg', '_reconstructor'): _reconstructor,
    ('copyreg', '_reconstructor'): _reconstructor,
    ('__builtin__', 'object'): object,
    ('builtins', 'object'): object,
}


class _NetworkUnpickler(DataUnpickler):
    allowed = allow(_NAMES)


def _pickled(stream, path):
    """The value of a pickle of TensorFlow networks."""

    def network(stub, walk):
        state = NetworkState.from_dict(walk(stub.state), path)
        _check_components(state, path)
        return state

    return resolve(_NetworkUnpickler(stream, encoding='latin1').load(), path, {_NetworkStub: network})


def _check_components(state, path):
    for key, component in state.components.items():
        if not isinstance(component, NetworkState):
            raise NetworkPickleError(
                '%s, network %r: the component %r is no network (found %s).'
                % (path, state.name, key, type(component).__name__)
            )
