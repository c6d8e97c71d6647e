"""The published networks that judge images, on arrays."""

import hashlib
from typing import Any, List

import numpy as np

from regan.base import artefacts
from regan.base.typing import PathLike
from regan.judges import judge_files
from regan.judges.opened import MINIBATCH, OpenedJudge
from regan.networks.opening import Opened


class OfficialNetwork(OpenedJudge):
    """A published network that judges images, rebuilt from its weights.

    Args:
        path: its file, see `judge_files`.
        kind: of `judge_files.KINDS`.
        trust_embedded_code: True lets a pickle run the code that it carries instead.
    Attributes:
        path, sha256: the file.
    Raises: UserError if the file is missing, unreadable, or of another kind.
    """

    def __init__(self, path: PathLike, kind: str, trust_embedded_code: bool = False) -> None:
        self._kind, self._trust = kind, trust_embedded_code
        super().__init__(path)

    def _made(self):
        return judge_files.read(self._kind, self.path, self._trust).network()

    def run(self, *images: np.ndarray) -> np.ndarray:
        """Images [n, C, H, W], one array for each input -> float32 [n, features], or distances [n].

        The range is [0, 255], that of classifiers [-1, 1]. Grey is shown to a network of colours three times, as
        StyleGAN2-ADA does.
        """
        channels = self._network.input_shape[1] or 1  # None: it takes any.
        seen = [one.repeat(channels, axis=1) if one.shape[1] == 1 else one for one in images]
        labels = [None] * (self._network.num_inputs - len(images))
        return self._outputs(*seen, *labels)[0]


class FaceClassifiers(Opened):
    """The forty classifiers of CelebA-HQ's attributes.

    Args:
        folder: their folder.
        trust_embedded_code: as of `OfficialNetwork`.
    Attributes:
        path: the folder.
        sha256: of the digests of all files.
        names: list of 40 str, such as 'wavy-hair'.
    Raises: UserError if one is missing, unreadable, or no classifier.
    """

    RESOLUTION: int = 256  # Of the images.

    path: str
    sha256: str
    names: List[str]

    def __init__(self, folder: PathLike, trust_embedded_code: bool = False) -> None:
        self.path = str(folder)
        paths = [judge_files.locate('classifier', folder, [file]) for file in judge_files.CLASSIFIERS]
        self.names = [file[len('celebahq-classifier-00-') : -len('.pkl')] for file in judge_files.CLASSIFIERS]
        self.sha256 = hashlib.sha256(''.join(map(artefacts.sha256_file, paths)).encode()).hexdigest()
        super().__init__()
        with self._opening():
            files = [judge_files.read('classifier', path, trust_embedded_code) for path in paths]
            self._networks: List[Any] = [file.network() for file in files]

    def run(self, images: np.ndarray) -> np.ndarray:
        """Images [n, 3, 256, 256], range [-1, 1] -> logits float32 [n, 40], positive where the attribute is there."""
        with self._entered():
            found = [one.run(images, None, minibatch_size=MINIBATCH) for one in self._networks]
        return np.concatenate(found, axis=1)
