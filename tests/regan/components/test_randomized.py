import tracemalloc

import numpy as np
import pytest
import threadpoolctl
from sklearn.decomposition import PCA
from sklearn.utils.extmath import randomized_svd

from regan.base.errors import UserError
from regan.components import randomized


@pytest.fixture(autouse=True)
def one_thread():
    with threadpoolctl.threadpool_limits(limits=1, user_api='blas'):
        yield


def sample(count, spectrum, seed=0):
    """float32 rows [count, D] with mean 100 .. 100 + D and these standard deviations along hidden axes."""
    random = np.random.RandomState(seed)
    rotation, _ = np.linalg.qr(random.randn(len(spectrum), len(spectrum)))
    return (100 + np.arange(len(spectrum)) + (random.randn(count, len(spectrum)) * spectrum).dot(rotation)).astype(
        np.float32
    )


def in_chunks(rows, size=61):
    return lambda: (rows[begin : begin + size] for begin in range(0, len(rows), size))


def exact(rows, count):
    estimator = PCA(count, svd_solver='full').fit(rows.astype(np.float64))
    return estimator, np.sqrt(estimator.explained_variance_ * (len(rows) - 1) / len(rows))


def cosines(components, expected):
    return np.abs(np.sum(components.astype(np.float64) * expected, axis=1))


@pytest.mark.parametrize('count, width', [(701, 307), (211, 601)])
def test_equals_exact_pca_where_the_spectrum_falls(count, width):
    rows = sample(count, 0.8 ** np.arange(width))
    found, (expected, stdev) = randomized.fit(in_chunks(rows), 11), exact(rows, 11)
    assert found.count == count
    np.testing.assert_allclose(found.mean, rows.mean(axis=0, dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(cosines(found.components, expected.components_), 1, atol=1e-6)
    np.testing.assert_allclose(found.stdev, stdev, rtol=1e-5)
    np.testing.assert_allclose(found.variance_ratio, expected.explained_variance_ratio_, rtol=1e-4)
    np.testing.assert_allclose(found.missing, 1 - expected.explained_variance_ratio_.sum(), atol=1e-5)
    np.testing.assert_allclose(found.components.dot(found.components.T), np.eye(11), atol=1e-6)
    assert found.residuals.max() < 0.02


def test_equals_randomized_svd_of_scikit_learn_on_a_slow_spectrum():
    """With as many power iterations in the same width, both miss the same part of the variance, to a few percent of
    it.
    """
    rows = sample(503, 1 / (1 + np.arange(401)) ** 0.5)
    found = randomized.fit(in_chunks(rows), 13)
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    values = randomized_svd(centred, 13, n_oversamples=13, n_iter=2, random_state=0)[1]
    total = np.vdot(centred, centred)
    assert found.missing == pytest.approx(1 - np.vdot(values, values) / total, rel=0.01)
    assert found.missing >= 1 - exact(rows, 13)[0].explained_variance_ratio_.sum() - 1e-6


@pytest.mark.parametrize('power', [0.3, 1.0, 2.0])
def test_errors_are_what_they_say(power):
    rows = sample(503, 1 / (1.0 + np.arange(211)) ** power)
    found = randomized.fit(in_chunks(rows), 7)
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    covariance = centred.T.dot(centred) / len(rows)
    v, variance = found.components.astype(np.float64), found.stdev**2
    np.testing.assert_allclose(variance, np.sum(v.dot(covariance) * v, axis=1), rtol=1e-5)
    np.testing.assert_allclose(found.missing, 1 - variance.sum() / np.trace(covariance), atol=1e-5)
    residuals = np.linalg.norm(v.dot(covariance) - variance[:, np.newaxis] * v, axis=1) / variance
    np.testing.assert_allclose(found.residuals, residuals, rtol=0.01, atol=5e-5)
    eigenvalues = np.linalg.eigvalsh(covariance)
    for value, residual in zip(variance, found.residuals):
        assert np.abs(eigenvalues - value).min() <= (residual + 5e-5) * value


def test_chunks_do_not_matter_beyond_rounding():
    rows = sample(307, 0.8 ** np.arange(101))
    one, other = (randomized.fit(in_chunks(rows, size), 5) for size in (307, 23))
    np.testing.assert_allclose(one.components, other.components, atol=1e-4)
    np.testing.assert_allclose(one.stdev, other.stdev, rtol=1e-5)


def test_largest_entry_of_each_component_is_positive():
    components = randomized.fit(in_chunks(sample(307, 0.8 ** np.arange(101))), 5).components
    assert (components[np.arange(5), np.abs(components).argmax(axis=1)] > 0).all()


def test_all_rows_are_read_a_fixed_number_of_times():
    rows, calls = sample(101, 0.8 ** np.arange(31)), []

    def chunks():
        calls.append(True)
        return in_chunks(rows)()

    randomized.fit(chunks, 3)
    assert len(calls) == randomized.passes()


def test_memory_does_not_grow_with_the_rows():
    width, count = 40009, 5

    def rows(blocks):
        random = np.random.RandomState(0)
        factors = random.randn(count + 2, width).astype(np.float32)
        return lambda: (
            np.random.RandomState(i).randn(17, count + 2).astype(np.float32).dot(factors) for i in range(blocks)
        )

    def peak(blocks):
        chunks = rows(blocks)
        tracemalloc.start()
        randomized.fit(chunks, count)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    few = peak(2)
    assert peak(8) < 1.1 * few
    assert few < 10 * width * 2 * count * 4  # two sketches, and chunks of 17 rows


@pytest.mark.parametrize('rank', [0, 3])
def test_too_few_directions_are_refused(rank):
    random = np.random.RandomState(0)
    rows = (5 + random.randn(101, rank).dot(random.randn(rank, 47))).astype(np.float32)
    with pytest.raises(UserError, match='the 101 rows vary in fewer than 4 directions; ask for fewer components'):
        randomized.fit(in_chunks(rows), 4)
