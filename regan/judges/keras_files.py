"""Weights that Keras wrote to HDF5 files, as arrays. Nothing outside the file is followed, and nothing is executed."""

import posixpath
from typing import Dict, List

import numpy as np

from regan.base.errors import UserError
from regan.base.typing import PathLike

LARGEST = 4 << 30  # Bytes of all arrays; VGG16 has 0.6 GB.


def layers(path: PathLike) -> Dict[str, List[np.ndarray]]:
    """The arrays of each layer: {'block1_conv1': [float [3, 3, 3, 64], float [64]], ...}, by the innermost group.

    Raises: UserError if it is no HDF5 file, is damaged, or points outside of itself.
    """
    import h5py  # Here, because most uses do without it.

    found: Dict[str, List[np.ndarray]] = {}
    try:
        with h5py.File(path, 'r') as file:
            _collect(file['model_weights'] if 'model_weights' in file else file, h5py, found, path, [LARGEST])
    except FileNotFoundError:
        raise UserError('cannot read %s: there is no such file' % path) from None
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise UserError('%s is no HDF5 file with weights, or damaged (%s); fetch it again' % (path, error)) from None
    return found


def _collect(group, h5py, found, path, left, depth=4):
    for key in group:
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise UserError('%s points outside of itself (%s), which no file of weights does' % (path, key))
        one = group[key]
        if isinstance(one, h5py.Group) and depth:
            _collect(one, h5py, found, path, left, depth - 1)
        elif isinstance(one, h5py.Dataset) and one.ndim and one.dtype.kind == 'f':
            left[0] -= one.size * 4
            if one.external or one.is_virtual or left[0] < 0:
                raise UserError('%s has data outside of the file, or more than weights need (%s)' % (path, one.name))
            layer = posixpath.basename(posixpath.dirname(one.name))
            found.setdefault(layer, []).append(np.asarray(one[()], np.float32))
