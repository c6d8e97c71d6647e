"""Names from files of others, where they become names of files or stand in messages."""

import re

_RESERVED = re.compile(r'(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)', re.IGNORECASE)  # Devices of Windows.
MOST = 100


def for_file(text: str) -> str:
    """A text as the name of a file, or as a part of one, that every system takes; most names stay as they are.

    >>> for_file('cars-64'), for_file('../../x; touch y'), for_file('nul')
    ('cars-64', '_.._x__touch_y', '_nul')
    """
    name = re.sub('[^A-Za-z0-9._-]', '_', text)[:MOST].strip('.') or '_'
    return '_' + name if _RESERVED.match(name) else name


def is_printable(text: str) -> bool:
    """Whether a text can be printed, and written as UTF-8: it has no control characters but line ends and tabs, none
    that turn the direction of writing, and no halves of characters.

    >>> is_printable('Big smile'), is_printable('\\x1b[2J'), is_printable('\\ud800')
    (True, False, False)
    """
    return re.search('[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]', text) is None


def printable(text: str) -> str:
    """A text in which all that `is_printable` refuses is written as an escape.

    >>> printable('cannot read \\x1b[2J')
    'cannot read \\\\x1b[2J'
    """
    return ''.join(c if is_printable(c) else repr(c)[1:-1] for c in text)
