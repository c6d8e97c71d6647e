"""Points and directions in space, for compiled code and for plain Python alike."""

import collections
import math

from regan.worlds.compiled import compiled

Vector = collections.namedtuple('Vector', 'x y z')


@compiled
def plus(a, b):
    """a + b."""
    return Vector(a.x + b.x, a.y + b.y, a.z + b.z)


@compiled
def minus(a, b):
    """a - b."""
    return Vector(a.x - b.x, a.y - b.y, a.z - b.z)


@compiled
def times(a, scale):
    """scale * a."""
    return Vector(a.x * scale, a.y * scale, a.z * scale)


@compiled
def dot(a, b):
    """The scalar product."""
    return a.x * b.x + a.y * b.y + a.z * b.z


@compiled
def length(a):
    """The Euclidean norm."""
    return math.sqrt(a.x * a.x + a.y * a.y + a.z * a.z)


@compiled
def unit(a):
    """`a` scaled to length 1; `a` must not be 0."""
    return times(a, 1.0 / length(a))


@compiled
def mirrored(a):
    """`a` moved to the side of positive x: what is drawn there appears on both sides."""
    return Vector(abs(a.x), a.y, a.z)


@compiled
def reflected(direction, normal):
    """`direction` after reflection by a surface with the unit vector `normal`."""
    return minus(direction, times(normal, 2.0 * dot(direction, normal)))


def rotated(a, yaw, pitch):
    """`a` turned by `pitch` about the x axis, then by `yaw` about the y axis (radians)."""
    y = a.y * math.cos(pitch) - a.z * math.sin(pitch)
    z = a.y * math.sin(pitch) + a.z * math.cos(pitch)
    return Vector(a.x * math.cos(yaw) - z * math.sin(yaw), y, a.x * math.sin(yaw) + z * math.cos(yaw))
