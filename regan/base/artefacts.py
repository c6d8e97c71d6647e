"""Files that can be trusted: written whole or not at all, named by what made them, checked when fetched."""

import contextlib
import errno
import hashlib
import io
import json
import os
import pathlib
import sys
import uuid
from typing import Any, BinaryIO, Dict, Iterator, Mapping, Optional

import numpy as np

from dnnlib import cache_folder, file_kinds, file_sample
from regan.base import kept, notices
from regan.base.errors import UserError, WriteError
from regan.base.typing import PathLike

NETWORKS_VARIABLE = 'REGAN_NETWORKS'
CACHE_VARIABLE = 'REGAN_CACHE_DIR'
EDITS_VARIABLE = 'REGAN_EDITS'
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def atomic_path(path: PathLike) -> Iterator[pathlib.Path]:
    """Context manager: yields a temporary pathlib.Path that becomes `path` if the body succeeds.

    The temporary file lies in the same folder (made if missing) and has the same suffix. When the body fails it
    is removed and `path` is left as it was. Keep the body to the writing itself.

    Raises:
        WriteError: the file cannot be written (full disk, no permission, ...); the message names `path`.
    """
    path = pathlib.Path(path)
    temporary = path.with_name('.%s.%s%s' % (path.stem, uuid.uuid4().hex[:8], path.suffix))
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            os.replace(str(temporary), str(path))
        kept.add(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def writing(path: PathLike) -> Iterator[None]:
    """Context manager: an OSError of the body becomes a WriteError that names `path`."""
    try:
        yield
    except OSError as error:
        raise WriteError(path, error) from error


def sha256_file(path: PathLike) -> str:
    """SHA-256 of a file as 64 hexadecimal digits.

    Raises:
        UserError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with reading(path) as file:
        for chunk in iter(lambda: file.read(1 << 20), b''):
            digest.update(chunk)
    return digest.hexdigest()


@contextlib.contextmanager
def reading(path: PathLike) -> Iterator[BinaryIO]:
    """Context manager: the file, opened for reading bytes. Raises UserError if it cannot be read."""
    try:
        with open(str(path), 'rb') as file:
            yield file
    except OSError as error:
        raise UserError('cannot read %s: %s' % (path, error.strerror or error)) from error


def cache_dir() -> pathlib.Path:
    """The folder for files that can be made again: $REGAN_CACHE_DIR, else ~/.cache/regan.

    It may be missing, or unusable: `regan.base.cache` and `fetch` do without it then.
    """
    return pathlib.Path(os.path.expanduser(os.environ.get(CACHE_VARIABLE) or '~/.cache/regan'))


def is_usable(folder: PathLike) -> bool:
    """Whether a folder of the cache can be written; if it cannot, that is said once."""
    why = cache_folder.why_unusable(folder)
    if why is not None:
        note_unusable(folder, why)
    return why is None


def note_unusable(folder: PathLike, why: str) -> None:
    """Says that nothing is kept in a folder of the cache, and why."""
    whole = cache_dir()
    if whole in pathlib.Path(folder).parents:
        folder = whole  # One line for all folders in it.
    notices.note(
        'the cache in %s cannot be written (%s), so nothing is kept there for the next time; '
        '%s may name another folder' % (folder, why, CACHE_VARIABLE)
    )


def edits_dir() -> pathlib.Path:
    """The folder for edits that the user has saved: $REGAN_EDITS, else ~/.local/share/regan/edits."""
    return pathlib.Path(os.environ.get(EDITS_VARIABLE) or '~/.local/share/regan/edits').expanduser()


def cache_key(facts: Dict[str, Any]) -> str:
    """16 hexadecimal digits that change with any of the facts (a dict of JSON values; the order is irrelevant).

    >>> cache_key({'n': 1, 'seed': 0}) == cache_key({'seed': 0, 'n': 1})
    True
    >>> cache_key({'n': 1, 'seed': 0}) == cache_key({'n': 1, 'seed': 1})
    False
    """
    canonical = json.dumps(facts, sort_keys=True, separators=(',', ':'), allow_nan=False)
    return hashlib.sha256(canonical.encode('ascii')).hexdigest()[:16]


def write_json(path: PathLike, obj: Any) -> None:
    """Writes `obj` as indented JSON, atomically. NaN and infinity are refused (ValueError)."""
    write_text(path, json.dumps(obj, indent=2, allow_nan=False) + '\n')


def write_text(path: PathLike, text: str) -> None:
    """Writes a str as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def write_npz(path: PathLike, arrays: Mapping[str, Any], compressed: bool = True) -> None:
    """Writes a dict of arrays as an .npz, atomically. Equal arrays give equal bytes."""
    with atomic_path(path) as temporary:
        with open(str(temporary), 'wb') as file:
            patient: Any = _Patient(file)
            (np.savez_compressed if compressed else np.savez)(patient, **arrays)
            patient.finish()


class _Patient:
    """A file for `zipfile`, whose objects try to end the archive once more when they are dropped after an error, and
    show a stack trace.

    So the first error is kept for `finish`, and nothing is written after it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._position = file, 0
        self._error: Optional[OSError] = None

    def write(self, data):
        self._try(self._file.write, data)
        self._position += memoryview(data).nbytes
        return memoryview(data).nbytes

    def seek(self, offset, whence=os.SEEK_SET):
        assert whence == os.SEEK_SET, 'zipfile writes at known places'
        self._try(self._file.seek, offset)
        self._position = offset
        return offset

    def tell(self):
        return self._position

    def flush(self):
        self._try(self._file.flush)

    def read(self, size=-1):  # NumPy takes a file for one by this name.
        raise io.UnsupportedOperation('read')

    def _try(self, method, *arguments):
        if self._error is None:
            try:
                method(*arguments)
            except OSError as error:
                self._error = error

    def finish(self):
        """Raises the error that there was, if any."""
        self.flush()
        if self._error is not None:
            raise self._error


def write_npy(path: PathLike, array: np.ndarray) -> None:
    """Writes an array as a .npy, atomically."""
    content = io.BytesIO()  # A file would only tell how many numbers it took, and not why no more.
    np.save(content, array)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getvalue())


def read_npz(
    path: PathLike,
    advice: str = 'if it is from the cache, delete it and run again, else give another file',
) -> Dict[str, np.ndarray]:
    """All arrays of an .npz as a dict; pickled objects are refused.

    Args:
        path: the file.
        advice: what the message says to do about a damaged file.

    Raises:
        UserError: the file is missing or damaged; the message names it.
    """
    check_there(path)
    try:
        with np.load(str(path), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # a damaged archive raises anything from BadZipFile to struct.error
        said = 'is damaged or not an .npz of plain arrays (%s)' % type(error).__name__
        raise UserError(_no_arrays(path, said, b'PK', advice)) from error


def read_npy(path: PathLike, advice: str = 'write it with np.save') -> np.ndarray:
    """The array of a .npy; pickled objects are refused.

    Args:
        path: the file.
        advice: what the message says to do about a file that is none.

    Raises:
        UserError: the file is missing or damaged, or holds several arrays; the message names it.
    """
    check_there(path)
    try:
        array = np.load(str(path), allow_pickle=False)
    except Exception as error:  # as above
        said = 'is not a .npy file with a plain array'
        raise UserError(_no_arrays(path, said, file_sample.NPY, advice)) from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise UserError('%s holds several arrays; a .npy file with one is needed%s' % (path, file_kinds.hint(path)))
    return array


def _no_arrays(path, said, magic, advice):
    """The sentence about a file that holds no arrays, with what it is if that is clear, and no damaged file that begins
    with `magic`.
    """
    found = file_kinds.of_path(path)
    with reading(path) as file:
        begins_right = file.read(len(magic)) == magic
    if begins_right or found is None or found.key in file_kinds.UNCLEAR:
        return '%s %s; %s' % (path, said, advice)
    return '%s is %s (%s), so it %s; %s' % (path, found.what, found.advice, said, advice)


def check_there(path: PathLike) -> None:
    """Raises UserError unless `path` is a file: for what is not there, and for folders, pipes and devices."""
    if os.path.isfile(str(path)):
        return
    found = file_kinds.of_path(path)
    if found is not None:
        raise UserError('%s is %s, not a file; %s' % (path, found.what, found.advice))
    raise UserError('there is no file %s; check the name' % path)


def fetch(
    url: Optional[str], sha256: Optional[str], fname: str, folder: PathLike, given: Optional[PathLike] = None
) -> pathlib.Path:
    """Path of a file that is in the user's folder, in `folder`, or is now downloaded into `folder`.

    Args:
        url: http(s) address, or None when the file can only be fetched by hand.
        sha256: expected hexadecimal digest, or None when it is not known.
        fname: name of the file in either folder.
        folder: where downloads are kept. If it cannot be written, a temporary one is used for this process, see
            `dnnlib.cache_folder.is_lasting`.
        given: folder of files that the user already has; default $REGAN_NETWORKS.

    Returns:
        pathlib.Path. The content is checked, also when the file was there before.

    Raises:
        UserError: wrong content (which is left alone), or no download; the message says which file goes where.
    """
    given = given or os.environ.get(NETWORKS_VARIABLE)
    for place in [given, folder]:
        path = place and pathlib.Path(place).expanduser() / fname
        if path and os.path.isfile(str(path)):
            _check(path, sha256)
            return path
    path = pathlib.Path(folder).expanduser() / fname
    if url is None:
        raise UserError('%s has no address to download from; %s' % (fname, _by_hand(path, sha256, given)))
    if not is_usable(path.parent):
        with writing(path):
            path = pathlib.Path(cache_folder.stand_in()) / fname
    _download(url, sha256, path, given)
    return path


def _check(path, sha256):
    if _is_html(path):
        raise UserError('%s is an HTML page, not the file it is named after; delete it' % path)
    found = sha256 and sha256_file(path)
    if found != sha256:
        raise UserError('%s has SHA-256 %s but should have %s; delete it and fetch it again' % (path, found, sha256))


def _download(url, sha256, path, given):
    import pooch  # here because it loads requests, which takes longer than all the rest

    def download(url, output_file, pooch_object):
        downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty())
        downloader(url, output_file, pooch_object)
        if _is_html(output_file):
            raise ValueError('the server sent an HTML page instead of the file')

    pooch.get_logger().setLevel('WARNING')
    try:
        pooch.retrieve(url, sha256 and 'sha256:' + sha256, fname=path.name, path=path.parent, downloader=download)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise UserError(
                'cannot write %s, a download: %s; make room, or let %s name a folder with more'
                % (path, error.strerror, CACHE_VARIABLE)
            ) from error
        raise UserError(
            'cannot download %s from %s (%s); %s' % (path.name, url, _root(error), _by_hand(path, sha256, given))
        ) from error
    if cache_folder.is_lasting(path):
        kept.add(path)
        kept.resumable()


def _root(error):
    """What went wrong at first, as text, without the layers (and object names) of a network library around it."""
    while error.args and isinstance(getattr(error.args[0], 'reason', None), Exception):
        error = error.args[0].reason
    return str(error).split('>: ', 1)[-1]


def _is_html(path):
    with reading(path) as file:
        start = file.read(1024).lstrip(b'\xef\xbb\xbf \t\r\n').lower()
    return start.startswith((b'<!doctype html', b'<html'))


def _by_hand(path, sha256, given):
    digest = 'SHA-256 %s' % sha256 if sha256 else 'SHA-256 not known'
    return 'get %s (%s) by hand and put it in %s' % (path.name, digest, given or path.parent)
