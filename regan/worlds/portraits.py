"""Faces as paintings: the same heads without glasses, brushed onto canvas."""

import collections

import numpy as np
from scipy import ndimage

from regan.worlds import faces
from regan.worlds.painting import Picture, between

# What a factor moves something between: (at 0, at 1).
STRENGTH = (0.25, 1.0)  # Of all that follows, by the factor `strokes`.
WARMTH = (0.86, 1.0)  # Brightness of the tint, by the factor `bg_value`.
PALETTE = (19.0, 5.0)  # Levels of a colour, by the strength.

# Lengths in pixels of a picture of REFERENCE pixels.
REFERENCE = 128.0
WARP, WARP_SMOOTHNESS = 19.8, 4.0
STROKE_LENGTH, STROKE_WIDTH, STROKE_DEPTH = 3.2, 0.7, 0.055
EDGE_SMOOTHNESS = 2.0
TINT = np.array([1.05, 0.97, 0.80])
PALETTE_SHARE = 0.45  # The rest keeps its colour.
CORNER_SHADE = 0.22
_NO_DIVISION_BY_ZERO = {'gradient': 1e-4, 'strokes': 1e-6}


def scene(f):
    """The scene of a face without glasses."""
    without = dict(f._asdict(), glasses=0.0)
    return faces.scene(collections.namedtuple('Factors', without)(**without))


def paint(image, f):
    """The painting of a picture, uint8 [R, R, 3] each."""
    size = image.shape[0]
    scale, strength = size / REFERENCE, between(STRENGTH, f.strokes)
    random = np.random.RandomState(_seed(f))
    warped = _warped(image, WARP * scale * strength, WARP_SMOOTHNESS * scale, random)  # [R, R, 3], 0 to 1
    strokes = _strokes(warped.mean(-1), scale, random)
    painted = warped * TINT * between(WARMTH, f.bg_value) + STROKE_DEPTH * strength * strokes[..., None]
    levels = between(PALETTE, strength)
    painted = painted * (1 - PALETTE_SHARE) + PALETTE_SHARE * np.round(painted * levels) / levels
    painted *= 1 - CORNER_SHADE * _corners(size)[..., None]
    return np.clip(painted * 255, 0, 255).astype(np.uint8)


def _seed(f):
    """The canvas is a function of the wall's hue, in float32 so that every release of numpy rounds alike."""
    return int(np.float32(f.bg_hue) * np.float32(1e6))


def _warped(image, amount, smoothness, random):
    """The picture as float32 in 0 to 1, each point moved by about `amount` pixels times smooth noise."""
    size = image.shape[0]
    right = ndimage.gaussian_filter(random.randn(size, size), smoothness) * amount
    down = ndimage.gaussian_filter(random.randn(size, size), smoothness) * amount
    y, x = np.mgrid[:size, :size]
    planes = [
        ndimage.map_coordinates(image[..., c].astype(np.float32), [y + down, x + right], order=1, mode='reflect')
        for c in range(3)
    ]
    return np.stack(planes, -1) / 255  # [R, R, 3]


def _strokes(brightness, scale, random):
    """Streaks of standard deviation 1 that follow the edges of a picture [R, R]."""
    size = brightness.shape[0]
    thin, thick = STROKE_WIDTH * scale, STROKE_LENGTH * scale
    flat = ndimage.gaussian_filter(random.randn(size, size), (thin, thick))
    upright = ndimage.gaussian_filter(random.randn(size, size), (thick, thin))
    down, right = np.gradient(ndimage.gaussian_filter(brightness, EDGE_SMOOTHNESS * scale))
    share = np.abs(right) / (np.abs(right) + np.abs(down) + _NO_DIVISION_BY_ZERO['gradient'])
    share = ndimage.gaussian_filter(np.clip(share, 0, 1), EDGE_SMOOTHNESS * scale)
    streaks = upright * share + flat * (1 - share)
    return streaks / (streaks.std() + _NO_DIVISION_BY_ZERO['strokes'])


def _corners(size):
    """Squared distance from the middle, 1 in the corners, float [R, R]."""
    y, x = np.mgrid[:size, :size] - size / 2
    return (x**2 + y**2) / (size * size / 2)


PICTURE = Picture(scene, faces.PICTURE.trace, faces.PARTS, faces.PICTURE.label, paint)
