"""Tracing a scene that is given by signed distances: camera, ray, surface normal, shadow, image.

`distance` is always a compiled function of a point and of the world's shape: (signed distance, material).
"""

import collections

from regan.worlds import vector
from regan.worlds.compiled import inner
from regan.worlds.vector import Vector

Camera = collections.namedtuple('Camera', 'origin right up forward')  # The longer `forward`, the narrower the view.
March = collections.namedtuple('March', 'start stop steps share')  # Each step is `share` of the distance.
Shadow = collections.namedtuple('Shadow', 'start stop steps sharpness dark')

MISS = -1  # The material of a ray that meets nothing.
SURFACE = 0.004  # A ray this near to a surface has met it.
_SHORTEST_STEP = 0.03  # Of a shadow ray.
_TETRAHEDRON = (Vector(1.0, -1.0, -1.0), Vector(-1.0, -1.0, 1.0), Vector(-1.0, 1.0, -1.0), Vector(1.0, 1.0, 1.0))
_NO_DIVISION_BY_ZERO = 1e-12
_GAMMA = 0.4545  # Light to pixel value.


@inner
def direction(camera, u, v):
    """Unit vector of the ray through (u, v): -1 to 1 from left to right and from bottom to top."""
    sideways = vector.plus(vector.times(camera.right, u), vector.times(camera.up, v))
    return vector.unit(vector.plus(camera.forward, sideways))


@inner
def along(origin, heading, t):
    """The point of a ray at distance t."""
    return vector.plus(origin, vector.times(heading, t))


@inner
def march(distance, shape, origin, heading, settings):
    """Follows a ray: (point, material) where it meets the shape; the material is MISS if it never does."""
    t = settings.start
    for _ in range(settings.steps):
        point = along(origin, heading, t)
        gap, material = distance(point, shape)
        if gap < SURFACE:
            return point, material
        t += gap * settings.share
        if t > settings.stop:
            break
    return origin, MISS


@inner
def normal(distance, shape, point, size):
    """Unit vector off the surface at `point`, by differences over a tetrahedron of the given size."""
    x = y = z = 0.0
    for corner in _TETRAHEDRON:
        gap, _ = distance(along(point, corner, size), shape)
        x += corner.x * gap
        y += corner.y * gap
        z += corner.z * gap
    return vector.times(Vector(x, y, z), 1.0 / (x * x + y * y + z * z + _NO_DIVISION_BY_ZERO) ** 0.5)


@inner
def visibility(distance, shape, point, light, settings):
    """How much of a wide light in direction `light` reaches `point`, 0 to 1: a soft shadow."""
    t, share = settings.start, 1.0
    for _ in range(settings.steps):
        gap, _ = distance(along(point, light, t), shape)
        share = min(share, settings.sharpness * gap / t)
        t += max(gap, _SHORTEST_STEP)
        if share < settings.dark or t > settings.stop:
            break
    return max(share, 0.0)


@inner
def trace(pixel, scene, first, supersampling, band):
    """Fills `band`, float32 [rows, R, 3] with values 0 to 1: rows `first`, `first` + 1, ... of an R x R image.

    `pixel` is the world's compiled function of (scene, u, v): the Colour there.
    """
    rows, resolution, _ = band.shape
    fine = 1.0 / (resolution * supersampling)
    for y in range(rows):
        for x in range(resolution):
            r = g = b = 0.0
            for i in range(supersampling):
                for j in range(supersampling):
                    u = ((x * supersampling + i + 0.5) * fine - 0.5) * 2.0
                    v = (0.5 - ((first + y) * supersampling + j + 0.5) * fine) * 2.0
                    colour = pixel(scene, u, v)
                    r += min(max(colour.r, 0.0), 1.0)
                    g += min(max(colour.g, 0.0), 1.0)
                    b += min(max(colour.b, 0.0), 1.0)
            share = 1.0 / (supersampling * supersampling)
            band[y, x, 0] = (r * share) ** _GAMMA
            band[y, x, 1] = (g * share) ** _GAMMA
            band[y, x, 2] = (b * share) ** _GAMMA


@inner
def label(part, scene, first, band):
    """Fills `band`, uint8 [rows, R], with what lies behind the middle of each pixel: rows as of `trace`.

    `part` is the world's compiled function of (scene, u, v): a whole number.
    """
    rows, resolution = band.shape
    for y in range(rows):
        for x in range(resolution):
            band[y, x] = part(scene, ((x + 0.5) / resolution - 0.5) * 2.0, (0.5 - (first + y + 0.5) / resolution) * 2.0)
