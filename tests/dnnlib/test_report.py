"""Layer lists, parameter totals and weight histograms, as the official implementation reports them."""

import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from tests.small_networks import SIZES, build, fresh_session

MAPPING = [
    'G_mapping/' + name for name in 'latents_in labels_in {norm} Dense0 Dense1 Dense2 Broadcast dlatents_out'.split()
]


def under(prefix, names):
    return [prefix + name for name in names.split()]


STYLEGAN_LAYERS = (
    ['latents_in', 'labels_in', 'lod', 'dlatent_avg']
    + [name.format(norm='PixelNorm') for name in MAPPING]
    + ['Truncation']
    + under(
        'G_synthesis/',
        'dlatents_in 4x4/Const 4x4/Conv ToRGB_lod2 8x8/Conv0_up 8x8/Conv1 ToRGB_lod1 Upscale2D Grow_lod1 '
        '16x16/Conv0_up 16x16/Conv1 ToRGB_lod0 Upscale2D_1 Grow_lod0 images_out lod '
        'noise0 noise1 noise2 noise3 noise4 noise5',
    )
    + ['images_out']
)

STYLEGAN2_LAYERS = (
    ['latents_in', 'labels_in', 'lod', 'dlatent_avg']
    + [name.format(norm='Normalize') for name in MAPPING]
    + ['Truncation/Lerp']
    + under(
        'G_synthesis/',
        'dlatents_in 4x4/Const 4x4/Conv 4x4/ToRGB 8x8/Conv0_up 8x8/Conv1 8x8/Upsample 8x8/ToRGB '
        '16x16/Conv0_up 16x16/Conv1 16x16/Upsample 16x16/ToRGB images_out '
        'noise0 noise1 noise2 noise3 noise4',
    )
    + ['images_out']
)

DISCRIMINATOR_LAYERS = [
    'images_in',
    'labels_in',
    '16x16/FromRGB',
    '16x16/Conv0',
    '16x16/Conv1_down',
    '16x16/Skip',
    '8x8/Conv0',
    '8x8/Conv1_down',
    '8x8/Skip',
    '4x4/MinibatchStddev',
    '4x4/Conv',
    '4x4/Dense0',
    'Output',
    'scores_out',
]


@pytest.fixture(
    scope='module',
    params=[
        ('nvlabs_stylegan.networks.G_style', STYLEGAN_LAYERS),
        ('nvlabs_stylegan2.networks.G_main', STYLEGAN2_LAYERS),
        ('nvlabs_stylegan2.networks.D_stylegan2', DISCRIMINATOR_LAYERS),
    ],
    ids=['StyleGAN', 'StyleGAN2', 'discriminator'],
)
def net_and_names(request):
    with fresh_session():
        yield build(request.param[0]), request.param[1]


def test_layers_are_the_official_ones_in_order(net_and_names):
    net, names = net_and_names
    assert [name for name, _, _ in net.list_layers()] == names


def test_every_trainable_variable_is_in_one_layer(net_and_names):
    net, _ = net_and_names
    listed = [var for _, _, variables in net.list_layers() for var in variables]
    assert len(listed) == len(net.trainables) and {v.name for v in listed} == {v.name for v in net.trainables.values()}


def test_images_are_nchw_at_every_layer(net_and_names):
    """The number of pixels follows from the layer's name, or from the noise image."""
    net, _ = net_and_names
    images = [(name, tensor.shape.as_list()) for name, tensor, _ in net.list_layers() if tensor.shape.rank == 4]
    assert len(images) >= 9
    for name, shape in images:
        assert shape[2] == shape[3] in (4, 8, 16), (name, shape)
        if re.search(r'\d+x\d+/(Const|Conv$|Conv0|Conv1$|Conv0_up|ToRGB|FromRGB|Upsample)', name):
            assert shape[2] == int(re.search(r'(\d+)x', name).group(1)), (name, shape)
        if 'RGB_lod' in name or name.endswith('ToRGB'):
            assert shape[1] == 3, (name, shape)


def test_layer_outputs_are_what_the_scope_computes_last(net_and_names):
    net, _ = net_and_names
    feeds = dict(
        zip(net.input_templates, [np.random.RandomState(0).randn(4, *shape[1:]) for shape in net.input_shapes])
    )
    layers = {name: tensor for name, tensor, _ in net.list_layers()}
    if 'Output' in layers:
        np.testing.assert_array_equal(*tflib.run([layers['Output'], layers['scores_out']], feeds))
    else:
        last = layers.get('G_synthesis/Grow_lod0', layers.get('G_synthesis/16x16/ToRGB'))
        np.testing.assert_array_equal(*tflib.run([last, layers['images_out']], feeds))
        np.testing.assert_array_equal(
            *tflib.run([layers['G_mapping/Broadcast'][:, 1], layers['G_mapping/Dense2']], feeds)
        )


def test_list_ops_leaves_out_what_run_makes(net_and_names):
    net, _ = net_and_names
    before = [op.name for op in net.list_ops()]
    net.run(*[np.zeros([4] + shape[1:]) for shape in net.input_shapes])
    assert [op.name for op in net.list_ops()] == before
    assert all(name.startswith(net.scope + '/') for name in before)
    assert any(op.name.startswith(net.scope + '/_Run/') for op in tf.get_default_graph().get_operations())


# ------------------------------------------------------------------ printed


def rows_of(text):
    """Cells of every row, split where two blanks are; 'None' cells cannot occur."""
    assert text.startswith('\n') and text.endswith('\n\n')
    return [re.split(r' {2,}', line.rstrip()) for line in text[1:-2].split('\n')]


def test_printed_table(capsys):
    with fresh_session():
        net = build('nvlabs_stylegan2.networks.D_stylegan2')
        capsys.readouterr()
        net.print_layers()
        text = capsys.readouterr().out
        net.print_layers('Title', hide_layers_with_no_params=True)
        short = rows_of(capsys.readouterr().out)
    rows = rows_of(text)
    assert rows[:4] == [
        ['D', 'Params', 'OutputShape', 'WeightShape'],
        ['---'] * 4,
        ['images_in', '-', '(?, 3, 16, 16)', '-'],
        ['labels_in', '-', '(?, 0)', '-'],
    ]
    assert ['16x16/FromRGB', '32', '(?, 8, 16, 16)', '(1, 1, 3, 8)'] in rows  # 3 * 8 + 8
    assert ['4x4/MinibatchStddev', '-', '(?, 17, 4, 4)', '-'] in rows
    assert ['4x4/Dense0', '4112', '(?, 16)', '(256, 16)'] in rows  # 256 * 16 + 16
    assert ['Output', '17', '(?, 1)', '(16, 1)'] in rows
    total = sum(int(row[1]) for row in rows[2:-2] if row[1] != '-')
    assert rows[-2:] == [['---'] * 4, ['Total', str(total)]]
    lines = text.strip('\n').split('\n')
    assert {line.index(cells[1], len(cells[0])) for line, cells in zip(lines, rows)} == {lines[0].index('Params')}
    assert short[0][0] == 'Title' and short[-1] == rows[-1]
    assert [row[0] for row in short[2:-2]] == [row[0] for row in rows[2:-2] if row[1] != '-']


TOTALS = [  # resolution, StyleGAN G, D; StyleGAN2 config E G, D; config F G, D
    (256, 26086229, 23052353, 24767458, 24001089, 30034338, 28864129),
    (512, 26179768, 23080225, 24860935, 24030753, 30276583, 28982849),
    (1024, 26219627, 23087249, 24900764, 24038161, 30370060, 29012513),
]
KINDS = [
    ('nvlabs_stylegan.networks.G_style', {}),
    ('nvlabs_stylegan.networks.D_basic', {}),
    ('nvlabs_stylegan2.networks.G_main', {'fmap_base': 8192}),
    ('nvlabs_stylegan2.networks.D_stylegan2', {'fmap_base': 8192}),
    ('nvlabs_stylegan2.networks.G_main', {}),
    ('nvlabs_stylegan2.networks.D_stylegan2', {}),
]
OTHER_KINDS = [
    ('nvlabs_stylegan2.networks.G_main', 'orig', 23596292),
    ('nvlabs_stylegan2.networks.G_main', 'resnet', 24557316),
    ('nvlabs_stylegan2.networks.D_stylegan2', 'orig', 23077137),
    ('nvlabs_stylegan2.networks.D_stylegan2', 'skip', 23087249),
]


def full_size(func_name, resolution, total, **kwargs):
    return pytest.param(
        func_name,
        dict(kwargs, resolution=resolution),
        total,
        id='-'.join([func_name.rsplit('.', 1)[1], str(resolution)] + [str(v) for v in kwargs.values()]),
    )


EVERY_KIND = [
    full_size(func_name, row[0], total, **kwargs)
    for row in TOTALS
    for total, (func_name, kwargs) in zip(row[1:], KINDS)
] + [
    full_size(func_name, 1024, total, fmap_base=8192, architecture=architecture)
    for func_name, architecture, total in OTHER_KINDS
]
FAST = ('G_style-1024', 'D_stylegan2-256')


@pytest.mark.parametrize(
    'func_name, kwargs, total',
    [
        pytest.param(*kind.values, id=kind.id, marks=[] if kind.id in FAST else [pytest.mark.slow])
        for kind in EVERY_KIND
    ],
)
def test_networks_of_the_papers(monkeypatch, capsys, func_name, kwargs, total):
    """Graphs of full size; their variables get no values."""
    monkeypatch.setattr(tflib.Network, '_initialise', lambda net, own_vars: None)
    with fresh_session():
        net = tflib.Network('N', func_name=func_name, num_channels=3, **kwargs)
        net.print_layers()
        resolution = kwargs['resolution']
        if func_name.rsplit('.', 1)[1].startswith('G_'):
            layers = 2 * int(np.log2(resolution)) - 2
            assert (net.input_shapes, net.output_shapes) == (
                [[None, 512], [None, 0]],
                [[None, 3, resolution, resolution]],
            )
            assert net.components.synthesis.input_shape == net.components.mapping.output_shape == [None, layers, 512]
        else:
            assert (net.input_shape, net.output_shape) == ([None, 3, resolution, resolution], [None, 1])
    assert rows_of(capsys.readouterr().out)[-1] == ['Total', str(total)]


# ------------------------------------------------------------------ histograms


def test_weight_histograms():
    with fresh_session():
        net = tflib.Network('N', func_name='nvlabs_stylegan.networks.D_basic', **dict(SIZES, resolution=4))
        net.setup_weight_histograms()
        net.setup_weight_histograms('other')
        summary = tf.Summary.FromString(tflib.run(tf.summary.merge_all()))
    tags = [value.tag for value in summary.value]
    names = [
        '_weight/FromRGB_lod0',
        '_bias/FromRGB_lod0',
        '_weight/4x4_Conv',
        '_bias/4x4_Conv',
        '_weight/4x4_Dense0',
        '_bias/4x4_Dense0',
        '_weight/4x4_Dense1',
        '_bias/4x4_Dense1',
    ]
    assert tags == ['N' + name for name in names] + ['other' + name for name in names]
    assert [value.histo.num for value in summary.value][:2] == [3 * 16, 16]


def G_toplevel(x, **_kwargs):
    x.set_shape([None, 3])
    return tf.identity(x * tf.get_variable('gain', shape=[3], initializer=tf.initializers.ones()), name='out')


def test_histograms_of_variables_without_scope():
    with fresh_session():
        tflib.Network('N', func_name=G_toplevel).setup_weight_histograms('t')
        summary = tf.Summary.FromString(tflib.run(tf.summary.merge_all()))
    assert [value.tag for value in summary.value] == ['t_toplevel/gain']
