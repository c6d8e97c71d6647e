"""regan.editing.mixing: sets of layers in notation, and latents that have them."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.editing import mixing

OFFICIAL = '0-3,0-3,0-3,4-7,4-7,8-17'  # Of StyleGAN's figure.


@pytest.mark.parametrize(
    'text, expected',
    [
        (OFFICIAL, [range(4)] * 3 + [range(4, 8)] * 2 + [range(8, 18)]),
        ('coarse, coarse,coarse,middle,middle,fine', [range(4)] * 3 + [range(4, 8)] * 2 + [range(8, 18)]),
        ('all', [range(18)]),
        ('8+0-2+1-3', [(0, 1, 2, 3, 8)]),
    ],
)
def test_parse_layers(text, expected):
    assert mixing.parse_layers(text, 18) == [tuple(layers) for layers in expected]


def test_notation_is_parsed_back():
    random = np.random.RandomState(0)
    for _ in range(20):
        layers = tuple(np.flatnonzero(random.rand(18) < 0.5))
        assert mixing.parse_layers(mixing.notation(layers), 18) == [layers]


@pytest.mark.parametrize(
    'text, message',
    [
        ('', "cannot read layers from '' at ''; write numbers"),
        ('0-3,x', "cannot read layers from '0-3,x' at 'x'"),
        ('3-1', "at '3-1'; write numbers and rising ranges"),
        ('0-3+', 'cannot read layers from'),
        ('0-10', "the layers '0-10' go to layer 10, but this network has layers 0-9"),
    ],
)
def test_bad_layers(text, message):
    with pytest.raises(UserError, match=message):
        mixing.parse_layers(text, 10)


def test_layers_of_a_small_network():
    assert mixing.parse_layers('middle', 6) == [(4, 5)]
    assert [mixing.usual(layers) for layers in (18, 16, 14, 10, 2)] == ['0-6', '0-6', '0-6', '0-4', '0']
    with pytest.raises(UserError, match='fine layers begin at layer 8, but this network has layers 0-7'):
        mixing.parse_layers('fine', 8)


def test_sets_for_rows():
    assert mixing.for_rows([(0,)], 3) == [(0,)] * 3 and mixing.for_rows([(0,), (1,)], 2) == [(0,), (1,)]
    with pytest.raises(UserError, match='2 sets of layers are given for 3 rows'):
        mixing.for_rows([(0,), (1,)], 3)


def test_mixed():
    rows, columns = np.random.RandomState(1).randn(2, 3, 6, 5)
    sets = [(0, 2), (), tuple(range(6))]
    found = mixing.mixed(rows, columns, sets)
    assert found.shape == (3, 3, 6, 5)
    for i, layers in enumerate(sets):
        for j in range(3):
            for layer in range(6):
                source = columns[j] if layer in layers else rows[i]
                assert np.array_equal(found[i, j, layer], source[layer])


def test_a_latent_mixed_with_itself_stays():
    rows = np.random.RandomState(2).randn(1, 6, 5)
    assert np.array_equal(mixing.mixed(rows, rows, [(1, 3)])[0, 0], rows[0])
