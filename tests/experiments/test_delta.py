"""The deltas between programs: known numbers, the committed spec on a small network, and bad specs."""

import csv
import dataclasses
import json
import pathlib

import numpy as np
import pytest
from click.testing import CliRunner

from regan.base.errors import UserError
from regan.drawing import modes
from regan.networks.latent_traits import MappedTraits
from regan.pictures import images
from regan.sampling import noise

PROJECT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def delta(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT / 'experiments'))
    import delta

    return delta


def test_known_differences(delta):
    """Two images of 5 x 7 pixels; one channel of one pixel differs by 12, another pixel by -3 in all channels."""
    first = np.full((2, 5, 7, 3), 100, np.uint8)
    second = first.copy()
    second[0, 1, 2, 0] -= 12
    second[1, 4, 6] += 3
    row = delta.measure('both', first, second)
    rms = '%.3f' % np.sqrt((12**2 + 3 * 3**2) / 210)
    assert row == {'pair': 'both', 'largest': 12, 'mean': '0.100', 'RMS': rms, 'offset': '+0.014', 'changed, %': '2.86'}
    assert delta.measure('none', first, first) == {
        'pair': 'none',
        'largest': 0,
        'mean': '0.000',
        'RMS': '0.000',
        'offset': '+0.000',
        'changed, %': '0.00',
    }


def test_picture_amplifies_each_pair(delta):
    spec = delta.Delta('t', 'n', (1, 2), 1.0, {}, (delta.Pair('far', 'a', 'b'), delta.Pair('equal', 'a', 'a')))
    drawn = {'a': np.full((2, 8, 8, 3), 7, np.uint8), 'b': np.full((2, 8, 8, 3), 2, np.uint8)}
    page = delta.picture(spec, drawn)
    words = 2 * delta.LETTERS
    assert page.shape == (3 * (words + 128), 256, 3)
    starts = [words + i * (words + 128) for i in range(3)]
    assert [set(np.unique(page[start : start + 128])) for start in starts] == [{7}, {255}, {0}]


class Fake(MappedTraits):
    """A StyleGAN of 8 x 8 pixels whose images are the layers' mean, the noise and a constant."""

    generation, num_layers, latent_size, resolution, dlatent_avg = 1, 4, 5, 8, np.zeros(5, np.float32)
    sha256, backend = 'f' * 64, {'tensorflow': '2.0', 'numpy': '2'}

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map(self, z):
        return z

    def set_noise(self, choice):
        self.noise = noise.images('none' if choice == 'stored' else choice, [(8, 8)], 1)[0]

    def synthesize(self, dlatents, conversion):
        x = 100 + 10 * dlatents.mean(axis=(1, 2))[:, None, None] + self.noise  # [N, 8, 8]
        return np.floor(x + 0.5 * (conversion == 'round')).astype(np.uint8)[..., None].repeat(3, axis=3)


def test_a_stylegan_is_not_truncated_by_ganspace(delta, tmp_path):
    """So equal noise and conversion leave the truncation; without it, nothing is left."""
    network = tmp_path / 'fake.pkl'
    network.write_bytes(b'')
    for psi, left in ((0.5, True), (1.0, False)):
        spec = dataclasses.replace(delta.load(delta.SPEC), network=str(network), psi=psi)
        text, paths = delta.run(spec, tmp_path, None, Fake)
        differences = {row['pair']: row for row in json.loads(paths[3].read_text())['differences']}
        assert (differences['the same with equal noise and conversion']['largest'] > 0) == left
        assert differences['only the conversion: cut off, rounded']['largest'] == 1
        assert '| ganspace | torch-cuda:0 | truncate | 1 | none |' in text
        assert '| official | stored | round | %g | 8 |' % psi in text


def test_on_a_real_stylegan2(delta, tiny_pickle, tmp_path):
    """The programs differ in noise and conversion, and in nothing else."""
    result = CliRunner().invoke(
        delta.main, ['--networks', str(tiny_pickle), '--seeds', '3,5', '--psi', '0.6', '--out', str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'delta-tiny.csv',
        'delta-tiny.json',
        'delta-tiny.md',
        'delta-tiny.png',
    ]
    with open(str(tmp_path / 'delta-tiny.csv'), newline='') as file:
        rows = {row['pair']: row for row in csv.DictReader(file)}
    largest = {pair: int(row['largest']) for pair, row in rows.items()}
    assert largest['the same with equal noise and conversion'] == largest['GANSpace on two cards'] == 0
    assert largest['the same with equal noise'] == largest['only the conversion: cut off, rounded'] == 1
    assert (
        largest['GANSpace and ReGANSpace as they are'] > 10 and largest['only the noise: PyTorch on a card, NumPy'] > 10
    )
    assert float(rows['the same with equal noise']['offset']) < -0.2
    assert (tmp_path / 'delta-tiny.md').read_text() in result.output and 'seeds 3, 5, psi 0.6' in result.output
    facts = json.loads((tmp_path / 'delta-tiny.json').read_text())
    assert facts['drawings']['ganspace'] == modes.resolve('ganspace', None, None, 2, 0.6, None)._asdict() and facts[
        'seeds'
    ] == [3, 5]
    assert images.read_png(tmp_path / 'delta-tiny.png').shape[1] == 256


@pytest.mark.parametrize(
    'change, message',
    [
        (
            dict(pairs=[{'what': 'x', 'first': 'ganspace', 'second': 'nobody'}]),
            'the pair "x" needs the drawing "nobody", which is not there',
        ),
        (dict(drawings=[]), r'drawings must be a JSON object'),
        (dict(drawings={'a': {'noise': 'random'}}), r'drawings\.a\.noise must be "stored"'),
        (dict(drawings={'a': {'mode': 'fixed'}}), r'drawings\.a\.mode must be one of "official"'),
        (dict(seed=3), "has the unknown key 'seed'"),
    ],
)
def test_bad_specs(delta, tmp_path, change, message):
    path = tmp_path / 'bad.json'
    path.write_text(json.dumps(dict(json.loads(delta.SPEC.read_text()), **change)))
    with pytest.raises(UserError, match=message):
        delta.load(path)


@pytest.mark.parametrize(
    'words, message',
    [
        (['--seeds', '3-1'], "cannot read seeds from '3-1'"),
        (['--psi', 'nan'], "'nan' is not a finite number"),
        (['--networks', 'nobody.pkl'], 'nobody.pkl is neither a file nor a registered network'),
        (['--spec', 'nobody.json'], 'there is no file nobody.json'),
    ],
)
def test_bad_words(delta, tmp_path, words, message):
    result = CliRunner().invoke(delta.main, words + ['--out', str(tmp_path / 'out')])
    assert result.exit_code == 2 and message in result.output and not (tmp_path / 'out').exists()
