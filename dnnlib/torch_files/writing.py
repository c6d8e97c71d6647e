"""Arrays by name -> a PyTorch file, as `torch.save` writes a state dict (from torch 1.6 on); torch is not needed."""

import pickle
import struct
import zipfile

import numpy as np

_FOLDER = 'archive/'
_ORDERED_DICT = b'ccollections\nOrderedDict\n' + pickle.EMPTY_TUPLE + pickle.REDUCE


def write(path, arrays):
    """Writes float32 arrays; equal ones give equal bytes.

    Args:
        path: of the file.
        arrays: dict of name -> array, in the order of the file.
    """
    arrays = {name: np.ascontiguousarray(value, '<f4') for name, value in arrays.items()}
    with zipfile.ZipFile(str(path), 'w', zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(_FOLDER + 'data.pkl'), _pickled(arrays))
        for number, value in enumerate(arrays.values()):
            archive.writestr(zipfile.ZipInfo('%sdata/%d' % (_FOLDER, number)), value.tobytes())
        archive.writestr(zipfile.ZipInfo(_FOLDER + 'version'), b'3\n')


def _pickled(arrays):
    """The pickle of an ordered dictionary of tensors, opcode by opcode: it names torch, which need not be there."""
    parts = [pickle.PROTO, b'\x02', _ORDERED_DICT, pickle.MARK]
    for number, (name, value) in enumerate(arrays.items()):
        strides = [step // value.itemsize for step in value.strides]
        parts += [_text(name), b'ctorch._utils\n_rebuild_tensor_v2\n', pickle.MARK]
        parts += [pickle.MARK, _text('storage'), b'ctorch\nFloatStorage\n', _text(str(number)), _text('cpu')]
        parts += [_number(value.size), pickle.TUPLE, pickle.BINPERSID]
        parts += [_number(0), _numbers(value.shape), _numbers(strides), pickle.NEWFALSE, _ORDERED_DICT]
        parts += [pickle.TUPLE, pickle.REDUCE]
    return b''.join(parts + [pickle.SETITEMS, pickle.STOP])


def _text(text):
    data = text.encode('utf-8')
    return pickle.BINUNICODE + struct.pack('<I', len(data)) + data


def _number(number):
    return pickle.BININT + struct.pack('<i', number)


def _numbers(numbers):
    return pickle.MARK + b''.join(_number(number) for number in numbers) + pickle.TUPLE
