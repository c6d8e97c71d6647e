"""Precision and recall against scikit-learn's neighbours and sets where the answer is plain."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from regan.base.errors import UserError
from regan.metrics import neighbours


def by_sklearn(reals, fakes, k=3):
    def radii(rows):
        return (
            NearestNeighbors(n_neighbors=k + 1, algorithm='brute').fit(rows).kneighbors(rows)[0][:, -1]
        )  # The first is the row itself.

    def share(rows, members):
        radius = radii(members)
        distances = np.sqrt(np.square(rows[:, np.newaxis] - members).sum(axis=2))
        return (distances <= radius).any(axis=1).mean()

    return share(fakes, reals), share(reals, fakes)


@pytest.fixture
def sets():
    random = np.random.RandomState(0)
    return random.randn(113, 7), 0.8 * random.randn(101, 7) + 0.4


@pytest.mark.parametrize('chunk', [1000, 37, 10])
def test_equals_scikit_learn_in_pieces_of_any_size(sets, chunk, monkeypatch):
    monkeypatch.setattr(neighbours, 'CHUNK', chunk)
    expected = by_sklearn(*sets)
    assert 0.1 < min(expected) and max(expected) < 1
    assert neighbours.precision_recall(*sets) == pytest.approx(expected)


@pytest.mark.parametrize('k', [1, 5])
def test_another_neighbour(sets, k):
    assert neighbours.precision_recall(*sets, neighbour=k) == pytest.approx(by_sklearn(*sets, k=k))


def test_radii_are_squared_distances_to_the_third_other_row(sets, monkeypatch):
    monkeypatch.setattr(neighbours, 'CHUNK', 29)
    distances, _ = NearestNeighbors(n_neighbors=4).fit(sets[0]).kneighbors(sets[0])
    np.testing.assert_allclose(neighbours.radii_of(sets[0].astype(np.float32)), distances[:, 3] ** 2, rtol=1e-4)


def test_known_radii_are_used(sets):
    radii = neighbours.radii_of(sets[0].astype(np.float32))
    assert neighbours.precision_recall(*sets, radii=radii) == neighbours.precision_recall(*sets)
    assert neighbours.precision_recall(*sets, radii=np.zeros(113))[0] == 0


def test_equal_and_distant_sets(sets):
    reals = sets[0]
    assert neighbours.precision_recall(reals, reals) == (1, 1)
    assert neighbours.precision_recall(reals, reals + 100) == (0, 0)


def test_one_mode_of_two():
    """Fakes that show one of two clusters: all are real, half of the reals are missed."""
    random = np.random.RandomState(1)
    cluster = random.randn(40, 3)
    reals = np.concatenate([cluster, random.randn(40, 3) + 1000])
    assert neighbours.precision_recall(reals, cluster) == (1, 0.5)


def test_a_common_offset_changes_nothing(sets):
    """Squares of 1e4 would swallow differences of 1 in float32."""
    moved = [rows + 1e4 for rows in sets]
    assert neighbours.precision_recall(*moved) == pytest.approx(by_sklearn(*sets), abs=0.03)


def test_progress_counts_rows(sets):
    done = []
    neighbours.precision_recall(*sets, progress=done.append)
    assert sum(done) == 2 * (113 + 101)


def test_errors():
    with pytest.raises(UserError, match='more than 3 images'):
        neighbours.radii_of(np.zeros([3, 2]))
    with pytest.raises(UserError, match='NaN or infinity among the features of 5 images'):
        neighbours.radii_of(np.array([[1], [2], [np.inf], [3], [4.0]]))
