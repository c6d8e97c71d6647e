"""Views as links: the canonical document in base64url behind #view=, which a browser keeps to itself."""

import base64
import re

from regan.base.errors import UserError
from regan.views import document
from regan.views.document import View

MARK = '#view='
_LONGEST = 4 * -(-document.MOST_BYTES // 3)  # Characters of the largest document.


def to_link(view: View, base: str = '') -> str:
    """The link of a view. Args: view, and the address of the page, such as 'http://127.0.0.1:8080/'."""
    encoded = base64.urlsafe_b64encode(document.canonical(view).encode('utf-8'))
    return base + MARK + encoded.decode('ascii').rstrip('=')


def is_link(text: str) -> bool:
    """Whether a text means a view by link."""
    return MARK in text


def from_link(text: str) -> View:
    """The View of a link, with or without an address before it.

    Raises:
        UserError: no link of a view, a damaged or too long one, or a document that `document.loads` refuses.
    """
    _, mark, encoded = text.strip().partition(MARK)
    if not mark:
        raise UserError('the link has no %s, so it is not of a view; copy it as a whole' % MARK)
    if len(encoded) > _LONGEST:
        raise UserError('the view in the link is longer than %d bytes; shorten it' % document.MOST_BYTES)
    encoded = encoded.rstrip('=')
    if not re.fullmatch('[A-Za-z0-9_-]+', encoded, re.ASCII) or len(encoded) % 4 == 1:
        raise UserError('the view in the link is damaged; copy it as a whole')
    try:
        content = base64.urlsafe_b64decode(encoded + '=' * (-len(encoded) % 4)).decode('utf-8')
    except ValueError:
        raise UserError('the view in the link is damaged; copy it as a whole')
    return document.loads(content, 'the view in the link')
