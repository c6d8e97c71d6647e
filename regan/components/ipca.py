"""Incremental PCA: blocks of rows in, the first K components of all of them out.

The estimator of GANSpace and of its reproduction, with the numbers of scikit-learn's
`IncrementalPCA.partial_fit` (Ross et al., "Incremental learning for robust visual tracking", 2008), so that the
indices and signs of published edits hold. Because every block is cut to K components, the result depends on the
size of the blocks. Written out here because old and new scikit-learn would have to agree, and for speed.
"""

import dataclasses
from typing import Callable, Optional, Sequence, Tuple

import numpy as np
import scipy.linalg
import scipy.linalg.blas

from regan.components.basis import Found, fix_signs
from regan.components.moments import Moments, half_gram, mirrored

# Eigenvalues of the Gram matrix carry errors of about 1e-15 of the largest. Summed over 500 blocks, components
# whose neighbours are further away than this share of the largest stay within 500 * 1e-15 / 1e-8 = 5e-5.
SMALLEST_GAP = 1e-8

# Float32 products of a block are wrong by up to 1e-7 of its trace in the Frobenius norm (`Moments.of`), in random
# directions: so one
# direction leans towards another by about 1e-7 trace / (D gap). Where that may exceed LARGEST_LEAN, products are taken
# in float64.
FLOAT32_ERROR, LARGEST_LEAN = 1e-7, 1e-5

# Of `_refined`: the lean that is left, and the number of steps after which the full decomposition is as fast.
REFINED_LEAN, MOST_STEPS = 1e-10, 12


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
    def start(cls, width: int, components: int) -> 'IncrementalPCA':
        """No rows yet, of `width` columns; `components` will be kept. The first update needs as many rows."""
        return cls(0, np.zeros(width), 0.0, np.zeros((components, width)), np.zeros(components))

    def update(self, rows: np.ndarray) -> 'IncrementalPCA':
        """The state after one more block, rows float [k, D], too; this one is unchanged."""
        if len(self.mean) > len(self.components) + len(rows) + 1:
            return self._from_rows(rows)
        return self._from_moments(
            Moments.of(rows if self._float32_is_enough(len(rows)) else np.array(rows, np.float64)), lambda: rows
        )

    def add_shard(self, moments: Moments, rows: Callable[[], np.ndarray]) -> 'IncrementalPCA':
        """As `update`, bit for bit, from the Moments of one block of float32 rows.

        Args:
            moments: of at least D - K - 1 rows.
            rows: function without arguments that returns the rows float32 [k, D]; called where the moments are not
                accurate enough.
        """
        return self._from_moments(moments, rows) if self._float32_is_enough(moments.count) else self.update(rows())

    def without_open_shard(self) -> 'IncrementalPCA':
        """This state: every block is a shard."""
        return self

    def _float32_is_enough(self, count):
        """Whether float32 products of the next `count` rows leave the components where they are."""
        variance = np.square(self.singular_values)
        gap = np.min(variance[:-1] - variance[1:], initial=variance[-1])
        return FLOAT32_ERROR * self.total * count < LARGEST_LEAN * len(self.mean) * gap * self.count

    def _from_moments(self, moments, rows):
        past = self.singular_values[:, np.newaxis] * self.components  # [K, D]
        correction = self._correction(moments.count, moments.mean)
        gram = moments.scatter + mirrored(half_gram(np.vstack([past, correction])))
        found = leading(gram, len(self.components), self.components if self.count else None)
        if found is None:
            return self._from_rows(rows())
        return self._advanced(moments.count, moments.mean, moments.total + np.vdot(correction, correction), *found)

    def _from_rows(self, rows):
        rows = np.array(rows, np.float64)
        mean = rows.mean(axis=0)
        rows -= mean
        correction = self._correction(len(rows), mean)
        past = self.singular_values[:, np.newaxis] * self.components  # [K, D]
        found = right_singular([past, rows, correction], len(self.components))
        return self._advanced(len(rows), mean, np.vdot(rows, rows) + np.vdot(correction, correction), *found)

    def _correction(self, count, mean):
        """[1, D], the row that stands for the difference of the means."""
        return np.sqrt(self.count * count / (self.count + count)) * (mean - self.mean)[np.newaxis]

    def _advanced(self, count, mean, squares, singular_values, components):
        rows = self.count + count
        return IncrementalPCA(
            rows, self.mean + (mean - self.mean) * (count / rows), self.total + squares, components, singular_values
        )

    def result(self) -> Found:
        """(mean [D], components [K, D], stdev [K] with denominator count - 1, share of variance [K])."""
        variance = np.square(self.singular_values)
        return self.mean, self.components, np.sqrt(variance / (self.count - 1)), variance / self.total


# ------------------------------------------------------------------ D x D


def leading(
    gram: np.ndarray, count: int, start: Optional[np.ndarray] = None
) -> Optional[Tuple[np.ndarray, np.ndarray]]:
    """The square roots of the `count` largest eigenvalues [count] and their eigenvectors [count, D], or None where
    these are not safe.

    Args:
        gram: [D, D], A^T A of some rows A; so these are singular values and right singular vectors of A.
        start: [count, D], orthonormal rows that may be close to the eigenvectors.
    """
    values, vectors = (_refined(gram, start.T) if start is not None else None) or _decomposed(gram, count)
    if np.any(values[:-1] - values[1:] <= SMALLEST_GAP * values[0]):
        return None
    return np.sqrt(np.maximum(values[:count], 0)), fix_signs(vectors.T[:count])


def _decomposed(gram, count):
    """The `count` largest eigenvalues, falling, and the one after them if there is one; and eigenvectors in columns."""
    width = len(gram)
    values, vectors = scipy.linalg.eigh(
        gram, subset_by_index=[max(width - count - 1, 0), width - 1], check_finite=False
    )
    return values[::-1], vectors[:, ::-1]


def _refined(gram, q):
    """As `_decomposed` without the value after them, by orthogonal iteration from the orthonormal columns q [D, count].

    After many blocks, what was found before outweighs what is new, and so few steps lead to the eigenvectors. The rest
    of the matrix has no eigenvalue above the Frobenius norm `rest` of what is left of it outside of q: if the values in
    q are larger, they are the largest ones, and by Davis and Kahan ("The rotation of eigenvectors by a perturbation",
    1970) q leans from their eigenvectors by at most residual / (smallest - rest).

    Returns: None where it would take too long, or would not be certain.
    """
    squares = np.vdot(gram, gram)
    for _ in range(MOST_STEPS):
        y = scipy.linalg.blas.dgemm(1.0, gram.T, q)  # .T: column by column, as BLAS wants it; it is symmetric.
        inside = scipy.linalg.blas.dgemm(1.0, q, y, trans_a=True)
        smallest = np.diagonal(inside).min()
        # The second term is what rounding can do to the difference.
        rest = np.sqrt(max(squares - 2 * np.vdot(y, y) + np.vdot(inside, inside), 0) + 1e-14 * squares)
        if not rest < smallest / 2:
            return None
        if np.linalg.norm(y - scipy.linalg.blas.dgemm(1.0, q, inside)) <= REFINED_LEAN * (smallest - rest):
            values, rotation = scipy.linalg.eigh((inside + inside.T) / 2, check_finite=False)
            return (values[::-1], scipy.linalg.blas.dgemm(1.0, q, rotation[:, ::-1])) if values[0] > rest else None
        q = _orthonormal(y / np.diagonal(inside))
    return None


def _orthonormal(columns):
    """Orthonormal columns that span the same space as `columns`, which are nearly so already (Cholesky QR)."""
    factor = np.linalg.cholesky(half_gram(columns).T)  # It reads the lower triangle only.
    return scipy.linalg.blas.dtrsm(1.0, factor.T, columns, side=1)


# ------------------------------------------------------------------ rows


def right_singular(parts: Sequence[np.ndarray], count: int) -> Tuple[np.ndarray, np.ndarray]:
    """The `count` largest singular values [count] and right singular vectors [count, D] of stacked parts.

    Args:
        parts: list of matrices [*, D], the blocks of rows of one matrix A.

    Eigenvectors of A^T A, or of A A^T if that is smaller, where these are safe, which takes a fifth of the time; else
    QR and SVD.
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
    return (
        sum(vectors[:, end - len(part) : end].dot(part) for part, end in zip(parts, ends))
        / singular_values[:, np.newaxis]
    )
