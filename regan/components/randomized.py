"""Randomized PCA of rows that are too wide for their covariance matrix and too many for the memory.

Randomised subspace iteration (Halko, Martinsson and Tropp, "Finding structure with randomness", 2011): a random sketch
of the rows' space, then passes that multiply it by the covariance matrix, which is never formed. The rows are made
again for every pass, a few at a time, so memory is two matrices [D, 2 K] of float32 and a few rows, however many there
are. What the result is worth is measured, not estimated: the last pass gives the exact variance along every component,
and how far each is from being an eigenvector.
"""

import contextlib
import dataclasses
from typing import Callable, Iterable

import numpy as np
import scipy.linalg.blas

from regan.base import background
from regan.base.errors import UserError

OVERSAMPLING = 2  # Width of the sketch in components, as GANSpace has it for fbpca.
ITERATIONS = 2  # ... and its power iterations.
SKETCH_SEED = 4  # Any; of the normals of the sketch.
ROWS_OF_SKETCH = 4096  # That are float64 at a time.
NEGLIGIBLE = 1e-12  # Share of the largest squared singular value of a sketch below which a direction is rounding noise.


@dataclasses.dataclass(frozen=True)
class RandomizedPCA:
    """Result for n rows of width D, K components.

    Attributes:
        count: n.
        mean: float64 [D].
        components: float32 [K, D], orthonormal rows by falling variance; the entry of largest magnitude is positive.
        stdev: float64 [K], the rows' standard deviation along each, denominator n.
        variance_ratio: float64 [K], share of the total variance.
        missing: share of the total variance that is along none of the components; the best K directions miss at most as
            much.
        residuals: float64 [K], with an error of 1e-4 from the float32 products. With the covariance matrix C and
            variance s = stdev^2: |C v - s v| / s. So C has an eigenvalue within s (1 +- residual), and where the
            nearest other eigenvalue is further than a share g of s away, the sine of the angle between v and the
            eigenvector is at most residual / g (Davis and Kahan, 1970).
    """

    count: int
    mean: np.ndarray
    components: np.ndarray
    stdev: np.ndarray
    variance_ratio: np.ndarray
    missing: float
    residuals: np.ndarray


def passes() -> int:
    """How often `fit` reads all rows: for the sketch, for each power iteration, and for the variances."""
    return 2 + ITERATIONS


def fit(chunks: Callable[[], Iterable[np.ndarray]], count: int) -> RandomizedPCA:
    """RandomizedPCA with `count` components.

    Args:
        chunks: function without arguments that returns an iterator of float32 [k, D], which must give the same rows
            whenever it is called.
        count: K.

    Raises:
        UserError: the rows vary in fewer than K directions.
    """
    with _ahead(chunks) as pieces:
        rows, mean, total, sketch = _sketch(pieces, OVERSAMPLING * count)
    for _ in range(passes() - 1):
        basis = _orthonormalise(sketch)
        if basis.shape[1] < count:
            raise _too_many(rows, count)
        basis = _orthonormalise(basis)  # Once leaves errors of the size of 1e-16 / NEGLIGIBLE.
        with _ahead(chunks) as pieces:
            sketch, inside = _times_covariance(pieces, mean.astype(np.float32), basis, rows)
        variance, rotation = np.linalg.eigh(inside)
        variance, rotation = np.maximum(variance[::-1], 0), rotation[:, ::-1]
        # Columns are near eigenvectors from now on, each with a scale of its own: float32 does not drown the small
        # ones.
        _rotate(basis, rotation)
        _rotate(sketch, rotation)
    if not variance[count - 1] > NEGLIGIBLE * variance[0]:
        raise _too_many(rows, count)
    residuals = _residuals(sketch, basis, variance[:count])
    return RandomizedPCA(
        rows,
        mean,
        _components(basis, count),
        np.sqrt(variance[:count]),
        variance[:count] / total,
        1 - variance[:count].sum() / total,
        residuals,
    )


def _ahead(chunks):
    """Context manager: the rows, made in the background; the thread ends with the block."""
    return contextlib.closing(background.ahead(chunks(), 1))


def _too_many(rows, count):
    return UserError('the %d rows vary in fewer than %d directions; ask for fewer components' % (rows, count))


def _sketch(chunks, width):
    """Rows n, their mean [D], their total variance, and centred rows^T times random normals: float32 [D, width]."""
    random, rows = np.random.RandomState(SKETCH_SEED), 0
    for x in chunks:
        if not rows:
            shift = x.mean(axis=0, dtype=np.float64).astype(np.float32)
            sketch = np.zeros((len(shift), width), np.float32, order='F')
            sums, squares, normals = np.zeros(len(shift)), 0.0, np.zeros(width)
        x = x - shift
        g = random.randn(len(x), width).astype(np.float32)
        sketch = scipy.linalg.blas.sgemm(1.0, x.T, g, beta=1.0, c=sketch, overwrite_c=True)
        sums += x.sum(axis=0, dtype=np.float64)
        squares += np.einsum('ij,ij->', x, x, dtype=np.float64)
        normals += g.sum(axis=0, dtype=np.float64)
        rows += len(x)
    offset = sums / rows
    for column, weight in zip(sketch.T, normals):
        column -= (weight * offset).astype(np.float32)
    return rows, shift + offset, squares / rows - np.vdot(offset, offset), sketch


def _times_covariance(chunks, mean, basis, rows):
    """C basis, float32 [D, l], and basis^T C basis, float64 [l, l], for the covariance matrix C of all rows."""
    product, inside = np.zeros_like(basis), 0.0
    for x in chunks:
        x = x - mean
        coordinates = scipy.linalg.blas.sgemm(1.0, x.T, basis, trans_a=True)  # [k, l]
        product = scipy.linalg.blas.sgemm(1.0 / rows, x.T, coordinates, beta=1.0, c=product, overwrite_c=True)
        coordinates = coordinates.astype(np.float64)
        inside = inside + coordinates.T.dot(coordinates)
    return product, inside / rows


def _orthonormalise(columns):
    """An orthonormal basis of the columns [D, l], in their memory: fewer of them where they depend on each other."""
    gram = sum(part.T.dot(part) for part in _parts(columns))
    scale = 1 / np.sqrt(np.maximum(np.diagonal(gram), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(gram * scale * scale[:, np.newaxis])
    kept = values > NEGLIGIBLE
    return _rotate(columns, (scale[:, np.newaxis] * vectors[:, kept] / np.sqrt(values[kept]))[:, ::-1])


def _rotate(columns, matrix):
    """columns [D, l] times matrix [l, m], m <= l, in their memory: the first m columns of it."""
    for begin, part in zip(range(0, len(columns), ROWS_OF_SKETCH), _parts(columns)):
        columns[begin : begin + ROWS_OF_SKETCH, : matrix.shape[1]] = part.dot(matrix)
    return columns[:, : matrix.shape[1]]


def _parts(columns):
    return (
        columns[begin : begin + ROWS_OF_SKETCH].astype(np.float64) for begin in range(0, len(columns), ROWS_OF_SKETCH)
    )


def _residuals(product, basis, variance):
    """|C v - s v| / s for the leading columns v of the basis."""
    count, squares = len(variance), 0.0
    for y, v in zip(_parts(product[:, :count]), _parts(basis[:, :count])):
        squares = squares + np.square(y - v * variance).sum(axis=0)
    return np.sqrt(squares) / variance


def _components(basis, count):
    """The leading columns as rows [count, D], of unit length, with the sign of `basis.fix_signs`."""
    components = np.ascontiguousarray(basis.T[:count])
    for row in components:
        row *= np.sign(row[np.abs(row).argmax()]) / np.sqrt(np.vdot(row, row))
    return components
