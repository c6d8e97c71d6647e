"""Where images of users lie: in a folder and the folders in it, or in a zip file."""

import collections
import io
import pathlib
import posixpath
import unicodedata
import zipfile

from regan.base.errors import UserError
from regan.pictures import reading

LABELS = 'dataset.json'  # Beside the images, as StyleGAN2-ADA's tools write it.
_LARGEST = 1 << 30  # Bytes that an image in a zip file may unpack to.


class Images:
    """The images of a folder or zip file. Hidden files, and what macOS adds to a zip, are left out.

    Args:
        path: of the folder or zip file.
    Attributes:
        path: pathlib.Path.
        names: their paths inside it, with '/', sorted.
        left_out: {ending: how many files are no images by their ending}.
    Raises: UserError if there are none.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._zip = None
        if not self.path.exists():
            raise UserError('there is no folder %s, nor a zip file' % path)
        names = self._files() if self.path.is_dir() else self._zipped()
        seen = [name for name in names if name != LABELS and not _is_hidden(name)]
        self.names = sorted(name for name in seen if _ending(name) in reading.ENDINGS)
        others = [_ending(name) or 'no ending' for name in seen if _ending(name) not in reading.ENDINGS]
        self.left_out = dict(sorted(collections.Counter(others).items()))
        self._has_labels = LABELS in names
        if not self.names:
            self.close()
            raise UserError('%s holds no images (%s)' % (path, ', '.join(reading.ENDINGS)))

    def _files(self):
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob('*') if path.is_file()}

    def _zipped(self):
        try:
            self._zip = zipfile.ZipFile(str(self.path))
        except (OSError, zipfile.BadZipFile) as error:
            raise UserError(
                '%s is neither a folder nor a readable zip file (%s); give one of images' % (self.path, error)
            ) from error
        return {info.filename for info in self._zip.infolist() if not info.filename.endswith('/')}

    def open(self, name):
        """What `reading` takes for the image of that name: a path or a file object.

        Raises:
            reading.UnreadablePicture: it cannot be unpacked.
        """
        return self.path / name if self._zip is None else io.BytesIO(self._unpacked(name))

    def _unpacked(self, name):
        try:
            if self._zip.getinfo(name).file_size > _LARGEST:
                raise ValueError('it has more than %d GB' % (_LARGEST >> 30))
            return self._zip.read(name)
        except Exception as error:  # Of many types: a password, a method that is not known, damaged bytes.
            raise reading.UnreadablePicture('cannot be unpacked: %s' % error) from error

    def labels(self):
        """The content of its dataset.json, bytes; None where there is none. Raises UserError."""
        if not self._has_labels:
            return None
        try:
            return (self.path / LABELS).read_bytes() if self._zip is None else self._unpacked(LABELS)
        except (OSError, UserError) as error:
            raise UserError('cannot read %s of %s: %s' % (LABELS, self.path, error)) from error

    def close(self):
        """Closes a zip file."""
        if self._zip is not None:
            self._zip.close()


def normalised(name):
    """The name of an image as it is compared: with '/', without './' and '..', one form of accents; case is kept.

    >>> normalised('.\\\\00000/./img1.png')
    '00000/img1.png'
    """
    return unicodedata.normalize('NFC', posixpath.normpath(name.strip().replace('\\', '/')))


def _ending(name):
    return posixpath.splitext(name)[1].lower()


def _is_hidden(name):
    return any(part.startswith('.') or part == '__MACOSX' for part in name.replace('\\', '/').split('/'))
