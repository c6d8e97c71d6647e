"""Style mixing: latents that have some layers of one latent and all others of another.

The two generations' commands differ in which layers a row takes: StyleGAN's figure gives each row a set of its own,
StyleGAN2's command has one set for all rows.
"""

import re
from typing import List, Sequence, Set, Tuple

import numpy as np

from regan.base.errors import UserError

Layers = Tuple[int, ...]  # Rising, each once.

NAMED = {'coarse': (0, 4), 'middle': (4, 8), 'fine': (8, None)}  # What StyleGAN's paper calls them, [first, end).
_WHOLE = {'all': (0, None), 'none': (0, 0)}
_FEW = 7  # Layers of StyleGAN2's command: 0-6.
_RANGE = re.compile(r'(\d{1,4})(?:-(\d{1,4}))?', re.ASCII)


def usual(num_layers: int) -> str:
    """The layers that are mixed unless something else is asked for, in notation: 0-6 as in StyleGAN2's command, or the
    first half of fewer than 14 layers.

    >>> usual(18), usual(10)
    ('0-6', '0-4')
    """
    return notation(range(max(1, min(_FEW, num_layers // 2))))


def parse_layers(text: str, num_layers: int) -> List[Layers]:
    """Sets of layers from a text: one, or several between commas.

    >>> parse_layers('0-3,8,0-1+6-7', 10)
    [(0, 1, 2, 3), (8,), (0, 1, 6, 7)]

    Args:
        text: each set is a number, an inclusive range, several of them with + between, coarse (0-3), middle (4-7), fine
            (from 8 on), all or none.
        num_layers: L of the network.

    Raises:
        UserError: anything else, a range that runs backwards, or a layer that the network does not have.
    """
    return [_set(part.strip(), text, num_layers) for part in text.split(',')]


def _set(part, text, num_layers):
    found: Set[int] = set()
    for word in part.split('+'):
        first, end = _ends(word.strip(), text, num_layers)
        if end > num_layers:
            raise UserError(
                "the layers '%s' go to layer %d, but this network has layers 0-%d" % (text, end - 1, num_layers - 1)
            )
        found.update(range(first, end))
    return tuple(sorted(found))


def _ends(word, text, num_layers):
    """(first, end) of a range or name."""
    if word in NAMED or word in _WHOLE:
        first, end = dict(NAMED, **_WHOLE)[word]
        if first >= num_layers:
            raise UserError(
                '%s layers begin at layer %d, but this network has layers 0-%d' % (word, first, num_layers - 1)
            )
        return first, num_layers if end is None else min(end, num_layers)
    numbers = _RANGE.fullmatch(word)
    first, last = (int(number) for number in numbers.group(1, 2 if numbers.group(2) else 1)) if numbers else (1, 0)
    if first > last:
        raise UserError(
            "cannot read layers from '%s' at '%s'; write numbers and rising ranges, for example 0-6, or 0-3,4-7,8-9+12 "
            'for three rows' % (text, word)
        )
    return first, last + 1


def ranges(layers: Sequence[int]) -> List[List[int]]:
    """A set of layers as ranges [first, end], end not included, as few as possible.

    >>> ranges((0, 1, 2, 3, 8))
    [[0, 4], [8, 9]]
    """
    found: List[List[int]] = []
    for layer in sorted(layers):
        if found and found[-1][1] == layer:
            found[-1][1] = layer + 1
        else:
            found.append([layer, layer + 1])
    return found


def notation(layers: Sequence[int]) -> str:
    """The shortest text that `parse_layers` makes into one set of layers.

    >>> notation((0, 1, 2, 3, 8))
    '0-3+8'
    """
    parts = ['%d' % first if end == first + 1 else '%d-%d' % (first, end - 1) for first, end in ranges(layers)]
    return '+'.join(parts) or 'none'


def for_rows(sets: Sequence[Layers], count: int) -> List[Layers]:
    """A set of layers for each of `count` rows: each has its own, or all have the same one.

    Raises UserError for another number of sets.
    """
    if len(sets) not in (1, count):
        raise UserError(
            '%d sets of layers are given for %d rows; give one for each row, or one for all' % (len(sets), count)
        )
    return list(sets) if len(sets) == count else list(sets) * count


def mixed(rows: np.ndarray, columns: np.ndarray, layers: Sequence[Layers]) -> np.ndarray:
    """Each row's latent with some layers of each column's.

    Args:
        rows: float [R, L, D], the destinations.
        columns: float [K, L, D], the sources.
        layers: R sets of layers, what a row takes of the columns.

    Returns:
        New array [R, K, L, D].
    """
    found = np.repeat(rows[:, np.newaxis], len(columns), axis=1)  # [R, K, L, D]
    for row, own in zip(found, layers):
        row[:, list(own)] = columns[:, list(own)]
    return found
