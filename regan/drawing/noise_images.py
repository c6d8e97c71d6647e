"""What noise does to images: many drawings with noise of their own, and noise in some layers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, Sequence

import numpy as np

from regan.editing.mixing import Layers
from regan.sampling import noise as noises

if TYPE_CHECKING:
    from regan.networks.generator import Generator


def is_fresh(noise: noises.Choice) -> bool:
    """Whether `with_fresh_noise` gives each image noise of its own."""
    return isinstance(noise, dict) and 'numpy_seed' in noise


def with_fresh_noise(
    generator: Generator, dlatents: np.ndarray, noise: noises.Choice, conversion: str = 'round'
) -> Iterator[np.ndarray]:
    """Yields the image of each latent, uint8 [H, W, C]; the official `randomize_noise`, but with a seed.

    Args:
        generator: open Generator; it keeps the noise of the last image.
        dlatents: float [N, L, D], truncated.
        noise: a choice of `regan.sampling.noise`. A seed of NumPy is that of a generator from which the noise of all
            images is drawn, one after the other; with any other choice all have the same.
        conversion: see `Generator.synthesize`.
    """
    if isinstance(noise, str) or not is_fresh(noise):
        generator.set_noise(noise)
        yield from generator.synthesize(dlatents, conversion=conversion)
        return
    random = np.random.RandomState(noise['numpy_seed'])
    for one in dlatents:
        generator.set_noise(random)
        yield generator.synthesize(one[np.newaxis], conversion=conversion)[0]


def with_noise_of(
    generator: Generator,
    dlatents: np.ndarray,
    sets: Sequence[Layers],
    noise: noises.Choice,
    conversion: str = 'round',
) -> np.ndarray:
    """Images whose noise is in some layers only.

    Args:
        generator: open Generator; it keeps the noise of all layers.
        dlatents: float [N, L, D], truncated.
        sets: S sets of layers that have noise.
        noise: a choice of `regan.sampling.noise`.
        conversion: see `Generator.synthesize`.

    Returns:
        uint8 [N, S, H, W, C].
    """
    drawn = []
    for layers in sets:
        generator.set_noise(noise, layers)
        drawn.append(generator.synthesize(dlatents, conversion=conversion))
    generator.set_noise(noise)
    return np.stack(drawn, axis=1)
