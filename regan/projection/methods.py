"""Ways to project, as data, and what changes from step to step."""

import math
from typing import List, NamedTuple, Optional

# StyleGAN2's projector.
STEPS = 1000
NOISE_WEIGHT = 1e5
JITTER = 0.05
JITTER_UNTIL = 0.75  # Share of the steps.
RAMP_DOWN, RAMP_UP = 0.25, 0.05


class Method(NamedTuple):
    """How a latent is looked for.

    Attributes:
        space: 'w', one w for all layers, or 'w+', one for each.
        start: 'sampled', the mean of w over 10,000 seeds; 'average', the network's running average; or 'zeros'.
        optimiser: 'adam' or 'descent', which is plain gradient descent.
        rate: learning rate at its full height.
        ramps: whether the rate goes up at first and down at the end.
        jitter: the noise on w at the first step, in deviations of w.
        noise: whether the noise images are looked for, too; else they are those of the pickle.
        clip: 'stochastic': numbers outside of [-2, 2] are drawn anew after each step; or 'none'.
    """

    space: str
    start: str
    optimiser: str
    rate: float
    ramps: bool
    jitter: float
    noise: bool
    clip: str = 'none'


METHODS = {
    'stylegan2': Method('w', 'sampled', 'adam', 0.1, ramps=True, jitter=JITTER, noise=True),
    'puzer': Method('w+', 'zeros', 'descent', 1.0, ramps=False, jitter=0.0, noise=False),
    'adam': Method('w+', 'average', 'adam', 0.05, ramps=False, jitter=0.0, noise=False),
}


def chosen(name: str, space: Optional[str] = None, clip: Optional[str] = None) -> Method:
    """The method of that name, with another space or clipping than its own where these are given."""
    changes = dict(space=space, clip=clip)
    return METHODS[name]._replace(**{key: value for key, value in changes.items() if value is not None})


def learning_rate(method: Method, step: int, steps: int) -> float:
    """The rate of a step, from 0.

    >>> [round(learning_rate(METHODS['stylegan2'], step, 1000), 4) for step in (0, 25, 50, 750, 800, 875, 990)]
    [0.0, 0.05, 0.1, 0.1, 0.0905, 0.05, 0.0004]
    """
    return method.rate * (ramp(step / steps) if method.ramps else 1.0)


def ramp(t: float, down: float = RAMP_DOWN, up: float = RAMP_UP) -> float:
    """The share of the full rate at the time t, from 0 to 1: up in a line, down by a cosine.

    Args:
        t: share of the steps that are done.
        down, up: shares of the steps that the ramps take.
    """
    low = min(1.0, (1 - t) / down)
    return (0.5 - 0.5 * math.cos(math.pi * low)) * min(1.0, t / up)


def jitter(method: Method, step: int, steps: int) -> float:
    """The noise on w of a step, from 0, in deviations of w.

    >>> [round(jitter(METHODS['stylegan2'], step, 1000), 4) for step in (0, 400, 750, 900)]
    [0.05, 0.0109, 0.0, 0.0]
    """
    return method.jitter * fading(step / steps)


def fading(t: float, until: float = JITTER_UNTIL) -> float:
    """The share of the first noise on w that is left at the time t, from 0 to 1."""
    return max(0.0, 1 - t / until) ** 2


def snapshot_steps(count: int, steps: int) -> List[int]:
    """After how many steps a picture is kept, the last one always, as StyleGAN2's tool chooses them.

    >>> snapshot_steps(5, 1000)
    [200, 400, 600, 800, 1000]
    """
    count = min(count, steps)
    return sorted(steps - (steps * i) // count for i in range(count))
