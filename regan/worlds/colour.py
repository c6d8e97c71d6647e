"""Colours as (r, g, b) from 0 to 1, mixing, and value noise.

Hues become colours in `of_hue`, which is Python's colorsys.
"""

import collections
import colorsys
import math

from regan.worlds.compiled import compiled

Colour = collections.namedtuple('Colour', 'r g b')


def of_hue(hue, saturation, value):
    """The Colour of hue (1 is a full turn), saturation and value."""
    return Colour(*colorsys.hsv_to_rgb(hue, saturation, value))


def squared(colour):
    """A colour chosen on the screen as an amount of light (gamma 2)."""
    return Colour(*(channel * channel for channel in colour))


@compiled
def mix(a, b, share):
    """`a` where `share` is 0, `b` where it is 1."""
    return Colour(a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share)


@compiled
def times(a, scale):
    """Each channel times `scale`."""
    return Colour(a.r * scale, a.g * scale, a.b * scale)


@compiled
def product(a, b):
    """Channel by channel: a surface `a` under a light `b`."""
    return Colour(a.r * b.r, a.g * b.g, a.b * b.b)


@compiled
def plus(a, b):
    """Channel by channel."""
    return Colour(a.r + b.r, a.g + b.g, a.b + b.b)


@compiled
def grey(value):
    """The Colour with three equal channels."""
    return Colour(value, value, value)


@compiled
def _lattice(x, y):
    """A number in [0, 1) for each whole x and y that looks random (the usual shader hash)."""
    value = math.sin(x * 127.1 + y * 311.7) * 43758.5453
    return value - math.floor(value)


@compiled
def noise(x, y):
    """Smooth value noise in [0, 1]: `_lattice` at whole x and y, cubic between."""
    left, low = math.floor(x), math.floor(y)
    fx, fy = x - left, y - low
    fx, fy = fx * fx * (3.0 - 2.0 * fx), fy * fy * (3.0 - 2.0 * fy)
    a, b = _lattice(left, low), _lattice(left + 1.0, low)
    c, d = _lattice(left, low + 1.0), _lattice(left + 1.0, low + 1.0)
    return a + (b - a) * fx + (c - a) * fy + (a - b - c + d) * fx * fy
