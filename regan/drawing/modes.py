"""Named ways to draw: what the original, its reproduction and the official tools do, each as one choice.

The three programs draw the same latents differently: in the noise images, in the step from floats to bytes, and in
which latents they truncate. A mode sets all of that at once; whatever is asked for beside it wins. (Crops, gaps and the
batch sizes of their components belong to a figure, see the variants in experiments/specs/.)
"""

import dataclasses
from typing import NamedTuple, Optional, Tuple, Union

from regan.base.errors import UserError

CONVERSIONS = ('round', 'truncate')


@dataclasses.dataclass(frozen=True)
class Mode:
    """One way to draw.

    Attributes:
        source: the program that draws so.
        noise: a choice of `regan.sampling.noise`.
        conversion: of floats x to bytes: 'round' is floor(clip(127.5 x + 128, 0, 255)), 'truncate' is
            floor(255 clip((x + 1) / 2, 0, 1)), on average half a level darker.
        truncated: generations (1 StyleGAN, 2 StyleGAN2) whose latents are truncated; it follows the edit.
        first_cutoff: layers of a StyleGAN from here on are not truncated; None: all are. (All of a StyleGAN2 are.)
        above_one: whether psi above 1 is applied; otherwise it leaves the latents as they are.
    """

    source: str
    noise: Union[str, dict]
    conversion: str
    truncated: Tuple[int, ...] = (1, 2)
    first_cutoff: Optional[int] = None
    above_one: bool = True

    def truncation(self, generation: int, psi: float, cutoff: Optional[int] = None) -> Tuple[float, Optional[int]]:
        """The (psi, cutoff) that this mode makes of those asked for; psi 1 is no truncation."""
        if generation not in self.truncated or (psi > 1 and not self.above_one):
            return 1.0, None
        return psi, self.first_cutoff if cutoff is None and generation == 1 else cutoff


MODES = {
    'official': Mode(
        'the tools that NVIDIA publishes with the networks', noise='stored', conversion='round', first_cutoff=8
    ),
    'reganspace': Mode('ReGANSpace, the program of the RC2021 paper', noise={'numpy_seed': 0}, conversion='round'),
    'ganspace': Mode(
        'GANSpace, the original',
        noise={'torch_cuda_seed': 0, 'multiprocessors': 80, 'threads': 2048},
        conversion='truncate',
        truncated=(2,),
        above_one=False,
    ),
}


class Settings(NamedTuple):
    """What pictures are drawn with, as `resolve` found it. `_asdict()` is the part of a sidecar that says so.

    Attributes:
        mode: name of the Mode that the rest comes from, or None.
        noise: a choice of `regan.sampling.noise`.
        conversion: see `Mode`.
        psi, cutoff: see `latents.truncate`.
    """

    mode: Optional[str] = None
    noise: Union[str, dict] = 'stored'
    conversion: str = 'round'
    psi: float = 0.7
    cutoff: Optional[int] = None


def find(name: str) -> Mode:
    """The Mode of that name. Raises UserError, which lists the names, if there is none."""
    if name not in MODES:
        raise UserError('there is no mode %r; choose one of %s' % (name, ', '.join(MODES)))
    return MODES[name]


def resolve(
    mode: Optional[str],
    noise: Union[str, dict, None],
    conversion: Optional[str],
    generation: int,
    psi: float,
    cutoff: Optional[int],
) -> Settings:
    """A mode and what is asked for beside it, as Settings.

    Args:
        mode: name of a mode, or None for the pickle's noise, rounding, and psi and cutoff as they are.
        noise: a choice of `regan.sampling.noise`, or None for the mode's.
        conversion: 'round', 'truncate', or None for the mode's.
        generation: of the network, 1 or 2.
        psi, cutoff: as for `latents.truncate`; a cutoff of None is the mode's.
    """
    if mode is None:
        return Settings(None, noise or 'stored', conversion or 'round', psi, cutoff)
    rules = find(mode)
    return Settings(
        mode, noise or rules.noise, conversion or rules.conversion, *rules.truncation(generation, psi, cutoff)
    )
