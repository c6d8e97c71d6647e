"""What a picture is made of, for whoever draws it."""

from typing import Generator, NamedTuple

import numpy as np

from regan.sampling import noise as noises

Drawing = Generator[None, None, np.ndarray]  # It yields between pieces, and returns uint8 [H, W, C].


class Wanted(NamedTuple):
    """What a picture is made of.

    Attributes:
        dlatents: float32 [1, L, D], truncated.
        noise: a choice of `regan.sampling.noise`.
        conversion: see `Generator.synthesize`.
    """

    dlatents: np.ndarray
    noise: noises.Choice = 'stored'
    conversion: str = 'round'
