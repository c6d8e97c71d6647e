"""Variables of the kinds of networks that the golden data lacks."""

import dnnlib.tflib as tflib
from tests.small_networks import fresh_session


def names(func_name, **kwargs):
    with fresh_session():
        net = tflib.Network(
            'N', func_name=func_name, resolution=8, fmap_base=8, fmap_max=2, latent_size=3, dlatent_size=5, **kwargs
        )
        return [(n, tuple(v.shape.as_list())) for n, v in net.vars.items()]


def layer(scope, fan_in, fan_out):
    return [
        (scope + '/weight', (3, 3, fan_in, fan_out)),
        (scope + '/mod_weight', (5, fan_in)),
        (scope + '/mod_bias', (fan_in,)),
        (scope + '/noise_strength', ()),
        (scope + '/bias', (fan_out,)),
    ]


def rgb(scope, fan_in):
    return [
        (scope + '/weight', (1, 1, fan_in, 3)),
        (scope + '/mod_weight', (5, fan_in)),
        (scope + '/mod_bias', (fan_in,)),
        (scope + '/bias', (3,)),
    ]


def test_variables_of_the_revised_synthesis():
    assert names('nvlabs_stylegan2.networks.G_synthesis_stylegan_revised') == (
        [
            ('lod', ()),
            ('noise0', (1, 1, 4, 4)),
            ('noise1', (1, 1, 8, 8)),
            ('noise2', (1, 1, 8, 8)),
            ('4x4/Const/const', (1, 2, 4, 4)),
        ]
        + layer('4x4/Conv', 2, 2)
        + rgb('ToRGB_lod1', 2)
        + layer('8x8/Conv0_up', 2, 2)
        + layer('8x8/Conv1', 2, 2)
        + rgb('ToRGB_lod0', 2)
    )


def test_variables_of_ada_synthesis():
    assert names('nvlabs_stylegan2.ada.G_synthesis', use_noise=False, fmap_const=7) == [
        (n, s)
        for n, s in [('4x4/Const/const', (1, 7, 4, 4))]
        + layer('4x4/Conv', 7, 2)
        + rgb('4x4/ToRGB', 2)
        + layer('8x8/Conv0_up', 2, 2)
        + layer('8x8/Conv1', 2, 2)
        + rgb('8x8/ToRGB', 2)
        if not n.endswith('noise_strength')
    ]


def test_variables_of_ada_mapping():
    assert names('nvlabs_stylegan2.ada.G_mapping', label_size=7, label_fmaps=11, mapping_layers=2) == [
        ('LabelEmbed/weight', (7, 11)),
        ('LabelEmbed/bias', (11,)),
        ('Dense0/weight', (14, 5)),
        ('Dense0/bias', (5,)),
        ('Dense1/weight', (5, 5)),
        ('Dense1/bias', (5,)),
    ]


def test_variables_of_ada_discriminator():
    found = names('nvlabs_stylegan2.ada.D_main', label_size=7, mapping_layers=1, mapping_fmaps=11)
    assert found[:5] == [
        ('LabelEmbed/weight', (7, 11)),
        ('LabelEmbed/bias', (11,)),
        ('Mapping0/weight', (11, 11)),
        ('Mapping0/bias', (11,)),
        ('8x8/FromRGB/weight', (1, 1, 3, 2)),
    ]
    assert found[-2:] == [('Output/weight', (2, 11)), ('Output/bias', (11,))]


def test_variables_of_the_growing_discriminator():
    assert names('nvlabs_stylegan2.networks.D_stylegan') == [
        ('lod', ()),
        ('FromRGB_lod0/weight', (1, 1, 3, 2)),
        ('FromRGB_lod0/bias', (2,)),
        ('8x8/Conv0/weight', (3, 3, 2, 2)),
        ('8x8/Conv0/bias', (2,)),
        ('8x8/Conv1_down/weight', (3, 3, 2, 2)),
        ('8x8/Conv1_down/bias', (2,)),
        ('FromRGB_lod1/weight', (1, 1, 3, 2)),
        ('FromRGB_lod1/bias', (2,)),
        ('4x4/Conv/weight', (3, 3, 3, 2)),
        ('4x4/Conv/bias', (2,)),
        ('4x4/Dense0/weight', (32, 2)),
        ('4x4/Dense0/bias', (2,)),
        ('Output/weight', (2, 1)),
        ('Output/bias', (1,)),
    ]
