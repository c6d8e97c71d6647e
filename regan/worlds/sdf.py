"""Signed distances to shapes: negative inside, 0 on the surface, positive outside.

After Inigo Quilez, "Distance functions". Each shape lies at the origin; subtract its centre from the point.
"""

from regan.worlds import vector
from regan.worlds.compiled import compiled
from regan.worlds.vector import Vector

_NO_DIVISION_BY_ZERO = 1e-6


@compiled
def sphere(point, radius):
    """Exact distance to a sphere."""
    return vector.length(point) - radius


@compiled
def ellipsoid(point, radii):
    """Distance to an ellipsoid with semi-axes `radii`: exact in sign, first-order in size (a sphere's is exact)."""
    scaled = vector.length(Vector(point.x / radii.x, point.y / radii.y, point.z / radii.z))
    slope = vector.length(
        Vector(point.x / (radii.x * radii.x), point.y / (radii.y * radii.y), point.z / (radii.z * radii.z))
    )
    return scaled * (scaled - 1.0) / max(slope, _NO_DIVISION_BY_ZERO)


@compiled
def rounded_box(point, half, radius):
    """Exact distance to a box of half sizes `half` whose edges are rounded off by `radius`."""
    x, y, z = abs(point.x) - half.x + radius, abs(point.y) - half.y + radius, abs(point.z) - half.z + radius
    outside = vector.length(Vector(max(x, 0.0), max(y, 0.0), max(z, 0.0)))
    return outside + min(max(x, max(y, z)), 0.0) - radius


@compiled
def capsule(point, start, end, radius):
    """Exact distance to the points within `radius` of the segment from `start` to `end`."""
    axis, offset = vector.minus(end, start), vector.minus(point, start)
    share = min(max(vector.dot(offset, axis) / vector.dot(axis, axis), 0.0), 1.0)
    return vector.length(vector.minus(offset, vector.times(axis, share))) - radius


@compiled
def smooth_union(a, b, width):
    """The smaller of two distances, blended where they differ by less than `width` (quadratic polynomial)."""
    overlap = max(width - abs(a - b), 0.0) / width
    return min(a, b) - overlap * overlap * width * 0.25
