"""Incremental PCA: blocks of rows in, the first K components of all of them out.

The estimator of GANSpace and of its reproduction, with the numbers of scikit-learn's
`IncrementalPCA.partial_fit` (Ross et al., "Incremental learning for robust visual tracking", 2008), so that the
indices and signs of published edits hold. Because every block is cut to K components, the result depends on the
size of the blocks. Written out here because old and new scikit-learn would have to agree, and for speed.
"""

import dataclasses

import numpy as np

from regan.basis import fix_signs

# Eigenvalues of the Gram matrix carry errors of about 1e-15 of the largest. Summed over 500 blocks, components
# whose neighbours are further away than this share of the largest stay within 500 * 1e-15 / 1e-8 = 5e-5.
SMALLEST_GAP = 1e-8


@dataclasses.dataclass(frozen=True)
class IncrementalPCA:
    """State after `count` rows. All arrays float64.

    Attributes:
        count: rows seen.
        mean: [D], their mean.
        total: sum of the squared deviations of all entries from their column's mean.
        components: [K, D], unit rows.
        singular_values: [K], falling.
    """
    count: int
    mean: np.ndarray
    total: float
    components: np.ndarray
    singular_values: np.ndarray

    @classmethod
    def start(cls, width, components):
        """No rows yet, of `width` columns; `components` will be kept. The first update needs as many rows."""
        return cls(0, np.zeros(width), 0.0, np.zeros((components, width)), np.zeros(components))

    def update(self, rows):
        """The state after `rows`, float [k, D], too; this one is unchanged."""
        rows = np.array(rows, np.float64)
        count = self.count + len(rows)
        block_mean = rows.mean(axis=0)
        shift = block_mean - self.mean
        rows -= block_mean
        correction = np.sqrt(self.count * len(rows) / count) * shift[np.newaxis]  # [1, D]
        total = self.total + np.vdot(rows, rows) + np.vdot(correction, correction)
        past = self.singular_values[:, np.newaxis] * self.components  # [K, D]
        singular_values, components = right_singular([past, rows, correction], len(self.components))
        return IncrementalPCA(count, self.mean + shift * (len(rows) / count), total, components, singular_values)

    def result(self):
        """(mean [D], components [K, D], stdev [K] with denominator count - 1, share of variance [K])."""
        variance = np.square(self.singular_values)
        return self.mean, self.components, np.sqrt(variance / (self.count - 1)), variance / self.total


def right_singular(parts, count):
    """The `count` largest singular values [count] and right singular vectors [count, D] of stacked parts.

    Args:
        parts: list of matrices [*, D], the blocks of rows of one matrix A.

    Eigenvectors of A^T A, or of A A^T if that is smaller, where these are safe, which takes a fifth of the time; else QR and SVD.
    """
    wide = parts[0].shape[1] > sum(len(part) for part in parts)
    values, vectors = np.linalg.eigh(_products_of_rows(parts) if wide else sum(part.T.dot(part) for part in parts))
    values, vectors = values[::-1], vectors.T[::-1][:count]
    if np.all(values[:-1][:count] - values[1:][:count] > SMALLEST_GAP * values[0]):
        singular_values = np.sqrt(np.maximum(values[:count], 0))
        return singular_values, fix_signs(_from_left(vectors, parts, singular_values) if wide else vectors)
    _, singular_values, vectors = np.linalg.svd(np.linalg.qr(np.vstack(parts), mode='r'), full_matrices=False)
    return singular_values[:count], fix_signs(vectors[:count])


def _products_of_rows(parts):
    """A A^T of the stacked parts."""
    return np.block([[part.dot(other.T) for other in parts] for part in parts])


def _from_left(vectors, parts, singular_values):
    """Right singular vectors [count, D] from the left ones, rows [count, *]."""
    ends = np.cumsum([len(part) for part in parts])
    return sum(vectors[:, end - len(part):end].dot(part) for part, end in zip(parts, ends)) / singular_values[:, np.newaxis]
