"""Tensors of the template graphs that scripts look up by name: official names, and the official values under them."""

import numpy as np
import pytest

import dnnlib.tflib as tflib
from tests import nchw_on_cpu
from tests import numpy_networks as oracle
from tests.small_networks import build, fresh_session, value_of

W = np.random.RandomState(5).randn(2, 6, 10)
SYNTHESES = ['networks.G_synthesis_stylegan2', 'networks.G_synthesis_stylegan_revised', 'ada.G_synthesis']
LAYERS = [('4x4/Conv', 0), ('8x8/Conv0_up', 1), ('8x8/Conv1', 2), ('16x16/Conv0_up', 3), ('16x16/Conv1', 4)]
RGB = [('4x4/ToRGB', 1), ('8x8/ToRGB', 3), ('16x16/ToRGB', 5)]


def style(net, layer, index):
    """The style of a layer: with its 1 (StyleGAN2 section 1.4)."""
    weight, bias = [net.get_var(layer + name).astype(np.float64) for name in ('/mod_weight', '/mod_bias')]
    return W[:, index].dot(weight) / np.sqrt(len(weight)) + bias + 1


def run(net, *names):
    fetches = ['%s/%s:0' % (net.scope, name) for name in names]
    return tflib.run(fetches, {net.input_templates[0]: W})


def assert_close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize('function', SYNTHESES)
def test_add_is_the_style_with_its_1(function):
    layers = (
        LAYERS + [('ToRGB_lod2', 1), ('ToRGB_lod1', 3), ('ToRGB_lod0', 5)] if 'revised' in function else LAYERS + RGB
    )
    with fresh_session():
        net = build('nvlabs_stylegan2.' + function, 'G_synthesis')
        for (layer, index), found in zip(layers, run(net, *[layer + '/add' for layer, _ in layers])):
            assert_close(found, style(net, layer, index))


def test_style_vectors_are_found_by_their_name_and_rank():
    """As scripts for StyleSpace find them: whatever ends in 'add:0' and has the batch as its first axis."""
    with fresh_session() as session:
        net = build('nvlabs_stylegan2.networks.G_synthesis_stylegan2', 'G_synthesis')
        assert net.vars
        found = [op.outputs[0] for op in session.graph.get_operations() if 'add:0' in str(op.values())]
        found = [t for t in found if 'shape=(?,' in str(t)]
        assert sorted(t.name for t in found) == sorted('G_synthesis/%s/add:0' % layer for layer, _ in LAYERS + RGB)
        assert all(t.shape.rank == 2 for t in found)


def test_style_vectors_can_be_fed():
    """Styles and the number of images are all that an image needs then."""
    with fresh_session() as session:
        net = build('nvlabs_stylegan2.networks.G_synthesis_stylegan2', 'G_synthesis', randomize_noise=False)
        names = ['G_synthesis/%s/add:0' % layer for layer, _ in LAYERS + RGB]
        image = net.run(W)
        feeds = dict(zip(names, session.run(names, {net.input_templates[0]: W})))
        feeds['G_synthesis/4x4/Const/Shape:0'] = [2, 6, 10]
        assert_close(session.run('G_synthesis/images_out:0', feeds), image)
        feeds[names[2]] = feeds[names[2]] + 1
        assert np.abs(session.run('G_synthesis/images_out:0', feeds) - image).max() > 0.01


@pytest.mark.parametrize('architecture', ['skip', 'resnet'])
def test_further_sums_of_the_second_generation(architecture):
    with fresh_session():
        net = build(
            'nvlabs_stylegan2.networks.G_synthesis_stylegan2',
            'G_synthesis',
            architecture=architecture,
            randomize_noise=False,
        )
        norms, noisy, after, scale = run(net, '8x8/Conv1/add_1', '8x8/Conv1/add_2', '8x8/Conv1/out', '8x8/Conv1/add')
        weight = net.get_var('8x8/Conv1/weight') / np.sqrt(9 * scale.shape[1])
        assert_close(norms, np.square(scale).dot(np.square(weight).sum(axis=(0, 1))) + 1e-8)
        bias = net.get_var('8x8/Conv1/bias')[:, np.newaxis, np.newaxis]
        assert_close(after, np.sqrt(2) * oracle.lrelu(noisy + bias))  # NCHW, as official.
        if architecture == 'skip':
            assert_close(*run(net, '8x8/ToRGB/add_1', '8x8/ToRGB/out'))
        else:
            merged, after = run(net, '8x8/Skip/add', '8x8/Skip/out')
            assert_close(merged * np.sqrt(0.5), after)


def test_sums_of_the_first_generation():
    with fresh_session():
        net = build('nvlabs_stylegan.networks.G_synthesis', 'G_synthesis')
        both, scale, out, noisy, biased = run(
            net,
            *['8x8/Conv1/' + name for name in ('StyleMod/add', 'StyleMod/add_1', 'StyleMod/add_2', 'Noise/add', 'add')],
        )
        weight, bias = net.get_var('8x8/Conv1/StyleMod/weight'), net.get_var('8x8/Conv1/StyleMod/bias')
        wanted = W[:, 3].dot(weight) / np.sqrt(len(weight)) + bias
        assert_close(both, wanted)
        assert_close(scale, wanted[:, : len(bias) // 2, np.newaxis, np.newaxis] + 1)
        assert_close(out, run(net, '8x8/Conv1/out')[0])
        assert_close(biased, noisy + net.get_var('8x8/Conv1/bias')[:, np.newaxis, np.newaxis])
        assert_close(*run(net, 'ToRGB_lod1/add', 'ToRGB_lod1/out'))


def test_truncated_dlatents():
    with fresh_session() as session:
        net = build('nvlabs_stylegan2.networks.G_main', 'Gs')
        z = np.random.RandomState(3).randn(2, 12)
        w = net.components.mapping.run(z, None)
        average = value_of('dlatent_avg', [10])
        found = session.run('Gs/Truncation/Lerp/add:0', {'Gs/latents_in:0': z, 'Gs/labels_in:0': np.zeros([2, 0])})
        assert_close(found, average + (w - average) * 0.5)


# ------------------------------------------------------------------ feeding


FED = [
    (
        'nvlabs_stylegan.networks.G_synthesis',
        ['8x8/Conv1/out', '8x8/Conv0_up/StyleMod/add_2', 'Grow_lod0/LerpClip/add'],
    ),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan2', ['8x8/Conv0_up/out', '8x8/Conv1/add_2', '8x8/ToRGB/add_1']),
    ('nvlabs_stylegan2.networks.G_synthesis_stylegan_revised', ['Grow_lod0/LerpClip/add', 'ToRGB_lod0/out']),
]


@pytest.mark.parametrize('function, names', FED)
@pytest.mark.parametrize('layout', ['NHWC', 'NCHW'])
def test_images_under_official_names_can_be_fed(function, names, layout, monkeypatch):
    """What is fetched and fed again changes nothing; twice that changes the image."""
    if layout == 'NCHW':
        nchw_on_cpu.install(monkeypatch)
    with fresh_session() as session:
        net = build(function, 'G_synthesis', randomize_noise=False)
        image = session.run('G_synthesis/images_out:0', {net.input_templates[0]: W})
        assert_close(image, net.run(W))
        for name in ['G_synthesis/%s:0' % name for name in names]:
            value = session.run(name, {net.input_templates[0]: W})
            assert value.shape[1] != value.shape[2] == value.shape[3]
            for factor, changes in [(1, False), (2, True)]:
                again = session.run('G_synthesis/images_out:0', {net.input_templates[0]: W, name: value * factor})
                assert (np.abs(again - image).max() > 0.01) == changes, name


def test_of_other_graphs_they_cannot(function='nvlabs_stylegan2.networks.G_synthesis_stylegan2'):
    with fresh_session() as session:
        net = build(function, 'G_synthesis')
        image = net.get_output_for(W)
        name = image.op.name.rsplit('/', 1)[0] + '/8x8/Conv1/out:0'
        with pytest.raises(ValueError, match='8x8/Conv1/out.* may not be fed'):
            session.run(image, {name: session.run(name)})


@pytest.mark.parametrize(
    'function', ['nvlabs_stylegan.networks.G_synthesis', 'nvlabs_stylegan2.networks.G_synthesis_stylegan_revised']
)
def test_blends_of_growing_networks(function):
    with fresh_session():
        net = build(function, 'G_synthesis')
        net.set_var('lod', 0.25)
        blend, out, finer, coarser = run(
            net, 'Grow_lod0/LerpClip/add', 'Grow_lod0/out', 'ToRGB_lod0/out', 'Grow_lod1/LerpClip/add'
        )
        assert_close(blend, finer + 0.25 * (oracle.nearest_up(coarser) - finer))
        assert_close(blend, out)


def test_blends_of_growing_discriminators():
    with fresh_session() as session:
        net = build('nvlabs_stylegan.networks.D_basic')
        net.set_var('lod', 0.25)
        images = np.random.RandomState(1).randn(4, 3, 16, 16)
        names = ['D/%s:0' % name for name in ('Grow_lod0/LerpClip/add', '16x16/Conv1_down/out', 'FromRGB_lod1/out')]
        blend, finer, coarser = session.run(names, {net.input_templates[0]: images})
        assert_close(blend, finer + 0.25 * (coarser - finer))


def test_ways_back_are_no_layers():
    with fresh_session():
        net = build('nvlabs_stylegan2.networks.G_synthesis_stylegan2', 'G_synthesis')
        assert not [op.name for op in net.list_ops() if '_Views' in op.name or '_Device' in op.name]
        layers = {name: tensor.shape.as_list()[1:] for name, tensor, _ in net.list_layers()}
        assert layers['8x8/Conv1'] == [16, 8, 8] and layers['8x8/ToRGB'] == [3, 8, 8]
