"""Which of our build functions a pickled state stands for."""

import importlib

import pytest

from dnnlib import architectures
from dnnlib.architectures import ADA, BIGGAN, PROGRESSIVE, PROGRESSIVE3, READER, SEGAN, STYLEGAN, STYLEGAN2
from dnnlib.unpickle import NetworkPickleError, NetworkState


def state(build_func_name, variables=(), version=4, src=''):
    return NetworkState(version, 'Gs', {}, {}, src, build_func_name, dict.fromkeys(variables))


@pytest.mark.parametrize(
    'build_func_name, variables, version, expected',
    [
        ('G_style', ['lod', 'dlatent_avg'], 3, STYLEGAN),
        ('G_style', ['lod', 'dlatent_avg'], 4, STYLEGAN),  # StyleGAN2's config A: the version tells the writer only.
        ('G_style', ['lod', 'dlatent_avg'], 5, STYLEGAN),
        ('D_basic', ['lod'], 4, STYLEGAN),
        ('G_synthesis', ['lod', '4x4/Const/StyleMod/weight'], 4, STYLEGAN),
        ('G_synthesis', ['lod', '4x4/Conv/weight'], 3, STYLEGAN),  # use_styles=False
        ('G_main', ['lod', 'dlatent_avg'], 4, STYLEGAN2),
        ('G_main', ['lod', 'dlatent_avg'], 5, STYLEGAN2),  # Loaded and saved again by ADA's code.
        ('G_synthesis_stylegan2', ['4x4/Conv/mod_weight'], 4, STYLEGAN2),
        ('G_synthesis_stylegan_revised', ['lod', '4x4/Conv/mod_weight'], 4, STYLEGAN2),
        ('D_stylegan2', [], 4, STYLEGAN2),
        ('D_stylegan', ['lod'], 4, STYLEGAN2),
        ('G_main', ['dlatent_avg'], 5, ADA),
        ('G_main', ['dlatent_avg'], 4, ADA),
        ('G_synthesis', ['4x4/Conv/mod_weight'], 5, ADA),
        ('D_main', [], 5, ADA),
        ('G_segan', ['dlatent_avg'], 4, SEGAN),
        ('G_synthesis_segan', ['4x4/Conv/mod_weight'], 4, SEGAN),
        ('F_reader', ['Conv0/weight'], 4, READER),
    ],
)
def test_generation(build_func_name, variables, version, expected):
    assert architectures.generation(state(build_func_name, variables, version)) == expected


@pytest.mark.parametrize(
    'variables, version, src, expected',
    [
        (['Dense0/weight'], 3, '', STYLEGAN),
        (['Dense0/weight'], 4, 'def G_mapping(): dense_layer', STYLEGAN),
        (['Dense0/weight'], 4, 'from dnnlib.tflib.ops.fused_bias_act import fused_bias_act', STYLEGAN2),
        (['LabelConcat/weight', 'Dense0/weight'], 4, 'fused_bias_act', STYLEGAN2),
        (['LabelEmbed/weight', 'Dense0/weight'], 4, '', ADA),
        (['Dense0/weight'], 5, '', ADA),
        (['Dense0/weight'], 4, 'fused_bias_act\ndef G_synthesis_segan(', SEGAN),
        # Saved again by ADA's code, whose own mapping has LabelEmbed instead.
        (['LabelConcat/weight', 'Dense0/weight'], 5, 'fused_bias_act', STYLEGAN2),
        (['LabelConcat/weight', 'Dense0/weight'], 5, 'def G_mapping(): dense_layer', STYLEGAN),
    ],
)
def test_a_mapping_network_that_stands_alone(variables, version, src, expected):
    assert architectures.generation(state('G_mapping', variables, version, src)) == expected


def test_an_ambiguous_mapping_network_is_refused():
    """Both generations have the same names and shapes, and different functions."""
    with pytest.raises(
        NetworkPickleError, match="mapping network 'Gs' stands alone and could be of the first or second generation"
    ):
        architectures.generation(state('G_mapping', ['Dense0/weight'], 4))
    with pytest.raises(NetworkPickleError, match='could be of the first or second generation'):
        architectures.generation(state('G_mapping', ['LabelConcat/weight', 'Dense0/weight'], 5))


@pytest.mark.parametrize('name', ['G_progressive_8', 'G_main_self_attention', 'os.system', ''])
def test_unknown_build_functions_are_refused(name):
    with pytest.raises(NetworkPickleError) as error:
        architectures.generation(state(name))
    assert "network 'Gs' is built by the function %r, which is not one of ours (D_basic, D_main" % name in str(
        error.value
    )
    assert 'trust_embedded_code' in str(error.value) and 'REGAN_TRUST_EMBEDDED_CODE=1' in str(error.value)


@pytest.mark.parametrize(
    'build_func_name, variables, generation, expected',
    [
        ('G_style', [], STYLEGAN, 'nvlabs_stylegan.networks.G_style'),
        ('G_mapping', [], STYLEGAN, 'nvlabs_stylegan.networks.G_mapping'),
        ('G_mapping', [], STYLEGAN2, 'nvlabs_stylegan2.networks.G_mapping'),
        ('G_mapping', [], ADA, 'nvlabs_stylegan2.ada.G_mapping'),
        ('G_mapping', [], SEGAN, 'nvlabs_stylegan2.segan.G_mapping'),
        ('G_segan', [], SEGAN, 'nvlabs_stylegan2.segan.G_segan'),
        ('G_synthesis_segan', [], SEGAN, 'nvlabs_stylegan2.segan.G_synthesis_segan'),
        ('G_synthesis', [], ADA, 'nvlabs_stylegan2.ada.G_synthesis'),
        ('G_synthesis_stylegan2', ['8x8/ToRGB/weight'], STYLEGAN2, 'nvlabs_stylegan2.networks.G_synthesis_stylegan2'),
        (
            'G_synthesis_stylegan2',
            ['lod', 'ToRGB_lod0/weight'],
            STYLEGAN2,
            'nvlabs_stylegan2.networks.G_synthesis_stylegan_revised',
        ),
        ('D_stylegan2', ['8x8/FromRGB/weight'], STYLEGAN2, 'nvlabs_stylegan2.networks.D_stylegan2'),
        ('D_stylegan2', ['lod', 'FromRGB_lod0/weight'], STYLEGAN2, 'nvlabs_stylegan2.networks.D_stylegan'),
    ],
)
def test_build_function_name(build_func_name, variables, generation, expected):
    assert architectures.build_function_name(state(build_func_name, variables), generation) == expected


def test_a_component_of_another_generation_is_refused():
    with pytest.raises(
        NetworkPickleError, match="'Gs' is built by the function 'G_synthesis', which stylegan2 does not have"
    ):
        architectures.build_function_name(state('G_synthesis'), STYLEGAN2)


def test_every_function_of_the_tables_exists():
    for generation, names in architectures.FUNCTIONS.items():
        module = importlib.import_module(architectures.MODULES[generation])
        for name in names:
            function = getattr(module, name)
            assert (function.__module__, function.__name__) == (architectures.MODULES[generation], name)
    assert architectures.STATE_VERSION == {
        PROGRESSIVE: 2,
        STYLEGAN: 3,
        PROGRESSIVE3: 3,
        STYLEGAN2: 4,
        ADA: 5,
        SEGAN: 4,
        READER: 4,
        BIGGAN: 4,
        architectures.VGG16: 4,
        architectures.INCEPTION: 4,
    }
