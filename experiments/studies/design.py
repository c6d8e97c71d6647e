"""Which latent is measured along which direction."""

import numpy as np


def balanced(latents, items, per_latent, random):
    """Gives every latent `per_latent` different items so that each item is met equally often (or once more): int
    [latents, per_latent].

    The items run in one shuffled circle, and every latent takes the next ones. So a thousand pictures say something
    about all components and all latents, where every pair of both would need a hundred thousand.

    Args:
        items: number of items, at least per_latent.
        random: RandomState.
    """
    if per_latent > items:
        raise ValueError('%d different items of %d cannot be had' % (per_latent, items))
    circle = random.permutation(items)
    return circle[np.arange(latents * per_latent).reshape(latents, per_latent) % items]


def signs(shape, random):
    """-1.0 or 1.0, equally likely: float64 of a shape."""
    return random.randint(0, 2, size=shape) * 2.0 - 1


def unit_vectors(shape, random):
    """Uniformly random directions: float64, of length 1 along the last axis."""
    rows = random.normal(size=shape)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)
