import numpy as np
import pytest
import threadpoolctl
from sklearn.decomposition import IncrementalPCA as Reference

from regan.components import ipca
from regan.components.ipca import IncrementalPCA
from regan.components.moments import Moments


@pytest.fixture(autouse=True)
def one_thread():
    """As in regan.components.pca; matrices this small are slower with two threads on a busy machine."""
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
    np.testing.assert_allclose(stdev**2, expected.explained_variance_, rtol=tolerance)
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
    np.testing.assert_allclose((components.T * stdev**2).dot(components), covariance, atol=1e-13)
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


# ------------------------------------------------------------------ fast ways


def like_w(count, width=128, rows=500, power=0.7):
    """Blocks of float32 rows with variances like those of w."""
    return [block.astype(np.float32) for block in blocks(1 / (1.0 + np.arange(width)) ** power, count, rows)]


@pytest.mark.parametrize('power, in_float32', [(0.5, True), (1.0, False)])
def test_float32_blocks_stay_within_their_tolerance(power, in_float32):
    """Published edits use components below 80, which must be within 1e-4; scikit-learn works in float64."""
    parts = like_w(40, power=power)
    state, expected = fit(parts, 80), reference([part.astype(np.float64) for part in parts], 80)
    assert state._float32_is_enough(500) == in_float32  # either way was taken
    np.testing.assert_allclose(state.components, expected.components_, atol=2e-5)
    np.testing.assert_allclose(state.singular_values, expected.singular_values_, rtol=1e-5)
    np.testing.assert_allclose(state.mean, expected.mean_, rtol=1e-7)


def test_float32_is_not_trusted_with_close_components():
    spectrum = np.array([3, 2, 2 * (1 - 1e-7), 1.0] + [0.1] * 13)
    state = fit([block.astype(np.float32) for block in blocks(spectrum, 3, 97)], 4)
    assert state._float32_is_enough(97)  # the sample holds them apart
    tied = IncrementalPCA(state.count, state.mean, state.total, state.components, np.sqrt([9, 4, 4 * (1 - 1e-7), 1]))
    assert not tied._float32_is_enough(97)
    assert not IncrementalPCA.start(17, 4)._float32_is_enough(97)  # nothing is known yet


def test_ill_conditioned_float32_blocks_are_still_those_of_sklearn():
    """Singular values over eight decades: neither float32 products nor the Gram matrix would do."""
    parts = [block.astype(np.float32) for block in blocks(10.0 ** -np.arange(9), 5, 97)]
    parts = [
        part - np.float32(1) * np.arange(1, 10, dtype=np.float32) for part in parts
    ]  # mean 0, or rounding drowns the small ones
    state, expected = fit(parts, 5), reference([part.astype(np.float64) for part in parts], 5)
    assert not state._float32_is_enough(97)
    np.testing.assert_allclose(state.components, expected.components_, atol=1e-5)


def test_refined_components_are_those_of_the_full_decomposition(monkeypatch):
    parts, taken = like_w(40), []
    refined = ipca._refined
    monkeypatch.setattr(ipca, '_refined', lambda *arguments: taken.append(refined(*arguments)) or taken[-1])
    fast = fit(parts, 20)
    assert taken[0] is None and taken[-1] is not None  # at first too little is known; later it is taken
    monkeypatch.setattr(ipca, '_refined', lambda *arguments: None)
    full = fit(parts, 20)
    np.testing.assert_allclose(fast.components, full.components, atol=1e-8)
    np.testing.assert_allclose(fast.singular_values, full.singular_values, rtol=1e-10)


def test_refining_never_settles_for_a_space_that_is_not_the_leading_one():
    """Exact eigenvectors, but the largest one is missing."""
    generator = np.random.RandomState(0)
    rotation, _ = np.linalg.qr(generator.randn(31, 31))
    gram = (rotation * 4.0 ** -np.arange(31)).dot(rotation.T)
    assert ipca._refined(gram, np.asfortranarray(rotation[:, 1:5])) is None
    values, vectors = ipca._refined(gram, np.asfortranarray(rotation[:, :4]))
    np.testing.assert_allclose(values, 4.0 ** -np.arange(4), rtol=1e-13)
    np.testing.assert_allclose(np.abs(np.sum(vectors * rotation[:, :4], axis=0)), 1, rtol=1e-13)


def test_moments_from_elsewhere_give_the_same_bits():
    parts, drawn = like_w(7, width=61), []
    near, far = fit(parts, 11), IncrementalPCA.start(61, 11)
    for part in parts:
        far = far.add_shard(Moments.of(part), lambda: drawn.append(True) or part)
    assert len(drawn) == 1  # of the first block, before anything is known
    np.testing.assert_array_equal(near.components, far.components)
    np.testing.assert_array_equal(near.singular_values, far.singular_values)
