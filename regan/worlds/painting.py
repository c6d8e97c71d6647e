"""From factors to images: the same for every world."""

import collections
import concurrent.futures
import importlib
import os

import numpy as np

_BAND = 16  # Rows that one thread draws at a time.

Picture = collections.namedtuple('Picture', 'scene trace parts label finish')
Picture.__new__.__defaults__ = (None,)
Picture.__doc__ = """How a world is drawn.

    scene: function of a namedtuple of factors (floats): what the compiled code needs, once for an image.
    trace: compiled function (scene, first row, supersampling, band float32 [rows, R, 3]) that fills the band.
    parts: tuple of str, the names of the parts that a picture has.
    label: compiled function (scene, first row, band uint8 [rows, R]) that fills the band with indices of parts.
    finish: None, or a function of (image uint8 [R, R, 3], namedtuple of factors): the final image.
    """


def between(ends, share):
    """Linear from ends[0] at 0 to ends[1] at 1."""
    return ends[0] + (ends[1] - ends[0]) * share


def render(world, factors, resolution, supersampling):
    """Draws uint8 [n, R, R, 3]; arguments as for `World.render`, already checked."""
    picture = importlib.import_module('regan.worlds.' + world.name).PICTURE
    named = collections.namedtuple('Factors', world.factor_names)
    rows = [named(*row) for row in factors.tolist()]
    images = np.empty([len(rows), resolution, resolution, 3], np.uint8)
    scenes = [picture.scene(f) for f in rows]

    def draw(task):
        i, first = task
        band = np.empty([min(_BAND, resolution - first), resolution, 3], np.float32)
        picture.trace(scenes[i], first, supersampling, band)
        images[i, first : first + _BAND] = np.clip(band * 255 + 0.5, 0, 255)

    def finish(i):
        images[i] = picture.finish(images[i], rows[i])

    with concurrent.futures.ThreadPoolExecutor(threads()) as pool:
        list(pool.map(draw, [(i, first) for i in range(len(rows)) for first in range(0, resolution, _BAND)]))
        if picture.finish:
            list(pool.map(finish, range(len(rows))))
    return images


def parts(world, factors, resolution):
    """Labels uint8 [n, R, R]; arguments as for `World.parts`, already checked."""
    picture = importlib.import_module('regan.worlds.' + world.name).PICTURE
    named = collections.namedtuple('Factors', world.factor_names)
    labels = np.empty([len(factors), resolution, resolution], np.uint8)

    def draw(i):
        picture.label(picture.scene(named(*factors[i].tolist())), 0, labels[i])

    with concurrent.futures.ThreadPoolExecutor(threads()) as pool:
        list(pool.map(draw, range(len(factors))))
    return labels


def part_names(world):
    """Tuple of str."""
    return importlib.import_module('regan.worlds.' + world.name).PICTURE.parts


def threads():
    """Number of threads: $OMP_NUM_THREADS, else the processors that this process may use."""
    given = os.environ.get('OMP_NUM_THREADS', '')
    if given.isdigit() and int(given):
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
