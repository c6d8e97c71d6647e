"""regan.editing.boundary: InterFaceGAN's directions, against what is known of them."""

import itertools
import os
import pathlib

import numpy as np
import pytest

from regan.base import places
from regan.base.errors import UserError
from regan.editing import boundary

BESIDE = pathlib.Path(__file__).resolve().parents[4] / 'shared' / 'data' / 'interfacegan'
FOLDER = pathlib.Path(os.environ.get(boundary.FOLDER_VARIABLE) or BESIDE)
ATTRIBUTES = ('pose', 'smile', 'age', 'gender', 'eyeglasses')
COSINES = {  # Of the published files, pair by pair in the order of `itertools.combinations`.
    'celebahq': [-0.0133, -0.0086, -0.0425, 0.0087, -0.0177, -0.0864, -0.0274, 0.1371, 0.0746, 0.2666],
    'ffhq': [0.0045, 0.0244, 0.0316, -0.0256, 0.0329, -0.1126, 0.0161, 0.0706, 0.1008, 0.0026],
}


@pytest.fixture
def published(monkeypatch):
    """Loads a published boundary by name."""
    if not FOLDER.is_dir():
        pytest.skip("InterFaceGAN's files are not here; set %s to their folder" % boundary.FOLDER_VARIABLE)
    monkeypatch.setenv(boundary.FOLDER_VARIABLE, str(FOLDER))
    return lambda name: boundary.resolve('stylegan_%s_w' % name, 512)


def unit(seed, width=17):
    vector = np.random.RandomState(seed).randn(width)
    return vector / np.linalg.norm(vector)


# ------------------------------------------------------------------ learning


@pytest.mark.parametrize('noise, cosine', [(0, 0.90), (1, 0.74)])
def test_a_known_direction_is_found(noise, cosine):
    """10,000 Gaussian codes of width 512 at the default ratio; the cosines are those of the published procedure, +-
    0.05.
    """
    random = np.random.RandomState(0)
    codes, true = random.randn(10000, 512), unit(1, 512)
    found = boundary.train(codes, codes.dot(true) + noise * random.randn(10000))
    assert found.normal.dot(true) == pytest.approx(cosine, abs=0.05)
    assert found.normal.dtype == np.float64 and np.linalg.norm(found.normal) == pytest.approx(1)
    assert found.used == 280 and found.accuracy > 0.85 and 0.5 < found.rest_accuracy < 0.9


def test_more_codes_give_a_better_direction():
    random = np.random.RandomState(0)
    codes, true = random.randn(2000, 64), unit(1, 64)
    cosines = [boundary.train(codes, codes.dot(true), ratio).normal.dot(true) for ratio in (0.02, 0.1, 0.5)]
    assert cosines == sorted(cosines) and cosines[2] > 0.98


def test_ends_and_halves():
    """Codes on a line: the plane lies between the ends, and the middle of the scores decides about the rest."""
    scores = np.array([10.0, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    codes = np.stack([scores - 5.5, np.zeros(10)], axis=1)
    for ratio in (0.2, 2):  # The same number of codes either way.
        found = boundary.train(codes, scores, ratio, validation=0.5)
        assert np.array_equal(found.normal, [1, 0]) and found[1:] == (1.0, 1.0, 2)
    assert boundary.train(codes, scores, 0.5).rest_accuracy is None
    assert (
        boundary.train(codes, scores, 1).used == boundary.train(codes, scores, 0.5).used
    )  # Never more than half at either end.


def test_the_seed_decides_what_is_held_out():
    random = np.random.RandomState(0)
    codes = random.randn(300, 7)
    scores = codes[:, 0] + random.randn(300)
    normals = [boundary.train(codes, scores, 0.2, seed=seed).normal for seed in (0, 0, 1)]
    assert np.array_equal(normals[0], normals[1]) and not np.array_equal(normals[0], normals[2])


@pytest.mark.parametrize(
    'codes, scores, ratio, message',
    [
        (np.zeros((5, 3)), np.zeros(4), 0.5, 'codes of shape (5, 3) and 4 scores'),
        (np.zeros(5), np.zeros(5), 0.5, 'codes of shape (5,)'),
        (np.full((5, 3), np.nan), np.arange(5), 0.5, 'NaN'),
        (np.zeros((40, 3)), np.arange(40), 0.02, '0 codes at either end cannot be split'),
        (np.zeros((40, 3)), np.arange(40), 1e-9, '0 codes'),
        (np.zeros((40, 3)), np.arange(40), -1, 'the ratio is -1'),
        (np.zeros((40, 3)), np.ones(40), 0.5, 'too many codes score alike'),
    ],
)
def test_what_cannot_be_learnt(codes, scores, ratio, message):
    with pytest.raises(UserError) as error:
        boundary.train(codes, scores, ratio)
    assert message in str(error.value)


class Network:
    """w = 2 z in the first half, and images that show the first two coordinates of layer 0 and of the last layer."""

    latent_size, num_layers, dlatent_avg = 6, 10, np.full(6, 1, np.float32)

    def map(self, z):
        return 2 * z

    def synthesize(self, dlatents, conversion='round'):
        return dlatents[:, [0, -1], :2]


class Reader:
    factor_names, circular, r2 = ['size', 'hue', 'light'], [1], [0.9, 0.8, 0.7]

    def read(self, images):
        return images.reshape(len(images), -1)


@pytest.mark.parametrize('space, scale', [('w', 2), ('z', 1)])
def test_sampling(space, scale, monkeypatch):
    monkeypatch.setattr(boundary, 'IMAGES_AT_ONCE', 3)
    codes, factors = boundary.sample(Network(), Reader(), 7, seed=3, space=space)
    z = np.random.RandomState(3).randn(7, 6)
    z *= np.sqrt(6) / np.linalg.norm(z, axis=1, keepdims=True)
    assert codes.dtype == np.float32 and np.allclose(codes, scale * z, atol=1e-6)
    assert np.allclose(
        factors[:, :2], 1 + 0.7 * (2 * z[:, :2] - 1), atol=1e-6
    )  # Layer 0 is truncated for the image ...
    assert np.allclose(factors[:, 2:], 2 * z[:, :2], atol=1e-6)  # ... layer 9 is not, and the codes never are.
    assert np.array_equal(boundary.sample(Network(), Reader(), 5, seed=3, space=space)[0], codes[:5])


def test_factors_that_have_no_ends_are_refused():
    assert boundary.factor_index(Reader, 'light') == 2
    with pytest.raises(UserError, match="'hue' is circular: .* choose one of size, light"):
        boundary.factor_index(Reader, 'hue')
    with pytest.raises(UserError, match="no factor 'yaw'; choose one of size, light"):
        boundary.factor_index(Reader, 'yaw')


# ------------------------------------------------------------------ using


@pytest.mark.parametrize('count', [0, 1, 2, 5])
def test_a_conditioned_boundary_is_orthogonal_to_its_conditions(count):
    conditions = [unit(seed) for seed in range(1, count + 1)]
    found = boundary.condition(unit(0), conditions)
    assert np.linalg.norm(found) == pytest.approx(1)
    assert all(abs(found.dot(one)) < 1e-14 for one in conditions)
    rest = np.stack(conditions + [unit(0)])
    assert np.linalg.matrix_rank(np.vstack([rest, found])) == len(rest)  # It stays in the span of all.


def test_conditions_of_the_closed_forms():
    """The formulas of the paper for one and two conditions."""
    n1, n2, n3 = unit(0), unit(1), unit(2)
    assert np.allclose(boundary.residue(n1, [n2]), n1 - n1.dot(n2) * n2, atol=1e-15)
    a, b = [(n1.dot(one) - n1.dot(other) * n2.dot(n3)) / (1 - n2.dot(n3) ** 2) for one, other in ((n2, n3), (n3, n2))]
    assert np.allclose(boundary.residue(n1, [n2, n3]), n1 - a * n2 - b * n3, atol=1e-15)
    assert np.allclose(boundary.residue(n1, [n2, n2]), boundary.residue(n1, [n2]), atol=1e-15)


def test_conditions_that_leave_nothing():
    with pytest.raises(UserError, match='nothing of it is left'):
        boundary.condition(unit(0), [unit(1), -unit(0)])
    with pytest.raises(UserError, match='different widths'):
        boundary.condition(unit(0), [unit(1, 16)])


def test_moves_go_to_absolute_distances():
    codes, normal = np.random.RandomState(0).randn(3, 17).astype(np.float32), unit(1)
    distances = np.linspace(-3, 3, 5)
    moved = boundary.move(codes, normal, distances)
    assert moved.shape == (3, 5, 17) and moved.dtype == np.float32
    assert np.allclose(moved.dot(normal), distances, atol=1e-5)
    across = moved - moved.dot(normal)[..., np.newaxis] * normal
    assert np.allclose(across, (codes - codes.dot(normal)[:, np.newaxis] * normal)[:, np.newaxis], atol=1e-5)


def test_cosines_measure_the_share_inside_a_span():
    rows = np.linalg.qr(np.random.RandomState(0).randn(17, 17))[0][:5]
    inside = rows[:3].T.dot([0.6, 0, 0.8])
    assert np.allclose(boundary.cosines(inside, rows), [0.6, 0, 0.8, 0, 0])
    assert np.linalg.norm(boundary.cosines(boundary.condition(unit(3), list(rows)), rows)) < 1e-14
    with pytest.raises(UserError, match='width 16 but the components 17'):
        boundary.cosines(unit(0, 16), rows)


# ------------------------------------------------------------------ files


def test_the_file_is_interfacegans(tmp_path):
    boundary.save(tmp_path / 'smile.npy', unit(0, 512))
    array = np.load(str(tmp_path / 'smile.npy'))
    assert array.shape == (1, 512) and array.dtype == np.float64 and (tmp_path / 'smile.npy').stat().st_size == 4224
    assert np.array_equal(boundary.load(tmp_path / 'smile.npy', 512), unit(0, 512))


def test_float32_is_read(tmp_path):
    """The published trainer writes it."""
    np.save(str(tmp_path / 'a.npy'), unit(0)[np.newaxis].astype(np.float32))
    assert boundary.load(tmp_path / 'a.npy').dtype == np.float64


@pytest.mark.parametrize(
    'array, message',
    [
        (unit(0), 'shape (17,)'),
        (np.stack([unit(0), unit(1)]), 'shape (2, 17)'),
        (np.ones((1, 17), int), 'int64'),
        (3 * unit(0)[np.newaxis], 'length 3 but a boundary is a unit vector'),
        (unit(0)[np.newaxis] * np.nan, 'are NaN or infinite'),
        (unit(0, 16)[np.newaxis], 'width 16 but the codes have 17'),
        (np.array([None]), 'is not a .npy file with a plain array'),
    ],
)
def test_other_arrays_are_refused(tmp_path, array, message):
    np.save(str(tmp_path / 'a.npy'), array)
    with pytest.raises(UserError) as error:
        boundary.load(tmp_path / 'a.npy', 17)
    assert 'a.npy' in str(error.value) and message in str(error.value)


def test_names_and_files(tmp_path, monkeypatch):
    with pytest.raises(
        UserError, match='neither a file nor a known boundary; the names are: .*stylegan_celebahq_age_w'
    ):
        boundary.locate('stylegan2_ffhq_smile_w')
    monkeypatch.setenv(boundary.FOLDER_VARIABLE, str(tmp_path))
    (tmp_path / 'stylegan_ffhq_smile_w_boundary.npy').write_bytes(b'other')
    with pytest.raises(UserError, match='stylegan_ffhq_smile_w_boundary.npy has SHA-256'):
        boundary.locate('stylegan_ffhq_smile_w')


def test_boundaries_of_the_project_have_names(tmp_path, monkeypatch):
    monkeypatch.setattr(boundary, 'EMBEDDED', tmp_path)
    boundary.save(tmp_path / 'toy_yaw_w_boundary.npy', unit(0))
    assert list(boundary.embedded()) == ['toy_yaw_w'] and np.array_equal(boundary.resolve('toy_yaw_w', 17), unit(0))


def test_boundaries_of_the_project_that_a_wheel_lacks(tmp_path, monkeypatch):
    monkeypatch.setattr(boundary, 'EMBEDDED', tmp_path / 'shipped')
    monkeypatch.setattr(places, 'INSTALLED', True)
    with pytest.raises(UserError, match='a checkout of the project has more in networks/boundaries/'):
        boundary.locate('toy_yaw_w')
    boundary.save(tmp_path / 'toy_yaw_w_boundary.npy', unit(0))
    monkeypatch.setenv(boundary.FOLDER_VARIABLE, str(tmp_path))
    assert boundary.locate('toy_yaw_w') == tmp_path / 'toy_yaw_w_boundary.npy'


@pytest.mark.parametrize(
    'text, scores',
    [('0.5\n-1\n2e1\n', [0.5, -1, 20]), ('file,smile\na.png,1\nb.png,0\n', [1, 0]), ('\ufeffscore\n3\n\n4\n', [3, 4])],
)
def test_scores_of_a_table(tmp_path, text, scores):
    (tmp_path / 's.csv').write_text(text, encoding='utf-8')
    assert boundary.read_scores(tmp_path / 's.csv').tolist() == scores


@pytest.mark.parametrize(
    'text, message',
    [('', 'row 1'), ('score\n', 'row 1'), ('1\nx\n', 'row 2: there is no score'), ('a\nb\n1\n', 'row 2')],
)
def test_tables_without_scores(tmp_path, text, message):
    (tmp_path / 's.csv').write_text(text)
    with pytest.raises(UserError, match='s.csv, ' + message):
        boundary.read_scores(tmp_path / 's.csv')


def test_scores_and_codes_of_arrays(tmp_path):
    np.save(str(tmp_path / 'a.npy'), np.array([[1], [2]], np.int32))
    assert boundary.read_scores(tmp_path / 'a.npy').tolist() == [1, 2]
    with pytest.raises(UserError, match='codes have shape'):
        boundary.read_codes(tmp_path / 'a.npy')
    np.save(str(tmp_path / 'a.npy'), np.zeros((2, 3)))
    assert boundary.read_codes(tmp_path / 'a.npy').shape == (2, 3)
    with pytest.raises(UserError, match='scores are N numbers'):
        boundary.read_scores(tmp_path / 'a.npy')
    with pytest.raises(UserError, match='there is no file .*no.npy'):
        boundary.read_scores(tmp_path / 'no.npy')


# ------------------------------------------------------------------ the published files


@pytest.mark.parametrize('network', sorted(COSINES))
def test_published_cosines(published, network):
    found = [
        published('%s_%s' % (network, a)).dot(published('%s_%s' % (network, b)))
        for a, b in itertools.combinations(ATTRIBUTES, 2)
    ]
    assert np.allclose(found, COSINES[network], atol=5.1e-5)


@pytest.mark.parametrize(
    'primal, conditions, length, entries',
    [
        ('celebahq_eyeglasses', ['celebahq_gender'], 0.963811, [-0.017297, -0.129131, -0.058105]),
        ('celebahq_eyeglasses', ['celebahq_gender', 'celebahq_age'], 0.963046, [-0.017998, -0.129852, -0.056732]),
        ('ffhq_age', ['ffhq_eyeglasses'], 0.994906, [0.049530, -0.054945, 0.106187]),
    ],
)
def test_published_conditions(published, primal, conditions, length, entries):
    normals = [published(name) for name in conditions]
    assert np.linalg.norm(boundary.residue(published(primal), normals)) == pytest.approx(length, abs=1e-6)
    assert np.allclose(boundary.condition(published(primal), normals)[:3], entries, atol=1e-6)


def test_published_checksums(published):
    for name in boundary.PUBLISHED:
        assert boundary.locate(name).parent == FOLDER
