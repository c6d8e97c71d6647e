"""Frechet distance of two Gaussians fitted to features (Heusel et al., "GANs trained by a two time-scale update
rule", 2017).
"""

import dataclasses

import numpy as np

from regan.base.errors import UserError
from regan.components.moments import Moments

BLOCK_ROWS = 1024  # Rows that are merged at a time: few, so that memory stays small, but enough to be fast.


@dataclasses.dataclass(frozen=True)
class Gaussian:
    """Mean float64 [F] and covariance float64 [F, F] (denominator n - 1) of `count` rows."""

    mean: np.ndarray
    covariance: np.ndarray
    count: int


def fit(batches):
    """The Gaussian of a stream of rows; memory does not grow with their number.

    Args:
        batches: iterable of float arrays [k, F].
    Raises: UserError for fewer than two rows, or for NaN and infinity.
    """
    seen = None
    for batch in batches:
        for begin in range(0, len(batch), BLOCK_ROWS):
            rows = np.asarray(batch[begin : begin + BLOCK_ROWS], np.float64)
            seen = (seen or Moments.none(rows.shape[1])).merge(Moments.of(rows))
    if seen is None or seen.count < 2:
        raise UserError('a Frechet distance needs at least 2 images on each side; raise n')
    if not np.isfinite(seen.total):
        raise UserError(
            'NaN or infinity among the features of %d images; the generator or the feature network is damaged'
            % seen.count
        )
    return Gaussian(seen.mean, seen.scatter / (seen.count - 1), seen.count)


def distance(a, b):
    """Squared Frechet distance of two Gaussians: |mu_a - mu_b|^2 + trace(S_a + S_b - 2 sqrt(S_a S_b)).

    The trace of the square root is taken in the symmetric form: S_a S_b has the eigenvalues of R S_b R, R = sqrt(S_a),
    which are real and not negative. So singular covariances (fewer images than features) need no care, and nothing
    imaginary has to be dropped, as with the matrix square root of the product.

    >>> four = np.eye(4)
    >>> round(distance(Gaussian(np.zeros(4), four, 2), Gaussian(np.ones(4), 4 * four, 2)), 6)
    8.0
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))).dot(vectors.T)
    shared = np.linalg.eigvalsh(root.dot(b.covariance).dot(root))
    trace = np.trace(a.covariance) + np.trace(b.covariance) - 2 * np.sqrt(np.maximum(shared, 0)).sum()
    return float(np.square(a.mean - b.mean).sum() + max(trace, 0))
