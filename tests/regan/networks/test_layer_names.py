"""Names of layers: each of the original's, at every resolution, and in the names of its files."""

import pytest

from regan.base.errors import UserError
from regan.networks import layer_names


def layers(generation, top):
    """Our names in networks of 2^top pixels, without what the original has no name for."""
    blocks = ['4x4/Const', '4x4/Conv'] + ['4x4/ToRGB'] * (generation == 2)
    for res in range(3, top + 1):
        for layer in ['Conv0_up', 'Conv1'] + ['ToRGB'] * (generation == 2):
            blocks.append('%dx%d/%s' % (2**res, 2**res, layer))
    return blocks + ['ToRGB_lod0'] * (generation == 1)


@pytest.mark.parametrize('top', [3, 6, 10])
def test_stylegan2_in_the_order_of_the_network(top):
    """Its modules in order are ours in order."""
    theirs = ['input', 'conv1', 'to_rgb1']
    for block in range(top - 2):
        theirs += ['convs.%d' % (2 * block), 'convs.%d' % (2 * block + 1), 'to_rgbs.%d' % block]
    ours = layers(2, top)
    assert [layer_names.resolve(name, ours) for name in theirs] == ours
    assert layer_names.resolve('style', ours) == layer_names.resolve('mapping', ours) == 'mapping'
    assert sorted(layer_names.aliases(ours)) == sorted(theirs + ['style'])


@pytest.mark.parametrize('top', [3, 6, 10])
def test_stylegan(top):
    ours = layers(1, top)
    blocks = ['g_synthesis.blocks.%dx%d' % (2**res, 2**res) for res in range(2, top + 1)]
    theirs = [block + half for block in blocks for half in ('.epi1', '.epi2')] + ['g_synthesis.torgb']
    assert [layer_names.resolve(name, ours) for name in theirs] == ours
    assert [layer_names.resolve(name, ours) for name in blocks] == ours[1:-1:2]
    assert layer_names.resolve('g_mapping', ours) == 'mapping'


def test_further_layers_keep_their_names():
    ours = ['8x8/Upsample', '8x8/Skip', '8x8/ToRGB']
    assert [layer_names.resolve(name, ours) for name in ours] == ours
    assert set(layer_names.aliases(ours)) == {'style', 'to_rgbs.0'}


@pytest.mark.parametrize(
    'name, message',
    [
        (
            'g_synthesis.blocks.8x8.conv1',
            r'is the bare convolution inside of 8x8/Conv1 \(g_synthesis.blocks.8x8.epi2\)',
        ),
        ('g_synthesis.blocks.8x8.conv0_up', 'is the bare convolution inside of 8x8/Conv0_up'),
        ('g_synthesis.blocks.16x16', "no layer 'g_synthesis.blocks.16x16'; choose one of 4x4/Const"),
        ('style', "no layer 'style'"),
    ],
)
def test_refused(name, message):
    with pytest.raises(UserError, match=message):
        layer_names.resolve(name, layers(1, 3))


@pytest.mark.parametrize(
    'stem, layer',
    [
        ('stylegan2-ffhq_style_ipca_c80_n1000000_w', 'style'),
        ('stylegan2-ffhq_convs.13_pca-full_c20_n300000', 'convs.13'),
        ('stylegan2-car_to_rgb1_fbpca_c80_it2_l160_n300000_w_seed5', 'to_rgb1'),
        ('stylegan-celeba_hq_g_synthesis.blocks.4x4.epi1_spca_c10_a1.0_n10000', 'g_synthesis.blocks.4x4.epi1'),
        ('stylegan-ffhq_g_mapping_ica_c80_w_n300000', 'g_mapping'),
        ('stylegan2-cats_ipca_c512_n1000000_w', ''),  # ReGANSpace's have none.
        ('biggan-512-husky_generator.gen_z_ipca_c80_n1000000', 'generator.gen_z'),
        ('mine', ''),
    ],
)
def test_in_the_names_of_files(stem, layer):
    assert layer_names.of_file(stem) == layer
