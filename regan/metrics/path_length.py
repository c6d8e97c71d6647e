"""Perceptual path length: how much the image changes along a path in latent space (StyleGAN section 4.1)."""

import collections
import dataclasses

import numpy as np

PAIRS_AT_ONCE = 16  # They share one set of noise images; two images each.

PathLength = collections.namedtuple('PathLength', 'mean standard_error kept')


@dataclasses.dataclass(frozen=True)
class PathSpec:
    """One of the definitions in use.

    Attributes:
        space: 'z' (great circles of normalised z, then mapping) or 'w' (straight lines).
        sampling: 'full', a random place on the path, or 'end', its beginning.
        epsilon: step along the path, whose whole length is 1.
        reject: percentage of the values that is left out at either end.
    """

    space: str
    sampling: str
    epsilon: float = 1e-4
    reject: float = 1.0


SPECS = {
    'zfull': PathSpec('z', 'full'),
    'wfull': PathSpec('w', 'full'),
    'zend': PathSpec('z', 'end'),
    'wend': PathSpec('w', 'end'),
    'segan': PathSpec('z', 'full', epsilon=1e-2, reject=0.0),  # SEGAN's definition says nothing of rejection.
}


def values(map_w, render, distance, latent_size, spec, k, random):
    """The squared changes over epsilon^2 of the k pairs of one minibatch, float64 [k], for `summarize`.

    Args:
        map_w: callable z float64 [k, Z] -> w float [k, D].
        render: callable w float [2 k, D] -> images. It gets the beginnings of k steps, then their ends, and must use
            the same noise images for all.
        distance: callable (images, images) -> [k].
        latent_size: Z.
        spec: PathSpec.
        k: number of pairs.
        random: RandomState; see `draws`.
    """
    z, place = draws(latent_size, spec, k, random)
    images = render(np.concatenate(_steps(map_w, z, place[:, np.newaxis], spec)))
    return np.asarray(distance(images[:k], images[k:]), np.float64) / spec.epsilon**2


def draws(latent_size, spec, k, random):
    """What a minibatch takes from a RandomState before its noise images: z of both ends [2, k, Z], and the place [k]
    on the path.
    """
    z = random.randn(2, k, latent_size)
    return z, random.rand(k) if spec.sampling == 'full' else np.zeros(k)


def minibatches(n, size):
    """Sizes of the pieces when n things are taken `size` at a time.

    >>> minibatches(7, 3)
    [3, 3, 1]
    """
    return [min(size, n - begin) for begin in range(0, n, size)]


def _steps(map_w, z, place, spec):
    """w of the beginnings and of the ends of the steps: two arrays [k, D]."""
    if spec.space == 'z':
        return [map_w(slerp(z[0], z[1], t)) for t in (place, place + spec.epsilon)]
    # Float64: the two ends differ by epsilon only, which float32 would round.
    w = np.asarray(map_w(z.reshape(-1, z.shape[2])), np.float64).reshape(2, len(z[0]), -1)
    return [lerp(w[0], w[1], t) for t in (place, place + spec.epsilon)]


def lerp(a, b, t):
    """a + t (b - a)."""
    return a + (b - a) * t


def slerp(a, b, t):
    """The point at part t of the shortest arc between the directions of a and b, on the unit sphere.

    Args:
        a, b: float [..., Z], of any length but 0.
        t: float [..., 1].
    """
    a, b = normalize(a), normalize(b)
    cosine = (a * b).sum(axis=-1, keepdims=True)
    angle = t * np.arccos(np.clip(cosine, -1, 1))
    return normalize(a * np.cos(angle) + normalize(b - cosine * a) * np.sin(angle))


def normalize(v):
    """v [..., Z] divided by its length."""
    return v / np.sqrt(np.square(v).sum(axis=-1, keepdims=True))


def summarize(values, reject):
    """Mean and standard error of the values [n] from the `reject`-th to the (100 - reject)-th percentile, both
    included.

    The percentiles are values of the sample: the next lower one below, the next higher one above.
    """
    ordered = np.sort(values)
    last = len(ordered) - 1
    low, high = int(np.floor(last * reject / 100)), int(np.ceil(last * (100 - reject) / 100))
    kept = ordered[(ordered >= ordered[low]) & (ordered <= ordered[high])]
    error = kept.std(ddof=1) / np.sqrt(len(kept)) if len(kept) > 1 else float('nan')
    return PathLength(float(kept.mean()), float(error), len(kept))


# ------------------------------------------------------------------ images


def crop_face(images):
    """Where faces are in aligned photographs: rows 3 c to 7 c and columns 2 c to 6 c with c = H // 8. [N, C, H, W]."""
    c = images.shape[2] // 8
    return images[:, :, 3 * c : 7 * c, 2 * c : 6 * c]
