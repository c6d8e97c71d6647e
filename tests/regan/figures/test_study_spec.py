"""The keys of the StyleGAN study's figures: what they may say, and what the scripts make of them."""

import json

import checkout
import numpy as np
import pytest

from regan.base.errors import UserError
from regan.figures import borrowed, figure_spec
from regan.networks.latent_traits import MappedTraits
from regan.pictures import images
from tests.figure_scripts import script

SPEC = {
    'title': 'T',
    'source': 'S',
    'network': 'stylegan2-cars-64',
    'seeds': [3],
    'psi': 1,
    'noise': {'numpy_seed': 0},
    'tolerance': {'max': 1, 'rms': 0.5, 'reason': 'R'},
}
FIGURES = ('mixing', 'uncurated', 'noise', 'truncation', 'own')


def load(tmp_path, **changes):
    spec = dict(SPEC, **changes)
    (tmp_path / 'fig.json').write_text(json.dumps({'embedded': spec, 'official': spec}))
    return figure_spec.load('fig', tmp_path)['embedded']


@pytest.mark.parametrize(
    'changes, message',
    [
        ({'mixing': {'columns': [1], 'layers': '0-3,4'}}, 'embedded: 2 sets of layers are given for 1 rows'),
        ({'mixing': {'columns': [1], 'layers': '0-10'}}, 'embedded: .* this network has layers 0-9'),
        ({'mixing': {'columns': [], 'layers': '0'}}, r'embedded.mixing.columns must be a list with something'),
        ({'uncurated': {'rows': 1, 'levels': [0, 7]}}, 'embedded: level 7 leaves nothing of 64 pixels'),
        ({'uncurated': {'rows': 1, 'levels': [0]}, 'seeds': [1, 2]}, 'one seed for all of its latents, not 2'),
        ({'noise_detail': {'renderings': 4, 'box': [0, 0, 8, 8]}}, 'renderings must be a whole number of 5 or more'),
        ({'noise_detail': {'renderings': 9, 'box': [0, 0, 8, 9]}}, r'box must be a square \[left, top'),
        ({'noise_detail': {'renderings': 9, 'box': [0, 0, 12, 12]}}, r'box \[0, 0, 12, 12\] must be within 64'),
        ({'noise_detail': {'renderings': 9, 'box': [0, 0, 8, 8]}, 'noise': 'stored'}, 'stored is the same in every'),
        ({'noise_layers': {'layers': ['all'], 'quadrants': True}}, 'quadrants are of four sets of layers, not 1'),
        ({'noise_layers': {'layers': ['few']}}, "cannot read layers from 'few'"),
        ({'own': {'pictures': 3, 'method': 'adam', 'steps': 1}}, 'picture 3 is used, but there are pictures 0-2'),
        ({'psis': [1, 2]}, r'embedded.psis\[1\] must be a number from -1 to 1'),
    ],
)
def test_mistakes(tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        load(tmp_path, **changes)


def test_needs(tmp_path):
    """Components are asked for only where something is made of them; of alternatives each panel has one."""
    spec = load(tmp_path, psis=[1, 0])
    figure_spec.check_needs(spec, ['psis'])
    with pytest.raises(UserError, match="fig-embedded has the key 'psis', which this figure does not use"):
        figure_spec.check_needs(spec, ['mixing'])
    with pytest.raises(UserError, match="fig-embedded lacks the key 'noise_detail' or 'noise_layers'; add it"):
        figure_spec.check_needs(load(tmp_path), ['noise_detail|noise_layers'])
    with pytest.raises(UserError, match="fig-embedded has the key 'pca', which this figure does not use"):
        figure_spec.check_needs(load(tmp_path, psis=[1], pca={'n': 2000, 'components': 3}), ['psis'])


@pytest.mark.parametrize('name', FIGURES)
def test_specs_have_what_their_scripts_need(name):
    for spec in figure_spec.load('figure_' + name, checkout.SPECS).values():
        figure_spec.check_needs(spec, script('figure_' + name).FIGURE.needs)


class FakeGenerator(MappedTraits):
    """w = z; a picture shows latents as rows, and the number of the noise in its last channel."""

    num_layers, latent_size, dlatent_size, resolution, num_channels = 10, 8, 8, 8, 3
    dlatent_avg = np.full(8, 100.0, np.float32)
    noise = 0

    def map(self, z):
        return 128 + 10 * z

    def set_noise(self, noise, layers=None):
        self.noise += 1
        self.layers = layers

    def synthesize(self, dlatents, conversion):
        drawn = np.repeat(np.clip(dlatents[:, :8], 0, 255).astype(np.uint8)[..., None], 3, axis=3)
        drawn[..., 2] = self.noise if self.layers is None else len(self.layers)
        return drawn

    layers = None


def draw(tmp_path, name, drawn=None, **changes):
    [panel] = load(tmp_path, **changes).panels
    drawn = drawn or script('figure_' + name)
    tiles = drawn.FIGURE.draw(panel, FakeGenerator(), None)
    return drawn.FIGURE.arrange(panel, tiles) if drawn.FIGURE.arrange else tiles


def test_mixing(tmp_path):
    tiles = draw(tmp_path, 'mixing', seeds=[1, 2], mixing={'columns': [3], 'layers': 'coarse,middle'})
    assert tiles.shape == (3, 2, 8, 8, 3) and (tiles[0, 0] == 255).all()
    np.testing.assert_array_equal(tiles[1, 1], np.concatenate([tiles[0, 1, :4], tiles[1, 0, 4:]]))
    np.testing.assert_array_equal(tiles[2, 1], np.concatenate([tiles[2, 0, :4], tiles[0, 1, 4:]]))


def test_truncation(tmp_path):
    tiles = draw(tmp_path, 'truncation', seeds=[1, 2], psis=[1, 0, -1])
    assert tiles.shape == (2, 3, 8, 8, 3) and (tiles[:, 1, :, :, :2] == 100).all()
    assert np.abs(tiles[:, 0].astype(int) - 100 + tiles[:, 2] - 100)[..., :2].max() <= 1


def test_uncurated_takes_all_latents_from_one_seed(tmp_path):
    sheet = draw(tmp_path, 'uncurated', uncurated={'rows': 1, 'levels': [0, 0, 1]})
    assert sheet.shape == (1, 1, 8, 20, 3)
    z = np.random.RandomState(3).randn(4, 8)
    for i in (0, 1):
        tile = sheet[0, 0, :, 8 * i : 8 * i + 8]
        np.testing.assert_array_equal(tile[0, :, 0], (128 + 10 * z[i].astype(np.float32)).astype(np.uint8))
        assert (tile[..., 2] == i + 1).all()  # Noise of its own.


def test_noise_detail(tmp_path):
    """Noise 1, 2, ... in one of three colours: the deviation of 5 such numbers is sqrt(2)."""
    detail = {'renderings': 5, 'box': [0, 0, 2, 2]}
    tiles = draw(tmp_path, 'noise', seeds=[1, 2], noise_detail=detail)
    assert tiles.shape == (2, 3, 8, 8, 3)
    assert (tiles[0, 0, :, :, 2] == 1).all() and (tiles[1, 0, :, :, 2] == 6).all()
    np.testing.assert_array_equal(tiles[0, 1, ::4, ::4, 2], [[2, 3], [4, 5]])
    assert (tiles[:, 2] == int(4 * np.sqrt(2) / 3 + 0.5)).all()


def test_noise_layers(tmp_path):
    sets = {'layers': ['all', 'none', '8-9', '0-7'], 'mirrored': [2]}
    tiles = draw(tmp_path, 'noise', seeds=[1, 2], noise='stored', noise_layers=sets)
    np.testing.assert_array_equal(tiles[0, :, 0, 0, 2], [10, 0, 2, 8])
    quarters = draw(tmp_path, 'noise', seeds=[1, 2], noise='stored', noise_layers=dict(sets, quadrants=True))
    assert quarters.shape == (2, 1, 8, 8, 3)
    np.testing.assert_array_equal(quarters[0, 0, ::4, ::4, 2], [[10, 0], [2, 8]])
    np.testing.assert_array_equal(quarters[1, 0, ::4, ::4, 2], [[0, 10], [8, 2]])


OWN = {'pictures': 4, 'method': 'adam', 'steps': 3}


def test_own_pictures(tmp_path, monkeypatch):
    """The first four of the folder, in the order of their names, and what was found of them."""
    folder = tmp_path / 'mine'
    for i in range(5):
        images.save_png(folder / ('%d.png' % i), np.full([16, 8, 3], 10 * i, np.uint8))
    monkeypatch.setenv('REGAN_PICTURES', str(folder))
    drawn, asked = script('figure_own'), []

    def codes(generator, pictures, how):
        asked.append((pictures[:, 0, 0, 0].tolist(), how.method, how.steps))
        return np.tile(np.arange(200, 204, dtype=np.float32)[:, None, None], [1, 10, 8])

    monkeypatch.setattr(drawn.cached, 'codes', codes)
    tiles = draw(tmp_path, 'own', drawn, seeds=[1, 3], own=OWN)
    np.testing.assert_array_equal(tiles[..., 0, 0, 0], [[10, 30], [201, 203]])
    assert asked == [([0, 10, 20, 30], 'adam', 3)]
    mixing = {'columns': [0], 'layers': 'coarse'}
    tiles = draw(tmp_path, 'own', drawn, seeds=[3], own=OWN, mixing=mixing)
    np.testing.assert_array_equal(tiles[1, :, ::4, 0, 0], [[203, 203], [200, 203]])
    tiles = draw(tmp_path, 'own', drawn, seeds=[1], mixing=mixing)  # Of seeds.
    np.testing.assert_array_equal(tiles, draw(tmp_path, 'mixing', seeds=[1], mixing=mixing))


@pytest.mark.parametrize(
    'count, message', [(None, 'set REGAN_PICTURES to a folder with 4'), (2, 'has 2 pictures, and')]
)
def test_missing_pictures(tmp_path, monkeypatch, count, message):
    monkeypatch.delenv('REGAN_PICTURES', raising=False)
    if count:
        for i in range(count):
            images.save_png(tmp_path / 'mine' / ('%d.png' % i), np.zeros([8, 8, 3], np.uint8))
        monkeypatch.setenv('REGAN_PICTURES', str(tmp_path / 'mine'))
    with pytest.raises(UserError, match=message):
        draw(tmp_path, 'own', own=OWN)


def test_close_ups_are_scaled_to_another_network():
    official = figure_spec.choose('figure_noise', 'my.pkl', checkout.SPECS).panels[0]
    generator = FakeGenerator()
    generator.resolution = 64
    [panel] = borrowed.fitted([official], generator)
    assert panel.noise_detail.box == (40, 11, 56, 27)
