"""Seeds to latents z, and latents w to one latent per layer.

All random numbers come from NumPy's legacy generator `RandomState`, whose streams never change; they are those of
GANSpace and of its reproduction, bit for bit (GANSpace sections "sampling" and "random directions").
"""

from typing import Iterable, List, Optional

import numpy as np

from regan.base import json_records
from regan.base.errors import UserError
from regan.sampling import normals

LARGEST_SEED = 2**32 - 1
SEED = json_records.integer(0, LARGEST_SEED)  # The rule of a seed in a file.
MOST_SEEDS = 10**6  # of one list: a slip such as 1-4000000000 must not fill the memory
PCA_SEED = 1  # GANSpace's constant for the sampling of PCA
DIRECTIONS_SEED = 2  # ... and for random directions


def from_seed(seed: int, width: int) -> np.ndarray:
    """Latent z, float32 [width]: the first `width` standard normals of RandomState(seed)."""
    return sample_batch(seed, 1, width)[0]


def from_seeds(seeds: Iterable[int], width: int) -> np.ndarray:
    """Latents z, float32 [N, width], one RandomState per seed: a row does not depend on the other seeds."""
    return np.stack([from_seed(seed, width) for seed in seeds])  # [N, Z]


def parse_seeds(text: str) -> List[int]:
    """List of seeds from numbers and inclusive ranges, in the order given.

    >>> parse_seeds('1-3,7')
    [1, 2, 3, 7]

    Raises:
        UserError: anything else, a range that runs backwards, a seed above 2**32 - 1, or more than a million seeds.
    """
    seeds: List[int] = []
    for part in text.split(','):
        first, dash, last = (word.strip() for word in part.partition('-'))
        last = last if dash else first
        if not (_is_seed(first) and _is_seed(last) and int(first) <= int(last)):
            raise UserError(
                "cannot read seeds from '%s' at '%s'; write numbers from 0 to %d and rising ranges, "
                "for example 1-3,7" % (text, part.strip(), LARGEST_SEED)
            )
        if len(seeds) + int(last) - int(first) >= MOST_SEEDS:
            raise UserError("'%s' asks for more than %d seeds; split the list" % (text, MOST_SEEDS))
        seeds.extend(range(int(first), int(last) + 1))
    return seeds


def _is_seed(word):
    return word.isdigit() and word.isascii() and int(word) <= LARGEST_SEED


def batch_seeds(seed: int, count: int) -> np.ndarray:
    """The seeds of `count` successive batches, int64 [count], each in [0, 2**31 - 2].

    GANSpace gives each batch a seed of its own, drawn from the global generator seeded with `seed`. A seed is
    one 32-bit word of the Mersenne Twister, masked to 31 bits.
    """
    return draw_seeds(np.random.RandomState(seed), count)


def draw_seeds(random: np.random.RandomState, count: int) -> np.ndarray:
    """The next `count` seeds of batches from a RandomState, as in `batch_seeds`."""
    return random.randint(0, 2**31 - 1, size=count, dtype=np.int64)


def sample_batch(seed: int, n: int, width: int) -> np.ndarray:
    """Latents z of one batch, float32 [n, width]: n * width normals of RandomState(seed) in one call."""
    return np.random.RandomState(seed).randn(n, width).astype(np.float32)


def sample_rows(
    seeds: np.ndarray, batch_size: int, width: int, start: int, stop: int, fill: Optional[normals.Fill] = None
) -> np.ndarray:
    """Rows start .. stop - 1 of the batches laid end to end, float32 [stop - start, width].

    Args:
        seeds: one seed for each batch, as from `batch_seeds`.
        batch_size: rows of a batch. Rows depend on it, because it decides which normals belong to which seed.
        fill: of `normals.filler`, for a caller that wants many rows.
    """
    fill, rows = fill or normals.by_numpy(), np.empty((stop - start, width), np.float32)
    for index in range(start // batch_size, -(-stop // batch_size)):
        first = index * batch_size
        low, high = max(start, first), min(stop, first + batch_size)
        batch = rows[low - start : high - start] if low == first else np.empty((high - first, width), np.float32)
        fill(seeds[index], batch.reshape(-1))
        if low > first:
            rows[: high - start] = batch[low - first :]
    return rows


def random_directions(count: int, width: int, seed: int = DIRECTIONS_SEED) -> np.ndarray:
    """Random unit directions, float32 [count, width]: rows of RandomState(seed).normal, divided by their norm.

    A smaller count gives the first rows of a larger one; the rows depend on the width.
    """
    rows = np.random.RandomState(seed).normal(size=(count, width))
    for row in rows:  # One by one, because width may be that of a layer's activations.
        row /= np.linalg.norm(row[np.newaxis], axis=1)
    return rows.astype(np.float32)


def random_basis(seed: int, width: int) -> np.ndarray:
    """Random orthonormal basis, float64 [width, width] of unit rows, uniform over all rotations and reflections.

    Q of the QR decomposition of a Gaussian matrix, with R's diagonal made positive (Mezzadri, "How to generate
    random matrices from the classical compact groups", 2007).
    """
    q, r = np.linalg.qr(np.random.RandomState(seed).normal(size=(width, width)))
    return q * np.where(np.diagonal(r) < 0, -1.0, 1.0)


def broadcast(w: np.ndarray, num_layers: int) -> np.ndarray:
    """The same latent for every layer: w [N, D] -> dlatents [N, L, D], a new array."""
    return np.repeat(w[:, np.newaxis], num_layers, axis=1)  # [N, L, D]


def truncate(dlatents: np.ndarray, dlatent_avg: np.ndarray, psi: float, cutoff: Optional[int] = None) -> np.ndarray:
    """Pulls latents to the average: dlatent_avg + psi * (dlatents - dlatent_avg).

    Args:
        dlatents: float [N, L, D].
        dlatent_avg: float [D], the running average of w stored in the network.
        psi: 1 leaves the latents bit for bit, 0 gives the average.
        cutoff: only layers below it are truncated; None truncates all. (A StyleGAN pickle means "no truncation"
            by None and a StyleGAN2 pickle "all layers"; who reads the pickle decides.)

    Returns:
        New array [N, L, D] of the same dtype; computed in float64.
    """
    truncated = dlatents.copy()
    average = np.asarray(dlatent_avg, np.float64)
    with np.errstate(over='ignore', invalid='ignore'):  # Whoever draws them refuses latents that are not finite.
        truncated[:, :cutoff] = average + psi * (dlatents[:, :cutoff] - average)
    return truncated
