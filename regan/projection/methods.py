"""Ways to project, as data, and what changes from step to step."""

import math
from typing import List, NamedTuple, Optional

STEPS = 1000


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
        ramp_down, ramp_up: shares of the steps that the ramps take.
        jitter_until: share of the steps until which the noise on w fades.
        noise_weight: of the loss of the noise images.
    """

    space: str
    start: str
    optimiser: str
    rate: float
    ramps: bool
    jitter: float
    noise: bool
    clip: str = 'none'
    ramp_down: float = 0.25
    ramp_up: float = 0.05
    jitter_until: float = 0.75
    noise_weight: float = 1e5


METHODS = {
    'stylegan2': Method('w', 'sampled', 'adam', 0.1, ramps=True, jitter=0.05, noise=True),
    'puzer': Method('w+', 'zeros', 'descent', 1.0, ramps=False, jitter=0.0, noise=False),
    'adam': Method('w+', 'average', 'adam', 0.05, ramps=False, jitter=0.0, noise=False),
}


def chosen(name: str, space: Optional[str] = None, clip: Optional[str] = None) -> Method:
    """The method of that name, with another space or clipping than its own where these are given."""
    changes = dict(space=space, clip=clip)
    return METHODS[name]._replace(**{key: value for key, value in changes.items() if value is not None})


def learning_rate(method: Method, step: int, steps: int) -> float:
    """The rate of a step, from 0: with ramps up in a line, down by a cosine.

    >>> [round(learning_rate(METHODS['stylegan2'], step, 1000), 4) for step in (0, 25, 50, 750, 800, 875, 990)]
    [0.0, 0.05, 0.1, 0.1, 0.0905, 0.05, 0.0004]
    """
    if not method.ramps:
        return method.rate
    t = step / steps
    low = min(1.0, (1 - t) / method.ramp_down)
    return method.rate * (0.5 - 0.5 * math.cos(math.pi * low)) * min(1.0, t / method.ramp_up)


def jitter(method: Method, step: int, steps: int) -> float:
    """The noise on w of a step, from 0, in deviations of w.

    >>> [round(jitter(METHODS['stylegan2'], step, 1000), 4) for step in (0, 400, 750, 900)]
    [0.05, 0.0109, 0.0, 0.0]
    """
    return method.jitter * max(0.0, 1 - step / steps / method.jitter_until) ** 2


def snapshot_steps(count: int, steps: int) -> List[int]:
    """After how many steps a picture is kept, the last one always, as StyleGAN2's tool chooses them.

    >>> snapshot_steps(5, 1000)
    [200, 400, 600, 800, 1000]
    """
    count = min(count, steps)
    return sorted(steps - (steps * i) // count for i in range(count))
