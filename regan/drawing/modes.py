"""Named ways to draw: what the original, its reproduction and the official tools do, each as one choice.

The three programs draw the same latents differently: in the noise images, in the step from floats to bytes, in which
latents they truncate, and in the instance norms of a StyleGAN. They also find components differently, see
`decomposition`. A mode sets all of that at once; whatever is asked for beside it wins. (Crops, gaps and the batch sizes
of their components belong to a figure, see the variants in experiments/specs/.)
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional, Tuple, Union

from regan.base.errors import UserError

if TYPE_CHECKING:
    from regan.components.pca import PCASpec
    from regan.networks.base_generator import BaseGenerator

CONVERSIONS = ('round', 'truncate', 'hub')
STATISTICS = ('linear', 'pytorch')  # Of regan.biggan.statistics.


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
        instance_norm_epsilon: of a StyleGAN; None: the official 1e-8. (A StyleGAN2 has no instance norms.)
        signs: of components, see `PCASpec`.
        zero_rows: whether estimators of a whole sample fit rows of zeros, too, see `PCASpec`.
        seed_zero: the seed of the components' latents that seed 0 stands for.
    """

    source: str
    noise: Union[str, dict]
    conversion: str
    truncated: Tuple[int, ...] = (1, 2)
    first_cutoff: Optional[int] = None
    above_one: bool = True
    instance_norm_epsilon: Optional[float] = None
    signs: str = 'fixed'
    zero_rows: bool = False
    seed_zero: int = 0

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
        instance_norm_epsilon=1e-5,
        signs='found',
        zero_rows=True,
        seed_zero=1,
    ),
}


class Settings(NamedTuple):
    """What pictures are drawn with, as `resolve` found it. `facts()` is the part of a sidecar that says so.

    Attributes:
        mode: name of the Mode that the rest comes from, or None.
        noise: a choice of `regan.sampling.noise`.
        conversion: see `Mode`.
        psi, cutoff: see `latents.truncate`.
        instance_norm_epsilon: see `Mode`.
        statistics: of a BigGAN, the way between the rows of its statistics, one of STATISTICS; None: it has none.
    """

    mode: Optional[str] = None
    noise: Union[str, dict] = 'stored'
    conversion: str = 'round'
    psi: float = 0.7
    cutoff: Optional[int] = None
    instance_norm_epsilon: Optional[float] = None
    statistics: Optional[str] = None

    def facts(self) -> Dict[str, Any]:
        """As a dict for JSON; the epsilon is in it where it is not the official one, the statistics where there are
        some.
        """
        facts = self._asdict()
        for name in ('instance_norm_epsilon', 'statistics'):
            if facts[name] is None:
                del facts[name]
        return facts

    def prepare(self, generator: BaseGenerator) -> None:
        """Sets what a generator keeps for all following latents, pictures and activations: noise, epsilon, and what
        truncation it keeps itself. Raises UserError: it has no such truncation.
        """
        generator.set_noise(self.noise)
        generator.instance_norm_epsilon = self.instance_norm_epsilon
        generator.set_truncation(self.psi, self.statistics)


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
    instance_norm_epsilon: Optional[float] = None,
) -> Settings:
    """A mode and what is asked for beside it, as Settings.

    Args:
        mode: name of a mode, or None for the pickle's noise, rounding, and psi and cutoff as they are.
        noise: a choice of `regan.sampling.noise`, or None for the mode's.
        conversion: 'round', 'truncate', or None for the mode's.
        generation: of the network, 1 or 2.
        psi, cutoff: as for `latents.truncate`; a cutoff of None is the mode's.
        instance_norm_epsilon: of a StyleGAN, or None for the mode's.
    """
    epsilon = instance_norm_epsilon if generation == 1 else None
    if mode is None:
        return Settings(None, noise or 'stored', conversion or 'round', psi, cutoff, epsilon)
    rules = find(mode)
    if generation == 1:
        epsilon = epsilon or rules.instance_norm_epsilon
    psi, cutoff = rules.truncation(generation, psi, cutoff)
    return Settings(mode, noise or rules.noise, conversion or rules.conversion, psi, cutoff, epsilon)


def of_network(
    generator: BaseGenerator,
    mode: Optional[str],
    noise: Union[str, dict, None],
    conversion: Optional[str],
    psi: float,
    cutoff: Optional[int],
    statistics: Optional[str] = None,
) -> Settings:
    """As `resolve`, for the network at hand, which may lack what others have.

    Args:
        generator: BaseGenerator; what it has is asked for, nothing is drawn.
        mode, noise, conversion, psi, cutoff: as for `resolve`. Without truncation, psi comes out as 1.
        statistics: of a BigGAN, one of STATISTICS, or None for the mode's.

    Raises:
        UserError: noise, a cutoff or statistics of a network that has none.
    """
    if statistics is not None and generator.truncation != 'prior':
        raise UserError(
            '%s is a %s, whose norms have no statistics to choose; leave --statistics out'
            % (generator.path, generator.architecture)
        )
    if generator.has_noise:
        return resolve(mode, noise, conversion, generator.generation, psi, cutoff)
    if noise not in (None, 'stored'):
        raise UserError(
            '%s is a %s, which has no noise images; leave --noise out' % (generator.path, generator.architecture)
        )
    if cutoff is not None:
        raise UserError(
            '%s is a %s, whose layers are not truncated one by one; leave --cutoff out'
            % (generator.path, generator.architecture)
        )
    rules = find(mode) if mode else None
    by_original = rules is not None and rules.conversion == 'truncate'  # GANSpace's, whatever the network.
    if generator.truncation is None:
        psi = 1.0
    else:
        statistics = statistics or ('pytorch' if by_original else 'linear')
    usual = 'truncate' if by_original else generator.usual_conversion
    return Settings(mode, 'stored', conversion or usual, psi, None, None, statistics)


def decomposition(
    mode: Optional[str], spec: PCASpec, signs: Optional[str] = None, zero_rows: Optional[bool] = None
) -> PCASpec:
    """A PCASpec as a mode has it, and what is asked for beside the mode.

    Args:
        mode: name of a mode, or None for the spec as it is.
        spec: PCASpec.
        signs, zero_rows: see `PCASpec`; None: the mode's, as far as the estimator has a choice.
    """
    rules = find(mode) if mode else Mode('', 'stored', 'round')
    if signs is None:
        signs = rules.signs if spec.estimator in spec.FREE_SIGNS else 'fixed'
    if zero_rows is None:
        zero_rows = rules.zero_rows and spec.estimator in spec.WHOLE_SAMPLE
    return dataclasses.replace(spec, signs=signs, zero_rows=zero_rows, seed=spec.seed or rules.seed_zero)
