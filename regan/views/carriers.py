"""What carries a view: JSON, PNG (a text chunk), MP4 (its comment), the JSON beside a picture, and links.

Reading takes a file as data of unknown origin: it looks for the text of the view alone, decodes no pixels, and holds no
more of the file in memory than a view may have.
"""

import io
import os
import struct
import zlib
from typing import Any, BinaryIO, Dict, Iterator, Optional, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.pictures import images
from regan.views import document, links
from regan.views.document import View

KEYWORD = 'regan_view'  # Of the text chunk.
SIDECAR_KEY = 'view'  # Of the JSON beside a picture.
MOST_SIDECAR = 2**22  # Bytes.

_PNG = b'\x89PNG\r\n\x1a\n'
_HEAD = 1024  # Bytes of a text chunk before its text.
_CHUNKS = 100000  # Of a PNG; a picture of a gigapixel has fewer.
_BOXES = 100000  # Of an MP4.
_PATH = (b'moov', b'udta', b'meta', b'ilst', b'\xa9cmt', b'data')  # Boxes within each other, down to the comment.


# ------------------------------------------------------------------ reading


def read(source: PathLike) -> View:
    """The View that a file or a link carries.

    Args:
        source: a link, or the path of a PNG, MP4, view or sidecar, which are told by their content.

    Raises:
        UserError: no such file, nothing that carries a view, damaged, or a view that `document.loads` refuses.
    """
    if links.is_link(str(source)):
        return links.from_link(str(source))
    try:
        with open(str(source), 'rb') as file:
            return read_file(file, str(source))
    except OSError as error:
        raise UserError(
            'cannot read %s: %s; give a view, or a picture, video or link that carries one'
            % (source, error.strerror or error)
        ) from error


def is_carrier(content: bytes) -> bool:
    """Whether the content of a file begins like a PNG, a video or JSON: `read_bytes` knows what it lacks then."""
    return content.startswith(_PNG) or content[4:8] == b'ftyp' or content.lstrip()[:1] == b'{'


def read_bytes(content: bytes, name: str) -> View:
    """As `read_file`, of a file's content."""
    return read_file(io.BytesIO(content), name)


def read_file(file: BinaryIO, name: str) -> View:
    """The View that an open file carries.

    Args:
        file: opened for reading bytes, which can seek.
        name: of it, for messages.

    Raises:
        UserError: as `read`.
    """
    start = file.read(12)
    file.seek(0)
    if start.startswith(_PNG):
        return document.loads(_found(_png_text(file, name), name, 'PNG'), 'the view in %s' % name)
    if start[4:8] == b'ftyp':
        return document.loads(_found(_mp4_text(file, name), name, 'video'), 'the view in %s' % name)
    return _from_text(file.read(MOST_SIDECAR + 1), name)


def _found(text, name, kind):
    if text is None:
        raise UserError('%s is a %s without a view; give one that regan wrote, or the JSON beside it' % (name, kind))
    return text


def _from_text(content, name):
    if len(content) > MOST_SIDECAR:
        raise UserError('%s is too large for a view and no PNG or MP4; give another file' % name)
    try:
        text = content.decode('utf-8-sig')
    except ValueError:
        raise UserError('%s is no view: neither JSON nor a PNG or MP4; give another file' % name)
    if links.is_link(text) and not text.lstrip().startswith('{'):
        return links.from_link(text)
    data = document.read_json(text, name)
    if isinstance(data, dict) and SIDECAR_KEY in data and 'regan_view' not in data:
        return document.parse(data[SIDECAR_KEY], '%s.%s' % (name, SIDECAR_KEY))
    return document.loads(text, name)


# ------------------------------------------------------------------ PNG


def _png_text(file: BinaryIO, name: str) -> Optional[str]:
    """The text of the chunk of a view, or None."""
    found = None
    for kind, length in _chunks(file, name):
        if kind != b'iTXt':
            continue
        begin = file.read(min(length, len(KEYWORD) + 1))
        if begin != KEYWORD.encode('ascii') + b'\0':
            continue
        rest = length - len(begin)
        if rest > document.MOST_BYTES + _HEAD:
            raise _too_long(name)
        content = file.read(rest)
        stored = file.read(4)
        if len(stored) < 4 or struct.unpack('>I', stored)[0] != zlib.crc32(kind + begin + content):
            raise _damaged(name, 'PNG')
        if found is not None:
            raise UserError('%s carries several views; give one that regan wrote' % name)
        found = _international(content, name)
    return found


def _chunks(file: BinaryIO, name: str) -> Iterator[Tuple[bytes, int]]:
    """Yields (kind, length) of each chunk of a PNG, with the file at its content; whoever gets it may read on."""
    position = len(_PNG)
    for index in range(_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            raise _damaged(name, 'PNG')
        length, kind = struct.unpack('>I4s', head)
        if (kind == b'IHDR') != (index == 0) or length >= 2**31:
            raise _damaged(name, 'PNG')
        if kind == b'IEND':
            return
        yield kind, length
        position += 12 + length
    raise _damaged(name, 'PNG')


def _international(content, name):
    """The text of an iTXt chunk behind its keyword: flags, language, translated keyword, text."""
    parts = content[2:].split(b'\0', 2)
    if len(content) < 2 or len(parts) < 3 or content[0] > 1 or content[1] != 0:
        raise _damaged(name, 'PNG')
    text = parts[2]
    if content[0] == 1:
        unpacker = zlib.decompressobj()
        try:
            text = unpacker.decompress(text, document.MOST_BYTES + 1)
        except zlib.error:
            raise _damaged(name, 'PNG')
        if len(text) > document.MOST_BYTES:
            raise _too_long(name)
    return _decoded(text, name, 'PNG')


def png(image: np.ndarray, view: View) -> bytes:
    """The content of a PNG file of [H, W, C] that carries a view, as bytes: equal ones for equal arguments."""
    return images.png(image, texts(view))


def texts(view: Optional[View]) -> Dict[str, str]:
    """What a PNG that carries a view has as texts, see `images.png`; without a view: none."""
    return {} if view is None else {KEYWORD: document.canonical(view)}


# ------------------------------------------------------------------ MP4


def _mp4_text(file: BinaryIO, name: str) -> Optional[str]:
    """The comment of an MP4 if it is the text of a view, or None."""
    file.seek(0, os.SEEK_END)
    todo, seen = [(0, file.tell(), 0)], 0  # (position, end, how deep along _PATH)
    while todo:
        position, end, depth = todo.pop()
        if end - position < 8:
            continue
        size, kind, head = _box(file, position, end)
        seen += 1
        if seen > _BOXES or not head <= size <= end - position:
            raise _damaged(name, 'video')
        todo.append((position + size, end, depth))
        if kind != _PATH[depth]:
            continue
        if kind == _PATH[-1]:
            text = _data(file, position + head, size - head, name)
            if text is not None:
                return text
        else:
            inside = position + head + (4 if kind == b'meta' else 0)  # meta has a version and flags before its boxes.
            todo.append((inside, position + size, depth + 1))
    return None


def _box(file, position, end):
    """(size, kind, size of its head) of the box at a position."""
    file.seek(position)
    head = file.read(16)
    size, kind = struct.unpack('>I4s', head[:8])
    if size == 1 and len(head) == 16:
        return struct.unpack('>Q', head[8:])[0], kind, 16
    return (end - position if size == 0 else size), kind, 8


def _data(file, position, size, name):
    """The text in a data box, if it is that of a view."""
    file.seek(position + 8)  # Kind of data, language.
    if b'"regan_view"' not in file.read(min(max(size - 8, 0), document.MOST_BYTES + 1)):
        return None
    if size - 8 > document.MOST_BYTES:
        raise _too_long(name)
    file.seek(position + 8)
    return _decoded(file.read(size - 8), name, 'video')


def comment(view: Optional[View]) -> str:
    """What a video that carries a view has as its comment, see `video.save_mp4`; without a view: nothing."""
    return '' if view is None else document.canonical(view)


def _decoded(content, name, kind):
    try:
        return content.decode('utf-8')
    except ValueError:
        raise _damaged(name, kind)


def _too_long(name):
    return UserError('the view in %s has more than %d bytes; give another file' % (name, document.MOST_BYTES))


def _damaged(name, kind):
    return UserError('%s is a damaged %s; give another copy, or the JSON beside it' % (name, kind))


# ------------------------------------------------------------------ sidecars


def sidecar(view: Optional[View]) -> Dict[str, Any]:
    """The part of the JSON beside a picture that carries its view; without a view: nothing."""
    return {} if view is None else {SIDECAR_KEY: document.to_dict(view), 'view_id': document.view_id(view)}
