"""A steady pace: places on a path at which images follow each other at equal distances.

What is equal in latents is not equal in images: a path through w can rest for a second and then jump. So images are
drawn at many places, the distances from each to the next add up to a length along the path, and the frames are put
where that length grows in equal steps (between places it is taken to grow linearly).
"""

import numpy as np

PIXELS = 64  # A side of the images that are compared, at most: what counts is what one sees, not a fine grain.


def distances(images: np.ndarray, loop: bool) -> np.ndarray:
    """How far each image is from the next: root mean squares of differences, float64 [F - 1]; of a loop also that from
    the last one to the first, [F].

    Args:
        images: float [F, ...].
        loop: whether they are a loop.
    """
    flat = np.asarray(images, np.float64).reshape(len(images), -1)
    following = np.roll(flat, -1, axis=0)
    steps = np.sqrt(np.mean((following - flat) ** 2, axis=1))
    return steps if loop else steps[:-1]


def steady(at: np.ndarray, steps: np.ndarray, end: float, frames: int, loop: bool) -> np.ndarray:
    """Places of frames at equal distances, float64 [frames].

    Args:
        at: float [M], rising places at which images were drawn, from 0; of an open path the last one is its end.
        steps: `distances` of these images.
        end: the place at which the path ends.
        frames: how many.
        loop: whether it is a loop.
    """
    known = np.append(at, end) if loop else np.asarray(at)
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    if not travelled[-1] > 0:
        return np.linspace(0.0, end, frames, endpoint=not loop)  # Nothing changes, so any places will do.
    return np.interp(np.linspace(0.0, travelled[-1], frames, endpoint=not loop), travelled, known)


def unevenness(steps: np.ndarray) -> float:
    """Standard deviation of distances over their mean: 0 for a steady pace; 0 where nothing changes."""
    mean = float(np.mean(steps)) if len(steps) else 0.0
    return float(np.std(steps)) / mean if mean > 0 else 0.0
