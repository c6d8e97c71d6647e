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
from regan.editing import edit_zoo
from regan.editing import edits as formulas
from regan.networks import models
from regan.networks.network_file import NetworkFile
from regan.pictures import images
from regan.sampling import latents
from tests.one_command import run, run_well

PCA = ['--n', '4000', '--components', '25']


class Network:
    """w = z * scale; the pixel in row l and column d is dlatents[l, d]. 18 layers as FFHQ's."""

    latent_size, dlatent_size, num_layers, num_channels, resolution, generation, label_size = 32, 32, 18, 3, 32, 2, 0
    dlatent_avg, sha256, backend = np.full(32, 0.25, np.float32), 'f' * 64, {'tensorflow': '2.0', 'numpy': '1.0'}
    scale = np.linspace(2, 1, 32).astype(np.float32)
    precision, calls = 'float32', []

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
        (['--edit', 'husky/Season'], 'cannot be used on a StyleGAN network'),
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
        (['export', 'husky/Season', '--network', 'net.pkl', '--out', 'OUT'], 'cannot be used on a StyleGAN network'),
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


def test_components_that_do_not_belong_here(tmp_path, basis):
    dataclasses.replace(basis, record={'space': 'z'}).save(tmp_path / 'z.npz')
    words = ['any', '--edit', 'E(v24, all)', '--seed', 5, '--out', tmp_path / 'a.png', '--basis', tmp_path / 'z.npz']
    assert 'has directions in Z, but edits move w' in run(edit, *words).output
    assert '--n does nothing beside --basis' in run(edit, *words, '--n', 5000).output
    assert not (tmp_path / 'a.png').exists()
