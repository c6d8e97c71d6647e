"""A network's file or folder, read and hashed in the background while TensorFlow is imported or a graph is built."""

import concurrent.futures
import hashlib
import os
from typing import Any, Optional, Union

from dnnlib import architectures, contents, unpickle
from regan.base import artefacts
from regan.base.typing import PathLike


class NetworkFile:
    """Starts to read `path`, a network's file or folder, as data. Errors are raised when the values are asked for.

    Attributes:
        path: str, of the file; FILE::NAME for a generator that it calls so, instead of the averaged one.
        allow_non_finite: whether NaN and infinity are let through, in the weights and in what the network makes of
            them; otherwise who opens the network refuses them.
    """

    path: str
    allow_non_finite: bool

    def __init__(self, path: PathLike, allow_non_finite: bool = False) -> None:
        self.path, self.allow_non_finite = os.fspath(path), allow_non_finite
        self._file, self._choice = contents.split(self.path)
        pool = concurrent.futures.ThreadPoolExecutor(2)
        self._value: Any
        self._value, self._sha256 = (
            pool.submit(unpickle.read, self._file),
            pool.submit(content_sha256, self._file),
        )
        self._generator: Optional[unpickle.NetworkState] = None
        pool.shutdown(wait=False)

    @classmethod
    def of(cls, path: Union[PathLike, 'NetworkFile']) -> 'NetworkFile':
        """`path` itself if it is a NetworkFile."""
        return path if isinstance(path, NetworkFile) else cls(path)

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, see `identity`. Raises UserError."""
        return identity(self._sha256.result(), self._choice)

    def generator(self) -> unpickle.NetworkState:
        """The generator that makes the images, or that the path names; what nobody uses of the file is freed.

        Raises:
            NetworkPickleError: the file is unreadable, or holds no such generator, or several and nothing says which.
        """
        if self._generator is None:
            value, self._value = self._value.result(), None
            self._generator = contents.generator(contents.in_file(value, self._file), self._file, self._choice)
        return self._generator

    def check_that_it_is_ours(self) -> str:
        """The generator's architecture, a key of `dnnlib.architectures.MODULES`.

        Raises:
            NetworkPickleError: it cannot be built without code of the file's own.
        """
        state = self.generator()
        try:
            return architectures.check(state)
        except unpickle.NetworkPickleError as error:
            raise unpickle.NetworkPickleError('%s: %s' % (self.path, error)) from None


def content_sha256(path: PathLike) -> str:
    """SHA-256 of a file; of a folder, of the names and hashes of all files in it."""
    if not os.path.isdir(path):
        return artefacts.sha256_file(path)
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(os.fspath(path)):
        folders.sort()
        for name in sorted(names):
            file = os.path.join(folder, name)
            digest.update(('%s %s\n' % (os.path.relpath(file, path), artefacts.sha256_file(file))).encode())
    return digest.hexdigest()


def identity(sha256: str, choice: Optional[str]) -> str:
    """What tells a network from all others, 64 hexadecimal digits.

    Args:
        sha256: of the file.
        choice: NAME of FILE::NAME, or None; then it is `sha256` itself.
    """
    return sha256 if choice is None else hashlib.sha256((sha256 + contents.CHOICE + choice).encode()).hexdigest()
