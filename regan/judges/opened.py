"""A judge with a graph and a session of its own: arrays in, arrays out."""

from typing import Any, List

import numpy as np

import dnnlib.tflib as tflib
from regan.base import artefacts
from regan.base.typing import PathLike
from regan.networks.opening import Opened

MINIBATCH = 16


class OpenedJudge(Opened):
    """To be inherited from: subclasses make the network in `_made`.

    Args:
        path: of the file.
    Attributes:
        path, sha256: the file.
    """

    path: str
    sha256: str

    def __init__(self, path: PathLike) -> None:
        self.path = str(path)
        self.sha256 = artefacts.sha256_file(path)
        super().__init__()
        with self._opening():
            self._network = self._made()

    def _made(self) -> tflib.Network:
        """The network, in the present graph and session. Raises UserError, NetworkPickleError."""
        raise NotImplementedError

    def _outputs(self, *images: Any) -> List[np.ndarray]:
        with self._entered():
            return self._network.run(*images, minibatch_size=MINIBATCH, return_as_list=True)
