"""`regan boundary`, on a generator whose images show its latents."""

import json

import numpy as np
import pytest

import regan.judges.reader
import regan.networks.generator
from regan.commands.boundary import boundary
from regan.components.basis import Basis
from regan.editing import boundary as module
from regan.networks import models
from regan.networks.latent_traits import MappedTraits
from regan.networks.network_file import NetworkFile
from regan.pictures import images
from regan.sampling import latents
from tests.one_command import run, run_well


class Network(MappedTraits):
    """w = z; the pixels of an image are the first numbers of layer 0."""

    latent_size, dlatent_size, num_layers, num_channels, resolution, generation, label_size = 8, 8, 6, 3, 4, 1, 0
    dlatent_avg, sha256, backend = np.zeros(8, np.float32), 'f' * 64, {'tensorflow': '2.0', 'numpy': '1.0'}

    @classmethod
    def open(cls, path, **_):
        return cls()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map(self, z, labels=None):
        return z

    def set_noise(self, noise):
        pass

    def synthesize(self, dlatents, progress=None, conversion='round'):
        levels = np.clip(128 + 20 * dlatents[:, 0, :3], 0, 255).astype(np.uint8)
        return np.tile(levels[:, np.newaxis, np.newaxis], (1, 4, 4, 1))


class Reader:
    """Its factors are the colours; the second is circular."""

    sha256, factor_names, circular, r2 = 'e' * 64, ['size', 'hue', 'light'], [1], [0.9, 0.8, 0.7]

    def __init__(self, path):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def check(self, num_channels, resolution):
        pass

    def read(self, pictures):
        return pictures[:, 0, 0].astype(np.float32)


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.delenv(module.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(regan.networks.generator, 'Generator', Network)
    monkeypatch.setattr(regan.judges.reader, 'FactorReader', Reader)
    monkeypatch.setattr(models, 'resolve', lambda name, folder=None: name)
    monkeypatch.setattr(NetworkFile, 'check_that_it_is_ours', lambda file: None)  # There is no file.


@pytest.fixture
def axes(tmp_path):
    """Boundaries along the first two axes, and along both."""
    for name, row in [('a', np.eye(8)[0]), ('b', np.eye(8)[1]), ('ab', np.array([0.6, 0.8] + [0] * 6))]:
        module.save(tmp_path / (name + '.npy'), row)
    return tmp_path


FROM_NETWORK = ['train', 'net.pkl', '--reader', 'reader.pkl', '--factor', 'light', '--n', 400, '--ratio', 0.2]


@pytest.mark.parametrize('space', ['w', 'z'])
def test_train_on_a_network(tmp_path, space):
    text = run_well(boundary, *FROM_NETWORK, '--space', space, '--out', tmp_path / 'light.npy')
    assert module.load(tmp_path / 'light.npy', 8)[2] > 0.95  # The third number of w is the third colour.
    facts = json.loads((tmp_path / 'light.json').read_text())
    assert (facts['factor'], facts['space'], facts['psi'], facts['cutoff'], facts['n'], facts['used']) == (
        'light',
        space,
        0.7,
        6,
        400,
        112,
    )
    assert (
        facts['reader_r2'] == 0.7
        and 'fitted to 112 of 400 codes' in text
        and '%.1f%%' % (100 * facts['accuracy']) in text
    )


def test_train_in_a_mode(tmp_path, monkeypatch):
    """A StyleGAN is not truncated by the original, so the images show the codes at full length."""
    calls = []
    monkeypatch.setattr(Network, 'set_noise', lambda self, noise: calls.append(noise))
    words = ['--mode', 'ganspace', '--noise', 'torch-cpu:0', '--out', tmp_path / 'light.npy']
    run_well(boundary, *FROM_NETWORK, *words)
    facts = json.loads((tmp_path / 'light.json').read_text())
    assert (facts['mode'], facts['psi'], facts['cutoff'], facts['conversion']) == ('ganspace', 1, None, 'truncate')
    assert facts['noise'] == {'torch_cpu_seed': 0} and calls == [facts['noise']]
    assert facts['instance_norm_epsilon'] == 1e-5


def test_train_on_own_scores_leaves_invalid_ones_out(tmp_path):
    codes = np.random.RandomState(0).randn(300, 8)
    scores = codes[:, 1].copy()
    scores[::3] = -99
    np.save(str(tmp_path / 'codes.npy'), codes)
    (tmp_path / 'scores.csv').write_text('score\n' + '\n'.join('%r' % float(score) for score in scores))
    run_well(
        boundary,
        'train',
        '--codes',
        tmp_path / 'codes.npy',
        '--scores',
        tmp_path / 'scores.csv',
        '--invalid',
        -99,
        '--ratio',
        0.3,
        '--seed',
        5,
        '--out',
        tmp_path / 'own.npy',
    )
    expected = module.train(codes[scores != -99], scores[scores != -99], 0.3, seed=5)
    assert np.array_equal(module.load(tmp_path / 'own.npy'), expected.normal)
    assert json.loads((tmp_path / 'own.json').read_text())['n'] == 200


def test_condition(axes):
    text = run_well(boundary, 'condition', axes / 'ab.npy', '--given', axes / 'a.npy', '--out', axes / 'c.npy')
    assert np.allclose(module.load(axes / 'c.npy'), np.eye(8)[1]) and '0.800000 of the length' in text
    assert json.loads((axes / 'c.json').read_text())['length'] == pytest.approx(0.8)


def test_compare(axes):
    numbers = [np.ones(3, np.float32)] * 4
    Basis(np.zeros(8, np.float32), np.eye(8, dtype=np.float32)[1:4], *numbers).save(axes / 'basis.npz')
    text = run_well(
        boundary, 'compare', axes / 'ab.npy', '--basis', axes / 'basis.npz', '--most', 2, '--with', axes / 'a.npy'
    )
    assert text.splitlines() == [
        'cosine with %s  +0.6000' % (axes / 'a.npy'),
        'component  cosine',
        '        0  +0.8000',
        '        1  +0.0000',
        'share of its length inside the first 3 components  0.8000',
    ]


def test_edit_goes_to_absolute_distances(axes):
    run_well(
        boundary,
        'edit',
        'net.pkl',
        axes / 'a.npy',
        '--plain',
        '--seeds',
        '4,5',
        '--start-distance',
        -2,
        '--end-distance',
        2,
        '--steps',
        3,
        '--psi',
        1,
        '--out',
        axes / 'e.png',
    )
    page = images.split(images.read_png(axes / 'e.png'), 4, 4)  # [2, 3, H, W, C]
    assert page[:, :, 0, 0, 0].tolist() == [[88, 128, 168]] * 2
    rest = np.clip(128 + 20 * latents.from_seeds([4, 5], 8)[:, 1:3], 0, 255).astype(np.uint8)
    assert np.array_equal(page[:, :, 0, 0, 1:], np.repeat(rest[:, np.newaxis], 3, axis=1))
    assert json.loads((axes / 'e.json').read_text())['distances'] == [-2, 0, 2]


def test_fetch_looks_at_the_users_folder_first(tmp_path, monkeypatch):
    monkeypatch.setitem(module.PUBLISHED, 'stylegan_ffhq_smile_w', None)
    path = tmp_path / 'stylegan_ffhq_smile_w_boundary.npy'
    path.write_bytes(b'any')
    assert (
        run_well(boundary, 'fetch', 'stylegan_ffhq_smile_w', '--folder', tmp_path)
        == 'stylegan_ffhq_smile_w: %s\n' % path
    )
    monkeypatch.setenv(module.FOLDER_VARIABLE, str(tmp_path))
    assert str(path) in run_well(boundary, 'fetch', 'stylegan_ffhq_smile_w')
    assert run_well(boundary, 'fetch').split() == list(module.PUBLISHED)


def test_fetch_by_hand_says_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'ADDRESS', 'http://127.0.0.1:9/')
    result = run(boundary, 'fetch', 'stylegan_ffhq_smile_w')
    assert result.exit_code == 2 and 'by hand and put it in %s' % (tmp_path / 'cache' / 'boundaries') in result.output


@pytest.mark.parametrize(
    'words, message',
    [
        (['train', '--out', 'OUT.npy'], 'give NETWORK, --reader and --factor, or --codes and --scores'),
        (
            FROM_NETWORK + ['--codes', 'codes.npy', '--out', 'OUT.npy'],
            'give NETWORK, --reader and --factor, or --codes and --scores',
        ),
        (
            ['train', '--codes', 'a.npy', '--scores', 'b.npy', '--space', 'z', '--out', 'OUT.npy'],
            '--space is for a network',
        ),
        (FROM_NETWORK + ['--factor', 'hue', '--out', 'OUT.npy'], "'hue' is circular"),
        (FROM_NETWORK + ['--factor', 'yaw', '--out', 'OUT.npy'], "no factor 'yaw'"),
        (FROM_NETWORK + ['--ratio', 0.001, '--out', 'OUT.npy'], '0 codes at either end cannot be split'),
        (FROM_NETWORK + ['--ratio', 0, '--out', 'OUT.npy'], "'--ratio'"),
        (FROM_NETWORK + ['--out', 'OUT.txt'], 'must end in .npy'),
        (
            ['condition', 'nowhere.npy', '--given', 'a.npy', '--out', 'OUT.npy'],
            'nowhere.npy is neither a file nor a known boundary',
        ),
        (['compare', 'nowhere.npy'], 'give --basis or --with'),
        (['fetch', 'smile'], 'there is no published boundary smile'),
    ],
)
def test_bad_words(tmp_path, words, message):
    result = run(boundary, *[str(word).replace('OUT', str(tmp_path / 'out')) for word in words])
    assert result.exit_code == 2 and message in result.output and not list(tmp_path.glob('out*'))


def test_a_boundary_of_another_network(axes):
    module.save(axes / 'wide.npy', np.eye(9)[0])
    for words in (
        ['edit', 'net.pkl', axes / 'wide.npy', '--seed', 1, '--out', axes / 'e.png'],
        ['compare', axes / 'a.npy', '--with', axes / 'wide.npy'],
        ['condition', axes / 'a.npy', '--given', axes / 'wide.npy', '--out', axes / 'c.npy'],
    ):
        result = run(boundary, *words)
        assert result.exit_code == 2 and 'network' in result.output, result.output
