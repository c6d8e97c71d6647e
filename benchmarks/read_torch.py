"""How long it takes to read a PyTorch file as data: a pickle of stylegan2-ada-pytorch, or a checkpoint.

    python benchmarks/read_torch.py
    python benchmarks/read_torch.py --megabytes 400

The limit is reading the file's bytes into memory, which takes turns with what is measured. The files are made of random
numbers in the forms that PyTorch writes: one legacy file for each tensor inside of a plain pickle; a zip; five pickles
and raw data in a row.
"""

import io
import os
import pickle
import struct
import tempfile
import time
import zipfile

import click
import common
import numpy as np

from dnnlib.torch_files import containers
from regan.base.command_errors import errors_in_one_line

TENSORS = 300  # Of a file; a network at 1024 x 1024 with its discriminator has about as many.
FORMS = ('plain', 'zip', 'legacy')
COLUMNS = [
    common.Column('form', 'form', '%-8s'),
    common.Column('MB', 'megabytes', '%6.0f'),
    common.Column('seconds', 'seconds', '%7.3f'),
    common.Column('bytes', 'limit_seconds', '%7.3f'),
    common.Column('ratio', 'ratio', '%5.2f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
]
FIGURES = [
    common.Figure(
        'read a PyTorch file of %(megabytes).0f MB (%(form)s)', 'ratio', 'time over reading its bytes', 'at most 3'
    )
]


# ------------------------------------------------------------------ files as PyTorch writes them


class _Named:
    """A class or function that a pickle names."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class _Call:
    def __init__(self, module, name, *arguments):
        self.function, self.arguments = _Named(module, name), arguments


class _Persistent:
    def __init__(self, *pid):
        self.pid = pid


class _Pickler(pickle._Pickler):  # The one in Python can be taught to write names of modules that are not there.
    def persistent_id(self, value):
        return value.pid if isinstance(value, _Persistent) else None

    def save(self, value, save_persistent_id=True):
        if isinstance(value, _Named):
            self.write(b'c%s\n%s\n' % (value.module.encode(), value.name.encode()))
        elif isinstance(value, _Call):
            self.save(value.function)
            self.save(value.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(value, save_persistent_id)


def _pickled(value, protocol=2):
    stream = io.BytesIO()
    _Pickler(stream, protocol).dump(value)
    return stream.getvalue()


def _storage(key, count):
    return _Persistent('storage', _Named('torch', 'FloatStorage'), key, 'cpu', count)


def _tensor(storage, count):
    return _Call('torch._utils', '_rebuild_tensor_v2', storage, 0, (count,), (1,), False, {})


def _legacy(value, arrays):
    parts = [0x1950A86A20F9469CFC6C, 1001, {'little_endian': True}, value, sorted(arrays)]
    yield from map(_pickled, parts)
    for key in sorted(arrays):
        yield struct.pack('<q', arrays[key].size)
        yield arrays[key].tobytes()


def write(path, form, megabytes):
    """Writes a file of one of FORMS with TENSORS tensors of random numbers."""
    count = int(megabytes * 1e6 / 4 / TENSORS)
    random = np.random.RandomState(0)
    arrays = {'%03d' % i: random.randn(count).astype(np.float32) for i in range(TENSORS)}
    tensors = {'layer%s.weight' % key: _tensor(_storage(key, count), count) for key in arrays}
    with open(path, 'wb') as file:
        if form == 'legacy':
            file.writelines(_legacy(tensors, arrays))
        elif form == 'plain':
            alone = {key: b''.join(_legacy(_storage(key, count), {key: array})) for key, array in arrays.items()}
            parameters = {
                key: _tensor(_Call('torch.storage', '_load_from_bytes', data), count) for key, data in alone.items()
            }
            state = dict(_parameters=parameters, _buffers={}, _modules={})
            meta = dict(type='class', version=6, module_src='', class_name='Generator', state=state)
            rebuilt = _Call('torch_utils.persistence', '_reconstruct_persistent_obj', meta)
            file.write(_pickled({'G_ema': rebuilt}, 4))
        else:
            with zipfile.ZipFile(file, 'w') as archive:
                archive.writestr('archive/data.pkl', _pickled(tensors))
                for key, array in arrays.items():
                    archive.writestr('archive/data/' + key, array.tobytes())


# ------------------------------------------------------------------ measurement


def measure(path, form, repeats):
    """Reads a file as data and, in turn with it, its bytes. Returns a dict, see COLUMNS."""
    seconds, limits = [], []
    for _ in range(repeats + 1):
        limits.append(_seconds(_bytes, path))
        seconds.append(_seconds(_values, path))
    return dict(
        form=form,
        megabytes=os.path.getsize(path) / 1e6,
        seconds=min(seconds[1:]),  # The first turn brings the file into the cache of the system.
        limit_seconds=min(limits[1:]),
        ratio=min(seconds[1:]) / min(limits[1:]),
        peak_megabytes=common.peak_megabytes(),
        seconds_all=seconds,
        limit_seconds_all=limits,
    )


def _seconds(function, path):
    begin = time.perf_counter()
    function(path)
    return time.perf_counter() - begin


def _bytes(path):
    with open(path, 'rb') as stream:
        return stream.read()


def _values(path):
    with open(path, 'rb') as stream:
        return containers.read(stream, path)


@common.command
@click.option('--megabytes', type=click.IntRange(min=1), default=230, show_default=True, help='Size of the files.')
@common.options
def main(megabytes, repeats, out):
    """Time the reading of PyTorch files of every form."""
    with errors_in_one_line(), tempfile.TemporaryDirectory() as folder:
        cases = []
        for form in FORMS:
            path = os.path.join(folder, form)
            write(path, form, megabytes)
            cases.append((path, form, repeats))
        common.run('read_torch', COLUMNS, measure, cases, out, FIGURES)


if __name__ == '__main__':
    main()
