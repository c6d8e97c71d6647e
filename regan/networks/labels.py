"""The class of a conditional network: which one is meant, and the label that stands for it."""

import re
from typing import Callable, List, Optional, Tuple, Union

import numpy as np

from regan.base import notices
from regan.base.errors import UserError
from regan.base.typing import PathLike

Label = Union[int, Tuple[int, ...]]  # The number of a class, from 0, or one for each layer.

_OF_LAYERS = re.compile(r'(\d+)(?:\s*-\s*(\d+))?\s*:(.*)', re.ASCII)


def check(label: Optional[int], size: int, path: PathLike) -> None:
    """Checks the class of a network; of a conditional one, None is said.

    Args:
        label: number of a class, from 0, or None for a label of zeros.
        size: columns of the network's labels; 0: it has no classes.
        path: of the network, for messages.

    Raises:
        UserError: there is no such class.
    """
    classes = 'classes 0-%d' % (size - 1) if size > 1 else 'one class, 0'
    if label is None and size:
        notices.note(
            '%s is conditional (%s); without --class its label is zero, which is none of them' % (path, classes)
        )
    elif label is not None and not size:
        raise UserError('%s has no classes, so there is no class %s; leave --class out' % (path, label))
    elif label is not None and not 0 <= label < size:
        raise UserError('%s has no class %d but %s; choose with --class' % (path, label, classes))


def resolve(
    asked: Union[Label, str, None],
    size: int,
    path: PathLike,
    layers: Optional[int] = None,
    find: Optional[Callable[[str], int]] = None,
) -> Optional[Label]:
    """The class that is meant, checked; of a conditional network, None is said.

    Args:
        asked: a number, one for each layer, None, or a text: a class, for some layers another one after a comma, such
            as 'barn, 4-9: castle'.
        size, path: as for `check`.
        layers: L of a network whose layers may have a class each; None: they share it.
        find: function that gives the number of a class that is not named by its number; None: there are no names.

    Raises:
        UserError: there is no such class or layer.
    """
    label: Optional[Label] = _parsed(asked, size, path, layers, find) if isinstance(asked, str) else asked
    if isinstance(label, tuple):
        if layers is None:
            raise UserError('%s has one class for all layers; give --class one' % path)
        if len(label) != layers:
            raise UserError('%s has %d layers, but %d classes are given for them' % (path, layers, len(label)))
        for one in label:
            check(one, size, path)
        return label[0] if len(set(label)) == 1 else label
    check(label, size, path)
    return label


def _parsed(text, size, path, layers, find):
    first, *others = text.split(',')
    if not any(_OF_LAYERS.fullmatch(part.strip()) for part in others):
        return _number(text, size, path, find)  # Names may have commas where people copy them from lists.
    base = _number(first, size, path, find)
    if layers is None:
        raise UserError("%s has one class for all layers, so --class '%s' cannot be; give one" % (path, text))
    found = [base] * layers
    for part in others:
        match = _OF_LAYERS.fullmatch(part.strip())
        if not match:
            raise UserError(
                "cannot read --class '%s' at '%s'; write a class, and for some layers another one, for example "
                "'248, 4-9: 483'" % (text, part.strip())
            )
        low, high = int(match.group(1)), int(match.group(2) or match.group(1))
        if not low <= high < layers:
            raise UserError("--class '%s' names layers that there are not; %s has 0-%d" % (text, path, layers - 1))
        found[low : high + 1] = [_number(match.group(3), size, path, find)] * (high + 1 - low)
    return tuple(found)


def _number(text, size, path, find):
    text = text.strip()
    if text.isdigit() and text.isascii():
        check(int(text), size, path)
        return int(text)
    if not size:
        check(text, size, path)
    if find is None:
        raise UserError(
            "'%s' is no number of a class; %s has classes 0-%d, without names" % (text, path, max(size - 1, 0))
        )
    return find(text)


def rows(label: Optional[Label], size: int, count: int) -> Optional[np.ndarray]:
    """The labels of `count` latents of a class that all layers share, float32 [count, size]; None: of none."""
    return one_hot(label, size, count) if isinstance(label, int) else None


def vectors(label: Optional[Label], size: int, layers: int) -> np.ndarray:
    """The label of each layer, float32 [layers, size]: zeros where there is none."""
    found: List[np.ndarray] = [
        np.zeros(size, np.float32) if one is None else one_hot(one, size, 1)[0]
        for one in (label if isinstance(label, tuple) else [label] * layers)
    ]
    return np.stack(found)


def one_hot(label: int, size: int, count: int) -> np.ndarray:
    """The labels of `count` latents of one class: float32 [count, size]."""
    labels = np.zeros((count, size), np.float32)
    labels[:, label] = 1
    return labels
