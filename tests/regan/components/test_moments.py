import numpy as np
import pytest
from sklearn.decomposition import PCA

from regan.components import moments
from regan.components.moments import ExactPCA, Moments


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


# ------------------------------------------------------------------ moments


def exact_moments(rows):
    rows = rows.astype(np.longdouble)
    centred = rows - rows.mean(axis=0)
    return rows.mean(axis=0), centred.T.dot(centred)


@pytest.mark.parametrize('count', [1, 499, 500, 501, 1733])
def test_moments_of_float64_rows_are_exact_to_float64(count):
    rows = sample(count, 17)
    found, (mean, scatter) = Moments.of(rows), exact_moments(rows)
    assert found.count == count
    np.testing.assert_allclose(found.mean, mean.astype(float), rtol=1e-14)
    np.testing.assert_allclose(found.scatter, scatter.astype(float), atol=1e-11 * max(np.trace(scatter), 1))
    assert found.total == np.trace(found.scatter)


@pytest.mark.parametrize('count, width, offset', [(1733, 101, 0), (2000, 61, 3), (2000, 61, 300), (997, 211, 1)])
def test_errors_of_float32_products_keep_their_bound(count, width, offset):
    """The bound of `Moments.of`, and the typical error, which is a few hundredths of it at most."""
    random = np.random.RandomState(0)
    rows = (offset + (random.randn(count, width) / (1 + np.arange(width))).dot(random.randn(width, width))).astype(
        np.float32
    )
    found, (mean, scatter) = Moments.of(rows), exact_moments(rows)
    shifted = rows.astype(float) - rows[: moments.ROWS_PER_PRODUCT].mean(axis=0, dtype=float).astype(np.float32)
    squares = np.square(shifted).sum(axis=0)
    error = np.abs(found.scatter - scatter.astype(float))
    assert (error <= (moments.ROWS_PER_PRODUCT + 2) * 2.0**-24 * np.sqrt(np.outer(squares, squares))).all()
    assert np.linalg.norm(error) <= 1e-7 * squares.sum()
    np.testing.assert_allclose(found.mean, mean.astype(float), atol=1e-7 * np.sqrt(squares.max() / count))
    assert (found.scatter == found.scatter.T).all()


def test_float32_products_do_not_move_the_components():
    """Gaps of 1e-4 of the largest eigenvalue; against float64 of the same rows."""
    random = np.random.RandomState(0)
    rows = (random.randn(20000, 128) / (1 + np.arange(128)) ** 0.5).astype(np.float32)
    states = [fit(kept, [2000 * i for i in range(1, 10)], 80) for kept in (rows, rows.astype(float))]
    (mean, components, stdev, _), (exact_mean, exact_components, exact_stdev, _) = (state.result() for state in states)
    np.testing.assert_allclose(mean, exact_mean, atol=1e-8)
    np.testing.assert_allclose(components, exact_components, atol=1e-5)
    np.testing.assert_allclose(stdev, exact_stdev, rtol=1e-7)


def test_rows_are_left_alone():
    rows = sample(29, 7).astype(np.float32)
    before = rows.copy()
    Moments.of(rows)
    np.testing.assert_array_equal(rows, before)


def test_merging_is_that_of_all_rows():
    rows = sample(311, 17)
    merged = (
        Moments.none(17).merge(Moments.of(rows[:100])).merge(Moments.of(rows[100:101])).merge(Moments.of(rows[101:]))
    )
    whole = Moments.of(rows)
    assert merged.count == 311
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-14)
    np.testing.assert_allclose(merged.scatter, whole.scatter, atol=1e-11 * whole.total)


# ------------------------------------------------------------------ the tree


@pytest.mark.parametrize('blocks', [1, 2, 3, 4, 7, 9])
def test_shards_and_blocks_give_the_same_bits(monkeypatch, blocks):
    monkeypatch.setattr(moments, 'BLOCKS_PER_SHARD', 3)
    parts = [Moments.of(part) for part in np.split(sample(13 * blocks, 5), blocks)]
    local = ExactPCA.start(5, 3)
    for part in np.split(sample(13 * blocks, 5), blocks):
        local = local.update(part)
    spread = ExactPCA.start(5, 3)
    for begin in range(0, blocks, 3):
        shard = parts[begin]
        for part in parts[begin + 1 : begin + 3]:
            shard = shard.merge(part)
        spread = spread.add_shard(shard)
    assert local.count == spread.count == 13 * blocks
    for one, other in zip(local.result(), spread.result()):
        np.testing.assert_array_equal(one, other)


def test_a_shard_does_not_go_into_an_open_one(monkeypatch):
    monkeypatch.setattr(moments, 'BLOCKS_PER_SHARD', 2)
    first, second, third = np.split(sample(39, 5), 3)
    state = ExactPCA.start(5, 3).update(first).update(second)
    opened = state.update(third)
    with pytest.raises(ValueError, match='a shard of 1 blocks is open'):
        opened.add_shard(Moments.of(third))
    assert opened.without_open_shard().count == state.count == 26
    np.testing.assert_array_equal(opened.without_open_shard().scatter, state.scatter)
