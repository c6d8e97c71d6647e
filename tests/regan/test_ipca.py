import numpy as np
import pytest
import threadpoolctl
from sklearn.decomposition import IncrementalPCA as Reference

from regan import ipca
from regan.ipca import IncrementalPCA


@pytest.fixture(autouse=True)
def one_thread():
    """As in regan.pca; matrices this small are slower with two threads on a busy machine."""
    with threadpoolctl.threadpool_limits(limits=1, user_api='blas'):
        yield


def blocks(spectrum, count, rows, seed=0):
    """`count` blocks of float64 rows [rows, D] with mean 1..D and these standard deviations along hidden axes."""
    generator = np.random.RandomState(seed)
    width = len(spectrum)
    rotation, _ = np.linalg.qr(generator.randn(width, width))
    mean = np.arange(1, width + 1)
    return [mean + (generator.randn(rows, width) * spectrum).dot(rotation) for _ in range(count)]


def fit(parts, components):
    state = IncrementalPCA.start(parts[0].shape[1], components)
    for part in parts:
        state = state.update(part)
    return state


def reference(parts, components):
    estimator = Reference(n_components=components)
    for part in parts:
        estimator.partial_fit(part.copy())
    return estimator


def assert_equal_to_sklearn(parts, components, tolerance):
    state, expected = fit(parts, components), reference(parts, components)
    mean, rows, stdev, ratio = state.result()
    assert state.count == expected.n_samples_seen_
    np.testing.assert_allclose(mean, expected.mean_, rtol=1e-12)
    np.testing.assert_allclose(rows, expected.components_, atol=tolerance)
    np.testing.assert_allclose(state.singular_values, expected.singular_values_, rtol=tolerance)
    np.testing.assert_allclose(stdev ** 2, expected.explained_variance_, rtol=tolerance)
    np.testing.assert_allclose(ratio, expected.explained_variance_ratio_, rtol=tolerance)


@pytest.mark.parametrize('count', [1, 2, 7])
@pytest.mark.parametrize('width, components', [(31, 11), (31, 31), (31, 1)])
def test_equals_sklearn_on_a_clear_spectrum(count, width, components):
    assert_equal_to_sklearn(blocks(0.8 ** np.arange(width), count, 211), components, 1e-9)


def test_equals_sklearn_like_w_with_80_components_of_128():
    spectrum = 1.0 / (1 + np.arange(128))  # variances over four decades
    assert_equal_to_sklearn(blocks(spectrum, 11, 499), 80, 1e-7)


@pytest.mark.parametrize('width, rows', [(29, 13), (23, 17), (499, 31)])
def test_equals_sklearn_with_fewer_rows_than_columns(width, rows):
    """29 > 7 + 13 + 1 columns and fewer take the two sides of the matrix."""
    assert_equal_to_sklearn(blocks(0.7 ** np.arange(width), 5, rows), 7, 1e-7)


def test_both_sides_of_a_wide_matrix_agree(monkeypatch):
    parts = blocks(1.0 / (1 + np.arange(499)), 5, 97)
    fast = fit(parts, 11)
    monkeypatch.setattr(ipca, 'SMALLEST_GAP', np.inf)
    safe = fit(parts, 11)
    assert not np.array_equal(fast.components, safe.components)  # the two ways were really taken
    np.testing.assert_allclose(fast.components, safe.components, atol=1e-9)


def test_small_components_go_through_the_svd(monkeypatch):
    """Below 1e-8 of the largest singular value the Gram matrix knows nothing."""
    parts = blocks(10.0 ** -np.arange(11), 3, 97)
    assert_equal_to_sklearn(parts, 11, 1e-5)
    monkeypatch.setattr(ipca, 'SMALLEST_GAP', -np.inf)
    with pytest.raises(AssertionError):
        assert_equal_to_sklearn(parts, 11, 1e-5)


def test_gram_and_svd_agree_where_the_gram_matrix_is_used(monkeypatch):
    parts = blocks(1.0 / (1 + np.arange(128)), 5, 499)
    fast = fit(parts, 80)
    monkeypatch.setattr(ipca, 'SMALLEST_GAP', np.inf)
    safe = fit(parts, 80)
    assert not np.array_equal(fast.components, safe.components)  # the two ways were really taken
    np.testing.assert_allclose(fast.components, safe.components, atol=1e-9)


def test_errors_of_the_gram_matrix_do_not_add_up_over_500_blocks(monkeypatch):
    parts = blocks(10.0 ** np.linspace(0, -3, 19), 500, 41)
    fast = fit(parts, 17)
    monkeypatch.setattr(ipca, 'SMALLEST_GAP', np.inf)
    np.testing.assert_allclose(fast.components, fit(parts, 17).components, atol=1e-8)


def test_all_components_give_the_exact_answer():
    parts = blocks(0.8 ** np.arange(13), 3, 101)
    rows = np.concatenate(parts)
    mean, components, stdev, ratio = fit(parts, 13).result()
    covariance = np.cov(rows.T)
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose((components.T * stdev ** 2).dot(components), covariance, atol=1e-13)
    np.testing.assert_allclose(ratio.sum(), 1, rtol=1e-13)


def test_largest_entry_of_each_component_is_positive():
    state = fit(blocks(0.8 ** np.arange(13), 2, 101), 13)
    largest = np.abs(state.components).argmax(axis=1)
    assert (state.components[np.arange(13), largest] > 0).all()


def test_update_leaves_the_old_state_and_the_rows_alone():
    first, second = blocks(0.8 ** np.arange(7), 2, 101)
    state = fit([first], 3)
    before, rows = state.components.copy(), second.copy()
    state.update(second)
    assert state.count == 101
    np.testing.assert_array_equal(state.components, before)
    np.testing.assert_array_equal(second, rows)
