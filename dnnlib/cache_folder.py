"""Folders of files that can be fetched or made again. One that cannot be written must not end what it is for."""

import atexit
import os
import shutil
import tempfile
import uuid

_stand_in = None


def why_unusable(folder):
    """Tries to write in a folder, or if it is missing, where it would be made. Nothing is left there.

    Returns: None, or what the operating system says, a str.
    """
    folder = os.fspath(folder)
    if folder.startswith('~'):  # What `expanduser` leaves where nobody knows the home folder.
        return 'there is no home folder'
    try:
        path = os.path.join(_existing(folder), '.try-%s' % uuid.uuid4().hex)
        try:
            with open(path, 'wb') as f:
                f.write(b'x')  # A full disk takes the name of a file, but no content.
        finally:
            if os.path.exists(path):
                os.remove(path)
    except (OSError, ValueError) as e:  # ValueError: a name with a null byte.
        return getattr(e, 'strerror', None) or str(e)
    return None


def _existing(folder):
    """The folder, or the next one above it that is there."""
    try:
        os.stat(folder)
        return folder
    except FileNotFoundError:
        above = os.path.dirname(os.path.abspath(folder))
        if above == os.path.abspath(folder):
            raise
        return _existing(above)


def stand_in():
    """A temporary folder in place of one that cannot be written, the same for the whole process, at whose end it is
    removed.

    Raises: OSError if there is no room for one.
    """
    global _stand_in
    if _stand_in is None:
        _stand_in = tempfile.mkdtemp(prefix='regan-')
        atexit.register(shutil.rmtree, _stand_in, ignore_errors=True)
    return _stand_in


def is_lasting(path):
    """Whether a file outlives the process: False for one in the stand-in."""
    return _stand_in is None or not os.path.abspath(os.fspath(path)).startswith(os.path.join(_stand_in, ''))
