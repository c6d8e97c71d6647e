"""One network out of two: whose layers, how much of whom, and which pairs are refused."""

import json
import pathlib

import numpy as np
import pytest
from click.testing import CliRunner

from dnnlib import unpickle
from regan import cli
from regan.base.errors import UserError
from regan.conversion import blending, source
from regan.conversion.blending import Recipe

TORCH = pathlib.Path(__file__).parents[2] / 'golden_torch'
ROSINALITY, ADA = TORCH / 'ros-res64-cm1.pt', TORCH / 'ada-res32-cifar-torch17.pkl'
PROGRESSIVE, STYLEGAN = TORCH / 'pggan-res32.pkl', TORCH / 'gf-stylegan-from-sg1-res32-labels.pth'


@pytest.fixture(scope='module')
def pair():
    """Two networks of one architecture: G and the average of one training."""
    return source.read(ADA), source.read(str(ADA) + '::G')


def variables(state):
    found = dict(state.variables)
    for key, part in state.components.items():
        found.update(('%s/%s' % (key, name), value) for name, value in part.variables.items())
    return found


def shares(pair, recipe):
    """How much of B is in each variable that differs, measured."""
    a, b = [variables(one.Gs) for one in pair]
    found = {}
    for name, value in variables(blending.blend(*pair, recipe)).items():
        step = (b[name] - a[name]).ravel()
        if np.abs(step).max() > 1e-3:
            found[name] = float(np.dot((value - a[name]).ravel(), step) / np.dot(step, step))
    return found


@pytest.mark.parametrize('amount', [0, 1])
def test_all_of_one_is_that_one_bit_for_bit(pair, amount):
    result = variables(blending.blend(*pair, Recipe(amount=amount)))
    for name, value in variables(pair[amount].Gs).items():
        np.testing.assert_array_equal(result[name], value, err_msg=name)


def test_an_amount_is_the_same_everywhere(pair):
    assert {round(share, 4) for share in shares(pair, Recipe(amount=0.25)).values()} == {0.25}
    found = shares(pair, Recipe(amount=0.25, mapping='b'))
    assert round(found['dlatent_avg'], 4) == round(found['mapping/Dense0/weight'], 4) == 1


def test_a_swap_takes_layers_and_what_belongs_to_them(pair):
    found = shares(pair, Recipe(start='16'))
    for name, share in found.items():
        side = name.split('/')[1].split('x')[0] if name.startswith('synthesis') else '0'
        if 'noise' in side:
            continue
        assert share == (side in ('16', '32')), name
    assert found['dlatent_avg'] == found['mapping/Dense0/weight'] == 0
    names = list(pair[0].Gs.components['synthesis'].variables)
    sides = [2 ** blending.position('noise%d' % i, names, False) for i in range(7)]
    assert sides == [4, 8, 8, 16, 16, 32, 32]
    stylegan = list(source.read(STYLEGAN).Gs.components['synthesis'].variables)
    assert [2 ** blending.position('noise%d' % i, stylegan, False) for i in range(8)] == [4, 4, 8, 8, 16, 16, 32, 32]
    assert [blending.position('ToRGB_lod%d/bias' % i, stylegan, False) for i in range(4)] == [5, 4, 3, 2]


def test_from_the_lowest_layer_on_the_synthesis_is_that_of_b(pair):
    result = blending.blend(*pair, Recipe(start='4'))
    for key, owner in (('synthesis', 1), ('mapping', 0)):
        expected = pair[owner].Gs.components[key].variables
        for name, value in result.components[key].variables.items():
            np.testing.assert_array_equal(value, expected[name], err_msg=name)
    np.testing.assert_array_equal(result.variables['dlatent_avg'], pair[0].Gs.variables['dlatent_avg'])


@pytest.mark.parametrize('name', ['8x8/Conv1', 'convs.1'])
def test_a_swap_from_a_layer_on(pair, name):
    found = shares(pair, Recipe(start=name, mapping='b', to_rgb='a'))
    expected = {'8x8/Conv0_up': 0, '8x8/Conv1': 1, '8x8/ToRGB': 0, '16x16/Conv0_up': 1, '32x32/ToRGB': 0, '4x4/Conv': 0}
    for layer, share in expected.items():
        assert found['synthesis/%s/weight' % layer] == share, layer
    assert found['dlatent_avg'] == 1


def test_a_smooth_transition(pair):
    found = shares(pair, Recipe(start='16', width=0.5))
    for side, x in ((4, -2), (8, -1), (16, 0), (32, 1)):
        layer = 'Conv' if side == 4 else 'Conv0_up'
        share = found['synthesis/%dx%d/%s/weight' % (side, side, layer)]
        assert share == pytest.approx(1 / (1 + np.exp(-x / 0.5)), abs=1e-4)
    assert shares(pair, Recipe(start='16', width=1e-9))['synthesis/8x8/Conv1/weight'] == pytest.approx(0, abs=1e-6)


def test_progressive_gan_has_layers_only():
    pair = source.read(PROGRESSIVE), source.read(str(PROGRESSIVE) + '::G')
    found = shares(pair, Recipe(start='8x8/Conv1'))
    assert (found['4x4/Dense/weight'], found['8x8/Conv0_up/weight'], found['8x8/Conv1/weight']) == (0, 0, 1)
    assert (found['ToRGB_lod3/weight'], found['ToRGB_lod0/weight']) == (0, 1)
    with pytest.raises(UserError, match='has no mapping network'):
        blending.blend(*pair, Recipe(amount=0.5, mapping='a'))


@pytest.mark.parametrize(
    'start, message',
    [
        ('7', r'has no layers of 7 pixels, it has 4, 8, 16, 32'),
        ('16x16/Cov', 'has no layer'),
        ('mapping', '--mapping says whose'),
    ],
)
def test_places_that_are_not_there(pair, start, message):
    with pytest.raises(UserError, match=message):
        blending.blend(*pair, Recipe(start=start))


def changed(network, part=None, variable=None, **arguments):
    """A Source whose generator has other arguments, or another shape of one variable."""
    state = unpickle.read(ADA)[2]
    for one in [state] + list(state.components.values()):
        one.static_kwargs.update(arguments)
    if part:
        state.components[part].variables[variable] = np.zeros([1, 2, 3], np.float32)
    return network._replace(path='other.pkl', Gs=state)


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(resolution=64), r'resolution differs \(32 and 64\)'),
        (dict(label_size=3), r'number of classes differs \(10 and 3\)'),
        (dict(conv_clamp=None), 'argument conv_clamp differs'),
        (dict(architecture='resnet'), 'architecture differs'),
        (dict(mapping_layers=8), 'number of layers of the mapping network differs'),
        (dict(part='synthesis', variable='8x8/Conv1/weight'), 'width of layers, in the shape of G_synthesis/8x8/Conv1'),
        (dict(part='synthesis', variable='9x9/Conv1/weight'), 'width of layers'),
    ],
)
def test_other_architectures_are_named(pair, change, message):
    with pytest.raises(
        UserError, match='ada-res32-cifar-torch17.pkl and other.pkl are of two architectures.*' + message
    ):
        blending.blend(pair[0], changed(pair[0], **change), Recipe(amount=0.5))


def test_other_generations_are_named(pair):
    with pytest.raises(UserError, match='the generation differs'):
        blending.check_alike(pair[0], source.read(PROGRESSIVE))
    alike = changed(pair[0], resample_kernel=[1, 3, 3, 1], num_fp16_res=0, fmap_base=999)
    blending.check_alike(pair[0], alike)  # The same filter, and what makes no difference.


def test_the_command_names_both_parents(tmp_path):
    out = tmp_path / 'x.pkl'
    words = ['blend', str(PROGRESSIVE), str(PROGRESSIVE) + '::G', '--from', '16', '--width', '1', '--out', str(out)]
    result = CliRunner().invoke(cli.main, words)
    assert result.exit_code == 0 and 'images differ by 0 at most' in result.output, result.output
    G, D, Gs = unpickle.read(out)
    assert G is Gs and D is None
    parents = [source.read(one).sha256 for one in words[1:3]]
    assert [one['sha256'] for one in Gs.made_from['parents']] == parents and Gs.made_from['settings']['width'] == 1
    text = CliRunner().invoke(cli.main, ['info', str(out)]).output
    assert 'made from: ' in text and all(parent in text for parent in parents)
    assert json.loads((tmp_path / 'x.json').read_text())['parents'] == Gs.made_from['parents']


@pytest.mark.parametrize(
    'words, message',
    [
        ([], 'either --from'),
        (['--from', '8', '--amount', '0.5'], 'either --from'),
        (['--amount', '0.5', '--width', '1'], 'does nothing beside --amount'),
        (['--amount', '1.5'], 'range'),
        (['--amount', 'nan'], 'finite'),
        (['--from', '8', '--width', '0'], 'range'),
    ],
)
def test_options_that_do_not_fit(words, message, tmp_path):
    result = CliRunner().invoke(cli.main, ['blend', str(ADA), str(ADA), '--out', str(tmp_path / 'x.pkl'), *words])
    assert result.exit_code == 2 and message in result.output and list(tmp_path.iterdir()) == []
