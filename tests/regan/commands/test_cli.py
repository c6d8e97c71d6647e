"""The command line: what it writes, and what it says about bad input (exit status 2, one sentence, nothing
half-written).
"""

import errno
import gzip
import json
import os
import pickle

import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.base import artefacts
from regan.components import pca
from regan.components.basis import Basis
from regan.networks import models
from regan.pictures import images
from regan.sampling import latents
from tests import make_pickles

SMALL_PCA = ['--n', '4000', '--components', '5']


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


def run(*words):
    return CliRunner().invoke(cli.main, [str(w) for w in words])


def run_well(*words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


# ------------------------------------------------------------------ good input


def test_generate(tiny_pickle, tmp_path):
    run_well(
        'generate', tiny_pickle, '--seeds', '3-5,9', '--psi', 0.6, '--columns', 3, '--plain', '--out', tmp_path / 'out'
    )
    names = sorted(os.listdir(str(tmp_path / 'out')))
    assert names == ['generate.json', 'grid.png', 'seed0003.png', 'seed0004.png', 'seed0005.png', 'seed0009.png']
    pictures = [images.read_png(tmp_path / 'out' / n) for n in names[2:]]
    grid = images.read_png(tmp_path / 'out' / 'grid.png')
    assert grid.shape == (32, 48, 3)
    assert np.array_equal(grid[:16], np.concatenate(pictures[:3], axis=1)) and np.array_equal(
        grid[16:, :16], pictures[3]
    )
    assert (grid[16:, 16:] == 255).all() and not np.array_equal(pictures[0], pictures[1])
    facts = json.loads((tmp_path / 'out' / 'generate.json').read_text())
    assert (facts['seeds'], facts['psi'], facts['network_sha256']) == (
        [3, 4, 5, 9],
        0.6,
        artefacts.sha256_file(tiny_pickle),
    )


def test_a_seed_is_the_same_picture_in_any_company(stays_open, tiny_pickle, tmp_path):
    for noise in ('stored', 'seed'):
        run_well('generate', tiny_pickle, '--seeds', '7', '--noise', noise, '--out', tmp_path / 'alone')
        run_well('generate', tiny_pickle, '--seeds', '1-3,7', '--noise', noise, '--out', tmp_path / 'many')
        alone, many = [images.read_png(tmp_path / where / 'seed0007.png') for where in ('alone', 'many')]
        assert np.array_equal(alone, many)


def test_noise_from_the_seed_is_the_official_tools(stays_open, tiny_pickle, tmp_path):
    """z first, then noise0, noise1, ... from the same generator."""
    from regan.networks.generator import Generator

    run_well('generate', tiny_pickle, '--seeds', '5', '--noise', 'seed', '--psi', 1, '--out', tmp_path)
    random = np.random.RandomState(5)
    with Generator.open(tiny_pickle) as g:
        w = g.map(random.randn(1, 13))
        g.set_noise(random)
        expected = g.synthesize(latents.broadcast(w, 6))[0]
    assert np.array_equal(images.read_png(tmp_path / 'seed0005.png'), expected)


def test_pca_prints_writes_and_caches(tiny_pickle, tmp_path, cache):
    text = run_well('pca', tiny_pickle, *SMALL_PCA, '--out', tmp_path / 'basis.npz')
    basis = Basis.load(tmp_path / 'basis.npz')
    assert basis.components.shape == (5, 11) and basis.record['network'] == artefacts.sha256_file(tiny_pickle)
    assert '%7.4f' % basis.stdev[4] in text
    files = os.listdir(str(cache))
    assert len(files) == 1
    before = os.stat(str(cache / files[0])).st_mtime_ns
    run_well('pca', tiny_pickle, *SMALL_PCA)
    assert os.stat(str(cache / files[0])).st_mtime_ns == before and os.listdir(str(cache)) == files
    run_well('pca', tiny_pickle, *SMALL_PCA, '--batch-size', 50)  # Another result, so another file.
    assert len(os.listdir(str(cache))) == 2


def test_edit_strips(stays_open, tiny_pickle, tmp_path):
    run_well(
        'edit',
        tiny_pickle,
        '--plain',
        '--seeds',
        '4,5',
        '--edit',
        'E(v0, 0-2) * 3',
        '--edit',
        'centred E(v1, all) * 2',
        '--frames',
        3,
        '--psi',
        0.9,
        *SMALL_PCA,
        '--out',
        tmp_path / 'strip.png',
    )
    page = images.split(images.read_png(tmp_path / 'strip.png'), 16, 16)  # [4, 3, H, W, C]
    assert page.shape[:2] == (4, 3)
    run_well('generate', tiny_pickle, '--seeds', '4', '--psi', 0.9, '--out', tmp_path)
    assert np.array_equal(
        page[0, 1], images.read_png(tmp_path / 'seed0004.png')
    )  # The middle of an offset is the latent itself.
    assert not np.array_equal(page[0, 0], page[0, 2])
    facts = json.loads((tmp_path / 'strip.json').read_text())
    assert facts['edits'] == ['E(v0, 0-2) * 3.0', 'centred E(v1, all) * 2.0'] and facts['pca']['n'] == 4000


def test_edit_sequence_of_targets(stays_open, tiny_pickle, tmp_path):
    run_well(
        'edit',
        tiny_pickle,
        '--plain',
        '--seed',
        4,
        '--edit',
        'target E(v0, 0-2) = 3',
        '--edit',
        'E(v1, 3) * 2',
        *SMALL_PCA,
        '--out',
        tmp_path / 's.png',
    )
    assert images.read_png(tmp_path / 's.png').shape == (16, 48, 3)


def test_info(tiny_pickle):
    assert json.loads(run_well('info', tiny_pickle, '--json'))['networks'][2]['name'] == 'Gs'
    assert 'Gs: G_main, stylegan2' in run_well('info', tiny_pickle)


# ------------------------------------------------------------------ bad input


class _Hostile:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, ('echo executed > %s' % self.marker,)


@pytest.fixture
def files(tmp_path, tiny_pickle):
    """Bad network files by name."""
    contents = dict(
        list=pickle.dumps([1, 2]),
        html=b'<!DOCTYPE html><html><body>Quota exceeded</body></html>',
        empty=b'',
        truncated=tiny_pickle.read_bytes()[:3000],
        hostile=pickle.dumps(_Hostile(tmp_path / 'executed')),
        archive=gzip.compress(b'networks/a.pkl'.ljust(257, b'\0') + b'ustar'.ljust(767, b'\0')),
        keras=b'\x89HDF\r\n\x1a\n' + bytes(100),
        torch=b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.' + bytes(100),
        image=b'\x89PNG\r\n\x1a\n' + bytes(100),
        name=make_pickles.dumps(make_pickles.state('../../x; touch y\x1b[2J', 'G_main', []), 4),
        several=make_pickles.dumps({key: make_pickles.state('G', 'G_main', []) for key in ('cars', 'cats')}, 4),
    )
    np.savez(str(tmp_path / 'projected_w.npz'), w=np.zeros([1, 18, 512], np.float32))
    np.save(str(tmp_path / 'codes.npy'), np.zeros([5, 11]))
    for name, data in contents.items():
        (tmp_path / (name + '.pkl')).write_bytes(data)
    return tmp_path


GENERATE = ['--seeds', '1', '--out', 'OUT']
EDIT = ['--seed', '1'] + SMALL_PCA + ['--out', 'OUT.png']

BAD_INPUT = [
    # what, words ('NET' is a good network, 'X.pkl' a bad file, 'OUT' the output), what the message says
    ('missing file', ['generate', 'nowhere.pkl'] + GENERATE, 'nowhere.pkl is neither a file nor a registered network'),
    ('misspelt name', ['info', 'stylegan2-car-64'], 'did you mean stylegan2-cars-64'),
    ('HTML', ['info', 'html.pkl'], 'html.pkl is an HTML page'),
    ('HTML', ['generate', 'html.pkl'] + GENERATE, 'html.pkl is an HTML page'),
    ('empty', ['info', 'empty.pkl'], 'empty.pkl is empty'),
    ('truncated', ['generate', 'truncated.pkl'] + GENERATE, 'truncated.pkl'),
    ('hostile', ['info', 'hostile.pkl'], 'posix.system'),
    ('hostile', ['generate', 'hostile.pkl'] + GENERATE, 'nothing of it was executed'),
    ('hostile', ['generate', 'hostile.pkl', '--trust-embedded-code'] + GENERATE, 'nothing of it was executed'),
    ('psi', ['generate', 'NET', '--psi', 'much'] + GENERATE, "'--psi'"),
    ('psi', ['generate', 'NET', '--psi', 'nan'] + GENERATE, "'nan' is not a finite number"),
    ('seeds', ['generate', 'NET', '--seeds', '1-x', '--out', 'OUT'], "cannot read seeds from '1-x'"),
    ('seeds', ['generate', 'NET', '--seeds', '5-2', '--out', 'OUT'], 'rising ranges'),
    ('seeds', ['generate', 'NET', '--seeds', '0-4294967295', '--out', 'OUT'], 'more than 1000000 seeds'),
    ('cutoff', ['generate', 'NET', '--cutoff', '7'] + GENERATE, 'layers 0-5'),
    ('class', ['generate', 'NET', '--class', '0'] + GENERATE, 'no classes'),
    ('layer', ['edit', 'NET', '--edit', 'E(v0, 3-6)'] + EDIT, 'this network has layers 0-5'),
    ('component', ['edit', 'NET', '--edit', 'E(v5, 0)'] + EDIT, '--components'),
    ('edit', ['edit', 'NET', '--edit', 'v0: 3'] + EDIT, "cannot read the edit 'v0: 3'"),
    ('strength', ['edit', 'NET', '--edit', 'E(v0, 0) * big'] + EDIT, "'big'"),
    ('components past D', ['pca', 'NET', '--n', '4000', '--components', '12'], '11-dimensional w'),
    ('samples', ['pca', 'NET', '--n', '10'], 'less than one batch of 20'),
    ('no PNG', ['edit', 'NET', '--edit', 'E(v0, 0)', '--seed', '1', '--out', 'strip.json'], 'must end in .png'),
    ('no network', ['info', 'list.pkl'], 'holds no network: it is a pickle of plain Python values'),
    ('archive', ['info', 'archive.pkl'], 'archive.pkl is a tar archive'),
    ('Keras', ['generate', 'keras.pkl'] + GENERATE, 'keras.pkl is an HDF5 file, as Keras keeps weights'),
    ('PyTorch', ['pca', 'torch.pkl'], 'torch.pkl is a PyTorch file'),
    ('image', ['info', 'image.pkl'], 'a PNG image, not a TensorFlow network pickle; `regan dataset create --images`'),
    ('latents', ['info', 'projected_w.npz'], 'an archive of latents, as projectors write it (w: float32 [1, 18, 512])'),
    ('array', ['generate', 'codes.npy'] + GENERATE, '`regan boundary train --codes` takes codes'),
    ('folder', ['info', '.'], 'no network; give'),
    ('name', ['info', 'name.pkl'], "'../../x; touch y\\x1b[2J': a name of a network holds letters, digits"),
    ('name', ['generate', 'name.pkl'] + GENERATE, 'a name of a network holds letters, digits'),
    ('several', ['pca', 'several.pkl'], 'cars (G_main), cats (G_main); choose one, for example '),
    (
        'no such one',
        ['pca', 'several.pkl::dogs'],
        "no network called 'dogs': it has cars (G_main), cats",
    ),
    ('address', ['info', 'https://example.org/a.pkl'], 'an address that the registry does not have'),
    (
        'no basis',
        ['edit', 'NET', '--edit', 'E(v0, 0)', '--seed', '1', '--basis', 'projected_w.npz', '--out', 'OUT.png'],
        'is not a basis but an archive of latents',
    ),
    (
        'no basis',
        ['edit', 'NET', '--edit', 'E(v0, 0)', '--seed', '1', '--basis', 'image.pkl', '--out', 'OUT.png'],
        'image.pkl is a PNG image',
    ),
    (
        'no edit',
        ['edit', 'NET', '--edit', 'codes.npy', '--seed', '1', '--out', 'OUT.png'],
        'is no file of a saved edit',
    ),
    (
        'no boundary',
        ['boundary', 'edit', 'NET', 'codes.npy', '--seed', '1', '--out', 'OUT.png'],
        'a boundary has shape',
    ),
    ('no boundary', ['boundary', 'edit', 'NET', 'image.pkl', '--seed', '1', '--out', 'OUT.png'], 'a PNG image'),
    ('estimator', ['pca', 'NET', '--estimator', 'magic'], 'magic'),
    ('output is a file', ['generate', 'NET', '--seeds', '1', '--out', 'NET'], 'is a file'),
]


@pytest.mark.parametrize(
    'what, words, message', BAD_INPUT, ids=['%d %s' % (i, row[0]) for i, row in enumerate(BAD_INPUT)]
)
def test_bad_input(what, words, message, files, stays_open, tiny_pickle, cache):
    places = {'NET': tiny_pickle, 'OUT': files / 'out', 'OUT.png': files / 'out.png'}
    here = {word: str(files / word) for word in words if (files / word.split('::')[0]).is_file()}
    result = run(*[places.get(word, here.get(word, word)) for word in words])
    assert result.exit_code == 2, result.output
    assert message in result.output and 'Traceback' not in result.output
    assert (
        not (files / 'out').exists()
        and not (files / 'out.png').exists()
        and not (files / 'executed').exists()
        and not cache.exists()
    )


def test_wrong_kind_of_network(tmp_path):
    import tensorflow.compat.v1 as tf

    import dnnlib.tflib as tflib

    with tf.Graph().as_default(), tf.Session().as_default(), open(str(tmp_path / 'd.pkl'), 'wb') as f:
        pickle.dump(tflib.Network('D', func_name='nvlabs_stylegan.networks.D_basic', num_channels=3, fmap_max=4), f)
    result = run('generate', tmp_path / 'd.pkl', '--seeds', 1, '--out', tmp_path / 'out')
    assert result.exit_code == 2 and 'holds no generator but D (D_basic)' in result.output


def test_disk_full_while_the_cache_is_written(stays_open, tiny_pickle, monkeypatch, cache):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, 'savez_compressed', full)
    monkeypatch.setattr(np, 'savez', full)
    result = run('pca', tiny_pickle, *SMALL_PCA)
    assert result.exit_code == 0 and 'component  stdev' in result.output
    assert result.output.count('note: ') == 1 and 'No space left on device' in result.output
    assert 'REGAN_CACHE_DIR' in result.output and not (cache.exists() and os.listdir(str(cache)))
    result = run('pca', tiny_pickle, *SMALL_PCA, '--out', cache / 'out.npz')
    assert result.exit_code == 2 and 'Error: cannot write %s: No space left' % (cache / 'out.npz') in result.output


def test_an_unusable_cache_costs_no_result(stays_open, tiny_pickle, tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'file' / 'cache'))
    for words in [
        ['pca', tiny_pickle, *SMALL_PCA, '--out', tmp_path / 'out.npz'],
        ['edit', tiny_pickle, *SMALL_PCA, '--seed', 1, '--edit', 'E(v0, all)', '--out', tmp_path / 'out.png'],
        ['sweep', tiny_pickle, *SMALL_PCA, '--seed', 1, '--edit', 'E(v0, all)', '--out', tmp_path / 'sweep'],
    ]:
        result = run(*words)
        assert result.exit_code == 0 and os.path.exists(str(words[-1]))
        assert result.output.count('note: ') == 1 and 'REGAN_CACHE_DIR' in result.output


def test_interrupted_pca_goes_on(stays_open, tiny_pickle, tmp_path, monkeypatch, cache):
    from regan.networks.generator import Generator

    run_well('pca', tiny_pickle, '--n', 10000, '--components', 5, '--out', tmp_path / 'whole.npz')
    for name in os.listdir(str(cache)):
        (cache / name).unlink()
    original, calls = Generator.map, []

    def interrupted(self, z, labels=None):
        calls.append(len(z))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, z, labels)

    monkeypatch.setattr(Generator, 'map', interrupted)
    result = run('pca', tiny_pickle, '--n', 10000, '--components', 5)
    assert result.exit_code == 130 and 'Traceback' not in result.output
    assert [n for n in os.listdir(str(cache)) if 'checkpoint' in n] == os.listdir(str(cache)) != []
    calls[:] = [0] * 10
    run_well('pca', tiny_pickle, '--n', 10000, '--components', 5, '--out', tmp_path / 'resumed.npz')
    assert sum(calls[10:]) < 10000 + 2 * pca.SPREAD_SAMPLES  # It did not start over.
    whole, resumed = Basis.load(tmp_path / 'whole.npz'), Basis.load(tmp_path / 'resumed.npz')
    assert np.array_equal(whole.components, resumed.components) and np.array_equal(whole.stdev, resumed.stdev)
    assert not [n for n in os.listdir(str(cache)) if 'checkpoint' in n]


def test_registered_network_is_found():
    assert 'Gs: G_main' in run_well('info', next(iter(models.registry())))
