"""Semantic control and traversal on tiny networks of every mode."""

import csv
import json
import pickle

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import dnnlib.tflib as tflib
from regan.base.errors import UserError
from regan.commands.segan import segan
from regan.judges.reader import FactorReader
from regan.networks.generator import Generator
from regan.sampling import latents
from regan.segan import control, traversal
from regan.segan.subspaces import Subspaces, _subspaces
from tests.small_networks import fresh_session, value_of

WIDTH = 7
SIZES = dict(
    num_channels=3, fmap_base=22, fmap_max=11, latent_size=5, dlatent_size=WIDTH, mapping_layers=1, subspace_dims=3
)


def write(path, mode, resolution):
    with fresh_session():
        net = tflib.Network('Gs', func_name='nvlabs_stylegan2.segan.G_segan', mode=mode, resolution=resolution, **SIZES)
        tflib.load_vars(
            {var: value_of(name, var.shape.as_list()) for name, var in net.vars.items() if name[-2:] != '/L'}
        )
        with open(str(path), 'wb') as file:
            pickle.dump((net, net, net), file, protocol=4)
    return path


@pytest.fixture(scope='module', params=[0, 1, 4])
def generator(request, tmp_path_factory):
    with Generator.open(write(tmp_path_factory.mktemp('segan') / 'net.pkl', request.param, 4)) as generator:
        yield generator


@pytest.fixture(scope='module')
def generator_3(tmp_path_factory):
    with Generator.open(write(tmp_path_factory.mktemp('segan') / 'three.pkl', 3, 8)) as generator:
        yield generator


def strip(generator, address, dimension, values, operation, seeds=(4,)):
    subspaces = Subspaces(generator)
    return control.strips(generator, subspaces, subspaces.at(*address), dimension, values, operation, list(seeds))


# ------------------------------------------------------------------ addresses


def test_addresses(generator_3):
    subspaces = Subspaces(generator_3)
    assert [(s.name, s.number, s.slot, s.scope) for s in subspaces.all] == [
        ('L0N0', 0, 0, '4x4/Conv'),
        ('L0N1', 1, 1, '4x4/ToRGB'),
        ('L1N0', 2, 1, '8x8/Conv0_up'),
        ('L1N1', 3, 2, '8x8/Conv1'),
        ('L1N2', 4, 3, '8x8/ToRGB'),
    ]
    assert subspaces.at(1, 2) is subspaces.all[4] and subspaces.size == WIDTH
    for address, message in [
        ((2, 0), 'there is no layer 2; .*three.pkl has the layers 0 to 1'),
        ((0, 2), r'layer 0 has no subspace 2 but 0 \(Conv\), 1 \(ToRGB\)'),
    ]:
        with pytest.raises(UserError, match=message):
            subspaces.at(*address)


def test_fourteen_at_64():
    found = list(_subspaces(64))
    assert len(found) == 14 and [s.number for s in found] == list(range(14))
    assert {s.slot for s in found} == set(range(10))
    shared = [(s.name, t.name) for s in found for t in found if s.slot == t.slot and s.number < t.number]
    assert shared == [('L0N1', 'L1N0'), ('L1N2', 'L2N0'), ('L2N2', 'L3N0'), ('L3N2', 'L4N0')]


def test_a_network_without_subspaces(stays_open, tiny_pickle):
    with Generator.open(tiny_pickle) as generator, pytest.raises(
        UserError, match=r'without subspaces \(G_main, not G_segan\)'
    ):
        Subspaces(generator)


# ------------------------------------------------------------------ values and operations


@pytest.mark.parametrize('text', ['', '1', '1:2', '1:2:0', '1:2:1', 'a:2:3', '1:inf:3', '1:2:3:4', '1:2:2.5'])
def test_values_that_cannot_be_read(text):
    with pytest.raises(UserError, match='write first:last:count, for example -3:3:5'):
        control.parse_values(text)


def test_operations_on_a_coordinate():
    c, mean, stdev, values = 0.7, 0.2, 3.0, np.array([-1.0, 0.0, 2.0])
    results = {
        op: np.multiply(scale, c) + shift
        for op in control.OPERATIONS
        for scale, shift in [control.affine(op, values, mean, stdev)]
    }
    np.testing.assert_allclose(results['set'], [-2.8, 0.2, 6.2])
    np.testing.assert_allclose(results['add'], [-2.3, 0.7, 6.7])
    np.testing.assert_allclose(results['scale'], [-0.7, 0, 1.4])
    with pytest.raises(UserError, match="there is no operation 'move'; choose one of set, scale, add"):
        control.affine('move', values, mean, stdev)


# ------------------------------------------------------------------ strips


def test_what_changes_nothing_gives_the_unedited_image(generator):
    """Scale 1, add 0, and setting the coordinate to its own value."""
    subspaces, w = Subspaces(generator), generator.map(latents.from_seeds([4], 5))
    plain = generator.synthesize(latents.broadcast(w, generator.num_layers))[0]
    assert np.array_equal(strip(generator, (0, 0), 2, [1, 30], 'scale')[0, 0], plain)
    changed = strip(generator, (0, 0), 2, [0, 30], 'add')[0]
    assert np.array_equal(changed[0], plain) and not np.array_equal(changed[1], plain)
    mean, stdev = subspaces.statistics(subspaces.at(0, 0), subspaces.sample_w())
    own = (subspaces.coordinates(subspaces.at(0, 0), w)[0, 2] - mean[2]) / stdev[2]
    difference = strip(generator, (0, 0), 2, [own], 'set')[0, 0].astype(int) - plain
    assert np.abs(difference).max() <= 1


def test_one_layer_sees_the_change(generator_3):
    """Mode 3: the same as changing the slot, where no other layer reads it; seeds are rows."""
    subspaces = Subspaces(generator_3)
    mean, stdev = subspaces.statistics(subspaces.at(1, 1), subspaces.sample_w())
    tiles = strip(generator_3, (1, 1), 6, [-3, 3], 'set', seeds=[4, 9])
    assert tiles.shape == (2, 2, 8, 8, 3) and tiles.dtype == np.uint8
    dlatents = latents.broadcast(generator_3.map(latents.from_seeds([4, 9], 5)), 4)
    dlatents[:, 2, 6] = mean[6] + 3 * stdev[6]
    assert np.abs(tiles[:, 1].astype(int) - generator_3.synthesize(dlatents)).max() <= 1
    assert not np.array_equal(tiles[:, 0], tiles[:, 1])


def test_statistics_and_a_missing_dimension(generator):
    subspaces = Subspaces(generator)
    w = generator.map(latents.sample_batch(0, 5000, 5))
    basis = generator.variable('4x4/Conv/Subspace/U') if subspaces.mode == 4 else np.eye(WIDTH)
    mean, stdev = subspaces.statistics(subspaces.at(0, 0), subspaces.sample_w())
    np.testing.assert_allclose(mean, (w.astype(np.float64) @ basis).mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(stdev, (w.astype(np.float64) @ basis).std(axis=0), rtol=1e-5)
    assert subspaces.size == (3 if subspaces.mode == 4 else WIDTH)
    with pytest.raises(
        UserError,
        match='there is no dimension 7; the subspaces of .* have the dimensions 0 to %d' % (subspaces.size - 1),
    ):
        strip(generator, (0, 0), 7, [0], 'set')


def test_strength(generator):
    """What one standard deviation moves, found by moving it: the feature map, or the style after its affine layer."""
    subspaces, subspace = Subspaces(generator), Subspaces(generator).at(0, 0)
    mod = generator.variable('4x4/Conv/mod_weight') / np.sqrt(WIDTH)
    if subspaces.mode == 0:
        moved = mod
    else:
        basis, strength = [generator.variable('4x4/Conv/Subspace/' + name) for name in 'UL']
        moved = strength[:, None] * (basis.reshape(-1, WIDTH).T if subspaces.mode == 1 else basis.T @ mod)
    stdev = np.arange(1, subspaces.size + 1)
    np.testing.assert_allclose(
        subspaces.strength(subspace, stdev), stdev * np.sqrt(np.square(moved).sum(axis=1)), rtol=1e-5
    )


# ------------------------------------------------------------------ traversal


def mean_colour(images):
    """A reader whose factors are known: brightness of red, and a constant that turns from 0.98 to 0.02."""
    red = images[..., 0].mean(axis=(1, 2)) / 255
    return np.stack([red, np.where(red > np.median(red), 0.02, 0.98), np.full(len(red), 0.5)], axis=1)


def test_traversal(generator_3):
    done = []
    subspaces = Subspaces(generator_3)
    effects = traversal.traversal(
        generator_3,
        subspaces,
        mean_colour,
        ['red', 'turn', 'none'],
        (1,),
        samples=6,
        top=2,
        seed=3,
        progress=done.append,
    )
    assert effects.mean.shape == effects.stderr.shape == (10, 3) and sum(done) == 10 * 2 * 6
    assert [name[:4] for name in effects.names] == ['L0N0'] * 2 + ['L0N1'] * 2 + ['L1N0'] * 2 + ['L1N1'] * 2 + [
        'L1N2'
    ] * 2
    assert (effects.strength[::2] >= effects.strength[1::2]).all() and not effects.mean[:, 2].any()
    assert np.abs(effects.mean[:, 1]).max() <= 0.04 / 2 + 1e-12  # The shorter way from 0.98 to 0.02.
    dimension = int(effects.names[6].split('D')[1])  # Conv1 alone sees its slot.
    w = generator_3.map(latents.sample_batch(3, 6, 5))
    dlatents, stdev = latents.broadcast(w, 4), subspaces.sample_w()[:, dimension].std()
    ends = []
    for sign in (-1, 1):
        moved = dlatents.copy()
        moved[:, 2, dimension] += sign * stdev
        ends.append(mean_colour(generator_3.synthesize(moved))[:, 0])
    changes = (ends[1] - ends[0]) / 2
    np.testing.assert_allclose(
        [effects.mean[6, 0], effects.stderr[6, 0]], [changes.mean(), changes.std(ddof=1) / np.sqrt(6)], atol=1e-4
    )


def test_the_traversals_files(tmp_path, monkeypatch):
    monkeypatch.setattr(traversal, 'MOST_ROWS_IN_FIGURE', 19)
    random = np.random.RandomState(0)
    effects = traversal.Effects(
        ['L0N0D%d' % i for i in range(23)], ['red', 'turn'], random.rand(23), random.randn(23, 2), random.rand(23, 2)
    )
    traversal.write_csv(tmp_path / 't.csv', effects)
    traversal.save_heat_map(tmp_path / 't.png', effects, 'mode 3')
    with open(str(tmp_path / 't.csv')) as file:
        lines = list(csv.reader(file))
    assert lines[0] == ['coordinate', 'strength', 'red', 'red stderr', 'turn', 'turn stderr'] and len(lines) == 24
    np.testing.assert_allclose(
        [float(x) for x in lines[5][1:]],
        [effects.strength[4], effects.mean[4, 0], effects.stderr[4, 0], effects.mean[4, 1], effects.stderr[4, 1]],
        rtol=1e-5,
    )
    with Image.open(str(tmp_path / 't.png')) as picture:
        assert picture.format == 'PNG' and min(picture.size) > 100
    assert sorted(p.name for p in tmp_path.iterdir()) == ['t.csv', 't.png']


# ------------------------------------------------------------------ commands


def test_control_command(generator_3, tmp_path):
    out = tmp_path / 'strip.png'
    result = CliRunner().invoke(
        segan,
        [
            'control',
            generator_3.path,
            '--plain',
            '--layer',
            '1',
            '--subspace',
            '0',
            '--dimension',
            '3',
            '--values',
            '-2:2:3',
            '--seeds',
            '1-2',
            '--out',
            str(out),
        ],
    )
    assert result.exit_code == 0, result.output
    assert 'wrote %s: 2 rows of 3' % out in result.output
    with Image.open(str(out)) as picture:
        page = np.asarray(picture)
    assert np.array_equal(
        page.reshape(2, 8, 3, 8, 3).transpose(0, 2, 1, 3, 4), strip(generator_3, (1, 0), 3, [-2, 0, 2], 'set', [1, 2])
    )
    facts = json.loads(out.with_suffix('.json').read_text())
    assert (facts['coordinate'], facts['scope'], facts['values'], facts['mode']) == (
        'L1N0D3',
        '8x8/Conv0_up',
        [-2, 0, 2],
        3,
    )
    assert facts['network_sha256'] == generator_3.sha256


def test_control_with_the_noise_asked_for(generator_3, tmp_path):
    pages = []
    for noise in ('stored', 'none', 'numpy:3'):
        words = [
            'control',
            generator_3.path,
            '--plain',
            '--layer',
            '1',
            '--subspace',
            '0',
            '--dimension',
            '3',
            '--values',
            '-2:2:3',
            '--noise',
            noise,
        ]
        assert CliRunner().invoke(segan, words + ['--out', str(tmp_path / 'strip.png')]).exit_code == 0
        pages.append(np.asarray(Image.open(str(tmp_path / 'strip.png'))))
    assert json.loads((tmp_path / 'strip.json').read_text())['noise'] == {'numpy_seed': 3}
    assert (pages[0] != pages[1]).any() and (pages[1] != pages[2]).any() and (pages[0] != pages[2]).any()


def test_control_leaves_nothing_behind_when_refused(generator_3, tmp_path):
    result = CliRunner().invoke(
        segan,
        [
            'control',
            generator_3.path,
            '--plain',
            '--layer',
            '7',
            '--subspace',
            '0',
            '--dimension',
            '0',
            '--out',
            str(tmp_path / 'strip.png'),
        ],
    )
    assert isinstance(result.exception, UserError) and 'there is no layer 7' in str(result.exception)
    assert not list(tmp_path.iterdir())


class RedReader(FactorReader):
    """A factor reader without a network: two known factors."""

    def __init__(self, path):
        self.path, self.sha256, self.world, self.factor_names, self.circular = path, 'ab', 'toy', ['red', 'none'], [1]
        self.num_channels, self.resolution = 3, 8

    def look(self, images):
        return np.stack([images[:, 0].mean(axis=(1, 2)), np.zeros(len(images))], axis=1), None

    def close(self):
        pass


def test_traversal_command(generator_3, tmp_path, monkeypatch):
    monkeypatch.setattr('regan.judges.reader.FactorReader', RedReader)
    out = tmp_path / 'out'
    arguments = [
        'traversal',
        generator_3.path,
        '--reader',
        generator_3.path,
        '--samples',
        '3',
        '--top',
        '1',
        '--out',
        str(out),
    ]
    result = CliRunner().invoke(segan, arguments)
    assert result.exit_code == 0, result.output
    assert 'wrote 5 coordinates x 2 factors to' in result.output
    assert sorted(p.name for p in out.iterdir()) == ['traversal.csv', 'traversal.json', 'traversal.png']
    facts = json.loads((out / 'traversal.json').read_text())
    assert (facts['reader_sha256'], facts['world'], facts['samples'], facts['top'], facts['seed']) == (
        'ab',
        'toy',
        3,
        1,
        1,
    )
    effects = traversal.traversal(
        generator_3, Subspaces(generator_3), RedReader('').read, ['red', 'none'], samples=3, top=1
    )
    with open(str(out / 'traversal.csv')) as file:
        written = [[line[0]] + [float(x) for x in line[1:]] for line in list(csv.reader(file))[1:]]
    assert [line[0] for line in written] == effects.names
    np.testing.assert_allclose([line[2] for line in written], effects.mean[:, 0], rtol=1e-4, atol=1e-6)
