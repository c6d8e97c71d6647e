"""Whether numbers are finite, asked where arrays come in and go out."""

import numpy as np

from regan.base.errors import UserError


def is_finite(array: np.ndarray) -> bool:
    """Whether an array of any shape has neither NaN nor infinity; arrays of other things than floats have none.

    A sum tells nearly always, at a third of the cost of a look at each value: it is finite only if all values are.
    """
    array = np.asarray(array)
    if array.dtype.kind not in 'fc':
        return True
    with np.errstate(all='ignore'):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


def count(array: np.ndarray) -> int:
    """How many values of an array are NaN or infinite."""
    return 0 if is_finite(array) else int(np.sum(~np.isfinite(array)))


def check(array: np.ndarray, what: str, advice: str) -> None:
    """Raises UserError if an array has NaN or infinity.

    Args:
        array: of any shape.
        what: it is, and where it comes from; the beginning of the sentence.
        advice: what to do; its end.
    """
    wrong = count(array)
    if wrong:
        raise UserError(
            '%s: %d of %d values are NaN or infinite, no finite numbers; %s' % (what, wrong, np.size(array), advice)
        )
