"""Writes files of PyTorch in miniature, without it: opcodes as torch writes them, which can also be made wrong."""

import io
import pickle
import zipfile

import numpy as np


class Named:
    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    def __init__(self, what, *args):
        self.what, self.args = what, args


class Persistent:
    def __init__(self, *pid):
        self.pid = pid


class _Pickler(pickle._Pickler):  # The one in Python can be taught to write names of modules that are not there.
    def persistent_id(self, value):
        return value.pid if isinstance(value, Persistent) else None

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Named):
            self.write(b'c%s\n%s\n' % (value.module.encode(), value.name.encode()))
        elif isinstance(value, Call):
            self.save(value.what)
            self.save(value.args)
            self.write(pickle.REDUCE)
        else:
            super().save(value, save_persistent_id)


def pickled(value):
    stream = io.BytesIO()
    _Pickler(stream, 2).dump(value)
    return stream.getvalue()


FLOAT = Named('torch', 'FloatStorage')
REBUILD = Named('torch._utils', '_rebuild_tensor_v2')


def tensor(key, count, offset=0, size=(2,), strides=(1,), kind=FLOAT):
    return Call(REBUILD, Persistent('storage', kind, key, 'cpu', count), offset, size, strides, False, None)


def zip_file(value, members=None, method=zipfile.ZIP_STORED, name='archive'):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', method) as archive:
        archive.writestr(name + '/data.pkl', pickled(value))
        for key, data in (members or {}).items():
            archive.writestr('%s/%s' % (name, key), data)
    return stream.getvalue()


def state_dict(arrays):
    """The bytes of a file with float32 tensors {name: array}."""
    arrays = {name: np.ascontiguousarray(value, '<f4') for name, value in arrays.items()}
    value, members = {}, {}
    for number, (name, array) in enumerate(arrays.items()):
        strides = tuple(step // 4 for step in array.strides)
        value[name] = tensor(str(number), array.size, 0, array.shape, strides)
        members['data/%d' % number] = array.tobytes()
    return zip_file(value, members)
