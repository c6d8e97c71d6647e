"""Tensors as files keep them: a flat storage, and an offset, a size and strides in it."""

import reprlib

import numpy as np

from ..pickled_data import NetworkPickleError

_DTYPES = {
    'FloatStorage': '<f4',
    'DoubleStorage': '<f8',
    'HalfStorage': '<f2',
    'BFloat16Storage': '<u2',  # The upper half of a float32.
    'LongStorage': '<i8',
    'IntStorage': '<i4',
    'ShortStorage': '<i2',
    'CharStorage': 'i1',
    'ByteStorage': 'u1',
    'BoolStorage': '?',
}


class StorageType:
    """The type of a storage, by its name in torch.

    Attributes:
        name: 'FloatStorage' and so on.
        dtype: numpy.dtype of its elements, little-endian.
    """

    def __init__(self, name):
        self.name, self.dtype = name, np.dtype(_DTYPES[name])


STORAGE_TYPES = {name: StorageType(name) for name in _DTYPES}


class Storage:
    """Elements in a row, which may come after the tensors that lie in them.

    Attributes:
        kind: StorageType.
        count: number of elements.
        elements: array [count], which may not be written to, or None until `fill`.
    """

    def __init__(self, kind, count):
        if type(count) is not int or count < 0:
            raise NetworkPickleError('a storage of %s elements' % reprlib.repr(count))
        self.kind, self.count, self.elements = kind, count, None

    @property
    def nbytes(self):
        return self.count * self.kind.dtype.itemsize

    def fill(self, data, big_endian=False):
        """Takes bytes. Raises NetworkPickleError if they are not as many as the elements need."""
        if len(data) != self.nbytes:
            raise NetworkPickleError('a storage of %d bytes where %d are needed' % (len(data), self.nbytes))
        dtype = self.kind.dtype.newbyteorder('>') if big_endian else self.kind.dtype
        elements = np.frombuffer(data, dtype).astype(self.kind.dtype, copy=False)  # Tensors are copies, in any case.
        if self.kind.name == 'BFloat16Storage':
            elements = (elements.astype(np.uint32) << 16).view(np.float32)
        self.elements = elements


class TensorView:
    """A tensor, once its storage has been read. Args as torch writes them, counted in elements."""

    def __init__(self, storage, offset, size, strides):
        self.storage, self.offset, self.size, self.strides = storage, offset, size, strides
        numbers = (offset,) + tuple(size) + tuple(strides)
        if len(size) != len(strides) or len(size) > 32 or any(type(n) is not int or n < 0 for n in numbers):
            raise NetworkPickleError('a tensor of size %s and strides %s' % tuple(map(reprlib.repr, (size, strides))))

    def array(self, budget):
        """The tensor as an array of its own, native byte order, C order.

        Args:
            budget: `pickled_data.Budget`: expanded views repeat elements.

        Raises:
            NetworkPickleError: it reaches past the storage. Refused: it is far larger than the file.
        """
        elements, empty = self.storage.elements, 0 in self.size
        if elements is None:
            raise NetworkPickleError('a tensor without its data')
        last = self.offset + sum((n - 1) * step for n, step in zip(self.size, self.strides))
        if not empty and last >= len(elements):
            raise NetworkPickleError('a tensor that reaches past its storage')
        if empty:
            return np.zeros(self.size, elements.dtype)
        count = 1
        for n in self.size:
            count *= n
        budget.spend(count * elements.itemsize)
        strides = tuple(step * elements.itemsize for step in self.strides)
        view = np.lib.stride_tricks.as_strided(elements[self.offset :], self.size, strides, writeable=False)
        return np.array(view, order='C')
