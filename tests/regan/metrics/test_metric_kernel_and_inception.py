"""Kernel distance and inception score where the answer is plain, and what is refused."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.metrics import inception, kernel


def test_kernel_distance_of_all_rows_is_the_unbiased_estimate():
    x, y = np.random.RandomState(0).randn(7, 3), np.random.RandomState(1).randn(7, 3) + 1

    def mean(a, b, same):
        values = [(a[i].dot(b[j]) / 3 + 1) ** 3 for i in range(7) for j in range(7) if not (same and i == j)]
        return np.mean(values)

    expected = mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)
    assert kernel.distance(x, y, 3, 1000, np.random.RandomState(2)) == pytest.approx(expected)


def test_kernel_distance_by_subsets():
    """Of equal distributions it is 0 on average, and its draws are documented."""
    x, y = np.random.RandomState(0).randn(2, 300, 2)
    found = kernel.distance(x, y, 50, 40, np.random.RandomState(2))
    rnd, values = np.random.RandomState(2), []
    for _ in range(50):
        fakes = y[rnd.choice(300, 40, replace=False)]
        values.append(kernel.discrepancy(fakes, x[rnd.choice(300, 40, replace=False)]))
    assert found == pytest.approx(np.mean(values)) and abs(found) < 0.1


def test_inception_score_of_sure_and_of_unsure_images():
    assert inception.score(np.eye(5)[np.arange(20) % 5], 2) == pytest.approx((5, 0))
    assert inception.score(np.full([20, 5], 0.2), 10) == pytest.approx((1, 0))


def test_too_few():
    with pytest.raises(UserError, match='at least 2 images'):
        kernel.distance(np.zeros([1, 3]), np.zeros([9, 3]), 1, 10, np.random)
    with pytest.raises(UserError, match='in 10 parts needs as many images'):
        inception.score(np.ones([9, 1]), 10)
