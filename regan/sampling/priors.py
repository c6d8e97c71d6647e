"""What latents z are drawn from: normal numbers, or as BigGAN has them, normal numbers cut off on both sides."""

import abc

import numpy as np

from regan.sampling import normals

LIMIT = 2.0  # Standard deviations at which BigGAN's are cut off.


class Prior(abc.ABC):
    """A distribution of z; its numbers are independent."""

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

    def draw(self, random: np.random.RandomState, n: int, width: int) -> np.ndarray:
        import scipy.special  # It takes long to import, and most networks do without.

        uniform = random.random_sample((n, width))
        low, high = scipy.special.ndtr(-LIMIT), scipy.special.ndtr(LIMIT)
        return self._scale * scipy.special.ndtri(low + uniform * (high - low)).astype(np.float32)


NORMAL = Normal()
