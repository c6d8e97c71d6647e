"""The state of unfinished work on disk, so that an interrupted run goes on where it stopped."""

import json
import os
import pathlib
import time
from typing import Any, Callable, Dict, Iterable, Optional, Tuple, TypeVar

import numpy as np

from regan.base import artefacts, kept
from regan.base.errors import UserError, WriteError
from regan.base.typing import PathLike, Progress

SECONDS = 20  # At most so much work is lost when the process is killed.

State = TypeVar('State')


class Checkpoint:
    """One file for one run; `facts` (JSON-able dict) says which. Writing is atomic, floats are kept exactly.

    Args:
        path: the file, or None: then nothing is kept.
        facts: everything the state depends on.
        in_cache: the file is one of the cache: where it cannot be written, this is said, and the work goes on.
    """

    path: Optional[pathlib.Path]
    facts: str

    def __init__(self, path: Optional[PathLike], facts: Dict[str, Any], in_cache: bool = False) -> None:
        self.path = pathlib.Path(path) if path else None
        self.facts = json.dumps(facts, sort_keys=True)
        self._in_cache = in_cache

    def load(self, state_class: Callable[..., State]) -> Optional[State]:
        """The saved state, or None where nothing is saved.

        Args:
            state_class: is called with the saved arrays, and numbers, by name.

        Raises:
            UserError: the file is damaged or belongs to other facts.
        """
        if self.path is None or not os.path.exists(str(self.path)):
            return None
        arrays = artefacts.read_npz(self.path)
        saved = str(arrays.pop('facts', ''))
        if saved != self.facts:
            raise UserError(
                '%s is the checkpoint of a run with other settings or data; delete it to start again%s'
                % (self.path, _differences(saved, self.facts))
            )
        try:
            state = state_class(**{name: array if array.ndim else array.item() for name, array in arrays.items()})
        except TypeError as error:
            raise UserError(
                '%s is not a complete checkpoint (%s); delete it to start again' % (self.path, error)
            ) from error
        self._note_kept()
        return state

    def save(self, state: Any) -> None:
        """Replaces the file by `state`, an object whose attributes are arrays and numbers."""
        if self.path is None or state is None:
            return
        try:
            artefacts.write_npz(self.path, dict(vars(state), facts=np.array(self.facts)))
        except WriteError as error:
            if not self._in_cache:
                raise
            artefacts.note_unusable(self.path.parent, error.reason)
        else:
            self._note_kept()

    def _note_kept(self):
        if self.path is not None:
            kept.add(self.path)
            kept.resumable()

    def last(self, states: Iterable[Tuple[State, int]], state: State, progress: Progress) -> State:
        """The last state of a loop, saved every SECONDS and on Ctrl-C.

        Args:
            states: iterable of pairs (state, rows that it has more than the one before), each of which may take long.
            state: the one before them, or None; what is returned if there are no others.
            progress: called with these numbers of rows.
        """
        saved = time.monotonic()
        try:
            for state, rows in states:
                progress(rows)
                if time.monotonic() - saved >= SECONDS:
                    self.save(state)
                    saved = time.monotonic()
        except (KeyboardInterrupt, SystemExit):
            self.save(state)
            raise
        return state

    def remove(self) -> None:
        """Deletes the file; no harm if there is none."""
        if self.path is not None and os.path.exists(str(self.path)):
            self.path.unlink()
            kept.drop(self.path)


def _differences(saved, now):
    """Which facts differ, as text in brackets; nothing where the saved ones are none."""
    try:
        saved, now = json.loads(saved), json.loads(now)
        names = sorted(name for name in set(saved) | set(now) if saved.get(name) != now.get(name))
    except (ValueError, TypeError, AttributeError):
        return ''
    return ' (%s)' % ', '.join('%s was %s, is %s' % (name, saved.get(name), now.get(name)) for name in names)
