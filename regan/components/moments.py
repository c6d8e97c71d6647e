"""Mean and scatter matrix of many rows in one pass and O(D^2) memory, then exact PCA, or the spread along random
directions.

The result is defined by a fixed tree with two levels: blocks of rows are folded left to right inside a shard of
BLOCKS_PER_SHARD blocks, and shards are folded left to right. A shard depends on its own rows alone. So wherever shards
were computed, on one machine or on many, the same sequence of float operations has been done.
"""

import dataclasses
from typing import Callable, Optional

import numpy as np
import scipy.linalg.blas

from regan.components.basis import Found, fix_signs
from regan.sampling import latents

BLOCKS_PER_SHARD = 25  # Some seconds of one core; what a lost worker costs.
ROWS_PER_PRODUCT = 500  # Of float32; see `Moments.of`.


@dataclasses.dataclass(frozen=True)
class Moments:
    """Sufficient statistics of some rows. All arrays float64.

    Attributes:
        count: number of rows.
        mean: [D], their mean; zeros if there are none.
        scatter: [D, D], exactly symmetric: sum over the rows of (row - mean)^T (row - mean).
    """

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def none(cls, width: int) -> 'Moments':
        """Of no rows."""
        return cls(0, np.zeros(width), np.zeros((width, width)))

    @classmethod
    def of(cls, rows: np.ndarray) -> 'Moments':
        """Of rows float [k, D], k > 0. Of float32 rows the products are taken in float32, of others in float64.

        Float32: all rows are shifted by one of them, m = ROWS_PER_PRODUCT at a time are multiplied in float32, and
        products are summed in float64. Let u = 2^-24, y the shifted rows and S = sum of y^T y. A shifted entry is wrong
        by the factor 1 + d,
        |d| <= u, and a sum of m products, in whatever order, by gamma = m u / (1 - m u) times the sum of their
        magnitudes. With the inequality of Cauchy and Schwarz, the entry i, j of the result is wrong by

            (m + 2) u sqrt(S_ii S_jj) to first order, however many rows there are,

        and so the matrix by at most (m + 2) u trace(S) in the Frobenius norm: 3e-5 of the trace. That is for errors
        that all have one sign. Rounding has none, and what is seen is 1e-8 to 1e-7 of the trace (2000 rows), and falls
        with the number of rows.
        """
        rows = np.asarray(rows)
        if rows.dtype != np.float32:
            rows = rows.astype(np.float64)
        shift = rows[:ROWS_PER_PRODUCT].mean(axis=0, dtype=np.float64).astype(rows.dtype)
        total, products = np.zeros(len(shift)), np.zeros((len(shift),) * 2, order='F')  # As BLAS returns them.
        for begin in range(0, len(rows), ROWS_PER_PRODUCT):
            shifted = rows[begin : begin + ROWS_PER_PRODUCT] - shift
            total += shifted.sum(axis=0, dtype=np.float64)
            products += half_gram(shifted)
        offset = total / len(rows)
        return cls(len(rows), shift + offset, mirrored(products) - _square(offset, len(rows)))

    def merge(self, other: 'Moments') -> 'Moments':
        """Of the rows of both (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983)."""
        if not self.count:
            return other
        count = self.count + other.count
        shift = other.mean - self.mean
        scatter = _square(shift, self.count * other.count / count)
        scatter += self.scatter
        scatter += other.scatter
        return Moments(count, self.mean + shift * (other.count / count), scatter)

    @property
    def total(self) -> float:
        """Sum of the squared deviations of all entries from their column's mean."""
        return np.trace(self.scatter)


def _square(row, weight):
    """weight row^T row, symmetric to the last bit."""
    row = row * np.sqrt(weight)
    return np.outer(row, row)


def half_gram(rows: np.ndarray) -> np.ndarray:
    """The upper triangle of rows^T rows, the rest zeros. SciPy's BLAS: the one of old NumPy knows no new processors."""
    syrk = scipy.linalg.blas.ssyrk if rows.dtype == np.float32 else scipy.linalg.blas.dsyrk
    return syrk(1.0, rows.T)


def mirrored(triangle: np.ndarray) -> np.ndarray:
    """The symmetric matrix of an upper triangle whose lower entries are zero."""
    full = triangle + triangle.T
    np.fill_diagonal(full, np.diagonal(triangle))
    return full


@dataclasses.dataclass(frozen=True)
class ExactPCA:
    """The tree of moments so far: what the finished shards came to, and the shard that is open. All arrays float64.

    Attributes:
        done_count, done_mean [D], done_scatter [D, D]: Moments of the finished shards.
        open_count, open_mean [D], open_scatter [D, D]: of the blocks of the open shard.
        blocks: blocks in the open shard.
        kept: number of components K in the result.
    """

    done_count: int
    done_mean: np.ndarray
    done_scatter: np.ndarray
    open_count: int
    open_mean: np.ndarray
    open_scatter: np.ndarray
    blocks: int
    kept: int

    @classmethod
    def start(cls, width: int, components: int) -> 'ExactPCA':
        """No rows yet, of `width` columns; `components` will be kept."""
        return cls._from(Moments.none(width), Moments.none(width), 0, components)

    @classmethod
    def _from(cls, done, opened, blocks, kept):
        return cls(done.count, done.mean, done.scatter, opened.count, opened.mean, opened.scatter, blocks, kept)

    @property
    def _done(self):
        return Moments(self.done_count, self.done_mean, self.done_scatter)

    @property
    def _open(self):
        return Moments(self.open_count, self.open_mean, self.open_scatter)

    def update(self, rows: np.ndarray) -> 'ExactPCA':
        """The state after one more block, rows float [k, D]; this one is unchanged. See `Moments.of` for the
        precision.
        """
        opened, blocks = self._open.merge(Moments.of(rows)), self.blocks + 1
        if blocks < BLOCKS_PER_SHARD:
            return self._from(self._done, opened, blocks, self.kept)
        return self._from(self._done.merge(opened), Moments.none(len(self.open_mean)), 0, self.kept)

    def add_shard(self, moments: Moments, rows: Optional[Callable[[], np.ndarray]] = None) -> 'ExactPCA':
        """The state after one more shard, which may be the last and shorter one. Bit for bit as from its blocks.

        Args:
            moments: Moments of the shard's blocks, folded left to right.
            rows: not used; other estimators may ask for the rows of their shards.
        """
        if self.blocks:
            raise ValueError('a shard of %d blocks is open' % self.blocks)
        return self._from(self._done.merge(moments), self._open, 0, self.kept)

    def without_open_shard(self) -> 'ExactPCA':
        """The state before the blocks of the open shard."""
        return self._from(self._done, Moments.none(len(self.open_mean)), 0, self.kept)

    @property
    def moments(self) -> Moments:
        """Moments of all rows."""
        return self._done.merge(self._open) if self.open_count else self._done

    @property
    def count(self) -> int:
        """Rows seen."""
        return self.done_count + self.open_count

    @property
    def mean(self) -> np.ndarray:
        """[D], of all rows."""
        return self.moments.mean

    @property
    def scatter(self) -> np.ndarray:
        """[D, D], of all rows: sum of (row - mean)^T (row - mean)."""
        return self.moments.scatter

    @property
    def total(self) -> float:
        """Sum of the squared deviations of all entries from their column's mean."""
        return self.moments.total

    def result(self) -> Found:
        """(mean [D], components [K, D], stdev [K] with denominator count, share of variance [K])."""
        moments = self.moments
        values, vectors = np.linalg.eigh(moments.scatter)
        values = np.maximum(values[::-1][: self.kept], 0)
        components = fix_signs(vectors.T[::-1][: self.kept])
        return moments.mean, components, np.sqrt(values / moments.count), values / moments.total


class RandomDirections(ExactPCA):
    """The same sample, seen along the first K rows of `latents.random_basis`: what principal components are compared
    with.
    """

    def result(self) -> Found:
        """As `along`, in the order drawn."""
        drawn = latents.random_basis(latents.DIRECTIONS_SEED, len(self.mean))[: self.kept]
        return along(self.moments, fix_signs(drawn))


def along(moments: Moments, directions: np.ndarray) -> Found:
    """A sample as seen along orthonormal directions that it did not choose.

    Args:
        moments: of the sample.
        directions: float [K, D].

    Returns:
        (mean [D], directions [K, D], stdev [K] with denominator count, share of variance [K]).
    """
    values = np.sum(directions.dot(moments.scatter) * directions, axis=1)
    return moments.mean, directions, np.sqrt(values / moments.count), values / moments.total
