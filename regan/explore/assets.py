"""The files of the page: a table that is made once, so that no name of a visitor ever reaches the file system."""

import re
from pathlib import Path
from typing import Dict, NamedTuple

FOLDER = Path(__file__).with_name('static')
PAGE = 'index.html'
TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.json': 'application/json; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
    '.webp': 'image/webp',
    '.ico': 'image/x-icon',
    '.woff2': 'font/woff2',
    '.txt': 'text/plain; charset=utf-8',
    '.md': 'text/plain; charset=utf-8',
    '': 'text/plain; charset=utf-8',  # LICENSE
}
_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*')


class Asset(NamedTuple):
    """One file of the page: its place, and its type for the browser."""

    path: Path
    content_type: str


def table(folder: Path = FOLDER) -> Dict[str, Asset]:
    """The files of a folder and those below it: dict of names with forward slashes -> Asset.

    Links and files of unknown types are left out.
    """
    found = {}
    for path in sorted(folder.rglob('*')):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and path.suffix.lower() in TYPES and _NAME.fullmatch(name):
            found[name] = Asset(path, TYPES[path.suffix.lower()])
    return found
