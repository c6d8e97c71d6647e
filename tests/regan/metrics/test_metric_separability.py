"""Linear separability on data whose answer is known, and factors as attributes."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from regan.base.errors import UserError
from regan.metrics import factors, separability


@pytest.fixture
def w():
    return np.random.RandomState(0).randn(1201, 7)


def test_half_spaces_give_1(w):
    normals = np.random.RandomState(1).randn(7, 3)
    bits = separability.entropies(w, w.dot(normals) + 0.3)
    assert bits.shape == (3,) and separability.score(bits) == pytest.approx(1, abs=0.02)


def test_independent_attributes_give_2_each(w):
    bits = separability.entropies(w, np.random.RandomState(2).randn(1201, 3))
    assert (bits > 0.9).all() and (bits <= 1).all()
    assert 6.5 < separability.score(bits) <= 8


def test_how_many_samples_are_kept(w):
    """Those that a hyperplane decides are the surest; the others are noise."""
    logits = np.where(np.arange(1201) < 300, w[:, 0] + np.sign(w[:, 0]), 1e-3 * np.random.RandomState(2).randn(1201))
    few, many = [separability.entropies(w, logits[:, np.newaxis], keep=keep)[0] for keep in (300, 1201)]
    assert few < 0.1 and many > 0.5


def test_a_parity_is_not_linear(w):
    assert separability.entropies(w, (w[:, 0] * w[:, 1])[:, np.newaxis])[0] > 0.9


def test_only_the_surer_half_counts(w):
    """Where the sign is random but small, the answers that count are still known."""
    logit = w[:, 2].copy()
    unsure = np.argsort(np.abs(logit))[:600]
    logit[unsure] = 1e-6 * np.random.RandomState(3).choice([-1, 1], 600)
    assert separability.entropies(w, logit[:, np.newaxis])[0] == pytest.approx(0, abs=0.01)


def test_one_class_only_is_known(w):
    assert separability.entropies(w, np.ones([1201, 1]))[0] == 0
    assert separability.score([]) == 1


def test_conditional_entropy_is_that_of_scikit_learn():
    random = np.random.RandomState(4)
    target = random.rand(997) < 0.3
    prediction = np.where(random.rand(997) < 0.8, target, random.rand(997) < 0.5)
    p = target.mean()
    entropy = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    expected = entropy - mutual_info_score(target, prediction) / np.log(2)
    assert 0.1 < expected < 0.8
    assert separability.conditional_entropy(target, prediction) == pytest.approx(expected)
    assert separability.conditional_entropy(target, ~target) == pytest.approx(0, abs=1e-12)


def test_progress_and_errors(w):
    done = []
    separability.entropies(w[:50], w[:50, :2], done.append)
    assert done == [1, 1]
    with pytest.raises(UserError, match='at least 4 images'):
        separability.entropies(w[:3], w[:3])


# ------------------------------------------------------------------ factors


def test_r_squared_of_plain_factors():
    truth = np.random.RandomState(5).rand(501, 3)
    reading = truth.copy()
    reading[:, 1] = truth[:, 1].mean()
    reading[:, 2] = truth[:, 2] + np.random.RandomState(6).randn(501) * 0.1
    found = factors.r_squared(truth, reading)
    np.testing.assert_allclose(
        found, [1, 0, 1 - np.square(reading - truth)[:, 2].mean() / truth[:, 2].var()], atol=1e-12
    )


def test_r_squared_of_a_circular_factor_goes_the_shorter_way():
    truth = np.linspace(0, 1, 1000, endpoint=False)[:, np.newaxis]
    reading = (truth + 0.02) % 1
    assert factors.r_squared(truth, reading)[0] < 0.9
    assert factors.r_squared(truth, reading, circular=[0])[0] == pytest.approx(1 - 0.02**2 * 12, abs=1e-4)


def test_a_factor_that_does_not_vary_is_not_read():
    assert factors.r_squared(np.full([7, 1], 0.5), np.full([7, 1], 0.5))[0] == 0


def test_attributes_split_at_the_median():
    readings = np.random.RandomState(7).rand(401, 2) ** 3
    logits = factors.attribute_logits(readings)
    assert ((logits > 0).sum(axis=0) == 200).all()
    np.testing.assert_allclose(logits, readings - np.median(readings, axis=0))


def test_a_circular_attribute_is_a_half_circle():
    logits = factors.attribute_logits(np.array([[0.25], [0.75], [0.01], [0.99]]), circular=[0])
    np.testing.assert_allclose(logits[:2, 0], [1, -1])
    assert logits[2, 0] > 0 > logits[3, 0] and np.abs(logits[2:]).max() < 0.1
