"""What is said beside a result: one line on standard error, and each only once for a command."""

import contextlib
import sys
from typing import Iterator, Set

_said: Set[str] = set()
_silent = False


def note(sentence: str) -> None:
    """Prints 'note: ' and the sentence on standard error, unless it has been said since `begin`."""
    if sentence not in _said and not _silent:
        _said.add(sentence)
        print('note: %s' % sentence, file=sys.stderr, flush=True)


def begin() -> None:
    """A command begins: what was said before it may be said again."""
    _said.clear()


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Context manager: nothing is said inside, as in a worker, whose client has said it already."""
    global _silent
    before, _silent = _silent, True
    try:
        yield
    finally:
        _silent = before
