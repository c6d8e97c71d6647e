import dataclasses
import functools
import tracemalloc

import numpy as np
import pytest
from sklearn.decomposition import IncrementalPCA

from regan.base import artefacts, checkpoint
from regan.base.errors import UserError
from regan.components import moments, pca
from regan.components.pca import PCASpec
from regan.sampling import latents

Z, D = 5, 11  # unequal, so that a mix-up shows
STYLES = [np.random.RandomState(6).randn(D, width) for width in (8, 5)]  # Used by sefa only.
SPEC = PCASpec(n=7100, components=7, batch_size=30)  # N = 7080; blocks of 2000 rows are no multiple of 30


class ToyGenerator:
    """w is a fixed smooth function of z; counts its calls and fails on demand."""

    sha256 = 'ab' * 32
    latent_size = Z
    dlatent_size = D
    backend = {'numpy': '1'}

    def __init__(self, fail_at=None, error=KeyboardInterrupt):
        generator = np.random.RandomState(0)
        self.inner, self.outer = generator.randn(Z, 2 * D), generator.randn(2 * D, D) * 0.8 ** np.arange(D)
        self.fail_at, self.error, self.calls = fail_at, error, []

    def map(self, z):
        if len(self.calls) == self.fail_at:
            raise self.error('stopped by the test')
        self.calls.append(len(z))
        return (np.tanh(z.dot(self.inner)).dot(self.outer) + 3).astype(np.float32)


def with_estimator(name):
    return dataclasses.replace(SPEC, estimator=name)


def assert_bit_equal(basis, other):
    for field in dataclasses.fields(basis):
        np.testing.assert_array_equal(getattr(basis, field.name), getattr(other, field.name), err_msg=field.name)


def originals_latents(seed, n_lat, batch_size):
    """All latents and the seed after them, the way GANSpace draws them: from one global generator."""
    generator = np.random.RandomState(seed)
    draw = [generator.randint(2147483647) for _ in range(n_lat // batch_size + 1)]
    rows = [np.random.RandomState(s).standard_normal(Z * batch_size).reshape(batch_size, Z) for s in draw[:-1]]
    return np.concatenate(rows).astype(np.float32), draw[-1]


def originals_spread(rows, mean, directions):
    return np.dot(directions, (rows - mean).T).std(axis=1)


@pytest.mark.parametrize(
    'n, batch_size, components, block_rows, batches, blocks, seed',
    [
        (1000000, 20, 80, 2000, 50100, 500, 582961848),
        (1000000, 20, 128, 2000, 50100, 500, 582961848),
        (1000000, 200, 80, 2000, 5010, 500, 452048677),
        (1000000, 500, 512, 2000, 2004, 500, 1081076431),
        (1000000, 10000, 80, 10000, 101, 100, 359158073),
        (1000000, 10000, 512, 10000, 101, 100, 359158073),
        (300000, 20, 80, 2000, 15100, 150, 1937305780),
    ],
)
def test_golden_sizes(n, batch_size, components, block_rows, batches, blocks, seed):
    spec = PCASpec(n, components, batch_size)
    assert (spec.block_rows, spec.batches) == (block_rows, batches)
    assert spec.fitted_rows == blocks * block_rows
    assert latents.batch_seeds(1, batches + 1)[-1] == seed


def test_ipca_sees_full_blocks_and_pca_only_whole_batches_up_to_n():
    assert SPEC.block_rows == 2000
    assert SPEC.fitted_rows == 8000
    assert with_estimator('pca').fitted_rows == 7080
    assert PCASpec(n=10000, components=700).block_rows == 2100


@pytest.mark.parametrize('seed', [0, 1])
def test_ipca_is_the_original_procedure(seed):
    generator = ToyGenerator()
    spec = dataclasses.replace(SPEC, seed=seed)
    z, next_seed = originals_latents(seed, n_lat=9090, batch_size=30)  # (floor((7080 + 1999) / 30) + 1) * 30
    estimator = IncrementalPCA(n_components=7)
    for start in range(0, 7080, 2000):
        block = generator.map(z[start : start + 2000]).astype(np.float64)
        estimator.partial_fit(block.copy())
    fresh = generator.map(np.random.RandomState(next_seed).randn(5000, Z).astype(np.float32))

    basis = pca.compute(ToyGenerator().map, Z, spec)
    np.testing.assert_allclose(basis.components, estimator.components_, atol=1e-6)
    np.testing.assert_allclose(basis.mean, estimator.mean_, rtol=1e-6)
    np.testing.assert_allclose(basis.act_stdev, np.sqrt(estimator.explained_variance_), rtol=1e-6)
    np.testing.assert_allclose(basis.variance_ratio, estimator.explained_variance_ratio_, rtol=1e-6)
    np.testing.assert_allclose(basis.stdev, fresh.dot(basis.components.T).std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(
        basis.random_stdevs,
        rtol=1e-5,
        desired=originals_spread(block, estimator.mean_, latents.random_directions(7, D)),
    )


def test_pca_is_the_exact_answer_on_rows_up_to_n():
    z, next_seed = originals_latents(1, n_lat=9090, batch_size=30)
    rows = ToyGenerator().map(z[:7080]).astype(np.float64)
    fresh = ToyGenerator().map(np.random.RandomState(next_seed).randn(5000, Z).astype(np.float32))
    _, singular_values, vectors = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    vectors *= np.sign(vectors[np.arange(D), np.abs(vectors).argmax(axis=1)])[:, np.newaxis]

    basis = pca.compute(ToyGenerator().map, Z, with_estimator('pca'))
    np.testing.assert_allclose(basis.components, vectors[:7], atol=1e-5)  # products are float32
    np.testing.assert_allclose(basis.mean, rows.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(basis.act_stdev, singular_values[:7] / np.sqrt(7080), rtol=1e-6)
    np.testing.assert_allclose(basis.variance_ratio, (singular_values**2 / np.sum(singular_values**2))[:7], rtol=1e-5)
    np.testing.assert_allclose(basis.stdev, fresh.dot(basis.components.T).std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(
        basis.random_stdevs,
        rtol=1e-5,
        desired=originals_spread(rows[:5000], rows.mean(axis=0), latents.random_directions(7, D)),
    )


@pytest.mark.parametrize('estimator', pca.PRINCIPAL)
def test_principal_components_have_the_known_spectrum(estimator):
    rotation = latents.random_basis(0, 13)
    stdev = 0.7 ** np.arange(13)
    spec = PCASpec(n=60000, components=5, batch_size=1000, estimator=estimator)
    basis = pca.compute(lambda z: (z * stdev).dot(rotation) + 2, 13, spec)
    cosines = np.abs((basis.components * rotation[:5]).sum(axis=1))
    np.testing.assert_allclose(basis.mean, 2, atol=0.03)
    np.testing.assert_allclose(cosines, 1, atol=1e-3)
    np.testing.assert_allclose(basis.act_stdev, stdev[:5], rtol=0.02)
    np.testing.assert_allclose(basis.stdev, stdev[:5], rtol=0.04)
    np.testing.assert_allclose(basis.variance_ratio, (stdev**2 / np.sum(stdev**2))[:5], rtol=0.03)
    assert basis.record['near_ties'] == []


def test_random_directions_know_their_spread():
    """Along a unit direction d, w = z diag(s) has the variance sum (s d)^2; directions are orthonormal, and as
    drawn.
    """
    stdev = 0.7 ** np.arange(13)
    spec = PCASpec(n=60000, components=5, batch_size=1000, estimator='random')
    basis = pca.compute(lambda z: z * stdev + 2, 13, spec)
    expected = np.sqrt(np.square(basis.components * stdev).sum(axis=1))
    np.testing.assert_allclose(basis.components.dot(basis.components.T), np.eye(5), atol=1e-6)
    np.testing.assert_allclose(np.abs(basis.components), np.abs(latents.random_basis(2, 13)[:5]), atol=1e-6)
    np.testing.assert_allclose(basis.act_stdev, expected, rtol=0.02)
    np.testing.assert_allclose(basis.stdev, expected, rtol=0.04)
    np.testing.assert_allclose(basis.variance_ratio, expected**2 / np.sum(stdev**2), rtol=0.03)
    assert basis.record['near_ties'] == [] and 'largest_cosine' not in basis.record


def test_equal_variances_are_reported_as_ties():
    basis = pca.compute(lambda z: z * [3, 2, 2, 1, 1], Z, PCASpec(n=20000, components=5, batch_size=1000))
    assert basis.record['near_ties'] == [[1, 2], [3, 4]]


def test_record_and_dtypes():
    basis = pca.compute(ToyGenerator().map, Z, SPEC)
    assert {array.dtype for array in vars(basis).values() if isinstance(array, np.ndarray)} == {np.dtype(np.float32)}
    assert basis.record == {
        'n': 7100,
        'components': 7,
        'batch_size': 30,
        'estimator': 'ipca',
        'seed': 1,
        'space': 'w',
        'network': None,
        'latent_size': Z,
        'dlatent_size': D,
        'rows': 8000,
        'algorithm': pca.ALGORITHM,
        'near_ties': [],
        'backend': {'numpy': np.__version__},
    }


@pytest.mark.parametrize('changes', [{'seed': 0}, {'batch_size': 40}, {'n': 11000}, {'estimator': 'pca'}])
def test_every_part_of_the_spec_matters(changes):
    basis = pca.compute(ToyGenerator().map, Z, SPEC)
    other = pca.compute(ToyGenerator().map, Z, dataclasses.replace(SPEC, **changes))
    assert np.abs(basis.mean - other.mean).max() > 1e-5


@pytest.mark.parametrize('estimator', pca.STREAMED)
@pytest.mark.parametrize('fail_at', [0, 1, 3])
def test_interrupted_run_resumes_bit_for_bit(tmp_path, estimator, fail_at):
    spec, path = with_estimator(estimator), tmp_path / 'run.checkpoint.npz'
    whole = pca.compute(ToyGenerator().map, Z, spec, styles=STYLES)
    with pytest.raises(KeyboardInterrupt):
        pca.compute(ToyGenerator(fail_at).map, Z, spec, checkpoint=path, styles=STYLES)
    assert path.exists() == (fail_at > 0)

    again, reported = ToyGenerator(), []
    resumed = pca.compute(again.map, Z, spec, progress=reported.append, checkpoint=path, styles=STYLES)
    assert_bit_equal(resumed, whole)
    assert len(again.calls) == 4 - fail_at + 2  # blocks that were left, and two samples for the spreads
    assert reported[0] == 2000 * fail_at
    assert sum(reported) == spec.fitted_rows
    assert list(tmp_path.iterdir()) == []


def test_interrupt_between_blocks_counts_the_finished_one(tmp_path):
    def progress(rows):
        if rows:
            raise KeyboardInterrupt

    path = tmp_path / 'run.checkpoint.npz'
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            pca.compute(ToyGenerator().map, Z, SPEC, progress=progress, checkpoint=path)
    generator = ToyGenerator()
    resumed = pca.compute(generator.map, Z, SPEC, checkpoint=path)
    assert len(generator.calls) < 4 + 2
    assert_bit_equal(resumed, pca.compute(ToyGenerator().map, Z, SPEC))


def test_killed_run_resumes_from_the_last_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, 'SECONDS', 0)
    path = tmp_path / 'run.checkpoint.npz'
    with pytest.raises(RuntimeError):  # nothing is saved on the way out of this one, as after kill -9
        pca.compute(ToyGenerator(2, RuntimeError).map, Z, SPEC, checkpoint=path)
    generator = ToyGenerator()
    resumed = pca.compute(generator.map, Z, SPEC, checkpoint=path)
    assert len(generator.calls) == 2 + 2
    assert_bit_equal(resumed, pca.compute(ToyGenerator().map, Z, SPEC))


@pytest.mark.parametrize('other', [{'seed': 2}, {'batch_size': 40}, {'estimator': 'pca'}])
def test_checkpoint_of_other_settings_is_refused(tmp_path, other):
    path = tmp_path / 'run.checkpoint.npz'
    with pytest.raises(KeyboardInterrupt):
        pca.compute(ToyGenerator(1).map, Z, SPEC, checkpoint=path)
    with pytest.raises(UserError, match='run.checkpoint.npz is the checkpoint of .* other settings or data; delete'):
        pca.compute(ToyGenerator().map, Z, dataclasses.replace(SPEC, **other), checkpoint=path)


def test_damaged_checkpoint_is_reported(tmp_path):
    path = tmp_path / 'run.checkpoint.npz'
    with pytest.raises(KeyboardInterrupt):
        pca.compute(ToyGenerator(1).map, Z, SPEC, checkpoint=path)
    whole = artefacts.read_npz(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UserError, match='run.checkpoint.npz is damaged .* delete it'):
        pca.compute(ToyGenerator().map, Z, SPEC, checkpoint=path)
    whole.pop('mean')
    artefacts.write_npz(path, whole)
    with pytest.raises(UserError, match='run.checkpoint.npz is not a complete checkpoint .* delete it'):
        pca.compute(ToyGenerator().map, Z, SPEC, checkpoint=path)


def test_cache_is_computed_once_and_appears_only_when_complete(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        pca.load_or_compute(ToyGenerator(2), SPEC, tmp_path)
    (name,) = (path.name for path in tmp_path.iterdir())
    assert name.endswith('.checkpoint.npz')

    basis = pca.load_or_compute(ToyGenerator(), SPEC, tmp_path)
    (name,) = (path.name for path in tmp_path.iterdir())
    assert name.startswith('ipca-c7-n7100-') and not name.endswith('.checkpoint.npz')
    direct = pca.compute(ToyGenerator().map, Z, SPEC)
    made_by = dict(network=ToyGenerator.sha256, backend=ToyGenerator.backend)
    assert_bit_equal(basis, dataclasses.replace(direct, record=dict(direct.record, **made_by)))

    generator = ToyGenerator()
    assert_bit_equal(pca.load_or_compute(generator, SPEC, tmp_path), basis)
    assert generator.calls == []


def test_cache_tells_every_fact_apart(tmp_path, monkeypatch):
    pca.load_or_compute(ToyGenerator(), SPEC, tmp_path)
    changes = [
        {'n': 7130},
        {'components': 5},
        {'batch_size': 31},
        {'estimator': 'pca'},
        {'seed': 2},
        {'estimator': 'random'},
    ]
    for change in changes:
        pca.load_or_compute(ToyGenerator(), dataclasses.replace(SPEC, **change), tmp_path)
    retrained = ToyGenerator()
    retrained.sha256 = 'cd' * 32
    pca.load_or_compute(retrained, SPEC, tmp_path)
    elsewhere = ToyGenerator()
    elsewhere.backend = {'numpy': '2'}
    pca.load_or_compute(elsewhere, SPEC, tmp_path)
    monkeypatch.setattr(pca, 'ALGORITHM', pca.ALGORITHM + 1)
    pca.load_or_compute(ToyGenerator(), SPEC, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1 + len(changes) + 3


def test_sparsity_is_a_fact_of_spca_only():
    assert PCASpec(estimator='spca').facts == PCASpec(estimator='spca', sparsity=1).facts
    assert PCASpec(estimator='spca').facts != PCASpec(estimator='spca', sparsity=2).facts
    assert 'sparsity' not in SPEC.facts


def test_bad_cache_files_are_reported_and_left(tmp_path):
    pca.load_or_compute(ToyGenerator(), SPEC, tmp_path)
    (path,) = tmp_path.iterdir()
    other = pca.compute(ToyGenerator().map, Z, dataclasses.replace(SPEC, seed=2))
    other.save(path)
    with pytest.raises(UserError, match='was not made from what its name says; delete it'):
        pca.load_or_compute(ToyGenerator(), SPEC, tmp_path)
    path.write_bytes(b'PK')
    with pytest.raises(UserError, match='npz is damaged .* delete it'):
        pca.load_or_compute(ToyGenerator(), SPEC, tmp_path)
    assert path.read_bytes() == b'PK'


def test_full_disk_at_the_end_keeps_the_checkpoint(tmp_path, monkeypatch, capsys):
    with pytest.raises(KeyboardInterrupt):
        pca.load_or_compute(ToyGenerator(3), SPEC, tmp_path)
    (checkpoint,) = tmp_path.iterdir()

    def savez(*args, **kwargs):
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(np, 'savez_compressed', savez)
        unkept = pca.load_or_compute(ToyGenerator(), SPEC, tmp_path)
    assert list(tmp_path.iterdir()) == [checkpoint]
    said = capsys.readouterr().err
    assert said.count('note: ') == 1 and 'No space left' in said and 'REGAN_CACHE_DIR' in said
    kept = pca.load_or_compute(ToyGenerator(), SPEC, tmp_path)
    assert not checkpoint.exists()
    assert np.array_equal(kept.components, unkept.components)


def test_a_cache_that_cannot_be_written_is_said_before_the_work(tmp_path, monkeypatch, capsys):
    (tmp_path / 'file').write_text('')
    generator, said = ToyGenerator(), []
    monkeypatch.setattr(
        generator, 'map', lambda z: said.append(capsys.readouterr().err) or ToyGenerator.map(generator, z)
    )
    found = pca.load_or_compute(generator, SPEC, tmp_path / 'file' / 'cache')
    assert 'cannot be written (Not a directory)' in said[0] and 'REGAN_CACHE_DIR' in said[0]
    assert not any(said[1:]) and not capsys.readouterr().err
    assert np.array_equal(found.components, pca.load_or_compute(ToyGenerator(), SPEC, tmp_path).components)


# ------------------------------------------------------------------ shards


@pytest.fixture
def small_shards(monkeypatch):
    for module in (pca, moments):
        monkeypatch.setattr(module, 'BLOCKS_PER_SHARD', 2)


def spread_over(map_w, computed):
    """A `spread` that computes the shards here, and notes them."""

    def spread(spec, width, seeds, first):
        for index in range(first, pca.shards(spec)):
            computed.append(index)
            yield pca.shard_moments(map_w, spec, width, seeds, index)

    return spread


SHARDED = dataclasses.replace(SPEC, n=9100)  # five blocks


@pytest.mark.parametrize('estimator', pca.STREAMED)
def test_shards_give_the_bits_of_a_run_in_one_piece(small_shards, estimator):
    spec, computed = dataclasses.replace(SHARDED, estimator=estimator), []
    assert pca.shards(spec) == (5 if estimator == 'ipca' else 3)
    assert sum(pca.shard_rows(spec, index) for index in range(pca.shards(spec))) == spec.fitted_rows
    generator, reported = ToyGenerator(), []
    spread = spread_over(generator.map, computed)
    basis = pca.compute(generator.map, Z, spec, reported.append, spread=spread, styles=STYLES)
    assert_bit_equal(basis, pca.compute(ToyGenerator().map, Z, spec, styles=STYLES))
    assert computed == list(range(pca.shards(spec)))
    assert sum(reported) == spec.fitted_rows


@pytest.mark.parametrize('estimator', pca.STREAMED)
def test_shards_go_on_from_a_checkpoint_of_either_kind(small_shards, tmp_path, estimator):
    spec, path, computed = dataclasses.replace(SHARDED, estimator=estimator), tmp_path / 'run.checkpoint.npz', []
    with pytest.raises(KeyboardInterrupt):
        pca.compute(ToyGenerator(3).map, Z, spec, checkpoint=path, styles=STYLES)  # three blocks: one shard and a half
    resumed = functools.partial(pca.compute, ToyGenerator().map, Z, spec, checkpoint=path, styles=STYLES)
    with pytest.raises(KeyboardInterrupt):
        resumed(spread=spread_over(ToyGenerator(1).map, []))
    basis = resumed(spread=spread_over(ToyGenerator().map, computed))
    assert computed == ([4] if estimator == 'ipca' else [1, 2])
    assert_bit_equal(basis, pca.compute(ToyGenerator().map, Z, spec, styles=STYLES))


def test_estimators_of_the_whole_sample_are_not_spread():
    with pytest.raises(
        UserError, match='fbpca needs all samples in one place; only ipca, pca, random, sefa can be spread over workers'
    ):
        pca.compute(ToyGenerator().map, Z, with_estimator('fbpca'), spread=spread_over(None, []))


def test_memory_does_not_grow_with_n():
    def peak(n):
        tracemalloc.start()
        pca.compute(ToyGenerator().map, Z, PCASpec(n=n, components=7, batch_size=500))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(80000) < 1.1 * peak(20000)


@pytest.mark.parametrize(
    'change, message',
    [
        ({'estimator': 'cupca'}, "no estimator 'cupca'; choose one of ipca, pca, fbpca, ica, spca, sefa, random"),
        ({'batch_size': 0}, 'batch_size is 0 but must be a whole number of at least 1'),
        ({'components': 0}, 'components is 0 but must'),
        ({'components': 7.5}, 'components is 7.5 but must'),
        ({'n': 29}, 'n is 29, less than one batch of 30'),
        ({'seed': -1}, 'seed is -1 but must be a whole number from 0 to 4294967295'),
        ({'seed': 2**32}, 'seed is 4294967296 but must'),
        ({'sparsity': 0.5}, 'sparsity is for the estimator spca; ipca has none'),
        ({'estimator': 'spca', 'sparsity': 0}, 'sparsity is 0 but must be a number above 0'),
        ({'estimator': 'spca', 'sparsity': float('inf')}, 'sparsity is inf but must'),
        ({'estimator': 'pca', 'n': 60, 'components': 60}, '60 samples cannot give 60 components; raise n'),
    ],
)
def test_spec_refuses(change, message):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(SPEC, **change)


def test_more_components_than_dimensions_are_refused():
    spec = dataclasses.replace(SPEC, components=D + 1)
    with pytest.raises(UserError, match='11-dimensional w, so 12 components are too many; ask for at most 11'):
        pca.compute(ToyGenerator().map, Z, spec)


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_non_finite_w_is_refused(bad):
    def map_w(z):
        w = ToyGenerator().map(z)
        w[-1, -1] = bad
        return w

    with pytest.raises(UserError, match='gave NaN or infinity'):
        pca.compute(map_w, Z, SPEC)


@pytest.mark.parametrize('estimator', pca.ESTIMATORS)
def test_constant_w_is_refused(estimator):
    with pytest.raises(UserError, match='every latent has the same w'):
        pca.compute(lambda z: np.ones((len(z), D), np.float32), Z, with_estimator(estimator), styles=STYLES)
