"""Files of latents and directions that views name: arrays told by the SHA-256 of their file, never pickled objects."""

import functools
import hashlib
import io
import operator
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

import numpy as np

from regan.base import artefacts, finite, names
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.editing import saved_edits
from regan.views.document import View

Files = Mapping[str, np.ndarray]  # SHA-256 -> what `rows` gave.

MOST_BYTES = 2**28  # Of an array.
MOST_TEXT = 2**20  # Bytes.
NAMES = (  # Of the array among several of an .npz; the first that is there.
    'latents',
    'dlatents',
    'w',
    'lat_comp',
    'directions',
    'projected_w',
    'projected_dlatents',
    'w_plus',
    'ws',
    'dlatent',
    'latent',
    'latent_codes',
    'z',
)
IN_Z = 'z'  # The name whose rows are z.
_UNIT = 1e-3  # A direction whose length is so close to 1 is used as it is.


def load(paths: Iterable[PathLike]) -> Dict[str, np.ndarray]:
    """The arrays of some files: dict SHA-256 -> array. Of an edit that GANSpace's viewer saved, .pkl, the direction.

    Raises:
        UserError: a file that cannot be read, or as `rows`.
    """
    found = {}
    for path in paths:
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise UserError('cannot read %s: %s' % (path, error.strerror or error)) from error
        if Path(path).suffix.lower() == '.pkl':
            array = saved_edits.load(path).direction[np.newaxis]
        else:
            array = rows(content, str(path))
        found[hashlib.sha256(content).hexdigest()] = array
    return found


def named(view: View) -> Dict[str, str]:
    """The files that a view names: dict SHA-256 -> name."""
    parts: List[Any] = [edit.direction for edit in view.edits]
    for latent in view.latents:
        parts += [latent.mix.row, latent.mix.column] if latent.mix else [latent]
    found = {part.sha256: part.file for part in parts if part.sha256 and part.file}
    return dict(named(view.show.other) if view.show.other else {}, **found)


def beside(view: View, folder: PathLike) -> List[Path]:
    """Those files that a view names which are in a folder: list of Path."""
    there = [(Path(folder) / name, sha256) for sha256, name in named(view).items()]
    return [path for path, sha256 in there if path.is_file() and artefacts.sha256_file(path) == sha256]


def rows(content: bytes, name: str) -> np.ndarray:
    """The array of `named_rows` alone."""
    return named_rows(content, name)[1]


def named_rows(content: bytes, name: str) -> Tuple[Optional[str], np.ndarray]:
    """The array in the content of an .npy or .npz, in which it stands alone or under one of NAMES.

    Args:
        content: of the file.
        name: of the file, for messages.

    Returns:
        (its name in the .npz, or None of an .npy; float [N, ...]). What each row is for is checked when it is used.

    Raises:
        UserError: neither, damaged, pickled objects, not finite floats, no rows, or more than 256 MB.
    """
    key = None
    try:
        if content[:2] == b'PK':
            key, content = _member(content, name)
        array = _array(content, name)
    except UserError:
        raise
    except Exception as error:  # A damaged archive raises anything from BadZipFile to struct.error.
        raise UserError(
            '%s is damaged or no .npy or .npz of plain arrays (%s); save it again with np.save'
            % (name, type(error).__name__)
        ) from error
    if array.dtype.kind != 'f' or array.dtype.itemsize > 8 or not 1 <= array.ndim <= 3 or not array.size:
        raise UserError(
            '%s holds an array of type %s and shape %s; latents and directions are float16, float32 or float64 of '
            'shape [N, width] or [N, layers, width]' % (name, array.dtype, list(array.shape))
        )
    with np.errstate(over='ignore'):
        finite.check(array.astype(np.float32), name, 'save it again without them')
    return key, np.atleast_2d(array)


def text(content: bytes, key: str) -> Optional[str]:
    """The text that an .npz has under a name, or None: of another file, another array, or one that is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo(key + '.npy').file_size > MOST_TEXT:
                return None
            array = np.lib.format.read_array(io.BytesIO(archive.read(key + '.npy')), allow_pickle=False)
    except Exception:  # As in `named_rows`.
        return None
    return str(array) if array.dtype.kind == 'U' and array.ndim == 0 else None


def _member(content, name):
    """(name, content) of the .npy in an .npz."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {info.filename: info for info in archive.infolist()}
        known = [key + '.npy' for key in NAMES if key + '.npy' in members]
        if len(members) != 1 and not known:
            raise UserError(
                '%s holds %d arrays, none of which is called %s, but %s; save the one that is meant alone'
                % (name, len(members), ', '.join(NAMES[:-1]) + ' or ' + NAMES[-1], _shown(members))
            )
        info = members[known[0]] if known else next(iter(members.values()))
        if info.file_size > MOST_BYTES:
            raise _too_large(name)
        with archive.open(info) as file:
            unpacked = file.read(MOST_BYTES + 1)
    return info.filename[: -len('.npy')], unpacked


def _shown(members):
    """A few names of arrays, for a message."""
    found = [names.printable(Path(member).stem)[:40] for member in list(members)[:4]]
    return ', '.join(found + ['...'] * (len(members) > 4))


def _array(content, name):
    """The array of an .npy, whose header must say as many bytes as there are."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, _, dtype = header(file)
    size = functools.reduce(operator.mul, shape, 1)  # Whole numbers without bound.
    if dtype.hasobject or size * dtype.itemsize != len(content) - file.tell():
        raise UserError('%s is damaged, or holds objects instead of numbers; save it again with np.save' % name)
    if size * dtype.itemsize > MOST_BYTES:
        raise _too_large(name)
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


def _too_large(name):
    return UserError('%s holds an array of more than %d MB; split it' % (name, MOST_BYTES >> 20))


def row(files: Files, name: Optional[str], sha256: Optional[str], index: Optional[int]) -> np.ndarray:
    """One row of a file that a view names.

    Args:
        files: what there is.
        name, sha256, index: of the view; name is for messages.

    Raises:
        UserError: the file is not there, or has fewer rows.
    """
    array = whole(files, name, sha256)
    if index is None or index >= len(array):
        raise UserError('the view asks for row %s of %s, which has rows 0-%d' % (index, name, len(array) - 1))
    return array[index]


def whole(files: Files, name: Optional[str], sha256: Optional[str]) -> np.ndarray:
    """The array of a file that a view names. Args: as of `row`. Raises UserError if the file is not there."""
    if sha256 is None or sha256 not in files:
        raise UserError('the view needs the file %s (SHA-256 %s); give it with --file' % (name, sha256))
    return files[sha256]


def latent(array: np.ndarray, name: Optional[str], shape: Tuple[int, int]) -> np.ndarray:
    """A row as a latent, float32 [1, L, D]: [L, D] of its own for each layer, or [D] or [1, D] for all.

    Raises UserError for another shape than (L, D) wants.
    """
    if array.shape == shape[1:]:
        array = array[np.newaxis]
    if array.shape not in (shape, (1, shape[1])):
        raise UserError(
            'a latent of %s has shape %s, but this network wants %s or %s'
            % (name, list(array.shape), list(shape), list(shape[1:]))
        )
    return np.broadcast_to(array, shape)[np.newaxis].astype(np.float32)


def code(array: np.ndarray, name: Optional[str], width: int) -> np.ndarray:
    """A row as a z, float32 [1, Z]: [Z] or [1, Z]. Raises UserError for another shape."""
    if array.shape not in ((width,), (1, width)):
        raise UserError('a z of %s has shape %s, but this network wants %s' % (name, list(array.shape), [width]))
    return array.reshape(1, width).astype(np.float32)


def direction(array: np.ndarray, name: Optional[str], width: int) -> np.ndarray:
    """A row, [D] or [1, D], as a direction: float64 [D] of unit length.

    Raises UserError for another width, or no direction at all.
    """
    flat = array.reshape(-1).astype(np.float64)
    length = np.linalg.norm(flat)
    if flat.shape != (width,):
        raise UserError('a direction of %s has width %d, but this network has %d' % (name, flat.size, width))
    if not length > 0:
        raise UserError('a direction of %s is all zeros, so it leads nowhere' % name)
    return flat if abs(length - 1) <= _UNIT else flat / length
