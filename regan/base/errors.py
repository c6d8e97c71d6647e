"""The exceptions for mistakes of users: their text is all that they see."""

from typing import Any


class UserError(Exception):
    """Bad input, in one sentence: what was wrong, where, and what to do.

    The command line prints the sentence and exits with status 2; no stack trace is shown.
    """


class WriteError(UserError):
    """A file that could not be written; what is kept of others is known by `regan.base.kept`.

    Args:
        path: the file or folder.
        error: OSError, or what else says why.
    """

    path: Any
    reason: str

    def __init__(self, path: Any, error: Any) -> None:
        self.path, self.reason = path, reason(error)
        super().__init__('cannot write %s: %s; make room or choose another place and try again' % (path, self.reason))

    def __reduce__(self) -> Any:
        return WriteError, (self.path, self.reason)


def reason(error: Any) -> str:
    """What an OSError, or whatever else ended the writing, says, in one line."""
    return ' '.join(str(getattr(error, 'strerror', None) or error).split())
