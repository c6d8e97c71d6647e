"""The Frechet distance against closed forms and SciPy's matrix square root."""

import numpy as np
import pytest
import scipy.linalg

from regan.base.errors import UserError
from regan.metrics import frechet


def by_sqrtm(a, b):
    """The published formula, literally."""
    root = scipy.linalg.sqrtm(a.covariance.dot(b.covariance))
    return np.square(a.mean - b.mean).sum() + np.trace(a.covariance + b.covariance - 2 * np.real(root))


def correlated(n, width, seed):
    random = np.random.RandomState(seed)
    return random.randn(n, width).dot(random.randn(width, width)) + random.randn(width)


def test_moments_of_a_stream_are_those_of_numpy():
    rows = correlated(1103, 13, 0)
    fitted = frechet.fit(iter([rows[:7], rows[7:8], rows[8:]]))
    assert fitted.count == 1103
    np.testing.assert_allclose(fitted.mean, rows.mean(axis=0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(fitted.covariance, np.cov(rows, rowvar=False), rtol=1e-12, atol=1e-12)


def test_far_from_zero_nothing_cancels():
    rows = np.random.RandomState(1).randn(3001, 5).astype(np.float32)
    near, far = frechet.fit([rows]), frechet.fit([rows.astype(np.float64) + 1e6])
    np.testing.assert_allclose(far.covariance, near.covariance, rtol=0, atol=1e-8)


def test_equals_the_formula_with_sqrtm():
    a, b = frechet.fit([correlated(211, 17, 2)]), frechet.fit([correlated(307, 17, 3)])
    assert frechet.distance(a, b) == pytest.approx(by_sqrtm(a, b), rel=1e-9)
    assert frechet.distance(a, b) == pytest.approx(frechet.distance(b, a), rel=1e-9)


@pytest.mark.parametrize(
    'stdevs, shift, expected',
    [
        ((1, 1, 1, 1), 0, 0),
        ((2, 2, 2, 2), 1, 8),  # N(0, I) and N(1, 4 I) in 4 dimensions.
        ((1, 2, 3, 5), 0, 0 + 1 + 4 + 16),
        ((0, 0, 1, 1), 0, 2),  # A singular covariance.
    ],
)
def test_closed_form_of_gaussians_with_independent_components(stdevs, shift, expected):
    """sum of (mu_i - nu_i)^2 + (s_i - t_i)^2."""
    one = frechet.Gaussian(np.zeros(4), np.eye(4), 2)
    other = frechet.Gaussian(np.full(4, float(shift)), np.diag(np.square(stdevs, dtype=float)), 2)
    assert frechet.distance(one, other) == pytest.approx(expected, abs=1e-9)


def test_a_rotation_of_both_changes_nothing():
    a, b = correlated(101, 11, 4), correlated(103, 11, 5)
    q = np.linalg.qr(np.random.RandomState(6).randn(11, 11))[0]
    distances = [frechet.distance(frechet.fit([a.dot(m)]), frechet.fit([b.dot(m)])) for m in (np.eye(11), q)]
    assert distances[0] == pytest.approx(distances[1], rel=1e-9)


def test_fewer_images_than_features():
    """The square root of a singular product: SciPy's may be imaginary, ours is not, and equal sets have distance 0."""
    rows = np.random.RandomState(7).randn(23, 64)
    one = frechet.fit([rows])
    assert frechet.distance(one, one) == pytest.approx(0, abs=1e-4)
    shifted = frechet.fit([rows + 3])
    assert frechet.distance(one, shifted) == pytest.approx(64 * 9, rel=1e-6)


def test_too_few_images():
    with pytest.raises(UserError, match='at least 2 images'):
        frechet.fit([np.zeros([1, 3])])
    with pytest.raises(UserError, match='at least 2 images'):
        frechet.fit([])


def test_nan_is_refused():
    with pytest.raises(UserError, match='NaN or infinity among the features of 3 images'):
        frechet.fit([np.array([[1.0], [np.nan], [2.0]])])
