"""Latents of BigGAN: normal numbers cut off at two standard deviations, times the truncation (biggan 12)."""

import numpy as np

from regan.sampling import priors


def from_seed(seed: int, n: int, width: int, truncation: float = 1.0) -> np.ndarray:
    """z, float32 [n, width]: those of GANSpace and of the public PyTorch code, bit for bit.

    >>> from_seed(1, 1, 128)[0, :2].tolist()
    [-0.19985364377498627, 0.5542603731155396]
    """
    return priors.TruncatedNormal(truncation).of_seed(seed, n, width)
