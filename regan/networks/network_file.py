"""A network pickle that is read and hashed in the background, while TensorFlow is imported or a graph is built."""

import concurrent.futures
import os
from typing import Any, Union

from dnnlib import unpickle
from regan.base import artefacts
from regan.base.typing import PathLike


class NetworkFile:
    """Starts to read `path`, a network pickle, as data. Errors are raised when the values are asked for.

    Attributes:
        path: str.
        allow_non_finite: whether NaN and infinity are let through, in the weights and in what the network makes of
            them; otherwise who opens the network refuses them.
    """

    path: str
    allow_non_finite: bool

    def __init__(self, path: PathLike, allow_non_finite: bool = False) -> None:
        self.path, self.allow_non_finite = os.fspath(path), allow_non_finite
        pool = concurrent.futures.ThreadPoolExecutor(2)
        self._value: Any
        self._value, self._sha256 = pool.submit(unpickle.read, self.path), pool.submit(artefacts.sha256_file, self.path)
        pool.shutdown(wait=False)

    @classmethod
    def of(cls, path: Union[PathLike, 'NetworkFile']) -> 'NetworkFile':
        """`path` itself if it is a NetworkFile."""
        return path if isinstance(path, NetworkFile) else cls(path)

    @property
    def sha256(self) -> str:
        """SHA-256 of the file. Raises UserError."""
        return self._sha256.result()

    def take(self) -> Any:
        """The pickled value, see `dnnlib.unpickle.read`; it is handed out once, so that what nobody uses is freed."""
        value, self._value = self._value.result(), None
        return value
