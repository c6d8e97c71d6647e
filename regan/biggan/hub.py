"""TF-Hub modules of BigGAN-deep, read as data: the folder, or its archive. The module's graph is not run.

Variables come from the checkpoint. The tables of statistics are constants of the graph, which are decoded where they
stand (biggan 9).
"""

import os
import pathlib
import tarfile
import tempfile
import zlib
from typing import Any, BinaryIO, Dict, List, Optional, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.biggan import archives, weights

GRAPH, INDEX = 'saved_model.pb', 'variables/variables.index'
DATA = 'variables/variables.data-00000-of-00001'
LARGEST = 4 << 30  # Bytes of a file in an archive.
LARGEST_TABLE = 1 << 22  # Numbers in a table of statistics.
LARGEST_TABLES = 1 << 26  # In all tables; those of 512 x 512 have 5 million.
MOST_VARIABLES = 1 << 14


def read(path: PathLike, mode: str = 'hub') -> weights.Weights:
    """The Weights of a module.

    Args:
        path: folder of the module, or its archive (.tar.gz).
        mode: of the spectral norm, see `spectral.sigma`.

    Raises:
        UserError: a file is missing or damaged, or it is another network.
    """
    if pathlib.Path(path).is_dir():
        return _of_folder(pathlib.Path(path), path, mode)
    with open(str(path), 'rb') as stream:
        return read_archive(stream, path, mode)


def read_archive(stream: BinaryIO, path: PathLike, mode: str = 'hub') -> weights.Weights:
    """The Weights of a module in an archive, of which only what is needed is unpacked, for as long as it is read.

    Args:
        stream: of the tar archive, which may be compressed.
        path: how messages call it.
        mode, and errors: as of `read`.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            with archives.opened(stream) as archive:
                for member in archive:
                    name = _inside(member.name)
                    if name in (GRAPH, INDEX, DATA) and member.isreg():
                        _unpack(archive.extractfile(member), member.size, pathlib.Path(folder) / name, path)
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise UserError('%s is no archive that can be read (%s); fetch it again' % (path, error)) from None
        return _of_folder(pathlib.Path(folder), path, mode)


def _of_folder(folder, path, mode):
    for name in (GRAPH, INDEX, DATA):
        if not (folder / name).is_file():
            raise UserError('%s lacks %s, which every module of TensorFlow Hub has' % (path, name))
    variables = _variables(folder, path)
    weights.refuse_shallow(variables, str(path))
    norms = 4 * weights.count_blocks(variables) + 1
    return weights.from_hub(variables, _tables(folder / GRAPH, norms, path), str(path), mode)


def _inside(name: str) -> str:
    """The name of a member within the module's folder, which archives may have, or not, at their root."""
    parts = [part for part in name.split('/') if part not in ('', '.')]
    known = [wanted for wanted in (GRAPH, INDEX, DATA) if parts[-len(wanted.split('/')) :] == wanted.split('/')]
    return known[0] if known and len(parts) - len(known[0].split('/')) <= 1 and '..' not in parts else name


def _unpack(source, size, target, path):
    if size > LARGEST:
        raise UserError('%s unfolds to more than %d GB, which no BigGAN needs' % (path, LARGEST >> 30))
    if target.exists():
        raise UserError('%s holds two files of the name %s; fetch it again' % (path, target.name))
    target.parent.mkdir(exist_ok=True)
    with open(str(target), 'wb') as file:
        for block in iter(lambda: source.read(1 << 20), b''):
            file.write(block)


def _variables(folder: pathlib.Path, path: PathLike) -> Dict[str, np.ndarray]:
    """All variables of a checkpoint that a generator may need, by name."""
    import dnnlib.tflib  # noqa: F401  It keeps TensorFlow's start-up notices off the terminal.

    # isort: split
    import tensorflow.compat.v1 as tf

    try:
        reader = tf.train.NewCheckpointReader(str(folder / INDEX)[: -len('.index')])
        shapes = reader.get_variable_to_shape_map()
        if len(shapes) > MOST_VARIABLES:
            raise UserError('%s has %d variables, far more than a BigGAN' % (path, len(shapes)))
        room = os.path.getsize(str(folder / DATA))
        if sum(4 * int(np.prod(shape, dtype=np.float64)) for shape in shapes.values()) > 4 * room:
            raise UserError('%s names variables far larger than its data; it is damaged, or crafted' % path)
        wanted = [name for name in shapes if name.endswith((weights.AVERAGE, '/u0')) or 'b999900' in name]
        return {name: reader.get_tensor(name) for name in sorted(wanted)}
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise UserError('the checkpoint of %s cannot be read (%s); fetch it again' % (path, _line(error))) from None


def _line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


# ------------------------------------------------------------------ tables of statistics


def _tables(graph: pathlib.Path, norms: int, path: PathLike) -> List[np.ndarray]:
    """Means and variances of every normalisation in turn, from the constants of a graph."""
    nodes = _nodes(graph, path)
    by_name = {node.name: node for node in nodes}
    found: List[Optional[np.ndarray]] = []
    room = _Room(path)
    for b in range(norms):
        for offset in (1, 3):
            found.append(_value(by_name.get('stack_%d' % (5 * b + offset)), by_name, room))
    if any(table is None for table in found):
        found = [_value(node, by_name, room) for node in nodes if node.op == 'Const']
        found = [table for table in found if table is not None and len(table) == 51]
    tables = [table for table in found if table is not None]
    if len(tables) != 2 * norms:
        raise UserError(
            '%s has %d tables of statistics in its graph where %d are needed; they may be computed there, which '
            'is not done here' % (path, len(tables), 2 * norms)
        )
    return tables


def _nodes(graph: pathlib.Path, path: PathLike) -> List[Any]:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString(graph.read_bytes())
    except DecodeError:
        raise UserError('%s of %s is damaged; fetch it again' % (GRAPH, path)) from None
    return [node for meta in model.meta_graphs for node in meta.graph_def.node]


class _Room:
    """How many numbers the constants of a graph may still have: a short one may stand for millions."""

    def __init__(self, path: PathLike) -> None:
        self._path, self._left = path, LARGEST_TABLES

    def take(self, count: float) -> None:
        self._left -= int(count)
        if self._left < 0:
            raise UserError('the graph of %s holds far larger tables than a BigGAN; it is crafted' % self._path)


def _value(node: Any, by_name: Dict[str, Any], room: _Room) -> Optional[np.ndarray]:
    """The table [rows, C] that a node is, a constant or a stack of constants; None: it is none."""
    if node is not None and node.op == 'Pack':
        names = [name.split(':')[0] for name in node.input if not name.startswith('^')]
        rows = [_constant(by_name.get(name), 1, room) for name in names]
        if rows and all(row is not None and row.shape == rows[0].shape for row in rows):
            return np.stack(rows)
        return None
    return _constant(node, 2, room)


def _constant(node: Any, rank: int, room: _Room) -> Optional[np.ndarray]:
    from tensorflow.compat.v1 import make_ndarray

    if node is None or node.op != 'Const' or node.attr['value'].tensor.dtype != 1:  # float32
        return None
    shape: Tuple[int, ...] = tuple(axis.size for axis in node.attr['value'].tensor.tensor_shape.dim)
    if len(shape) != rank or min(shape) < 1 or np.prod(shape, dtype=np.float64) > LARGEST_TABLE:
        return None
    room.take(np.prod(shape, dtype=np.float64))
    try:
        return make_ndarray(node.attr['value'].tensor)
    except (ValueError, TypeError):  # Its values do not fit its shape.
        return None
