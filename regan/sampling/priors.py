"""What latents z are drawn from: normal numbers, or as BigGAN has them, normal numbers cut off on both sides."""

import abc
from typing import Dict

import numpy as np

from regan.sampling import normals

LIMITED_STDEV = 0.8796256610342398  # sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)), of what is cut off there.
LIMIT = 2.0  # Standard deviations at which BigGAN's are cut off.


class Prior(abc.ABC):
    """A distribution of z; its numbers are independent, of mean 0."""

    @property
    def stdev(self) -> float:
        """The standard deviation of each number."""
        return 1.0

    @property
    def facts(self) -> Dict[str, float]:
        """What is not as in normal numbers: dict for JSON."""
        return {}

    @abc.abstractmethod
    def draw(self, random: np.random.RandomState, n: int, width: int) -> np.ndarray:
        """z, float32 [n, width]: the next n * width numbers of a RandomState."""

    def of_seed(self, seed: int, n: int, width: int) -> np.ndarray:
        """z, float32 [n, width], of a new RandomState."""
        return self.draw(np.random.RandomState(seed), n, width)

    def filler(self, numbers: int) -> normals.Fill:
        """A function (seed, float32 [M]) that fills an array as `of_seed` would, for about so many numbers in all."""

        def fill(seed: int, out: np.ndarray) -> None:
            out[:] = self.of_seed(seed, 1, out.size)[0]

        return fill


class Normal(Prior):
    """Standard normal numbers, those of `RandomState.randn`."""

    def draw(self, random: np.random.RandomState, n: int, width: int) -> np.ndarray:
        return random.randn(n, width).astype(np.float32)

    def filler(self, numbers: int) -> normals.Fill:
        return normals.filler(numbers)


class TruncatedNormal(Prior):
    """Normal numbers between -2 and 2, times a scale (biggan 12): bit for bit those of scipy's `truncnorm`.

    Args:
        scale: the truncation of BigGAN.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self._scale = np.float32(scale)

    @property
    def stdev(self) -> float:
        """See Prior."""
        return LIMITED_STDEV * float(str(self._scale))

    @property
    def facts(self) -> Dict[str, float]:
        """See Prior."""
        return {'truncation': float(str(self._scale))}

    def draw(self, random: np.random.RandomState, n: int, width: int) -> np.ndarray:
        import scipy.special  # It takes long to import, and most networks do without.

        uniform = random.random_sample((n, width))
        low, high = scipy.special.ndtr(-LIMIT), scipy.special.ndtr(LIMIT)
        return self._scale * scipy.special.ndtri(low + uniform * (high - low)).astype(np.float32)


NORMAL = Normal()
