"""Labels of a folder of images, from a table that a person made."""

import pathlib

import numpy as np

from regan.base import artefacts, tables
from regan.base.errors import UserError


def read(path, names):
    """Labels of the images `names` (paths in their folder, sorted): float32 [n, label size].

    A .npy file holds one row for each image, in the order of `names`. A .csv file holds rows FILE,NUMBER,... in any
    order; a first row that begins with "file" is a heading. A single whole number for each image is its class and
    becomes one-hot.

    Raises:
        UserError: the table does not fit the images.
    """
    path = pathlib.Path(path)
    readers = {'.npy': _read_npy, '.csv': _read_csv}
    if path.suffix.lower() not in readers:
        raise UserError('labels are read from .npy or .csv, not from %s' % path)
    table = readers[path.suffix.lower()](path, names)
    if not np.isfinite(table).all():
        raise UserError('%s holds NaN or infinite labels' % path)
    if table.shape[1] == 1 and (table == np.rint(table)).all() and (table >= 0).all():
        return _one_hot(path, table[:, 0].astype(np.int64))
    return table.astype(np.float32)


def _read_npy(path, names):
    table = artefacts.read_npy(path)
    if table.dtype.kind not in 'fiub' or table.ndim not in (1, 2) or len(table) != len(names):
        raise UserError('%s must hold an array of numbers with one row for each of the %d images' % (path, len(names)))
    return table.reshape(len(names), -1).astype(np.float64)


def _read_csv(path, names):
    rows = {}
    for line, row in enumerate(tables.read_csv_rows(path), 1):
        if line == 1 and row[0].strip().lower() == 'file':
            continue
        if row[0] in rows:
            raise UserError('%s has two rows for %s' % (path, row[0]))
        try:
            rows[row[0]] = [float(cell) for cell in row[1:]]
        except ValueError:
            raise UserError('%s, row %d: %s are not all numbers' % (path, line, ', '.join(row[1:]))) from None
    missing = [name for name in names if name not in rows]
    unknown = sorted(set(rows) - set(names))
    if missing or unknown:
        raise UserError(
            '%s has %s'
            % (
                path,
                'no row for the image %s' % missing[0] if missing else 'a row for %s, which is not there' % unknown[0],
            )
        )
    widths = {len(rows[name]) for name in names}
    if len(widths) != 1 or 0 in widths:
        raise UserError('%s must have the same number of labels, at least one, in each row' % path)
    return np.array([rows[name] for name in names], np.float64)


def _one_hot(path, classes):
    if classes.max() >= max(len(classes), 2):
        raise UserError(
            '%s has a class %d for %d images; number the classes from 0' % (path, classes.max(), len(classes))
        )
    return np.eye(classes.max() + 1, dtype=np.float32)[classes]
