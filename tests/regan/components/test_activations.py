"""Components of layers on a generator whose layer is a known function of w, against the original's procedure written
out.
"""

import dataclasses
import pathlib
import tempfile

import numpy as np
import pytest
import scipy.linalg
from sklearn.decomposition import PCA, IncrementalPCA

from regan.base import artefacts
from regan.base.errors import UserError
from regan.components import activations, pca
from regan.components.basis import Basis
from regan.components.pca import PCASpec
from regan.editing import edits
from regan.sampling import latents

Z, D, L, K = 5, 7, 3, 4
SHAPE = (2, 3, 11)
SPEC = PCASpec(n=2995, components=K, batch_size=30)  # N = 2970, two blocks of 2000; 9990 rows for the regression


class ToyGenerator:
    """w is smooth in z, and the layer is linear in w plus, where `bend` is not 0, something that is not."""

    sha256, backend = 'ab' * 32, {'numpy': '1'}
    latent_size, dlatent_size, num_layers = Z, D, L
    layer_shapes = {'8x8/Conv1': SHAPE, '4x4/Const': (2, 4, 4), '1024x1024/Conv1': (32, 1024, 1024)}

    def __init__(self, bend=0.0, offset=2.0):
        random = np.random.RandomState(0)
        self.inner, self.outer = random.randn(Z, 13), random.randn(13, D)
        self.linear, self.bend, self.offset = random.randn(D, 66) * 0.8 ** np.arange(D)[:, np.newaxis], bend, offset
        self.seen = []

    def map(self, z):
        self.seen.append(z)
        return (np.tanh(z.dot(self.inner)).dot(self.outer) + self.offset).astype(np.float32)

    def layer(self, w):
        return (w.dot(self.linear) + self.bend * np.tanh(w.dot(self.linear[:, ::-1])) + 3).astype(np.float32)

    def activations(self, dlatents, layer):
        assert dlatents.shape[1:] == (L, D) and (dlatents == dlatents[:, :1]).all()
        if layer == '4x4/Const':
            return np.ones((len(dlatents), 2, 4, 4), np.float32)
        return self.layer(dlatents[:, 0]).reshape((-1,) + SHAPE)


def compute(*arguments, **options):
    """The ActivationBasis alone."""
    with tempfile.TemporaryDirectory() as folder:
        return activations.compute_into(pathlib.Path(folder) / 'layer.npz', *arguments, **options)


def drawn(seed, count, skip=0):
    """`count` batches of 30 latents, as from a global generator, and the seed that comes next."""
    random = np.random.RandomState(seed)
    seeds = [random.randint(2147483647) for _ in range(skip + count + 1)][skip:]
    return np.concatenate([np.random.RandomState(s).randn(30, Z) for s in seeds[:-1]]).astype(np.float32), seeds[-1]


@pytest.mark.parametrize('space', activations.SPACES)
def test_is_the_original_procedure(space):
    generator = ToyGenerator(bend=0.5)
    estimator = IncrementalPCA(n_components=K)
    z, _ = drawn(1, 200)
    for start in (0, 2000):
        block = generator.layer(generator.map(z[start : start + 2000])).astype(np.float64)
        estimator.partial_fit(block.copy())
    z, next_seed = drawn(3, 333, skip=1)  # asking for the width of the latents costs a draw
    wanted = generator.map(z) if space == 'w' else z
    x = (generator.layer(generator.map(z)) - estimator.mean_).dot(estimator.components_.T) / np.sqrt(
        estimator.explained_variance_
    )
    directions = scipy.linalg.lstsq(x, wanted, lapack_driver='gelsd')[0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    fresh = generator.map(np.random.RandomState(next_seed).randn(5000, Z).astype(np.float32))

    result = compute(ToyGenerator(bend=0.5), '8x8/Conv1', SPEC, space)
    latent = result.latent
    np.testing.assert_allclose(result.components.reshape(K, -1), estimator.components_, atol=1e-6)
    np.testing.assert_allclose(result.mean.ravel(), estimator.mean_, rtol=1e-5)
    np.testing.assert_allclose(latent.act_stdev, np.sqrt(estimator.explained_variance_), rtol=1e-5)
    np.testing.assert_allclose(latent.variance_ratio, estimator.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(latent.components, directions, atol=1e-5)
    np.testing.assert_allclose(latent.mean, wanted.mean(axis=0, dtype=np.float64), atol=1e-6)
    np.testing.assert_allclose(latent.stdev, fresh.dot(directions.T).std(axis=0) if space == 'w' else 1, rtol=1e-4)
    np.testing.assert_allclose(
        latent.random_stdevs,
        rtol=1e-4,
        desired=(block - estimator.mean_).dot(latents.random_directions(K, 66).T).std(axis=0),
    )


@pytest.mark.parametrize('space', activations.SPACES)
def test_randomized_gives_the_components_of_whole_batches_up_to_n(space):
    generator, spec = ToyGenerator(bend=0.5), dataclasses.replace(SPEC, estimator='randomized')
    rows = generator.layer(generator.map(drawn(1, 99)[0])).astype(np.float64)
    expected = PCA(K, svd_solver='full').fit(rows)
    done = []

    result = compute(generator, '8x8/Conv1', spec, space, done.append)
    assert sum(done) == activations.total_rows(spec)
    np.testing.assert_allclose(
        np.abs(np.sum(result.components.reshape(K, -1) * expected.components_, axis=1)), 1, atol=1e-4
    )
    np.testing.assert_allclose(result.mean.ravel(), rows.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(result.latent.act_stdev, np.sqrt(expected.explained_variance_ * 2969 / 2970), rtol=1e-3)
    np.testing.assert_allclose(result.latent.variance_ratio, expected.explained_variance_ratio_, rtol=1e-3)
    np.testing.assert_allclose(
        result.latent.random_stdevs, rows.dot(latents.random_directions(K, 66).T).std(axis=0), rtol=1e-4
    )
    assert result.latent.record['missing'] == pytest.approx(1 - expected.explained_variance_ratio_.sum(), abs=1e-4)
    assert len(result.latent.record['residuals']) == K
    same = compute(ToyGenerator(bend=0.5), '8x8/Conv1', SPEC, space)
    assert np.abs(np.sum(same.latent.components * result.latent.components, axis=1)).min() > 0.95


def test_first_seed_of_the_regression_is_the_second_that_3_gives():
    generator = ToyGenerator()
    compute(generator, '8x8/Conv1', SPEC)
    rows = np.concatenate(generator.seen)
    np.testing.assert_array_equal(rows[4000:4030], latents.sample_batch(303761048, 30, Z))
    assert len(rows) == 4000 + 9990 + 5000


def test_regression_undoes_a_linear_layer():
    """With as many components as w has dimensions, a step along direction i moves the layer along component i and no
    other.

    Up to the sampling error of the mean, because the original's regression has no intercept; the mean of w is zero
    here.
    """
    generator = ToyGenerator(offset=0)
    result = compute(generator, '8x8/Conv1', dataclasses.replace(SPEC, components=D))
    moved = result.latent.components.dot(generator.linear)
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    np.testing.assert_allclose(moved.dot(result.components.reshape(D, -1).T), np.eye(D), atol=4e-3)
    np.testing.assert_allclose(np.linalg.norm(result.latent.components, axis=1), 1, rtol=1e-6)


def test_the_files_arrays_are_the_originals_and_edits_can_use_them(tmp_path):
    result = activations.compute_into(tmp_path / 'layer.npz', ToyGenerator(bend=0.5), '8x8/Conv1', SPEC)
    arrays = artefacts.read_npz(tmp_path / 'layer.npz')
    assert {name: array.shape for name, array in arrays.items() if name != 'record'} == {
        'act_comp': (K, 1) + SHAPE,
        'act_mean': (1,) + SHAPE,
        'act_stdev': (K,),
        'lat_comp': (K, 1, D),
        'lat_mean': (1, D),
        'lat_stdev': (K,),
        'var_ratio': (K,),
        'random_stdevs': (K,),
    }
    assert {array.dtype for name, array in arrays.items() if name != 'record'} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(arrays['act_comp'][:, 0], result.components)

    basis = Basis.load(tmp_path / 'layer.npz')
    np.testing.assert_array_equal(basis.components, result.latent.components)
    facts = {'layer': '8x8/Conv1', 'space': 'w', 'rows': 4000, 'regression_rows': 9990, 'seed': 1, 'batch_size': 30}
    assert {key: basis.record[key] for key in facts} == facts
    moved = edits.apply(np.zeros((1, L, D), np.float32), basis, edits.parse('E(v1, 0-1) * 2'))
    np.testing.assert_allclose(moved[0, :2], [2 * basis.stdev[1] * basis.components[1]] * 2, rtol=1e-5)


def test_progress_counts_every_activation():
    done = []
    compute(ToyGenerator(), '8x8/Conv1', SPEC, progress=done.append)
    assert sum(done) == activations.total_rows(SPEC) == 4000 + 9990


@pytest.mark.parametrize(
    'layer, changes, space, message',
    [
        ('8x8/Conv7', {}, 'w', "no layer '8x8/Conv7'; choose one of 8x8/Conv1, 4x4/Const"),
        ('8x8/Conv1', {'estimator': 'random'}, 'w', 'layers are decomposed by ipca or .*, not by random'),
        ('1024x1024/Conv1', {'estimator': 'pca'}, 'w', 'covariance of all pairs, of at most 8192 values'),
        ('8x8/Conv1', {'estimator': 'closed-form'}, 'w', '8x8/Conv1 is not affine in the latent'),
        ('8x8/Conv1', {}, 's', "no latent space 's'; choose one of w, z"),
        ('8x8/Conv1', {'components': 67}, 'w', '8x8/Conv1 has 66 values, so 67 components are too many'),
        ('8x8/Conv1', {'components': D + 1}, 'w', 'vary in fewer than 8 directions; ask for fewer components'),
        (
            '1024x1024/Conv1',
            {},
            'w',
            'has 33554432 values; blocks of 2000 samples would take 250.0 GiB where 1.0 are allowed',
        ),
        (
            '1024x1024/Conv1',
            {'estimator': 'randomized'},
            'w',
            'a sketch of 8 directions would take 1.0 GiB where 0.16 are allowed; ask for at most 0 components',
        ),
        ('4x4/Const', {}, 'w', '4x4/Const has the same activations for every latent'),
        (
            '4x4/Const',
            {'estimator': 'randomized'},
            'w',
            'layer 4x4/Const: the 2970 rows vary in fewer than 4 directions',
        ),
    ],
)
def test_refuses(layer, changes, space, message):
    with pytest.raises(UserError, match=message):
        compute(ToyGenerator(), layer, dataclasses.replace(SPEC, **changes), space)


def test_infinite_activations_are_refused():
    generator = ToyGenerator()
    generator.linear[0, 0] = np.inf
    with pytest.raises(UserError, match='layer 8x8/Conv1 gave NaN or infinity'):
        compute(generator, '8x8/Conv1', SPEC)


def test_a_layer_at_the_limit_is_allowed():
    assert 2000 * 64 * 64 * 32 * 4 <= activations.LARGEST_BLOCK


class Stopping(ToyGenerator):
    """Is interrupted when it is asked for the activations of one more than `after` latents."""

    def __init__(self, after):
        super().__init__(bend=0.5)
        self.left = after

    def activations(self, dlatents, layer):
        self.left -= len(dlatents)
        if self.left < 0:
            raise KeyboardInterrupt
        return super().activations(dlatents, layer)


@pytest.mark.parametrize('space', activations.SPACES)
@pytest.mark.parametrize(
    'estimator, stops', [('ipca', [100, 2500, 1500, 3300, 0, 5000]), ('randomized', [3000, -5000, -8000])]
)
def test_interrupted_run_goes_on_bit_for_bit(tmp_path, estimator, stops, space):
    """In the components and in the regression, at blocks' ends and inside. Negative stops count from the end of a
    run in one go.
    """
    spec, path = dataclasses.replace(SPEC, estimator=estimator), tmp_path / 'layer.npz'
    whole = compute(ToyGenerator(bend=0.5), '8x8/Conv1', spec, space)
    for after in stops:
        with pytest.raises(KeyboardInterrupt):
            activations.compute_into(path, Stopping(after % activations.total_rows(spec)), '8x8/Conv1', spec, space)
    assert not path.exists() and list(tmp_path.glob('layer.npz.*.checkpoint.npz'))
    done = []
    generator = Stopping(10**6)
    resumed = activations.compute_into(path, generator, '8x8/Conv1', spec, space, done.append)
    assert sum(done) == activations.total_rows(spec) > 10**6 - generator.left
    assert [p.name for p in tmp_path.iterdir()] == ['layer.npz']
    for found in (resumed.latent, Basis.load(path)):
        for field in ('mean', 'components', 'stdev', 'act_stdev', 'variance_ratio', 'random_stdevs'):
            np.testing.assert_array_equal(getattr(found, field), getattr(whole.latent, field), err_msg=field)
    np.testing.assert_array_equal(resumed.components, whole.components)


@pytest.mark.parametrize('layer, space', [('8x8/Conv1', 'z'), ('4x4/Const', 'w')])
def test_checkpoint_of_another_layer_or_space_is_refused(tmp_path, layer, space):
    with pytest.raises(KeyboardInterrupt):
        activations.compute_into(tmp_path / 'a.npz', Stopping(2500), '8x8/Conv1', SPEC)
    with pytest.raises(UserError, match='a.npz.components.checkpoint.npz is .* other settings or data; delete'):
        activations.compute_into(tmp_path / 'a.npz', ToyGenerator(), layer, SPEC, space)


@pytest.mark.parametrize('estimator', ['ipca', 'fbpca'])
def test_w_regressed_to_z(estimator):
    """The original's default: components of the mapping network's output, and their directions in Z; NumPy alone."""
    generator, spec = ToyGenerator(), dataclasses.replace(SPEC, estimator=estimator)
    of_w = pca.compute(generator.map, Z, spec)
    z, _ = drawn(3, 333, skip=1)
    x = (generator.map(z) - of_w.mean).dot(of_w.components.T) / of_w.act_stdev
    directions = np.linalg.lstsq(x.astype(np.float64), z, rcond=None)[0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    done = []
    for layer in ('mapping', 'style'):
        result = compute(ToyGenerator(), layer, spec, 'z', done.append)
        assert (result.layer, result.latent.space, result.latent.record['layer']) == ('mapping', 'z', 'mapping')
        np.testing.assert_array_equal(result.components, of_w.components)
        np.testing.assert_array_equal(result.latent.act_stdev, of_w.act_stdev)
        np.testing.assert_allclose(result.latent.components, directions, atol=1e-5)
        assert (result.latent.stdev == 1).all() and (result.latent.act_stdev != 1).all()
    assert sum(done) == 2 * activations.total_rows(spec)
    with pytest.raises(UserError, match='the components of the mapping network are those of W; they need no layer'):
        compute(ToyGenerator(), 'mapping', spec, 'w')


def test_layers_by_the_names_of_the_original():
    """The same file, whichever name was asked for."""
    ours, theirs = [compute(ToyGenerator(), name, SPEC) for name in ('8x8/Conv1', 'convs.1')]
    np.testing.assert_array_equal(ours.components, theirs.components)
    assert ours.latent.record == theirs.latent.record and ours.layer == theirs.layer == '8x8/Conv1'
