"""`regan edit` with names and files of edits, and `regan edits`; on a generator whose images show its latents."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

import regan.networks.generator
from regan.commands.edit import edit
from regan.commands.edits import edits
from regan.components import pca
from regan.components.basis import Basis
from regan.editing import edit_zoo, saved_edits
from regan.editing import edits as formulas
from regan.networks import models
from regan.networks.latent_traits import MappedTraits
from regan.networks.network_file import NetworkFile
from regan.pictures import images
from regan.sampling import latents
from tests.one_command import run, run_well

PCA = ['--n', '4000', '--components', '25']


class Network(MappedTraits):
    """w = z * scale; the pixel in row l and column d is dlatents[l, d]. 18 layers as FFHQ's."""

    latent_size, dlatent_size, num_layers, num_channels, resolution, generation, label_size = 32, 32, 18, 3, 32, 2, 0
    dlatent_avg, sha256, backend = np.full(32, 0.25, np.float32), 'f' * 64, {'tensorflow': '2.0', 'numpy': '1.0'}
    scale = np.linspace(2, 1, 32).astype(np.float32)
    precision, architecture, calls = 'float32', 'StyleGAN2', []

    @classmethod
    def open(cls, path, **_):
        return cls()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map(self, z, labels=None):
        return z * self.scale

    def set_noise(self, noise):
        self.calls.append(noise)

    def synthesize(self, dlatents, progress=None, conversion='round'):
        self.calls.append((conversion, dlatents))
        return np.zeros((len(dlatents), 32, 32, 3), np.uint8)


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.setattr(regan.networks.generator, 'Generator', Network)
    monkeypatch.setattr(models, 'resolve', lambda name, folder=None: name)
    monkeypatch.setattr(NetworkFile, 'check_that_it_is_ours', lambda file: None)  # There is no file.
    monkeypatch.setattr(Network, 'calls', [])
    return Network()


@pytest.fixture
def basis(network):
    return pca.compute(network.map, 32, pca.PCASpec(4000, 25))


def sidecar(path):
    return json.loads(path.with_suffix('.json').read_text())


# ------------------------------------------------------------------ regan edit


def test_a_name_brings_edit_seeds_and_psi(tmp_path, basis):
    text = run_well(edit, 'stylegan2-ffhq-config-f', '--edit', 'ffhq/Big smile', *PCA, '--out', tmp_path / 'a.png')
    facts = sidecar(tmp_path / 'a.png')
    assert (facts['seeds'], facts['psi']) == ([427229260], 0.7)
    assert (facts['edits'], facts['names']) == (['centred E(v19, 4) * 10.0'], ['ffhq/Big smile'])
    assert 'note' not in text and '427229260' in text
    drawn = Network.calls[-1][1]  # [5, L, D]
    w = latents.broadcast(Network().map(latents.from_seeds([427229260], 32)), 18)
    strip = formulas.strip(w, basis, formulas.parse('centred E(v19, 4) * 10'), 5)
    assert np.allclose(drawn, latents.truncate(strip, Network.dlatent_avg, 0.7), atol=1e-6)


def test_options_come_before_what_a_name_brings(tmp_path):
    run_well(
        edit,
        'net.pkl',
        '--edit',
        'ffhq/Big smile',
        '--seeds',
        '1-2',
        '--psi',
        0.5,
        '--frames',
        3,
        *PCA,
        '--plain',
        '--out',
        tmp_path / 'a.png',
    )
    facts = sidecar(tmp_path / 'a.png')
    assert (facts['seeds'], facts['psi'], facts['frames']) == ([1, 2], 0.5, 3)
    assert images.read_png(tmp_path / 'a.png').shape == (64, 96, 3)


def test_a_name_from_another_network_is_told(tmp_path):
    text = run_well(edit, 'stylegan2-ffhq-config-f', '--edit', 'horse/Add rider', *PCA, '--out', tmp_path / 'a.png')
    assert "note: horse/Add rider was found on StyleGAN2 horse; here it moves this network's own v3" in text


def test_a_sequence_by_names(tmp_path, monkeypatch):
    run_well(
        edit,
        'net.pkl',
        '--edit',
        'car/redness',
        '--edit',
        'E(v0, all)',
        '--edit',
        'car/blocky_shape',
        '--n',
        4000,
        '--components',
        25,
        '--out',
        tmp_path / 'a.png',
    )
    facts = sidecar(tmp_path / 'a.png')
    assert (facts['seeds'], facts['psi'], facts['layout'], facts['frames']) == ([440749230], 0.6, 'sequence', 4)
    assert facts['names'] == ['car/Redness (sequence)', None, 'car/Blocky shape (sequence)']


def test_notation_alone_has_the_usual_psi(tmp_path):
    run_well(edit, 'net.pkl', '--edit', 'E(v0, all)', '--seed', 3, *PCA, '--out', tmp_path / 'a.png')
    assert sidecar(tmp_path / 'a.png')['psi'] == 0.7 and sidecar(tmp_path / 'a.png')['names'] == [None]


def test_modes_and_noise(tmp_path):
    words = ['net.pkl', '--edit', 'E(v0, all)', '--seed', 3] + PCA + ['--out', tmp_path / 'a.png']
    run_well(edit, *words, '--mode', 'ganspace')
    assert (
        Network.calls[0] == {'torch_cuda_seed': 0, 'multiprocessors': 80, 'threads': 2048}
        and Network.calls[1][0] == 'truncate'
    )
    assert sidecar(tmp_path / 'a.png')['mode'] == 'ganspace'
    run_well(edit, *words, '--noise', 'numpy:7')
    assert Network.calls[2] == {'numpy_seed': 7} and Network.calls[3][0] == 'round'


def test_own_edits(tmp_path):
    entry = {'id': 'my/Redness', 'component': 2, 'start': 1, 'end': 4, 'seeds': [5, 6], 'psi': 0.9}
    (tmp_path / 'mine.json').write_text(json.dumps([entry]))
    run_well(
        edit,
        'net.pkl',
        '--edits-file',
        tmp_path / 'mine.json',
        '--edit',
        'my/redness',
        *PCA,
        '--out',
        tmp_path / 'a.png',
    )
    facts = sidecar(tmp_path / 'a.png')
    assert (facts['seeds'], facts['psi'], facts['edits']) == ([5, 6], 0.9, ['E(v2, 1-3)'])


def test_a_saved_edit_gives_the_picture_of_its_component(tmp_path):
    out = tmp_path / 'saved'
    run_well(
        edits,
        'export',
        'E(v2, 3-5) * -2',
        '--network',
        'stylegan2-ffhq-config-f',
        '--name',
        'Mine',
        '--seed',
        4,
        '--psi',
        0.8,
        *PCA,
        '--out',
        out,
    )
    pickled = out / 'StyleGAN2-Mine-ffhq-ipca-w-style-comp2-range3-6.pkl'
    facts = pickle.loads(pickled.read_bytes())
    assert (facts['sigma_range'], facts['example_seed'], facts['truncation'], facts['lat_comp'].shape) == (
        -2,
        4,
        0.8,
        (1, 32),
    )
    run_well(edits, 'import', pickled, '--out', tmp_path / 'mine.json')
    run_well(edits, 'export', tmp_path / 'mine.json', '--out', tmp_path / 'again')
    again = pickle.loads((tmp_path / 'again' / pickled.name).read_bytes())
    assert set(again) == set(facts) and all(np.array_equal(again[key], facts[key]) for key in facts)
    run_well(edits, 'export', pickled, '--format', 'json', '--out', tmp_path / 'again')
    assert (tmp_path / 'again' / pickled.name).with_suffix('.json').read_text() == (tmp_path / 'mine.json').read_text()
    run_well(edit, 'net.pkl', '--edit', 'E(v2, 3-5) * -2', '--seed', 4, '--psi', 0.8, *PCA, '--out', tmp_path / 'a.png')
    for file in (pickled, tmp_path / 'mine.json'):
        run_well(edit, 'net.pkl', '--edit', file, '--n', 4000, '--components', 1, '--out', tmp_path / 'b.png')
        assert np.array_equal(Network.calls[-1][1], Network.calls[1][1])
        assert (sidecar(tmp_path / 'b.png')['seeds'], sidecar(tmp_path / 'b.png')['names']) == ([4], [str(file)])


@pytest.mark.parametrize(
    'words, message',
    [
        (['--edit', 'ffhq/Smile'], "choose one of 'ffhq/Smile (v46, 4)'"),
        (['--edit', 'ffhq/Smail (v46, 4)'], 'did you mean'),
        (['--edit', 'husky/Season'], 'moves z, but the components are directions in w'),
        (['--edit', 'E(v0, all)'], 'no latent is chosen; give --seed'),
        (['--edit', 'ffhq/Big smile', '--edit', 'ffhq/Bald'], 'come with different seeds'),
        (
            ['--edit', 'ffhq/Big smile', '--edit', 'car/Redness', '--seed', '1'],
            'come with different psi (0.7 and 0.6); choose with --psi',
        ),
        (['--edit', 'ffhq/Bald', '--components', '20'], 'ask for more than 21 with --components'),
        (['--edit', 'car/Redness', '--layout', 'strips'], 'leads to one place and gives no strip'),
        (['--edit', 'nowhere.json'], 'nowhere.json'),
        (['--edit', 'ffhq/Big smile', '--edits-file', 'nowhere.json'], 'there is no file nowhere.json'),
    ],
)
def test_bad_edits(tmp_path, words, message):
    result = run(edit, 'net.pkl', *(words + ['--n', '4000', '--out', tmp_path / 'a.png']))
    assert result.exit_code == 2 and message in result.output and not (tmp_path / 'a.png').exists()


# ------------------------------------------------------------------ regan edits


def test_export_of_a_name_has_its_seed_and_psi(tmp_path):
    run_well(
        edits, 'export', 'ffhq/Light direction', '--network', 'net.pkl', '--dataset', 'mine', *PCA, '--out', tmp_path
    )
    facts = pickle.loads((tmp_path / 'StyleGAN2-Light_direction-mine-ipca-w-style-comp15-range8-9.pkl').read_bytes())
    assert (facts['example_seed'], facts['truncation'], facts['sigma_range'], facts['name']) == (
        1941578080,
        0.9,
        -2.8,
        'Light direction',
    )


def test_list():
    lines = run_well(edits, 'list').splitlines()
    assert lines[-1] == '%d edits' % len(edit_zoo.load()) and len(lines) == len(edit_zoo.load()) + 1
    assert '* car/Redness (sequence)                     StyleGAN2   target E(v22, 9-10) = -8.0' in lines
    assert '  ffhq/Big smile                             StyleGAN2   centred E(v19, 4) * 10.0' in lines


def test_list_of_a_network_or_data_set():
    for_cars = run_well(edits, 'list', '--network', 'stylegan2-car-config-f')
    assert for_cars.endswith('21 edits\n') and for_cars == run_well(edits, 'list', '--dataset', 'cars')
    assert 'cannot' not in run_well(edits, 'list', '--dataset', 'husky')
    assert run_well(edits, 'list', '--network', 'stylegan-ffhq') == '0 edits\n'
    result = run(edits, 'list', '--network', 'mine.pkl')
    assert result.exit_code == 2 and 'no registered network, so its data set is not known' in result.output


def test_list_as_json_is_an_edits_file(tmp_path):
    (tmp_path / 'a.json').write_text(run_well(edits, 'list', '--dataset', 'horse', '--json'))
    assert edit_zoo.load(tmp_path / 'a.json') == edit_zoo.for_dataset('horse')


def test_show():
    assert run_well(edits, 'show', 'beetles/pattern') == (
        'beetles/Pattern: centred E(v2, 0-16) * -2.5\nfound on   StyleGAN2, beetles, w\npsi        0.7\nseeds      1, '
        '1819967864\n'
        'sources    ReGANSpace\npublished  with a picture\n'
    )


@pytest.mark.parametrize(
    'words, message',
    [
        (['export', 'E(v0, all)', '--out', 'OUT'], 'needs a --network'),
        (['export', 'ffhq/Nothing', '--network', 'net.pkl', '--out', 'OUT'], "no edit 'ffhq/Nothing'"),
        (
            ['export', 'car/Redness', '--network', 'net.pkl', '--n', '4000', '--components', '25', '--out', 'OUT'],
            'leads to one place',
        ),
        (['export', 'E(v0, 18)', '--network', 'net.pkl', '--n', '4000', '--out', 'OUT'], 'layers 0-17'),
        (['export', 'mine.json', '--psi', '1', '--out', 'OUT'], '--psi is for an edit of a network'),
        (['export', 'husky/Season', '--network', 'net.pkl', '--out', 'OUT'], 'but the components are directions in w'),
        (['import', 'nowhere.pkl', '--out', 'OUT.json'], 'nowhere.pkl'),
        (['import', 'nowhere.pkl', '--out', 'OUT.txt'], 'must end in .json'),
        (['show', 'nothing'], "no edit 'nothing'"),
    ],
)
def test_bad_words(tmp_path, words, message):
    words = [word.replace('OUT', str(tmp_path / 'out')) for word in words]
    result = run(edits, *words)
    assert result.exit_code == 2 and message in result.output and not list(tmp_path.glob('out*'))


# ------------------------------------------------------------------ --basis


def test_components_from_a_file(tmp_path, basis):
    basis.save(tmp_path / 'mine.npz')
    words = ['any', '--edit', 'E(v3, 2-4) * 2', '--seed', 5, '--out', tmp_path / 'a.png']
    run_well(edit, *words, *PCA)
    run_well(edit, *words, '--basis', tmp_path / 'mine.npz')
    computed, read = [call[1] for call in Network.calls if isinstance(call, tuple)]
    np.testing.assert_array_equal(computed, read)


def write_cache(path, basis, stdev):
    """A cache of GANSpace, which has no record."""
    arrays = dict(basis.arrays(), lat_stdev=np.float32(stdev))
    del arrays['record']
    np.savez_compressed(str(path), **arrays)


@pytest.mark.parametrize('name', ['stylegan2-ffhq_style_ipca_c25_n300000.npz', 'renamed_w.npz'])
def test_a_cache_of_the_original_in_z(tmp_path, basis, name):
    """It is told by its units; z is moved, by steps of length 1, and mapped layer by layer."""
    write_cache(tmp_path / name, basis, np.ones(25))
    words = ['any', '--edit', 'E(v3, 2-4) * 2', '--edit', 'centred E(v1, all)', '--seed', 5, '--psi', 1]
    text = run_well(edit, *words, '--basis', tmp_path / name, '--out', tmp_path / 'a.png')
    assert 'are directions in Z (every lat_stdev is 1: GANSpace without --use_w); z is moved' in text
    assert sidecar(tmp_path / 'a.png')['space'] == 'z'
    Basis.load(tmp_path / name).save(tmp_path / 'again.npz')
    assert Basis.load(tmp_path / 'again.npz').space == 'z'
    rows = Network.calls[-1][1].reshape(2, 5, 18, 32)
    z, v, u = latents.from_seed(5, 32), basis.components[3], basis.components[1]
    centred = z - (z - basis.mean).dot(u) * u
    for t, offset, moved in zip(np.linspace(-1, 1, 5), *rows):
        np.testing.assert_allclose(offset[2:5], np.tile((z + 2 * t * v) * Network.scale, (3, 1)), atol=1e-5)
        np.testing.assert_array_equal(offset[:2], np.tile(z * Network.scale, (2, 1)))
        np.testing.assert_array_equal(offset[5:], np.tile(z * Network.scale, (13, 1)))
        np.testing.assert_allclose(moved, np.tile((centred + t * u) * Network.scale, (18, 1)), atol=1e-5)


def test_a_cache_of_the_original_in_w(tmp_path, basis):
    """Whatever it is called."""
    write_cache(tmp_path / 'renamed.npz', basis, basis.stdev)
    words = ['any', '--edit', 'E(v3, 2-4) * 2', '--seed', 5, '--basis', tmp_path / 'renamed.npz']
    text = run_well(edit, *words, '--out', tmp_path / 'a.png')
    assert 'note' not in text and 'space' not in sidecar(tmp_path / 'a.png')


def test_named_edits_of_w_are_refused_with_components_in_z(tmp_path, basis):
    write_cache(tmp_path / 'z.npz', basis, np.ones(25))
    words = ['any', '--edit', 'ffhq/Big smile', '--basis', tmp_path / 'z.npz', '--out', tmp_path / 'a.png']
    result = run(edit, *words)
    assert result.exit_code == 2 and not (tmp_path / 'a.png').exists()
    assert "'ffhq/Big smile' moves w, but the components are directions in z; draw them apart" in result.output


def test_a_saved_edit_in_z_needs_no_components(tmp_path, basis):
    saved = saved_edits.from_basis(basis, formulas.parse('E(v2, 4-6) * 3'), Network(), 'ffhq', 1, 7)
    saved_edits.save(tmp_path / 'z.json', dataclasses.replace(saved, space='z', stdev=1.0))
    words = ['any', '--edit', tmp_path / 'z.json', '--frames', 2, '--out', tmp_path / 'a.png']
    run_well(edit, *words)
    z = latents.from_seed(7, 32)
    drawn = Network.calls[-1][1]  # [2, L, D], psi 1
    np.testing.assert_allclose(drawn[1, 5], (z + 3 * basis.components[2]) * Network.scale, atol=1e-5)
    np.testing.assert_array_equal(drawn[1, 3], z * Network.scale)


def test_components_that_do_not_belong_here(tmp_path, basis):
    dataclasses.replace(basis, record={'space': 'q'}).save(tmp_path / 'z.npz')
    words = ['any', '--edit', 'E(v24, all)', '--seed', 5, '--out', tmp_path / 'a.png', '--basis', tmp_path / 'z.npz']
    assert "z.npz is not a basis (its record has the space 'q')" in run(edit, *words).output
    assert '--n does nothing beside --basis' in run(edit, *words, '--n', 5000).output
    assert not (tmp_path / 'a.png').exists()
