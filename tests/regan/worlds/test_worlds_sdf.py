"""regan.worlds.sdf, vector and colour against closed forms."""

import colorsys

import numpy as np
import pytest

from regan.worlds import colour, sdf, vector
from regan.worlds.colour import Colour
from regan.worlds.vector import Vector

POINTS = [Vector(*point) for point in np.random.RandomState(0).uniform(-2, 2, (97, 3)).tolist()]


def test_sphere_and_round_ellipsoid():
    for point in POINTS:
        exact = np.linalg.norm(point) - 0.7
        assert sdf.sphere(point, 0.7) == pytest.approx(exact)
        assert sdf.ellipsoid(point, Vector(0.7, 0.7, 0.7)) == pytest.approx(exact)


def test_ellipsoid_has_the_right_sign_and_vanishes_on_the_surface():
    radii = Vector(0.5, 1.1, 0.3)
    for point in POINTS:
        inside = sum((p / r) ** 2 for p, r in zip(point, radii)) < 1
        assert (sdf.ellipsoid(point, radii) < 0) == inside
        on_it = [r * p / np.linalg.norm(point) for p, r in zip(point, radii)]
        assert sdf.ellipsoid(Vector(*on_it), radii) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize('radius', [0.0, 0.2])
def test_rounded_box(radius):
    """The distance to a smaller box, found by clipping, less the radius; inside, minus the way to the nearest side."""
    half = np.array([0.5, 1.1, 0.3])
    for point in POINTS:
        core = half - radius
        outside = np.linalg.norm(point - np.clip(point, -core, core))
        exact = (outside or (np.abs(point) - core).max()) - radius
        assert sdf.rounded_box(point, Vector(*half.tolist()), radius) == pytest.approx(exact)


def test_capsule_against_many_points_of_its_axis():
    start, end = Vector(-0.3, 0.2, 0.1), Vector(0.8, -0.5, 0.9)
    axis = np.linspace(start, end, 4001)  # [4001, 3]
    for point in POINTS:
        exact = np.linalg.norm(axis - np.array(point), axis=1).min() - 0.15
        assert sdf.capsule(point, start, end, 0.15) == pytest.approx(exact, abs=1e-6)


def test_smooth_union_is_the_minimum_away_from_the_seam():
    assert sdf.smooth_union(0.3, 0.9, 0.5) == 0.3 and sdf.smooth_union(0.9, 0.3, 0.5) == 0.3
    assert sdf.smooth_union(0.4, 0.4, 0.2) == pytest.approx(0.4 - 0.2 / 4)


def test_vectors():
    normal = vector.unit(Vector(1.0, 2.0, -0.5))
    for point in POINTS:
        mirrored = vector.reflected(point, normal)
        assert vector.dot(mirrored, normal) == pytest.approx(-vector.dot(point, normal))
        assert vector.length(mirrored) == pytest.approx(np.linalg.norm(point))
        turned = vector.rotated(point, 0.3, -0.7)
        assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(point))
        assert vector.rotated(vector.rotated(point, 0.0, -0.7), 0.3, 0.0) == pytest.approx(turned)


def test_hues_are_those_of_the_colour_circle():
    assert colour.of_hue(0.0, 1.0, 0.5) == (0.5, 0, 0) == colour.of_hue(1.0, 1.0, 0.5)
    for h, s, v in np.random.RandomState(1).rand(31, 3).tolist():
        assert colorsys.rgb_to_hsv(*colour.of_hue(h, s, v)) == pytest.approx((h, s, v))
        assert colour.of_hue(h + 1, s, v) == pytest.approx(colour.of_hue(h, s, v))


def test_mixing():
    a, b = Colour(0.1, 0.2, 0.3), Colour(0.9, 0.6, 0.4)
    assert colour.mix(a, b, 0.0) == a and colour.mix(a, b, 1.0) == pytest.approx(b)
    assert colour.mix(a, b, 0.25) == pytest.approx((0.3, 0.3, 0.325))
    assert colour.product(a, b) == pytest.approx((0.09, 0.12, 0.12))
    assert colour.squared(a) == pytest.approx((0.01, 0.04, 0.09))


def test_noise_is_smooth_between_the_numbers_at_whole_places():
    grid = np.arange(-3.0, 4.0)
    lattice = {(x, y): colour.noise(x, y) for x in grid for y in grid}
    assert len(set(lattice.values())) == len(lattice)
    for x, y in np.random.RandomState(2).uniform(-3, 3, (53, 2)).tolist():
        corners = [lattice[np.floor(x) + i, np.floor(y) + j] for i in (0, 1) for j in (0, 1)]
        assert min(corners) <= colour.noise(x, y) <= max(corners)
        assert colour.noise(x, y) == pytest.approx(colour.noise(x + 1e-7, y - 1e-7), abs=1e-5)
