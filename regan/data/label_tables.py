"""Labels of images of users: from a table that a person made, from a dataset.json, or from the folders they are in."""

import json
import pathlib

import numpy as np

from regan.base import artefacts, tables
from regan.base.errors import UserError
from regan.data import sources

FOLDERS, NONE = 'folders', 'none'  # In place of a file.
_MOST_CLASSES = 10000  # Of few images; more are a date or a number of another kind.
_MOST_NAMES = 50  # That a message names.


def choose(labels, images):
    """The labels of some images.

    Args:
        labels: file of labels, see `read`; FOLDERS: the class of an image is the first folder of its path; NONE; or
            None: those of the dataset.json among the images, if there is one.
        images: `sources.Images`.
    Returns:
        float32 [n, label size] in the order of the images' names, or None; and a dict of facts about where they are
        from.
    Raises: UserError if they do not fit the images; it names all that do not.
    """
    if labels == FOLDERS:
        return _of_folders(images.path, images.names)
    content = images.labels() if labels is None else None
    if labels == NONE or labels is None and content is None:
        return None, {}
    if content is None:
        table, name = read(labels, images.names), pathlib.Path(labels).name
    else:
        table, name = _of_beside(images, content), sources.LABELS
    return table, {} if table is None else dict(labels_from=name)


def _of_beside(images, content):
    """Labels of the dataset.json that lies among the images."""
    try:
        return _of_json(images.path / sources.LABELS, content, images.names)
    except UserError as error:
        raise UserError('%s; --labels none leaves it out of account' % error) from error


def read(path, names):
    """Labels of the images `names` (paths in their folder, sorted): float32 [n, label size]; None: the file says that
    there are none.

    A .npy file holds one row for each image, in the order of `names`. A .csv file holds rows FILE,NUMBER,... in any
    order; a first row that begins with "file" is a heading. A .json file is one of StyleGAN2-ADA's tools: {"labels":
    [[FILE, LABEL], ...]}, {"labels": {FILE: LABEL, ...}} or {"labels": null}, with a number or a list of numbers as
    label. Names of files are compared as paths, see `sources.normalised`. A single whole number for each image is its
    class and becomes one-hot.

    Raises:
        UserError: the table does not fit the images.
    """
    path = pathlib.Path(path)
    suffix = path.suffix.lower()
    if suffix == '.json':
        return _of_json(path, _content(path), names)
    readers = {'.npy': _read_npy, '.csv': _read_csv}
    if suffix not in readers:
        raise UserError('labels are read from .npy, .csv or .json, not from %s' % path)
    table = readers[suffix](path, names)
    return _encoded(path, table, table.shape[1] == 1)


def _content(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError('cannot read %s: %s' % (path, error.strerror or error)) from error


def _encoded(path, table, may_be_classes):
    """float32 labels; whole numbers become one-hot if they may be classes: float64 [n, columns]."""
    if not np.isfinite(table).all():
        raise UserError('%s holds NaN or infinite labels' % path)
    if may_be_classes and (table == np.rint(table)).all() and (table >= 0).all():
        return _one_hot(path, table[:, 0].astype(np.int64))
    return table.astype(np.float32)


def _read_npy(path, names):
    table = artefacts.read_npy(path)
    if table.dtype.kind not in 'fiub' or table.ndim not in (1, 2) or len(table) != len(names):
        raise UserError('%s must hold an array of numbers with one row for each of the %d images' % (path, len(names)))
    return table.reshape(len(names), -1).astype(np.float64)


def _read_csv(path, names):
    pairs = []
    for line, row in enumerate(tables.read_csv_rows(path), 1):
        if line == 1 and row[0].strip().lower() == 'file':
            continue
        try:
            pairs.append((row[0], [float(cell) for cell in row[1:]]))
        except ValueError:
            raise UserError('%s, row %d: %s are not all numbers' % (path, line, ', '.join(row[1:]))) from None
    return _in_order(path, pairs, names)


# ------------------------------------------------------------------ dataset.json


def _of_json(path, content, names):
    """Labels of the content of a .json file, bytes; None where it says that there are none."""
    pairs = _pairs(path, content)
    labels = [label for _, label in pairs if label is not None]
    if not labels:
        return None
    table = _in_order(path, [(name, _row(path, name, label)) for name, label in pairs if label is not None], names)
    return _encoded(path, table, not any(isinstance(label, list) for label in labels))


def _pairs(path, content):
    """List of (name, label) in the content of a dataset.json."""
    try:
        data = json.loads(content.decode('utf-8-sig'))
    except (ValueError, RecursionError) as error:
        raise UserError('%s is no JSON (%s); repair it' % (path, error)) from error
    if isinstance(data, dict) and 'labels' in data:
        data = data['labels']
    pairs = list(data.items()) if isinstance(data, dict) else data if data is not None else []
    if not isinstance(pairs, list) or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    ):
        raise UserError(
            '%s has no labels as StyleGAN2-ADA\'s tools write them, {"labels": [["00000/img00000000.png", 6], ...]}; '
            'repair it' % path
        )
    return pairs


def _row(path, name, label):
    numbers = label if isinstance(label, list) else [label]
    if not all(type(number) in (int, float) for number in numbers):
        raise UserError('%s: the label of %s is %s, and no number or list of numbers' % (path, name, json.dumps(label)))
    try:
        return [float(number) for number in numbers]
    except OverflowError:
        raise UserError('%s holds NaN or infinite labels' % path) from None


# ------------------------------------------------------------------ folders


def _of_folders(path, names):
    """Classes: those of the first folder in the path of each image, in the order of their names."""
    paths = [sources.normalised(name).split('/') for name in names]
    folders = [path[0] if len(path) > 1 else None for path in paths]
    loose = [name for name, folder in zip(names, folders) if folder is None]
    if loose:
        raise UserError(
            '%s has images that lie in no folder and so have no class: %s; move them, or give other --labels'
            % (path, _listed(loose))
        )
    classes = sorted(set(folders))
    numbers = np.array([classes.index(folder) for folder in folders])
    return np.eye(len(classes), dtype=np.float32)[numbers], dict(labels_from=FOLDERS, classes=classes)


# ------------------------------------------------------------------ all of them


def _in_order(path, pairs, names):
    """The rows of (name, list of numbers) in the order of the images: float64 [n, columns]."""
    rows, twice = {}, []
    for name, row in pairs:
        key = sources.normalised(name)
        twice += [name] if key in rows else []
        rows[key] = row
    if twice:
        raise UserError('%s has two rows for %s' % (path, _listed(twice)))
    keys = [sources.normalised(name) for name in names]
    missing = [name for name, key in zip(names, keys) if key not in rows]
    unknown = sorted(set(rows) - set(keys))
    if missing or unknown:
        texts = ['no row for the image%s %s' % ('s' * (len(missing) > 1), _listed(missing))] if missing else []
        if unknown:
            one = len(unknown) == 1
            texts.append(
                '%s for %s, which %s not there' % ('a row' if one else 'rows', _listed(unknown), 'is' if one else 'are')
            )
        raise UserError('%s has %s' % (path, ', and '.join(texts)))
    widths = {len(rows[key]) for key in keys}
    if len(widths) != 1 or 0 in widths:
        raise UserError('%s must have the same number of labels, at least one, in each row' % path)
    return np.array([rows[key] for key in keys], np.float64)


def _listed(names):
    more = ' and %d more' % (len(names) - _MOST_NAMES) if len(names) > _MOST_NAMES else ''
    return ', '.join(names[:_MOST_NAMES]) + more


def _one_hot(path, classes):
    if classes.max() >= max(len(classes), _MOST_CLASSES):
        raise UserError(
            '%s has a class %d for %d images; number the classes from 0' % (path, classes.max(), len(classes))
        )
    table = np.zeros([len(classes), classes.max() + 1], np.float32)
    table[np.arange(len(classes)), classes] = 1
    return table
