"""Latents from files: arrays of w, W+ or z, and pictures, videos and documents that carry a view.

Nothing of a file is executed: arrays are read as numbers, and of a picture the text of its view alone. What counts as
one latent is decided by shape, against the network (L layers, width D):

    [D], [1, D]         a w, for all layers
    [N, D], [N, 1, D]   N of them
    [L, D]              one latent of W+, as encoders write it, unless `space` is 'w': L of them
    [N, L, D]           N latents of W+
    [Z], [N, Z]         z, if the array is called z in its .npz or `space` is 'z'
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from dnnlib import file_kinds
from regan.base import artefacts, notices
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.drawing.starts import Saved
from regan.views import carriers, document, drawing, files, latents
from regan.views.document import View

if TYPE_CHECKING:
    from regan.networks.generator import Generator

SPACES = ('w', 'w+', 'z')
RECORD = 'record'  # The text of what made them, in an .npz.
VIEW = 'view'  # The text of the view, in an .npz of the explorer.
MOST_BYTES = files.MOST_BYTES + 2**16  # Of a file: an array and its header.
PICTURES = ('.png', '.mp4', '.json')  # Endings of what carries a view.
DEEPEST = 8  # Pictures whose view names a picture whose view ...

Truncation = Tuple[float, Optional[int]]  # psi and cutoff.


class Source(NamedTuple):
    """A file of latents as it was read; which latents it has is known on a network, see `on`.

    Attributes:
        path: of the file.
        sha256: of its content.
        array: float [N, ...], or None where a view says what the latents are.
        view: that the file carries, or None. Beside an array it only says how it was drawn.
        in_z: whether the array is called z.
        record: what the file says made it, a dict.
    """

    path: Path
    sha256: str
    array: Optional[np.ndarray]
    view: Optional[View]
    in_z: bool
    record: Mapping[str, Any]


def read(path: PathLike) -> Source:
    """Reads a file of latents.

    Args:
        path: an .npy or .npz of arrays (see `files.named_rows`), or what carries a view: PNG, MP4, JSON.

    Raises:
        UserError: no such file, none of these, or one of more than 256 MB.
    """
    path = Path(path)
    artefacts.check_there(path)
    with artefacts.reading(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UserError('%s has more than %d MB; split it' % (path, MOST_BYTES >> 20))
    if content[:2] == b'PK' or content.startswith(b'\x93NUMPY'):
        return of_arrays(content, path)
    if not carriers.is_carrier(content):
        found = file_kinds.of_path(path)
        raise UserError(
            '%s holds no latents%s; give an .npy or .npz of them, or a picture that regan wrote'
            % (path, '' if found is None else ': it is %s' % found.what)
        )
    sha256 = hashlib.sha256(content).hexdigest()
    return Source(path, sha256, None, carriers.read_bytes(content, str(path)), False, {})


def of_arrays(content: bytes, path: PathLike) -> Source:
    """The Source of the content of an .npy or .npz. Args: path, for its name. Raises UserError: it is none."""
    key, array = files.named_rows(content, str(path))
    text = files.text(content, VIEW)
    view = None if text is None else document.loads(text, 'the view in %s' % path)
    sha256 = hashlib.sha256(content).hexdigest()
    return Source(Path(path), sha256, array, view, key == files.IN_Z, _record(content))


def _record(content):
    text = files.text(content, RECORD)
    try:
        record = json.loads(text or '{}')
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


# ------------------------------------------------------------------ on a network


def on(source: Source, generator: Generator, space: Optional[str] = None) -> List[Saved]:
    """The latents of a file on a network: list of Saved.

    Args:
        source: Source.
        generator: open Generator.
        space: 'w', 'w+' or 'z': what the rows of an array [N, D] are; None: as the shape and the array's name say.

    Raises:
        UserError: another shape than the network wants; NaN or infinity; or a view that does not fit.
    """
    if source.array is None:
        space, array = None, array_of(source, generator)
    else:
        array = source.array
    theirs = source.record.get('network_sha256')
    if theirs is not None and theirs != generator.sha256:
        notices.note('%s says that its latents are of another network (%.8s...)' % (source.path, theirs))
    if space is None and source.in_z:
        space = 'z'
    codes, kept = _split(array, source.path.name, generator, space)
    return [Saved(source.path.name, source.sha256, row, one, kept, len(codes) == 1) for row, one in enumerate(codes)]


def _split(array, name, generator, space):
    """(list of codes, float32 [1, D], [L, D] or [1, Z] each; the space that a view must name)."""
    shape = (generator.num_layers, generator.dlatent_size)
    if space == 'z':
        if array.shape[-1] != generator.latent_size or array.shape[1:-1] not in ((), (1,)):
            raise _refused(array, name, 'z of shape [{Z}] or [N, {Z}]', generator)
        return [files.code(row, name, generator.latent_size) for row in array], 'z'
    if array.shape == shape and shape[0] > 1 and space != 'w':
        return [array.astype(np.float32)], 'w+'
    layers = array.shape[1] if array.ndim == 3 else 1
    if array.shape[-1] != shape[1] or layers not in (1, shape[0]):
        raise _refused(
            array, name, '[{D}] or [N, {D}] (a w for all layers), or [{L}, {D}] or [N, {L}, {D}] (W+)', generator
        )
    if space is not None and (space == 'w') != (layers == 1):
        wanted = '[N, {D}], a w for all layers' if space == 'w' else '[{L}, {D}] or [N, {L}, {D}], W+'
        raise _refused(array, name, wanted, generator)
    return [row.reshape(layers, -1).astype(np.float32) for row in array], None


def _refused(array, name, wanted, generator):
    sizes = dict(L=generator.num_layers, D=generator.dlatent_size, Z=generator.latent_size)
    shape = list(array.shape[1:] if len(array) == 1 and array.ndim == 2 else array.shape)
    return UserError(
        '%s has shape %s, but this network (%d layers of width %d) takes %s'
        % (name, shape, generator.num_layers, generator.dlatent_size, wanted.format(**sizes))
    )


def array_of(source: Source, generator: Generator, deepest: int = DEEPEST) -> np.ndarray:
    """The array of a file, or for a file with a view the latents of the images that it shows, not truncated: float
    [N, ...].

    Args:
        source: Source.
        generator: open Generator.
        deepest: so many pictures may name each other.

    Raises:
        UserError: the view does not fit the network, or needs a file that is not beside it.
    """
    view = source.view
    if source.array is not None:
        return source.array
    if view is None:
        raise ValueError('a source has an array or a view')
    if not deepest:
        raise UserError('%s names a picture that names a picture, and so on; save latents instead' % source.path)
    arrays = load(files.beside(view, source.path.parent), generator, deepest - 1)
    directions, remark = drawing.fitted_directions(view, generator, arrays)
    if remark:
        notices.note('%s: %s' % (source.path, remark))
    return np.concatenate([codes for _, codes in drawing.codes(view, generator, arrays, directions)])


def load(paths: Iterable[PathLike], generator: Generator, deepest: int = DEEPEST) -> Dict[str, np.ndarray]:
    """The arrays of files that a view names, as `files.load`, and of pictures, as `array_of`: dict SHA-256 -> array."""
    found = {}
    for path in paths:
        if Path(path).suffix.lower() in PICTURES:
            source = read(path)
            found[source.sha256] = array_of(source, generator, deepest)
        else:
            found.update(files.load([path]))
    return found


def truncation(source: Source, generator: Generator) -> Truncation:
    """The (psi, cutoff) with which the latents of a file were drawn, as far as it says; (1, None), none, where it does
    not: given latents are then drawn as they are, as the official synthesis does it.
    """
    if source.view is not None:
        settings = latents.settings(source.view, generator)
        return settings.psi, settings.cutoff
    psi, cutoff = source.record.get('psi', 1.0), source.record.get('cutoff')
    if isinstance(psi, (int, float)) and np.isfinite(psi) and (cutoff is None or type(cutoff) is int and cutoff >= 0):
        return float(psi), cutoff
    return 1.0, None


# ------------------------------------------------------------------ written


def write(path: PathLike, dlatents: np.ndarray, record: Mapping[str, Any]) -> None:
    """Writes latents as an .npz that `read` takes: `dlatents` float32 [N, L, D], and the `record` as JSON.

    Args:
        path: of the .npz.
        dlatents: float [..., L, D], before truncation.
        record: what made them, with the `psi` and `cutoff` with which they were drawn.
    """
    flat = np.asarray(dlatents, np.float32).reshape((-1,) + np.shape(dlatents)[-2:])  # [N, L, D]
    artefacts.write_npz(path, dict(dlatents=flat, record=np.array(json.dumps(record))))
