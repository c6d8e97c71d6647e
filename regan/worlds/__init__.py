"""Procedural worlds (cars, faces, beetles, portraits) whose factors are known, drawn on the CPU.

world = regan.worlds.load('cars')
factors = world.sample(100, seed=1)                 # float32 [100, 16] in [0, 1]
images = world.render(factors, resolution=64)       # uint8 [100, 64, 64, 3]
"""

from regan.base.errors import UserError
from regan.worlds.catalogue import FACTORS
from regan.worlds.world import World

NAMES = tuple(FACTORS)
RENDERER_VERSION = 1  # To be raised when the same factors give other pixels: data sets say which they are of.


def load(name):
    """The World of that name.

    Raises:
        UserError: there is none; the message lists the names.
    """
    if name not in FACTORS:
        raise UserError('there is no world %r; choose one of %s' % (name, ', '.join(NAMES)))
    return World(name, FACTORS[name])
