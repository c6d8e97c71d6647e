"""How visible a world's factors are, and how well they are read where they are visible.

A factor that leaves no trace in an image, such as the hue of a pattern that is not there, cannot be read from it. The
renderer knows which those are: each image is drawn again with one factor moved half its range, and what that changes is
measured.
"""

import dataclasses
from typing import Optional

import numpy as np

from regan.metrics.factors import r_squared

VISIBLE = 4.0  # Levels of 255, root mean square over an image, from which on a change counts as visible.
MOST = 0.9  # Share of the images where it must be, for the factor to count as visible.
MINIMUM = 20  # Images behind an R2.


@dataclasses.dataclass(frozen=True)
class Reading:
    """What is known about one factor.

    Attributes:
        name: of the factor.
        change: RMS change of an image in levels of 255, when the factor moves half its range; mean over the images.
        share: of the images, in [0, 1], where this is above VISIBLE.
        r2: of the readings of all images.
        visible_r2: of those images; None where there are fewer than MINIMUM, or all have the same value.
    """

    name: str
    change: float
    share: float
    r2: float
    visible_r2: Optional[float]

    @property
    def visible(self):
        """Whether the factor shows in nearly every image."""
        return self.share >= MOST


def readings(world, read, circular, n, seed, resolution=64, progress=None):
    """A Reading of each factor of a world.

    Args:
        world: regan.worlds.World.
        read: callable, uint8 images [n, R, R, 3] -> factors [n, F].
        circular: indices of circular factors, see `factors.r_squared`.
        n: images; F + 1 times as many are drawn.
        seed: of their factors; not that of the images that the reader was trained on.
        progress: callable that gets the number of images drawn since its last call.
    """
    progress = progress or (lambda images: None)
    truth = world.sample(n, seed)
    images = world.render(truth, resolution)
    progress(n)
    found, result = read(images), []
    r2 = r_squared(truth, found, circular)
    for i, name in enumerate(world.factor_names):
        changes = _rms(world.render(moved(truth, i), resolution), images)
        progress(n)
        shown = changes > VISIBLE
        one = (0,) if i in circular else ()
        enough = shown.sum() >= MINIMUM and np.ptp(truth[shown, i]) > 0
        visible_r2 = float(r_squared(truth[shown][:, [i]], found[shown][:, [i]], one)[0]) if enough else None
        result.append(Reading(name, float(changes.mean()), float(shown.mean()), float(r2[i]), visible_r2))
    return result


def moved(factors, index):
    """The same factors with that one half its range away: [n, F], each value in [0, 1]."""
    factors = np.array(factors)
    factors[:, index] = (factors[:, index] + 0.5) % 1
    return factors


def _rms(images, others):
    """Root mean square difference of each image, [n]."""
    return np.sqrt(np.square(images.astype(np.float64) - others).mean(axis=(1, 2, 3)))
