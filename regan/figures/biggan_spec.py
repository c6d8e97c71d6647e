"""What the panels of BigGAN's figures have besides: style resampling, and style mixing by the output of layers."""

import dataclasses
from typing import Optional, Tuple

from regan.base.json_records import declared, integer, key, number, optional, sequence, text
from regan.sampling import latents


@dataclasses.dataclass(frozen=True)
@declared
class Resampling:
    """Whose latents the first layers keep, and whose the rest take (GANSpace Figure 6)."""

    style_seeds: Tuple[int, ...] = key(sequence(latents.SEED), 'of the latents of the rest')
    keep: Tuple[int, ...] = key(sequence(integer(1)), 'numbers of first layers that keep the latent of the seed')


@dataclasses.dataclass(frozen=True)
@declared
class Replacing:
    """Layers whose output for one latent stands in place of that for others (GANSpace's notebook of style mixing)."""

    layers: Tuple[str, ...] = key(sequence(text), 'names of layers, each by itself')
    statistics: Optional[float] = key(
        optional(number(0, 1)), 'truncation that chooses the statistics, where it is not that of z', default=None
    )
