"""Which files a command has finished so far, for what it says when it ends early."""

import itertools
from pathlib import Path
from typing import Dict

from regan.base.typing import PathLike

_files: Dict[Path, None] = {}  # In the order of writing.
_resumable = False


def begin() -> None:
    """A command begins: nothing is kept yet."""
    global _resumable
    _files.clear()
    _resumable = False


def add(path: PathLike) -> None:
    """A file, or a folder with all that is in it, is whole."""
    _files[Path(path)] = None


def drop(path: PathLike) -> None:
    """A file is no longer there, or a folder with all that is in it."""
    for file in [file for file in _files if file == Path(path) or Path(path) in file.parents]:
        del _files[file]


def resumable() -> None:
    """The same command would go on from what is kept, rather than from the beginning."""
    global _resumable
    _resumable = True


def interrupted() -> str:
    """What to say after an interrupt: what is kept, and what the same command does next.

    >>> begin(); interrupted()
    'nothing was kept, so the same command starts from the beginning'
    >>> add('out/a.png'); interrupted()
    'kept: out/a.png; the same command starts from the beginning'
    >>> add('out/b.png'); resumable(); interrupted()
    'kept: 2 files in out (a.png to b.png); the same command goes on from there'
    >>> begin()
    """
    return '%s %s' % (_what() + ';' if _files else 'nothing was kept, so', _next())


def unwritten() -> str:
    """What to say after a file that could not be written.

    >>> begin(); unwritten()
    'nothing was kept, so make room or choose another place and try again'
    >>> add('a.png'); unwritten()
    'kept: a.png; make room or choose another place; the same command starts from the beginning'
    >>> begin()
    """
    if not _files:
        return 'nothing was kept, so make room or choose another place and try again'
    return '%s; make room or choose another place; %s' % (_what(), _next())


def _next():
    return 'the same command %s' % ('goes on from there' if _resumable else 'starts from the beginning')


def _what():
    folders = itertools.groupby(sorted(_files, key=lambda path: str(path.parent)), lambda path: path.parent)
    return 'kept: ' + ', '.join(_together(folder, list(files)) for folder, files in folders)


def _together(folder, files):
    if len(files) == 1:
        return str(files[0])
    return '%d files in %s (%s to %s)' % (len(files), folder, files[0].name, files[-1].name)
