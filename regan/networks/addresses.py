"""Addresses that stand for network files: what they have in common, and the checksum that an unregistered one needs."""

import os
import re
from typing import Optional, Tuple
from urllib.parse import parse_qs, urlsplit

from dnnlib import download
from regan.base import names
from regan.base.errors import UserError


def is_address(name: str) -> bool:
    """Whether this is an address (SCHEME://...) and no path."""
    return re.match('[A-Za-z][A-Za-z0-9+.-]*://', name) is not None


def key(address: Optional[str]) -> Optional[str]:
    """What two addresses of one file have in common: http or https, and the ways to write a file of Google Drive.

    None for what is no such address.

    >>> key('https://drive.google.com/file/d/1A-b/view?usp=sharing')
    'drive.google.com/1A-b'
    >>> key('http://drive.google.com/uc?id=1A-b') == key('https://drive.google.com/open?id=1A-b')
    True
    """
    if not address or not re.match('https?://', address, re.IGNORECASE) or '#' in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    host = parts.netloc.lower()
    if host == 'drive.google.com':
        found = re.match('/file/d/([^/]+)', parts.path)
        return host + '/' + (found.group(1) if found else parse_qs(parts.query).get('id', [''])[0])
    return host + parts.path + ('?' + parts.query if parts.query else '')


def local_path(address: str) -> Optional[str]:
    """The path that a file:// address means; None for others. Raises UserError if it names another host."""
    if not address.lower().startswith('file:'):
        return None
    try:
        return download.local_path(address)
    except ValueError as error:
        raise UserError(str(error)) from None


def with_checksum(address: str) -> Tuple[str, str]:
    """(address, SHA-256) of ADDRESS#sha256=DIGEST.

    Raises:
        UserError: it lacks the checksum, or is neither http nor https.
    """
    url, _, digest = address.partition('#')
    if key(url) is None or not re.match(r'[^:]+://[^/\s]+/[!-~]+\Z', url):
        raise UserError('%s is no address of a file; give https://HOST/FILE, or a path' % address)
    if not re.match('sha256=[0-9a-fA-F]{64}\\Z', digest):
        raise UserError(
            '%s is an address that the registry does not have, so nobody says what the file should be; add the SHA-256 '
            'of the file, as in %s#sha256= and 64 hexadecimal digits, or download it yourself and give its path'
            % (address, url)
        )
    return url, digest[len('sha256=') :].lower()


def file_name(url: str, sha256: str) -> str:
    """How the file of an address is called in the cache: by its content, and by the end of the address."""
    return '%s-%s' % (sha256[:16], names.for_file(os.path.basename(urlsplit(url).path) or 'network.pkl'))
