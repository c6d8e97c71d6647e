"""Mean and scatter matrix of a stream of rows in one pass and O(D^2) memory, then exact PCA, or the spread along random directions."""

import dataclasses

import numpy as np

from regan import latents
from regan.basis import fix_signs


@dataclasses.dataclass(frozen=True)
class ExactPCA:
    """State after `count` rows. All arrays float64.

    Attributes:
        count: rows seen.
        mean: [D], their mean.
        scatter: [D, D], sum over the rows of (row - mean)^T (row - mean).
        kept: number of components K in the result.
    """
    count: int
    mean: np.ndarray
    scatter: np.ndarray
    kept: int

    @classmethod
    def start(cls, width, components):
        """No rows yet, of `width` columns; `components` will be kept."""
        return cls(0, np.zeros(width), np.zeros((width, width)), components)

    def update(self, rows):
        """The state after `rows`, float [k, D], too; this one is unchanged.

        The pairwise merge of Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983.
        """
        rows = np.array(rows, np.float64)
        count = self.count + len(rows)
        block_mean = rows.mean(axis=0)
        shift = block_mean - self.mean
        rows -= block_mean
        scatter = self.scatter + rows.T.dot(rows) + np.outer(shift, shift) * (self.count * len(rows) / count)
        return dataclasses.replace(self, count=count, mean=self.mean + shift * (len(rows) / count), scatter=scatter)

    @property
    def total(self):
        """Sum of the squared deviations of all entries from their column's mean."""
        return np.trace(self.scatter)

    def result(self):
        """(mean [D], components [K, D], stdev [K] with denominator count, share of variance [K])."""
        values, vectors = np.linalg.eigh(self.scatter)
        values = np.maximum(values[::-1][:self.kept], 0)
        components = fix_signs(vectors.T[::-1][:self.kept])
        return self.mean, components, np.sqrt(values / self.count), values / self.total


class RandomDirections(ExactPCA):
    """The same sample, seen along the first K rows of `latents.random_basis`: what principal components are compared with."""

    def result(self):
        """(mean [D], orthonormal directions [K, D], stdev [K] with denominator count, share of variance [K]), in the order drawn."""
        components = fix_signs(latents.random_basis(latents.DIRECTIONS_SEED, len(self.mean))[:self.kept])
        values = np.sum(components.dot(self.scatter) * components, axis=1)
        return self.mean, components, np.sqrt(values / self.count), values / self.total
