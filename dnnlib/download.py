"""`open_url`: path or URL -> binary file, through a cache that users can also fill by hand.

A cached file is named `<MD5 of the URL>_<anything>`, as in the official repositories.
"""

import glob
import hashlib
import html
import io
import os
import re
import sys
import tempfile
import uuid
from urllib.parse import urljoin, urlparse
from urllib.request import url2pathname

from dnnlib import cache_folder

_cache_dir = None
_unusable = set()  # Folders that this process has said cannot be written.


def set_cache_dir(path):
    """Chooses the cache folder of this process; None means the default again."""
    global _cache_dir
    _cache_dir = path


def make_cache_dir_path(*paths):
    """A path below the cache folder: the one set, else $DNNLIB_CACHE_DIR, else .cache/dnnlib in the home folder."""
    return os.path.join(_cache_dir or os.environ.get('DNNLIB_CACHE_DIR') or _default_cache_dir(), *paths)


def _default_cache_dir():
    home = os.environ.get('HOME') or os.environ.get('USERPROFILE') or tempfile.gettempdir()
    return os.path.join(home, '.cache', 'dnnlib')


def open_url(url, cache_dir=None, num_attempts=10, verbose=True, return_filename=False, cache=True):
    """Opens a local file, a file:// URL or an http(s) URL for reading.

    Args:
        url: str or path; anything that does not start with `<scheme>://` is a path.
        cache_dir: folder of downloaded files; default `make_cache_dir_path('downloads')`.
        num_attempts: int >= 1; how often a download is tried.
        verbose: print progress.
        return_filename: return the path instead (needs `cache`).
        cache: keep the download in the cache folder, and take it from there if it is there. A folder that cannot be
            written is said, and a temporary one takes its place until the process ends.
    Returns: binary file object, or str.
    Raises: FileNotFoundError; IOError after the last attempt, which says which file to put where by hand.
    """
    if num_attempts < 1:
        raise ValueError('num_attempts must be at least 1, not %r.' % num_attempts)
    if return_filename and not cache:
        raise ValueError('return_filename=True needs cache=True: without a cache there is no file.')
    url = os.fspath(url)
    path = local_path(url)
    if path is None and not cache:
        return io.BytesIO(_download(url, num_attempts, verbose)[1])
    path = path or _cached(url, cache_dir or make_cache_dir_path('downloads'), num_attempts, verbose)
    return path if return_filename else open(path, 'rb')


def local_path(url):
    """The path that a str means, or None for a URL to download. Raises ValueError for a file:// URL of another host."""
    if not re.match('^[a-z]+://', url):
        return url
    parts = urlparse(url)
    if parts.scheme != 'file':
        return None
    if parts.netloc not in ('', 'localhost'):
        raise ValueError('%s names the host %r; a file on this machine is file:///path.' % (url, parts.netloc))
    return url2pathname(parts.path)


def _cached(url, cache_dir, num_attempts, verbose):
    """Path of the cached file, downloaded if needed."""
    md5 = hashlib.md5(url.encode('utf-8')).hexdigest()
    hits = glob.glob(os.path.join(glob.escape(cache_dir), md5 + '_*'))
    if len(hits) == 1:
        return hits[0]
    hint = 'Fetch it with a browser and save it as %s' % os.path.join(cache_dir, md5 + '_<any name>')
    why = cache_folder.why_unusable(cache_dir)  # Said before the download.
    if why is not None:
        return _uncached(url, md5, cache_dir, why, num_attempts, verbose)
    name, content = _download(url, num_attempts, verbose, hint)
    try:
        return _written(cache_dir, md5, name, content)
    except OSError as e:  # A full disk: what was fetched is not fetched again.
        _note(cache_dir, e.strerror or e)
        return _written(cache_folder.stand_in(), md5, name, content)


def _uncached(url, md5, cache_dir, why, num_attempts, verbose):
    """As `_cached`, in a folder that lasts as long as the process."""
    _note(cache_dir, why)
    hits = glob.glob(os.path.join(glob.escape(cache_folder.stand_in()), md5 + '_*'))
    if len(hits) == 1:
        return hits[0]
    return _written(cache_folder.stand_in(), md5, *_download(url, num_attempts, verbose))


def _note(cache_dir, why):
    if cache_dir not in _unusable:
        _unusable.add(cache_dir)
        print(
            'note: the cache in %s cannot be written (%s), so downloads are not kept there for the next time; '
            'DNNLIB_CACHE_DIR, or the argument cache_dir, may name another folder' % (cache_dir, why),
            file=sys.stderr,
            flush=True,
        )


def _written(folder, md5, name, content):
    """Writes a cached file; no reader ever sees a part of it. Returns its path."""
    path = os.path.join(folder, md5 + '_' + name)
    temporary = os.path.join(folder, 'tmp_%s_%s_%s' % (uuid.uuid4().hex, md5, name))
    os.makedirs(folder, exist_ok=True)
    try:
        with open(temporary, 'wb') as f:
            f.write(content)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
    return path


# ------------------------------------------------------------------ http


def _download(url, num_attempts, verbose, hint='Fetch it with a browser and give its path instead.'):
    """(safe file name, content), or IOError after the last attempt."""
    import requests  # Here, because it takes longer to import than the rest of dnnlib.

    say = (lambda text, end: print(text, end=end, flush=True)) if verbose else (lambda text, end: None)
    say('Downloading %s ...' % url, '')
    with requests.Session() as session:
        for _ in range(num_attempts):
            try:
                result = _fetch(session, url)
            except OSError as e:  # Includes every error of requests.
                error = e
                say('.', '')
            else:
                say(' done', '\n')
                return result
    say(' failed', '\n')
    raise OSError('Could not download %s: %s %s' % (url, error, hint)) from error


def _fetch(session, url):
    """One attempt: (safe file name, content)."""
    response = _get(session, url)
    link = _virus_scan_link(response)
    if link is not None:
        response = _get(session, urljoin(url, link))
    _refuse_html(response)
    match = re.search('filename="([^"]*)"', response.headers.get('Content-Disposition', ''))
    name = re.sub('[^0-9a-zA-Z-._]', '_', match.group(1) if match else url)
    return name[-180:], response.content  # File systems allow 255 characters, md5 and prefix included.


def _get(session, url):
    response = session.get(url)
    response.raise_for_status()
    if not response.content:
        raise OSError('No data received.')
    length = response.headers.get('Content-Length')
    if length and 'Content-Encoding' not in response.headers and len(response.content) < int(length):
        raise OSError('The connection was lost after %d of %s bytes.' % (len(response.content), length))
    return response


def _virus_scan_link(response):
    """Google Drive's "cannot scan for viruses" page of 2019 holds one link to the file itself."""
    if len(response.content) >= 8192 or 'download_warning' not in response.headers.get('Set-Cookie', ''):
        return None
    links = [html.unescape(link) for link in re.findall('"([^"]*)"', response.text) if 'export=download' in link]
    return links[0] if len(links) == 1 else None


def _refuse_html(response):
    head = response.content[:1024].lstrip(b'\xef\xbb\xbf \t\r\n').lower()
    if len(response.content) < 8192 and 'Google Drive - Quota exceeded' in response.text:
        raise OSError('Google Drive says that the download quota of this file is exceeded; try again a day later.')
    if head.startswith((b'<!doctype html', b'<html')):
        raise OSError(
            'The server sent an HTML page instead of the file (Google Drive does so to ask for a confirmation).'
        )
