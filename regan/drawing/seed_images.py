"""Seeds to images, as `regan generate` draws them."""
from typing import NamedTuple, Optional, Union

import numpy as np

from regan.sampling import latents

PER_IMAGE = 'seed'  # A choice of noise that `regan.sampling.noise` does not know: from each image's own generator, after z.


class Plan(NamedTuple):
    """How to draw.

    Attributes:
        noise: a choice of `regan.sampling.noise`, or PER_IMAGE.
        psi, cutoff: see `latents.truncate`.
        conversion: see `Generator.synthesize`.
        label: class of a conditional network, or None.
    """
    noise: Union[str, dict]
    psi: float
    cutoff: Optional[int]
    conversion: str
    label: Optional[int] = None


def draw(generator, plan, seeds):
    """Yields the image of each seed, uint8 [H, W, C], drawn in minibatches, unless each has noise of its own."""
    if plan.noise != PER_IMAGE:
        generator.set_noise(plan.noise)
    step = 1 if plan.noise == PER_IMAGE else generator.images_at_once
    for begin in range(0, len(seeds), step):
        randoms = [np.random.RandomState(seed) for seed in seeds[begin:begin + step]]
        dlatents = styles(generator, plan, randoms)  # The first draw is z; noise images follow.
        if plan.noise == PER_IMAGE:
            generator.set_noise(randoms[0])
        yield from generator.synthesize(dlatents, conversion=plan.conversion)


def styles(generator, plan, randoms):
    """The dlatents, float32 [N, L, D], of z drawn from each of these RandomStates: mapped one by one, since a product of many rows has
    other last bits than one of a single row."""
    labels = None if plan.label is None else np.eye(generator.label_size, dtype=np.float32)[[plan.label]]
    w = np.concatenate([generator.map(random.randn(1, generator.latent_size).astype(np.float32), labels) for random in randoms])
    return latents.truncate(latents.broadcast(w, generator.num_layers), generator.dlatent_avg, plan.psi, plan.cutoff)
