"""Who may ask the explorer for what: one pure function from a request to a status, and the headers of every answer.

The server is for the user of this machine. Other machines, other users, other pages in the same browser and names that
were rebound to this address are kept out by the address that it listens on, a token, and the checks of Host and Origin
below. Nothing here reads or writes anything.
"""

import dataclasses
import hmac
import re
import urllib.parse
from typing import Dict, Mapping, NamedTuple, Optional, Tuple

LOCAL = ('127.0.0.1', 'localhost', '[::1]')
LARGEST_BODY = 4 << 20
LARGEST_HEADERS = 16 << 10
BODY_TYPE = 'application/octet-stream'
STATIC, EXPORTS = '/static/', '/export/'
POSTS = {'/latents': ('npy', 'npz'), '/open': ('png', 'mp4', 'json')}  # Path -> endings of the names.
NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9 _-]{0,63}')
_EXPORT = re.compile(r'[A-Za-z0-9_-]{22}')
_DEVICES = re.compile(r'(?:con|prn|aux|nul|com[0-9]|lpt[0-9])', re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Site:
    """What the server is to its visitors.

    Attributes:
        port: that it listens on.
        token: that every visitor needs.
        names: hosts under which it may be asked for.
        ancestors: origins of pages that may show it in a frame.
    """

    port: int
    token: str
    names: Tuple[str, ...] = LOCAL
    ancestors: Tuple[str, ...] = ()

    @property
    def cookie(self) -> str:
        """Name of the cookie with the token. Browsers do not tell the ports of a host apart."""
        return 'regan_explore_%d' % self.port

    @property
    def hosts(self) -> Tuple[str, ...]:
        """The allowed values of the header Host."""
        return tuple('%s:%d' % (name, self.port) for name in self.names) + (self.names if self.port == 80 else ())


class Request(NamedTuple):
    """What a decision depends on; None: the request lacks it.

    Attributes:
        method, path: the path still has its percent signs.
        query: dict of name -> last value.
        host, origin, content_type: headers.
        content_length: int; -1 for a length that is not said.
        token: of the cookie.
        upgrade: whether a WebSocket is asked for.
    """

    method: str
    path: str
    query: Mapping[str, str]
    host: Optional[str]
    origin: Optional[str] = None
    content_type: Optional[str] = None
    content_length: int = 0
    token: Optional[str] = None
    upgrade: bool = False


class Verdict(NamedTuple):
    """What becomes of a request: 200 goes on, 302 sets the cookie and leads to the page, others end with `reason`.

    Attributes:
        status: of HTTP.
        reason: one sentence for people.
    """

    status: int
    reason: str = ''


def decide(site: Site, asked: Request, assets: Mapping[str, object]) -> Verdict:
    """What becomes of a request.

    Args:
        site: Site.
        asked: Request.
        assets: the names below /static/ that there are.
    """
    if asked.host is None or asked.host.lower() not in site.hosts:
        return Verdict(403, 'This server is not known under the name that was asked for; see its --allow-host.')
    methods = _methods(asked.path, assets)
    if not methods:
        return Verdict(404, 'There is nothing here.')
    if asked.method not in methods:
        return Verdict(405, 'This address takes %s.' % ' and '.join(methods))
    if asked.method != 'POST' and asked.content_length:
        return Verdict(400, 'A request of this kind has no content.')
    if asked.path == '/healthz':
        return Verdict(200)
    if asked.origin is not None and asked.origin.lower() not in ['http://' + host for host in site.hosts]:
        return Verdict(403, 'Another page asked for this; only the page of this server may.')
    if asked.path == '/' and 'token' in asked.query:
        return Verdict(302) if _is_token(site, asked.query['token']) else Verdict(403, _WRONG_TOKEN)
    if asked.token is None:
        return Verdict(403, 'This address needs a token; open the whole address that `regan explore` printed.')
    if not _is_token(site, asked.token):
        return Verdict(403, _WRONG_TOKEN)
    if asked.path == '/ws' and not asked.upgrade:
        return Verdict(426, 'This address is for a WebSocket.')
    return _upload(asked) if asked.method == 'POST' else Verdict(200)


_WRONG_TOKEN = 'The token is wrong or from an earlier start; open the whole address that `regan explore` printed.'


def _methods(path, assets):
    if path in POSTS:
        return ['POST']
    known = path in ('/', '/ws', '/healthz')
    known = known or path.startswith(STATIC) and path[len(STATIC) :] in assets
    known = known or path.startswith(EXPORTS) and bool(_EXPORT.fullmatch(path[len(EXPORTS) :]))
    return ['GET', 'HEAD'] if known and path != '/ws' else ['GET'] if known else []


def _is_token(site, token):
    return hmac.compare_digest(token.encode('utf-8', 'replace'), site.token.encode('ascii'))


def _upload(asked):
    if (asked.content_type or '').split(';')[0].strip().lower() != BODY_TYPE:
        return Verdict(415, 'Files are sent as %s.' % BODY_TYPE)
    if asked.content_length < 0:
        return Verdict(411, 'The length of the file has to be said.')
    if asked.content_length > LARGEST_BODY:
        return Verdict(413, 'The file has %d bytes; %d are allowed.' % (asked.content_length, LARGEST_BODY))
    stem, _, ending = asked.query.get('name', '').rpartition('.')
    if not is_name(stem) or ending.lower() not in POSTS[asked.path]:
        return Verdict(
            422,
            'The name of the file must be letters, digits, blanks, _ or -, with the ending .%s.'
            % ' or .'.join(POSTS[asked.path]),
        )
    return Verdict(200)


def is_name(text: str) -> bool:
    """Whether a text may name a file on every system: letters, digits, blanks, _ and -, and no device.

    >>> is_name('Red car'), is_name('../car'), is_name('con'), is_name('')
    (True, False, False, False)
    """
    return bool(NAME.fullmatch(text)) and not _DEVICES.fullmatch(text.strip()) and not text.endswith(' ')


def headers(site: Site, host: Optional[str]) -> Dict[str, str]:
    """The headers of every answer: dict of name -> value.

    Args:
        site: Site.
        host: of the request; the page may open a WebSocket there if it is one of ours.
    """
    known = host if host and host.lower() in site.hosts else site.hosts[0]
    policy = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self' ws://" + known,
        "base-uri 'none'",
        "form-action 'none'",
        'frame-ancestors ' + (' '.join(site.ancestors) or "'none'"),
    ]
    return {
        'Content-Security-Policy': '; '.join(policy),
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cross-Origin-Resource-Policy': 'same-origin',
        'Cache-Control': 'no-store',
        'Server': 'regan',
    }


def address(site: Site, name: str = LOCAL[0]) -> str:
    """The address to open, with the token. Args: site; name, of the host."""
    return 'http://%s:%d/?%s' % (name, site.port, urllib.parse.urlencode({'token': site.token}))
