import numpy as np
import pytest
from sklearn.decomposition import PCA

from regan.moments import ExactPCA


def sample(rows, width, seed=0):
    generator = np.random.RandomState(seed)
    return 1000 + (generator.randn(rows, width) * 0.8 ** np.arange(width)).dot(generator.randn(width, width))


def fit(rows, cuts, kept):
    state = ExactPCA.start(rows.shape[1], kept)
    for part in np.split(rows, cuts):
        state = state.update(part)
    return state


@pytest.mark.parametrize('cuts', [[], [1], [100, 200, 307], list(range(1, 311))])
def test_any_cutting_gives_batch_pca(cuts):
    rows = sample(311, 17)
    mean, components, stdev, ratio = fit(rows, cuts, 13).result()
    expected = PCA(13, svd_solver='full').fit(rows)
    flips = np.sign((components * expected.components_).sum(axis=1))
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(components, flips[:, np.newaxis] * expected.components_, atol=1e-8)
    np.testing.assert_allclose(stdev, rows.dot(expected.components_.T).std(axis=0), rtol=1e-9)
    np.testing.assert_allclose(ratio, expected.explained_variance_ratio_, rtol=1e-9)


def test_largest_entry_of_each_component_is_positive():
    _, components, _, _ = fit(sample(311, 17), [], 17).result()
    assert (components[np.arange(17), np.abs(components).argmax(axis=1)] > 0).all()
