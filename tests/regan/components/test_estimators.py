"""fbpca, ica and spca, through `pca.compute`, against the original's procedure on the libraries called directly."""

import dataclasses

import fbpca
import numpy as np
import pytest
import scipy.stats
from sklearn.decomposition import FastICA, SparsePCA

from regan.base.errors import UserError
from regan.components import estimators, pca
from regan.components.pca import PCASpec
from regan.drawing import modes
from regan.sampling import latents

Z, D, K = 5, 29, 3
SPEC = PCASpec(n=615, components=K, batch_size=30, estimator='fbpca')  # N = 600


def map_w(z):
    """Independent non-Gaussian sources behind a mixture, and a little of everything else."""
    generator = np.random.RandomState(0)
    mixture, rest = generator.randn(Z, D) * 3.0 ** -np.arange(Z)[:, np.newaxis], generator.randn(Z, D) / 100
    return (scipy.stats.norm.cdf(z).dot(mixture) + np.tanh(z).dot(rest) + 3).astype(np.float32)


def originals(fit):
    """(components, stdev, fresh latents) of GANSpace's procedure for estimators without batches; fit(rows) ->
    components, stdev.
    """
    before = np.random.get_state()
    np.random.seed(1)
    seeds = [np.random.randint(2147483647) for _ in range((600 + 1999) // 30 + 1)]  # of n_lat / B batches
    z = np.concatenate([np.random.RandomState(seed).standard_normal(Z * 30).reshape(30, Z) for seed in seeds]).astype(
        np.float32
    )
    rows = map_w(z[:600])
    rows -= rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    components, stdev = fit(rows)
    fresh = np.random.RandomState(np.random.randint(2147483647)).randn(5000, Z).astype(np.float32)
    np.random.set_state(before)
    order = np.argsort(-stdev)
    return components[order], stdev[order], map_w(fresh), rows


def original_fbpca(rows):
    components = fbpca.pca(rows, k=K, raw=True, n_iter=2, l=2 * K)[2]
    return components, rows.dot(components.T).std(axis=0)


def original_ica(rows):
    parameters = dict(n_components=K, random_state=0, max_iter=10000)
    try:
        components = FastICA(whiten='unit-variance', **parameters).fit(rows).components_
    except (ValueError, TypeError):  # versions before 1.1
        components = FastICA(whiten=True, **parameters).fit(rows).components_
    components = components / np.sqrt(np.sum(np.square(components), axis=1, keepdims=True))
    return components, rows.dot(components.T).std(axis=0)


def original_spca(rows):
    estimator = SparsePCA(K, alpha=2.0, ridge_alpha=0.01, max_iter=100, random_state=0).fit(rows)
    return estimator.components_, estimator.transform(rows).std(axis=0)


@pytest.mark.parametrize('name, original', [('fbpca', original_fbpca), ('ica', original_ica), ('spca', original_spca)])
def test_is_the_original_procedure(name, original):
    spec = dataclasses.replace(SPEC, estimator=name, sparsity=2.0 if name == 'spca' else None)
    components, stdev, fresh, rows = originals(original)
    basis = pca.compute(map_w, Z, spec)
    signs = np.sign(np.sum(components * basis.components, axis=1, keepdims=True))
    np.testing.assert_allclose(basis.components, signs * components, atol=1e-5)
    np.testing.assert_allclose(basis.act_stdev, stdev, rtol=1e-5)
    np.testing.assert_allclose(basis.variance_ratio, stdev**2 / rows.var(axis=0).sum(), rtol=1e-4)
    np.testing.assert_allclose(basis.stdev, fresh.dot(basis.components.T).std(axis=0), rtol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(basis.components, axis=1), 1, rtol=1e-6)
    assert (basis.components[np.arange(K), np.abs(basis.components).argmax(axis=1)] > 0).all()
    assert (np.diff(basis.act_stdev) < 0).all()


def test_ica_finds_the_independent_directions():
    """Two uniform sources s at 60 degrees: rows of the inverse of the mixture, made unit."""
    mixture = np.array([[2, 0], [0.5, np.sqrt(0.75)]])
    spec = PCASpec(n=20000, components=2, batch_size=1000, estimator='ica')
    basis = pca.compute(lambda z: (scipy.stats.norm.cdf(z).dot(mixture) + 3).astype(np.float32), 2, spec)
    expected = np.linalg.inv(mixture).T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(np.abs(basis.components.dot(expected.T)).max(axis=1), 1, atol=2e-3)
    assert basis.record['largest_cosine'] == pytest.approx(abs(expected[0].dot(expected[1])), abs=0.05)


def test_spca_leaves_out_what_hardly_counts():
    loadings = np.zeros((2, 11))
    loadings[0, [1, 4, 5]], loadings[1, [2, 7]] = 1, 0.7
    rows = PCASpec(n=2000, components=2, batch_size=1000, estimator='spca', sparsity=20)
    basis = pca.compute(lambda z: (z[:, :2].dot(loadings) + z[:, 2:] / 50).astype(np.float32), 13, rows)
    np.testing.assert_array_equal(basis.components != 0, loadings != 0)
    np.testing.assert_allclose(basis.components, loadings / np.linalg.norm(loadings, axis=1, keepdims=True), atol=0.02)
    assert basis.record['sparsity'] == 20


def test_too_much_sparsity_is_refused():
    with pytest.raises(UserError, match='with sparsity 1e.06, 3 of 3 sparse components are all zeros; lower'):
        pca.compute(map_w, Z, dataclasses.replace(SPEC, estimator='spca', sparsity=1e6))


@pytest.mark.parametrize('components, draws', [(K, D * 2 * K), (12, 0)])
def test_the_global_generator_is_as_before_and_fbpcas_draws_move_the_seed_of_stdev(components, draws):
    """fbpca draws D x 2 K uniform numbers, or none where 2 K >= D / 1.25."""
    np.random.seed(7)
    before = np.random.get_state()
    random = np.random.RandomState(1)
    rows = map_w(latents.sample_batch(0, 500, Z))
    state = estimators.WholeSample('fbpca', rows.shape, components, random, None).update(rows)
    state.result()
    for ours, theirs in zip(np.random.get_state(), before):
        np.testing.assert_array_equal(ours, theirs)
    expected = np.random.RandomState(1)
    expected.uniform(size=draws)
    assert latents.draw_seeds(random, 1) == latents.draw_seeds(expected, 1)


def test_results_repeat():
    """Whatever else has drawn from the global generator."""
    for name in ['fbpca', 'ica']:
        spec = dataclasses.replace(SPEC, estimator=name)
        first = pca.compute(map_w, Z, spec)
        np.random.seed(99)
        np.testing.assert_array_equal(pca.compute(map_w, Z, spec).components, first.components)


def test_mean_and_total_are_those_of_all_rows():
    rows = np.random.RandomState(0).randn(500, 7).astype(np.float32) + np.arange(7, dtype=np.float32)
    state = estimators.WholeSample('fbpca', rows.shape, 2, np.random.RandomState(0), None)
    for part in np.split(rows, [1, 8, 300]):
        state = state.update(part)
    exact = rows.astype(np.float64)
    assert state.count == 500
    np.testing.assert_allclose(state.mean, exact.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(state.total, np.square(exact - exact.mean(axis=0)).sum(), rtol=1e-12)


def test_a_sample_beyond_the_memory_is_refused():
    """The limit is ica's own in the original: floor(floor((2^31 - 1) / 4) / D) rows. A million rows of 512 are
    within it.
    """
    assert 10**6 * 512 * 4 <= estimators.LARGEST_SAMPLE
    spec = PCASpec(n=20000000, components=K, batch_size=1000, estimator='ica')
    with pytest.raises(
        UserError,
        match='ica needs all samples in memory, and 20000000 of width 29 would take 2.2 GiB where 2.0 are '
        'allowed; ask for at most 18512790 samples',
    ):
        pca.compute(map_w, Z, spec)


def test_ica_that_does_not_converge_is_refused(monkeypatch):
    monkeypatch.setattr(estimators, 'MOST_ITERATIONS', 1)
    with pytest.raises(
        UserError, match='ica did not converge in 1 iterations; ask for fewer components or more samples'
    ):
        pca.compute(map_w, Z, dataclasses.replace(SPEC, estimator='ica'))


def test_an_interrupted_run_leaves_nothing(tmp_path):
    def progress(rows):
        if rows:
            raise KeyboardInterrupt

    for name in estimators.FITS:
        with pytest.raises(KeyboardInterrupt):
            pca.compute(
                map_w, Z, dataclasses.replace(SPEC, estimator=name), progress=progress, checkpoint=tmp_path / 'run.npz'
            )
    assert list(tmp_path.iterdir()) == []


def test_the_library_that_decides_about_last_bits_is_in_the_record():
    assert set(pca.compute(map_w, Z, SPEC).record['backend']) == {'numpy', 'scipy'}
    assert set(estimators.versions('ica')) == set(estimators.versions('spca')) == {'scikit-learn'}
    assert estimators.versions('ipca') == {}


def original_pca(rows):
    """The eigenvectors of the covariance matrix, with scikit-learn's signs."""
    values, vectors = np.linalg.eigh(np.cov(rows.T.astype(np.float64)))
    components = vectors.T[::-1][:K]
    components *= np.sign(components[np.arange(K), np.abs(components).argmax(axis=1)])[:, np.newaxis]
    return components, rows.dot(components.T).std(axis=0)


def originals_with_zeros(fit, seed, n=615):
    """What GANSpace computes: N = 600 (n = 4215: 4200); a matrix of N + 2000 rows, filled in whole blocks of 2000."""
    before = np.random.get_state()
    np.random.seed(seed or 1)
    whole = n // 30 * 30
    seeds = [np.random.randint(2147483647) for _ in range((whole + 1999) // 30 + 1)]
    z = np.concatenate([np.random.RandomState(one).standard_normal(Z * 30).reshape(30, Z) for one in seeds])
    rows = np.zeros((whole + 2000, D), np.float32)
    for first in range(0, whole, 2000):
        rows[first : first + 2000] = map_w(z[first : first + 2000].astype(np.float32))
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    rows -= mean
    directions = np.random.RandomState(2).normal(size=(K, D))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    components, stdev = fit(rows)
    fresh = np.random.RandomState(np.random.randint(2147483647)).randn(5000, Z).astype(np.float32)
    np.random.set_state(before)
    order = np.argsort(-stdev)
    random_stdevs = rows[:5000].dot(directions.T).std(axis=0)
    return mean, components[order], stdev[order], rows, map_w(fresh), random_stdevs


@pytest.mark.parametrize('n, seed', [(615, 1), (4215, 0)])
@pytest.mark.parametrize('name, original', [('pca', original_pca), ('fbpca', original_fbpca), ('ica', original_ica)])
def test_the_mode_of_the_original_repeats_its_zero_rows_signs_and_seed(name, original, n, seed):
    """Every number of the cache file, signs included; and nothing of it without the mode."""
    plain = PCASpec(n, K, 30, name, seed)
    spec = modes.decomposition('ganspace', plain)
    mean, components, stdev, rows, fresh, random_stdevs = originals_with_zeros(original, seed, n)
    basis = pca.compute(map_w, Z, spec)
    np.testing.assert_allclose(basis.mean, mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(basis.components, components, atol=2e-5)
    np.testing.assert_allclose(basis.act_stdev, stdev, rtol=1e-5)
    np.testing.assert_allclose(basis.variance_ratio, stdev**2 / rows.var(axis=0).sum(), rtol=1e-4)
    np.testing.assert_allclose(basis.random_stdevs, random_stdevs, rtol=1e-4)
    np.testing.assert_allclose(basis.stdev, fresh.dot(basis.components.T).std(axis=0), rtol=1e-4)
    assert basis.record['rows'] == len(rows) and basis.record['zero_rows'] and basis.record['seed'] == 1
    assert np.abs(np.sum(pca.compute(map_w, Z, plain).components * components, axis=1)).min() < 0.99
    assert not {'signs', 'zero_rows'} & set(plain.facts)


def test_spca_fits_these_rows_too(monkeypatch):
    """Which takes it long; so only what it gets, and that its answer is left as it is."""
    seen = []
    answer = -np.eye(K, D), np.arange(3.0, 3 - K, -1)
    monkeypatch.setitem(estimators.FITS, 'spca', lambda rows, **_: seen.append(rows) or answer)
    basis = pca.compute(map_w, Z, modes.decomposition('ganspace', PCASpec(615, K, 30, 'spca')))
    np.testing.assert_allclose(seen[0], originals_with_zeros(original_pca, 1)[3], atol=1e-5)
    np.testing.assert_array_equal(basis.components, answer[0])


@pytest.mark.parametrize('name', ['fbpca', 'ica'])
def test_signs_alone(name):
    spec = dataclasses.replace(SPEC, estimator=name)
    fixed, found = [pca.compute(map_w, Z, dataclasses.replace(spec, signs=signs)) for signs in pca.SIGNS]
    signs = np.sign(np.sum(fixed.components * found.components, axis=1))
    np.testing.assert_array_equal(fixed.components, found.components * signs[:, np.newaxis])
    assert found.record['signs'] == 'found'


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(estimator='ipca', zero_rows=True), 'zero_rows is a choice for pca, fbpca, ica, spca only; leave it out'),
        (dict(estimator='pca', signs='found'), 'signs is a choice for fbpca, ica, spca only; leave it out for pca'),
        (dict(signs='original'), "signs is 'original' but must be one of fixed, found"),
    ],
)
def test_conventions_that_an_estimator_lacks_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        PCASpec(**values)


def test_the_mode_changes_nothing_for_incremental_pca_but_seed_0():
    spec = PCASpec(n=615, components=K, batch_size=30)
    assert modes.decomposition('ganspace', spec) == modes.decomposition(None, spec) == spec
    assert modes.decomposition('ganspace', dataclasses.replace(spec, seed=0)).seed == 1
    assert modes.decomposition('reganspace', dataclasses.replace(spec, seed=0)).seed == 0
