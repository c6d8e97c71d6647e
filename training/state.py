"""The state of a training run on disk: all that is needed to go on as if it had never stopped."""

import json
import os

import numpy as np

from regan.base import artefacts
from regan.base.errors import UserError

FORMAT = 1
ADVICE = 'delete it to start again, or give another folder'


def save(path, variables, progress, recipe):
    """Writes a state; the file appears when it is complete.

    Args:
        variables: dict name -> array.
        progress: dict of plain values.
        recipe: dict of plain values that must agree on
            `load`.
    Raises: UserError if it cannot be written, e.g. on a full disk; an earlier file stays.
    """
    header = json.dumps(dict(format=FORMAT, progress=progress, recipe=recipe), sort_keys=True)
    arrays = {'variables/' + name: value for name, value in variables.items()}
    artefacts.write_npz(path, dict(arrays, header=np.array(header)), compressed=False)  # Weights hardly shrink.


def load(path, recipe):
    """(variables, progress) of a state. Raises UserError if it is unreadable, or of another recipe."""
    arrays = artefacts.read_npz(path, ADVICE)
    try:
        header = json.loads(str(arrays.pop('header')))
    except (ValueError, KeyError) as error:
        raise UserError('%s is no training state (%s); %s' % (path, error, ADVICE)) from None
    variables = {key[len('variables/') :]: value for key, value in arrays.items()}
    _check(path, header, json.loads(json.dumps(recipe)))
    return variables, header['progress']


def _check(path, header, recipe):
    if header.get('format') != FORMAT:
        raise UserError('%s has the format %s, this program reads %d' % (path, header.get('format'), FORMAT))
    found = differences(recipe, header['recipe'])
    if found:
        texts = ['%s = %s, but now it is %s' % (name, json.dumps(its), json.dumps(mine)) for name, mine, its in found]
        raise UserError(
            '%s was saved by a run with %s; train with the same settings, or into another folder'
            % (os.fspath(path), ', and '.join(texts))
        )


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
