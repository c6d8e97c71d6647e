"""What is computed once and kept: every cache of the project reads and writes here.

A cache that cannot be written (a read-only home, a full disk) costs the next run its time, and this one a line on
standard error; never the result.
"""

import os
import pathlib
from typing import Any, Callable, Dict, Mapping

import numpy as np

from regan.base import artefacts, kept
from regan.base.errors import WriteError
from regan.base.typing import PathLike


def has(path: PathLike) -> bool:
    """Whether a file is there, and can be reached."""
    return os.path.exists(str(path))


def arrays(path: PathLike, make: Callable[[], Mapping[str, Any]]) -> Dict[str, np.ndarray]:
    """The arrays of an .npz of the cache, or those that `make` gives, which are then put there.

    Args:
        path: the file; its name says everything that its content depends on.
        make: callable without arguments -> dict of arrays and numbers.

    Raises:
        UserError: the file is damaged; or from `make`.
    """
    if has(path):
        return artefacts.read_npz(path)
    usable = artefacts.is_usable(pathlib.Path(path).parent)  # Said before the work.
    made = {name: np.asarray(value) for name, value in make().items()}
    if usable:
        keep(path, lambda: artefacts.write_npz(path, made))
    return made


def keep(path: PathLike, write: Callable[[], None]) -> None:
    """Calls `write`, which writes a file of the cache; a WriteError is said, and that is all."""
    try:
        write()
    except WriteError as error:
        artefacts.note_unusable(pathlib.Path(path).parent, error.reason)
    else:
        kept.resumable()
