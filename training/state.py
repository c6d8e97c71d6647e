"""The state of a training run on disk: all that is needed to go on as if it had never stopped."""
import json
import os
import zipfile

import numpy as np

from regan.base import artefacts
from regan.base.errors import UserError

FORMAT = 1


def save(path, variables, progress, recipe):
    """Writes a state; the file appears when it is complete.

    Args:
        variables: dict name -> array. progress: dict of plain values. recipe: dict of plain values that must agree on `load`.
    Raises: UserError if it cannot be written, e.g. on a full disk; an earlier file stays.
    """
    header = json.dumps(dict(format=FORMAT, progress=progress, recipe=recipe), sort_keys=True)
    with artefacts.atomic_path(path) as temporary, open(str(temporary), 'wb') as file:  # Not compressed: weights hardly shrink.
        np.savez(file, header=np.array(header), **{'variables/' + name: value for name, value in variables.items()})


def load(path, recipe):
    """(variables, progress) of a state. Raises UserError if it is unreadable, or of another recipe."""
    try:
        with np.load(path, allow_pickle=False) as data:
            header = json.loads(str(data['header']))
            variables = {key[len('variables/'):]: data[key] for key in data.files if key.startswith('variables/')}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError('%s is not a readable training state (%s); delete it to start again, or give another folder' % (path, error)) from None
    _check(path, header, json.loads(json.dumps(recipe)))
    return variables, header['progress']


def _check(path, header, recipe):
    if header.get('format') != FORMAT:
        raise UserError('%s has the format %s, this program reads %d' % (path, header.get('format'), FORMAT))
    for name, mine, its in differences(recipe, header['recipe']):
        raise UserError('%s was saved by a run with %s = %s, but now it is %s; train with the same settings, or into another folder'
                        % (os.fspath(path), name, json.dumps(its), json.dumps(mine)))


def differences(a, b, prefix=''):
    """Where two nested dicts differ: list of (dotted name, value in a, value in b); None for what is missing."""
    found = []
    for key in sorted(set(a) | set(b)):
        x, y = a.get(key), b.get(key)
        if isinstance(x, dict) and isinstance(y, dict):
            found += differences(x, y, prefix + key + '.')
        elif x != y:
            found.append((prefix + key, x, y))
    return found
