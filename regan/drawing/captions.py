"""What the pictures of edits say: which edit a row shows, and how far a column goes."""

from typing import Iterable, List, Optional, Sequence

import numpy as np

from regan.drawing.starts import Saved, Start
from regan.editing.edits import Edit

UNEDITED = 'no edit'


def of_seed(seed: int) -> str:
    """The caption of a latent."""
    return 'seed %d' % seed


def of_start(start: Start) -> str:
    """The caption of a seed, or of a latent of a file: the file's name, and the row where there are several.

    >>> of_start(7), of_start(Saved('me.npy', '', 0, None, alone=True)), of_start(Saved('many.npz', '', 3, None))
    ('seed 7', 'me.npy', 'many.npz 3')
    """
    if not isinstance(start, Saved):
        return of_seed(start)
    return start.file if start.alone else '%s %d' % (start.file, start.row)


def of_starts(some: Sequence[Start]) -> str:
    """What some starts are, for a sentence.

    >>> of_starts([7, 8, Saved('me.npy', '', 0, None, alone=True)])
    'seeds 7, 8, me.npy'
    """
    numbers = [start for start in some if not isinstance(start, Saved)]
    others = [of_start(start) for start in some if isinstance(start, Saved)]
    return ', '.join((['seeds ' + ', '.join(map(str, numbers))] if numbers else []) + others)


def of_edit(edit: Edit, name: Optional[str] = None) -> str:
    """The caption of an edit: its name, if it has one, component, layers and strength.

    >>> of_edit(Edit(component=22, start=9, end=11, strength=-8, kind='target'), 'Redness')
    'Redness: target E(v22, 9-10) = -8 \\u03c3'
    >>> of_edit(Edit(component=0))
    'E(v0, all) * 1 \\u03c3'
    """
    place = str(edit).split(')')[0] + ')'
    unit = '\u03c3' if edit.unit == 'stdev' else 'raw'
    text = '%s %s %g %s' % (place, '=' if edit.kind == 'target' else '*', edit.strength, unit)
    return '%s%s%s' % (name + ': ' if name else '', text, ' inverted' * edit.invert)


def of_frames(moves: Iterable[Edit], frames: int) -> List[str]:
    """The captions of the frames of some edits, from -strength to +strength, or from the latent as it is to a target.

    >>> of_frames([Edit(0, strength=2)], 5)
    ['-2 \\u03c3', '-1 \\u03c3', '0', '+1 \\u03c3', '+2 \\u03c3']
    >>> of_frames([Edit(0, strength=2), Edit(0, strength=3)], 3)
    ['-100%', '0', '+100%']
    >>> of_frames([Edit(0, kind='target')], 3)
    ['0', '+50%', '+100%']
    """
    moves = list(moves)
    kinds = {move.kind == 'target' for move in moves}
    if len(kinds) > 1:
        return ['frame %d of %d' % (i + 1, frames) for i in range(frames)]
    lengths = {(move.strength, move.unit) for move in moves}
    if True in kinds or len(lengths) > 1:
        return [_signed(100 * part, '%') for part in np.linspace(0 if True in kinds else -1, 1, frames)]
    ((strength, unit),) = lengths
    return [_signed(value, ' \u03c3' if unit == 'stdev' else '') for value in np.linspace(-strength, strength, frames)]


def of_distances(distances: Iterable[float]) -> List[str]:
    """The captions of numbers along a way: signed, and 0 alone without a sign."""
    return [_signed(distance) for distance in distances]


def _signed(value, unit=''):
    return '%+.3g%s' % (value, unit) if abs(value) > 1e-9 else '0'
