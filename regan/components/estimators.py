"""Estimators that need all rows in memory: GANSpace's fbpca, ica and spca, with its parameters, on old and new
scikit-learn.

`ica` and `spca` are scikit-learn's FastICA and SparsePCA; `fbpca` is Facebook's package, which takes its random numbers
from NumPy's global generator. Their signs are made those of the other estimators, unless asked otherwise.
"""

import contextlib
import functools
import warnings
from typing import Any, Callable, Dict, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.components.basis import Found, fix_signs

# Bytes of float32 rows: the original's limit for ica, here for all. A million rows of 512 fit. While they compute 20
# components,
# fbpca takes 2.3 times as much on top, ica 3.3 times.
LARGEST_SAMPLE = 2**31 - 1
MOST_ITERATIONS = 10000  # of ica
SPARSITY = 1.0  # spca's default


def fbpca(rows: np.ndarray, count: int, random: np.random.RandomState, **_: Any) -> Tuple[np.ndarray, np.ndarray]:
    """(components [count, D], stdev [count]) of rows [n, D] that have mean 0, by a randomised SVD (Halko et al., 2009).

    Args:
        random: RandomState for the draws, which it is advanced by; there are none if 2.5 count >= min(n, D).
    """
    import fbpca as package

    with _as_global(random):
        components = package.pca(rows, k=count, raw=True, n_iter=2, l=2 * count)[2]
    return components, spread(rows, components)


def ica(rows: np.ndarray, count: int, **_: Any) -> Tuple[np.ndarray, np.ndarray]:
    """(unit unmixing directions [count, D], stdev [count]) of rows [n, D] that have mean 0. UserError if it does not
    converge.
    """
    import sklearn
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    # The same scaling under both names; it does not matter to unit rows.
    whiten = True if _version(sklearn) < (1, 1) else 'arbitrary-variance'
    estimator = FastICA(n_components=count, random_state=0, whiten=whiten, max_iter=MOST_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter('error', ConvergenceWarning)
        try:
            components = estimator.fit(rows).components_.astype(np.float64)
        except ConvergenceWarning:
            raise UserError(
                'ica did not converge in %d iterations; ask for fewer components or more samples' % MOST_ITERATIONS
            ) from None
    components /= np.linalg.norm(components, axis=1, keepdims=True)
    return components, spread(rows, components)


def spca(rows: np.ndarray, count: int, sparsity: float, **_: Any) -> Tuple[np.ndarray, np.ndarray]:
    """(unit sparse components [count, D], stdev [count] of the codes) of rows [n, D] that have mean 0.

    Args:
        sparsity: alpha, the weight of the L1 penalty.
    """
    from sklearn.decomposition import SparsePCA

    # One process: the original asks for all cores, which gives the same numbers more slowly.
    estimator = SparsePCA(count, alpha=sparsity, ridge_alpha=0.01, max_iter=100, random_state=0)
    codes = estimator.fit(rows).transform(rows)  # [n, count]
    empty = np.flatnonzero(~estimator.components_.any(axis=1))
    if len(empty):
        raise UserError(
            'with sparsity %g, %d of %d sparse components are all zeros; lower the sparsity or the number of components'
            % (sparsity, len(empty), count)
        )
    return estimator.components_, codes.std(axis=0, dtype=np.float64)


FITS: Dict[str, Callable[..., Tuple[np.ndarray, np.ndarray]]] = {'fbpca': fbpca, 'ica': ica, 'spca': spca}


def versions(name: str) -> Dict[str, str]:
    """Versions that decide about the last bits of an estimator's result, as a dict; empty for those that are our
    own.
    """
    if name == 'fbpca':
        import scipy

        return {'scipy': scipy.__version__}
    if name in FITS:
        import sklearn

        return {'scikit-learn': sklearn.__version__}
    return {}


class WholeSample:
    """Gathers rows and fits once. It is used like `regan.components.ipca.IncrementalPCA`, but changes in place.

    Args:
        name: key of FITS.
        size: (number of rows that will come, D).
        components: K.
        random: RandomState that stands for NumPy's global generator.
        sparsity: of spca.
        fixed_signs: whether the entry of largest magnitude of a component is positive; else signs are as found.

    Attributes: count, mean [D], total as in IncrementalPCA.

    Raises:
        UserError: the rows would take more than LARGEST_SAMPLE bytes.
    """

    count: int
    mean: np.ndarray
    total: float

    def __init__(
        self,
        name: str,
        size: Tuple[int, int],
        components: int,
        random: np.random.RandomState,
        sparsity: float,
        fixed_signs: bool = True,
    ) -> None:
        if size[0] * size[1] * 4 > LARGEST_SAMPLE:
            raise UserError(
                '%s needs all samples in memory, and %d of width %d would take %.1f GiB where %.1f are allowed; '
                'ask for at most %d samples'
                % (
                    name,
                    size[0],
                    size[1],
                    size[0] * size[1] / 2**28,
                    LARGEST_SAMPLE / 2**30,
                    LARGEST_SAMPLE // 4 // size[1],
                )
            )
        self._fit = functools.partial(FITS[name], count=components, random=random, sparsity=sparsity)
        self._fixed_signs = fixed_signs
        self._rows: Any = np.empty(size, np.float32)
        self.count, self.mean, self.total = 0, np.zeros(size[1]), 0.0

    def update(self, rows: np.ndarray) -> 'WholeSample':
        """Takes further rows, float [k, D]; returns self."""
        self._rows[self.count : self.count + len(rows)] = rows
        count, block = self.count + len(rows), np.array(rows, np.float64)
        shift = block.mean(axis=0) - self.mean
        block -= block.mean(axis=0)
        self.total += np.vdot(block, block) + np.vdot(shift, shift) * self.count * len(rows) / count
        self.mean = self.mean + shift * (len(rows) / count)
        self.count = count
        return self

    def result(self) -> Found:
        """(mean [D], components [K, D], stdev [K] with denominator count, share of variance [K]), by falling stdev.
        Only once.
        """
        rows, self._rows = self._rows, None
        rows -= self.mean.astype(np.float32)
        components, stdev = self._fit(rows)
        order = np.argsort(-stdev, kind='stable')
        components = fix_signs(components[order]) if self._fixed_signs else components[order]
        return self.mean, components, stdev[order], np.square(stdev[order]) * self.count / self.total


def spread(rows: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Standard deviation (denominator n) of float32 rows [n, D] along components [K, D]: float64 [K]."""
    return np.dot(rows, components.T.astype(np.float32)).std(axis=0, dtype=np.float64)


@contextlib.contextmanager
def _as_global(random):
    """Inside, NumPy's global generator is `random`; afterwards it is as before and `random` is where it came to."""
    outer = np.random.get_state()
    np.random.set_state(random.get_state())
    try:
        yield
    finally:
        random.set_state(np.random.get_state())
        np.random.set_state(outer)


def _version(module):
    return tuple(int(part) for part in module.__version__.split('.')[:2])
