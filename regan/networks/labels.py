"""The class of a conditional network: which one is meant, and the label that stands for it."""

from typing import Optional

import numpy as np

from regan.base import notices
from regan.base.errors import UserError
from regan.base.typing import PathLike


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


def one_hot(label: int, size: int, count: int) -> np.ndarray:
    """The labels of `count` latents of one class: float32 [count, size]."""
    labels = np.zeros((count, size), np.float32)
    labels[:, label] = 1
    return labels
