"""The containers of PyTorch files -> plain values, arrays and `Module`s.

Three forms (torch-pickles 2): a zip with one pickle and a member for each storage (torch from 1.6 on), five pickles and
raw data in a row ('legacy'), and plain pickles whose tensors are each a legacy file of their own.
"""

import collections
import io
import os
import reprlib
import zipfile

from ..pickled_data import Budget, DataUnpickler, NetworkPickleError, Refused, allow, as_bytes, resolve
from .tensors import STORAGE_TYPES, Storage, TensorView

LEGACY = b'\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19'  # How a legacy file begins: a pickled magic number.
ZIP = b'PK\x03\x04'

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_LARGEST_PICKLE = 1 << 30  # Bytes of the one pickle in a zip; it holds no numbers.


class Module:
    """A network of stylegan2-ada-pytorch, as its `persistence` pickles it. Nothing of its source text is kept.

    Attributes:
        class_name: str.
        parameters, buffers: dict of local names -> arrays (or None).
        children: dict of local names -> Module (or None).
        attributes: dict of everything else.
    """

    def __init__(self, class_name, state):
        self.class_name = class_name
        self.parameters, self.buffers, self.children = [
            collections.OrderedDict(state.get(key) or {}) for key in ('_parameters', '_buffers', '_modules')
        ]
        self.attributes = {key: value for key, value in state.items() if isinstance(key, str) and key[:1] != '_'}

    def tensors(self, prefix=''):
        """All arrays by their dotted names, those that are no parameters (any more) included: OrderedDict."""
        found = collections.OrderedDict()
        for own in (self.parameters, self.buffers):
            found.update((prefix + name, value) for name, value in own.items() if value is not None)
        for name, child in self.children.items():
            if isinstance(child, Module):
                found.update(child.tensors('%s%s.' % (prefix, name)))
        return found

    def find(self, dotted):
        """The Module of a dotted name, or None."""
        found = self
        for name in dotted.split('.'):
            found = found.children.get(name) if isinstance(found, Module) else None
        return found


def read(stream, path):
    """The value of a PyTorch file.

    Args:
        stream: binary file object that can seek, at its beginning.
        path: how error messages call the file.

    Returns:
        The pickled value; tensors are arrays (bfloat16 as float32), modules `Module`s, ordered dicts and namespaces
        dicts.

    Raises:
        NetworkPickleError: damaged, or it names what data does not need; nothing of it was executed.
    """
    head = stream.read(len(LEGACY))
    stream.seek(0)
    try:
        if head.startswith(ZIP):
            return _read_zip(stream, path)
        if head == LEGACY:
            return _read_legacy(stream, path)
        return _read_plain(stream, path)
    except NetworkPickleError as error:
        raise NetworkPickleError(str(error) if str(path) in str(error) else '%s holds %s.' % (path, error)) from None
    except Refused as error:
        raise NetworkPickleError('%s was not loaded: %s' % (path, error)) from None
    except RecursionError:
        raise NetworkPickleError('%s is nested too deeply to hold a network.' % path) from None
    except Exception as error:  # The unpickler raises nearly any type on damaged bytes.
        raise NetworkPickleError(
            '%s is damaged or cut off (%s: %s); fetch it again.' % (path, type(error).__name__, error)
        ) from None


def _size(stream):
    place = stream.tell()
    end = stream.seek(0, os.SEEK_END)
    stream.seek(place)
    return end


# ------------------------------------------------------------------ zip


def _read_zip(stream, path):
    with zipfile.ZipFile(stream) as archive:
        members = {info.filename: info for info in archive.infolist()}
        if len(members) != len(archive.infolist()):
            raise NetworkPickleError('several members of one name, which PyTorch does not write')
        pickles = [name for name in members if name.count('/') == 1 and name.endswith('/data.pkl')]
        if len(pickles) != 1:
            raise NetworkPickleError('%s is a zip archive, but no PyTorch file; give the network itself.' % path)
        prefix = pickles[0][: -len('data.pkl')]
        file_bytes = _size(stream)
        left = [file_bytes]  # Bytes of members that are still to be read: each byte of a file belongs to one of them.

        def member(name, limit):
            info = members.get(prefix + name)
            if info is None:
                raise NetworkPickleError('a storage without its data (%s)' % reprlib.repr(name))
            if info.compress_type != zipfile.ZIP_STORED:
                raise NetworkPickleError('a compressed member, which PyTorch does not write (%s)' % reprlib.repr(name))
            if info.file_size > limit:
                raise NetworkPickleError('a member of %d bytes where %d are needed' % (info.file_size, limit))
            left[0] -= info.file_size
            if left[0] < 0:
                raise NetworkPickleError('members that lie one over the other, which PyTorch does not write')
            return archive.read(info)

        big_endian = prefix + 'byteorder' in members and member('byteorder', 64).strip() == b'big'
        storages = {}

        def storage(kind, key, count, _view):
            if key not in storages:
                storages[key] = Storage(kind, count)
                storages[key].fill(member('data/' + key, storages[key].nbytes), big_endian)
            if (storages[key].kind, storages[key].count) != (kind, count):
                raise NetworkPickleError('a storage that is described twice, differently')
            return storages[key]

        unpickler = _TensorUnpickler(io.BytesIO(member('data.pkl', _LARGEST_PICKLE)), storage)
        return _finish(unpickler.load(), path, Budget(file_bytes))


# ------------------------------------------------------------------ legacy


def _read_legacy(stream, path):
    return _finish(_legacy_value(stream), path, Budget(_size(stream)))


def _legacy_value(stream, content=None):
    """What a legacy file holds, with its storages filled: the data come after the value.

    Args:
        stream: of the file.
        content: its bytes, if they are in memory anyway, and need not be copied.
    """

    def take(count):
        if content is None:
            return stream.read(count)
        place = stream.tell()
        stream.seek(place + count)
        return memoryview(content)[place : place + count]

    storages, size = {}, _size(stream)

    def storage(kind, key, count, view):
        if view is not None:
            raise NetworkPickleError('a storage that is a view of another one, as old versions of PyTorch wrote it')
        found = storages.setdefault(key, Storage(kind, count))
        if (found.kind, found.count) != (kind, count):
            raise NetworkPickleError('a storage that is described twice, differently')
        return found

    def load(found=None):
        return _TensorUnpickler(stream, found).load()

    if (load(), load()) != (_MAGIC, _PROTOCOL):
        raise NetworkPickleError('no PyTorch file of a known version')
    system = load()
    if not isinstance(system, dict) or system.get('little_endian') is not True:
        raise NetworkPickleError('numbers in the byte order of another kind of processor')
    value, keys = load(storage), load()
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(storages):
        raise NetworkPickleError('a list of storages that does not fit its tensors')
    for key in keys:
        if int.from_bytes(stream.read(8), 'little', signed=True) != storages[key].count:
            raise NetworkPickleError('a storage of another size than its tensors need')
        if storages[key].nbytes > size - stream.tell():
            raise NetworkPickleError('a storage that is larger than the rest of the file')
        storages[key].fill(take(storages[key].nbytes))
    return value


# ------------------------------------------------------------------ plain


def _read_plain(stream, path):
    return _finish(_PersistenceUnpickler(stream).load(), path, Budget(_size(stream)))


class _StorageStub:
    """A storage as a legacy file of its own, until all is read: the same bytes can be named any number of times."""

    def __init__(self, data):
        self.data = data

    def read(self):
        content = as_bytes(self.data)
        value = _legacy_value(io.BytesIO(content), content)
        if not isinstance(value, Storage):
            raise NetworkPickleError('a tensor that is not kept as PyTorch keeps tensors')
        return value


# ------------------------------------------------------------------ stand-ins for what a pickle may name


class _TensorStub:
    """A tensor until all is read; in between it takes and forgets attributes."""

    def __init__(self, view):
        self.view = view

    def __setstate__(self, state):
        pass


class _ModuleStub:
    meta = None

    def __init__(self, meta):
        self.meta = meta


class _NamespaceStub(dict):
    def __setstate__(self, state):
        self.update(state)


def _rebuild_tensor(storage, offset, size, strides, *_):
    if not isinstance(storage, (Storage, _StorageStub)):
        raise NetworkPickleError('a tensor without a storage')
    return _TensorStub(TensorView(storage, offset, tuple(size), tuple(strides)))


def _rebuild_parameter(tensor, *_):
    return tensor


def _size_of(*values):
    return tuple(*values)


def _ignored(*_):
    return None


_TENSORS = {
    ('torch._utils', '_rebuild_tensor_v2'): _rebuild_tensor,
    ('torch._utils', '_rebuild_parameter'): _rebuild_parameter,
    ('torch._utils', '_rebuild_parameter_with_state'): _rebuild_parameter,
    ('torch', 'Size'): _size_of,
    ('torch', 'device'): _ignored,
    ('argparse', 'Namespace'): _NamespaceStub,
    ('__builtin__', 'set'): set,
    ('builtins', 'set'): set,
}
_TENSORS.update({('torch', name): kind for name, kind in STORAGE_TYPES.items()})
_MODULES = {
    ('torch_utils.persistence', '_reconstruct_persistent_obj'): _ModuleStub,
    ('torch.storage', '_load_from_bytes'): _StorageStub,
}


class _TensorUnpickler(DataUnpickler):
    """Of a file that keeps its storages apart.

    Args:
        stream: binary file object.
        storage: function of (StorageType, key, number of elements, view) -> Storage; None: there are none.
    """

    allowed = allow(_TENSORS)

    def __init__(self, stream, storage=None):
        super().__init__(stream, encoding='latin1')
        self._storage = storage

    def find_class(self, module, name):
        if module.startswith('torch.nn.modules'):
            raise Refused('it holds a whole Python object (%s.%s); save its state_dict instead.' % (module, name))
        return super().find_class(module, name)

    def persistent_load(self, pid):
        known = isinstance(pid, tuple) and len(pid) in (5, 6) and pid[0] == 'storage' and isinstance(pid[2], str)
        if not known or self._storage is None or pid[1] not in STORAGE_TYPES.values():
            return super().persistent_load(pid)
        return self._storage(pid[1], pid[2], pid[4], pid[5] if len(pid) == 6 else None)


class _PersistenceUnpickler(_TensorUnpickler):
    """Of a plain pickle of modules."""

    allowed = allow(_TENSORS, _MODULES)


def _finish(value, path, budget):
    """Stand-ins -> values. A shared tensor stays one array."""

    read = {}  # id of a storage's bytes -> (those bytes, which keep their id, and the Storage).

    def storage(stub):
        if id(stub.data) not in read:
            read[id(stub.data)] = stub.data, stub.read()
        return read[id(stub.data)][1]

    def own(stub, walk):
        if isinstance(stub, _TensorStub):
            if isinstance(stub.view.storage, _StorageStub):
                stub.view.storage = storage(stub.view.storage)
            return stub.view.array(budget)
        if isinstance(stub, _StorageStub):
            return storage(stub).elements
        if isinstance(stub, _ModuleStub):
            return _module(walk(stub.meta))
        if isinstance(stub, Storage):
            return stub.elements
        raise KeyError

    try:
        return resolve(value, path, dict.fromkeys([_TensorStub, _ModuleStub, _StorageStub, Storage], own))
    finally:
        read.clear()  # What resolves holds it, in a circle.


def _module(meta):
    if not isinstance(meta, dict) or meta.get('type') != 'class' or not isinstance(meta.get('state'), dict):
        raise NetworkPickleError(
            'a network that is not kept as stylegan2-ada-pytorch keeps networks; nothing of it was executed'
        )
    return Module(str(meta.get('class_name')), meta['state'])
