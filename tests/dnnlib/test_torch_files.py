"""PyTorch-era files as data: containers of every kind, three programs' networks, and what is refused."""

import collections
import io
import json
import pathlib
import pickle
import re
import zipfile

import numpy as np
import pytest

from dnnlib import unpickle
from dnnlib.pickled_data import NetworkPickleError
from dnnlib.tflib.revival import revive
from dnnlib.torch_files import containers, kinds, tensors, weights
from tests.plain_torch import FLOAT, Call, Named, Persistent, pickled, tensor, zip_file
from tests.small_networks import fresh_session

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden_torch'
MORE = pathlib.Path(__file__).resolve().parents[3] / 'shared' / 'golden' / 'torch'
TOLERANCES = json.loads((GOLDEN / 'manifest.json').read_text())
FORMATS = sorted(path.name for path in GOLDEN.glob('formats-*'))
DRAWN = ['ada-res32-cifar-torch17.pkl', 'ros-res64-cm1.pt']  # One of each program; the others take as long.
DRAWN_SLOWLY = ['ada-res32.pkl', 'ada-res32-sg3repo-resnet.pkl']


def read(path):
    with open(str(path), 'rb') as stream:
        return containers.read(stream, path.name)


def networks(path):
    return kinds.networks(read(path), path.name)[0]


def leaves(value):
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from leaves(inner)
        else:
            yield key, inner


# ------------------------------------------------------------------ containers


@pytest.mark.parametrize('name', FORMATS)
def test_every_container_gives_every_tensor_bit_for_bit(name):
    found = dict(leaves(read(GOLDEN / name)))
    with np.load(str(GOLDEN / 'formats.npz')) as expected:
        assert sorted(found) == sorted(expected.files)
        for key in expected.files:
            assert (found[key].dtype, found[key].shape) == (expected[key].dtype, expected[key].shape)
            np.testing.assert_array_equal(found[key], expected[key], err_msg=key)


def read_bytes(data):
    return containers.read(io.BytesIO(data), 'x.pt')


NUMBERS = np.arange(6, dtype='<f4')


def test_offsets_and_strides_count_elements_and_zero_repeats():
    value = {
        'row': tensor('0', 6, 2, (2,), (1,)),
        'turned': tensor('0', 6, 0, (3, 2), (1, 3)),
        'repeated': tensor('0', 6, 5, (2, 3), (0, 0)),
        'scalar': tensor('0', 6, 4, (), ()),
        'empty': tensor('0', 6, 6, (0, 4), (4, 1)),
    }
    found = read_bytes(zip_file(value, {'data/0': NUMBERS.tobytes()}))
    np.testing.assert_array_equal(found['row'], [2, 3])
    np.testing.assert_array_equal(found['turned'], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(found['repeated'], np.full((2, 3), 5))
    assert found['scalar'] == 4 and found['empty'].shape == (0, 4)


def test_big_endian_storages():
    data = {'data/0': NUMBERS.astype('>f4').tobytes(), 'byteorder': b'big'}
    np.testing.assert_array_equal(read_bytes(zip_file({'a': tensor('0', 6, size=(6,))}, data))['a'], NUMBERS)


@pytest.mark.parametrize(
    'view, message',
    [
        (dict(size=(7,)), 'reaches past its storage'),
        (dict(offset=5), 'reaches past its storage'),
        (dict(offset=-1), 'a tensor of size'),
        (dict(strides=(-1,)), 'a tensor of size'),
        (dict(size=(2, 2)), 'a tensor of size'),
        (dict(size=(1 << 40,), strides=(0,)), 'far larger than the file'),
    ],
    ids=str,
)
def test_views_that_no_storage_has(view, message):
    with pytest.raises(NetworkPickleError, match=r'x\.pt .*holds .*' + message):
        read_bytes(zip_file({'a': tensor('0', 6, **view)}, {'data/0': NUMBERS.tobytes()}))


@pytest.mark.parametrize(
    'members, method, message',
    [
        ({}, zipfile.ZIP_STORED, 'without its data'),
        ({'data/0': b'1234'}, zipfile.ZIP_STORED, '4 bytes where 24 are needed'),
        ({'data/0': bytes(24)}, zipfile.ZIP_DEFLATED, 'compressed member'),
    ],
    ids=['missing', 'short', 'compressed'],
)
def test_storages_that_are_not_there(members, method, message):
    with pytest.raises(NetworkPickleError, match=message):
        read_bytes(zip_file({'a': tensor('0', 6)}, members, method))


def test_a_path_in_a_key_finds_nothing_outside():
    with pytest.raises(NetworkPickleError, match='without its data'):
        read_bytes(zip_file({'a': tensor('../../etc/passwd', 6)}))


@pytest.mark.parametrize(
    'value, message',
    [
        (Call(Named('os', 'system'), 'touch x'), r'names os\.system, which no network needs; nothing'),
        (Call(Named('builtins', 'eval'), '1'), r'builtins\.eval'),
        (Named('torch.nn.modules.linear', 'Linear'), 'holds a whole Python object.*save its state_dict'),
        (Call(Named('torch._utils', '_rebuild_tensor_v3'), 1), '_rebuild_tensor_v3'),
        (Persistent('storage', Named('os', 'system'), '0', 'cpu', 6), r'os\.system'),
        (Persistent('elsewhere', FLOAT, '0', 'cpu', 6), 'data outside the file'),
    ],
    ids=['system', 'eval', 'module', 'v3', 'storage', 'persistent'],
)
def test_nothing_of_a_file_is_executed(value, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NetworkPickleError, match=message):
        read_bytes(zip_file({'a': value}))
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_cut_off():
    for name in ['formats-legacy.pt', 'formats-zip.pt', 'formats-pickled-protocol4.pkl']:
        data = (GOLDEN / name).read_bytes()
        for length in list(range(0, 200, 7)) + list(range(200, len(data), 229)):
            with pytest.raises(NetworkPickleError, match=r'^x\.pt '):
                read_bytes(data[:length])


def test_files_with_a_flipped_byte_give_a_value_or_one_sentence():
    random = np.random.RandomState(0)
    for name in ['formats-legacy.pt', 'formats-pickled-protocol4.pkl']:
        data = (GOLDEN / name).read_bytes()
        for place in random.randint(0, len(data), 150):
            changed = bytearray(data)
            changed[place] ^= 1 << random.randint(8)
            try:
                read_bytes(bytes(changed))
            except NetworkPickleError as error:
                assert re.match(r'x\.pt [^\n]*$', str(error))


# ------------------------------------------------------------------ networks


def differences(name, arrays, computed):
    """Arrays that are further from the golden ones than their tolerance."""
    far = {key: float(np.abs(value - arrays[key][: len(value)]).max()) for key, value in computed.items()}
    return {key: delta for key, delta in far.items() if not delta <= TOLERANCES[name][key]}


@pytest.mark.parametrize('file', DRAWN + [pytest.param(file, marks=pytest.mark.slow) for file in DRAWN_SLOWLY])
def test_images_and_scores_are_the_golden_ones(file):
    name = file.rsplit('.', 1)[0]
    with np.load(str(GOLDEN / (name + '.npz'))) as archive:
        arrays = dict(archive)
    G, D, Gs = networks(GOLDEN / file)
    assert G is not Gs and G.variables['dlatent_avg'].shape == Gs.variables['dlatent_avg'].shape
    z, c = arrays['z'][:2], arrays['c'][:2] if 'c' in arrays else None
    with fresh_session():
        D, Gs = revive((D, Gs), file)
        run = dict(randomize_noise=False)
        computed = {
            'images.psi1': Gs.run(z, c, truncation_psi=1, **run),
            'images.psi0.7': Gs.run(z, c, truncation_psi=0.7, **run),
            'images.mixed': Gs.components.synthesis.run(arrays['ws_mixed'][:2], **run),
        }
        if 'images.psi0.7_cutoff4' in arrays:
            computed['images.psi0.7_cutoff4'] = Gs.run(z, c, truncation_psi=0.7, truncation_cutoff=4, **run)
        judged = arrays['images.psi1'][:4]
        computed['d_scores.batch4'] = D.run(judged, arrays['c'][:4] if 'c' in arrays else None)
    assert differences(name, arrays, computed) == {}


def test_the_average_of_a_file_that_has_none_is_that_of_its_users():
    (_, _, Gs), notes = kinds.networks(read(GOLDEN / 'ros-res64-cm1.pt'), 'x')
    with np.load(str(GOLDEN / 'ros-res64-cm1.npz')) as arrays:
        np.testing.assert_allclose(Gs.variables['dlatent_avg'], arrays['latent_avg'][0], atol=2e-6)
    assert notes == [
        'the file has no average w; it was taken over the 4096 z of NumPy seed 0, as users of its program do'
    ]


def all_variables(state, prefix=''):
    found = {prefix + name: value for name, value in state.variables.items()}
    for name, component in state.components.items():
        found.update(all_variables(component, name + '/'))
    return found


def assert_same_variables(state, original, halves=1e-7):
    found, expected = all_variables(state), all_variables(original)
    assert sorted(set(found) - {'lod'}) == sorted(set(expected) - {'lod'})
    for key in set(found) & set(expected):
        tolerance = halves if key.endswith('mod_bias') else 0
        np.testing.assert_allclose(found[key], expected[key], rtol=0, atol=tolerance, err_msg=key)


@pytest.mark.parametrize(
    'file, original',
    [
        ('gf-stylegan-from-sg1-res32-labels.pth', '../golden/sg1-res32-labels.pkl.xz'),
        ('gf-pggan-from-pggan-res32.pth', 'pggan-res32.pkl'),
    ],
)
def test_converted_files_give_their_originals_back(file, original):
    average = unpickle.networks(unpickle.read(str(GOLDEN / original)))[-1]
    if original.endswith('.xz'):
        average = unpickle.networks(unpickle.read(str(GOLDEN / original)))[0]
    assert_same_variables(networks(GOLDEN / file)[2], average)


@pytest.mark.parametrize(
    'file, original',
    [
        ('ada-legacy-sg2-resnet-res32.pkl', '../sg2-resnet-res32.pkl'),
        ('ros-converted-sg2-skip-res64.pt', '../sg2-skip-res64.pkl'),
    ],
)
def test_larger_converted_files(file, original):
    if not (MORE / file).exists():
        pytest.skip('%s is not beside the project' % file)
    assert_same_variables(networks(MORE / file)[2], unpickle.networks(unpickle.read(str(MORE / original)))[-1])


@pytest.mark.slow
def test_frozen_layers_and_channels_last_strides():
    if not (MORE / 'ada-res64-cond.pkl').exists():
        pytest.skip('ada-res64-cond.pkl is not beside the project')
    G, D, Gs = networks(MORE / 'ada-res64-cond.pkl')
    assert (Gs.static_kwargs['num_fp16_res'], Gs.static_kwargs['conv_clamp'], D.static_kwargs['mapping_layers']) == (
        2,
        256,
        8,
    )
    with np.load(str(MORE / 'ada-res64-cond.npz')) as arrays, fresh_session():
        _, D, Gs = revive((G, D, Gs), 'x')
        images = Gs.run(arrays['z'][:2], arrays['c'][:2], truncation_psi=1, randomize_noise=False)
        assert np.abs(images - arrays['images.psi1'][:2]).max() < 5e-5
        scores = D.run(arrays['images.psi1'][:4], arrays['c'][:4])
        assert np.abs(scores - arrays['d_scores.batch4'][:4]).max() < 5e-6


def test_noise_that_a_file_lacks_is_drawn_from_a_fixed_seed():
    value = read(GOLDEN / 'ros-res64-cm1.pt')['g_ema']
    value = {name: array for name, array in value.items() if not name.startswith('noises.')}
    (_, D, Gs), notes = kinds.networks(value, 'x')
    assert D is None and notes[0] == 'the file has no noise images; they were drawn from NumPy seed 0'
    np.testing.assert_array_equal(
        Gs.components['synthesis'].variables['noise0'], np.random.RandomState(0).randn(1, 1, 4, 4).astype(np.float32)
    )


# ------------------------------------------------------------------ what is refused


def module(class_name, children=None, **state):
    return containers.Module(class_name, dict(state, _modules=children or {}))


ARRAY = np.zeros(1, np.float32)


@pytest.mark.parametrize(
    'value, message',
    [
        (
            {'G_ema': module('Generator', {'synthesis': module('S', {'input': module('SynthesisInput')})})},
            'is a StyleGAN3 network',
        ),
        ({'G_ema': module('SuperresGenerator')}, 'is a network of StyleGAN-XL'),
        ({'G_ema': module('TriPlaneGenerator', {'backbone': None, 'renderer': None})}, 'is a network of EG3D'),
        ({'G_ema': module('Generator', {'mapping': module('DummyMapping')})}, 'is a network of FastGAN'),
        ({'GAN': {}, 'version': '1'}, 'is a network of lucidrains/stylegan2-pytorch'),
        (
            {'g_ema': {'convs.0.conv.weight': ARRAY, 'iwt.iwt.kernel': ARRAY, 'a.iwt.b': ARRAY}},
            'is a network of SWAGAN',
        ),
        ({'state_dict': {'encoder.a': ARRAY, 'decoder.b': ARRAY}}, 'is an image encoder'),
        ({'layer0.wscale.bias': ARRAY}, 'is a copy converted for InterFaceGAN'),
        ({'g_mapping.dense0.weight': ARRAY}, 'is a copy converted for another StyleGAN in PyTorch'),
        ({'conv.weight': ARRAY, 'fc.bias': ARRAY}, r'holds tensors \(first names: conv.weight, fc.bias\), but no'),
        ({}, 'holds tensors'),
        ([1, 2], 'holds a list, but no network'),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_other_networks_are_named_for_what_they_are(value, message):
    with pytest.raises(NetworkPickleError, match='^x.pt ' + message):
        kinds.networks(value, 'x.pt')


def test_leftovers_and_gaps_are_refused():
    value = read(GOLDEN / 'ros-res64-cm1.pt')['g_ema']
    with pytest.raises(NetworkPickleError, match=r'1 tensors that no network of this kind has \(extra.weight\)'):
        kinds.networks(dict(value, **{'extra.weight': ARRAY}), 'x')
    del value['convs.1.activate.bias']
    with pytest.raises(NetworkPickleError, match='lacks the tensor convs.1.activate.bias'):
        kinds.networks(value, 'x')


def test_widths_are_those_of_a_setting():
    assert weights.widths({4: 512, 8: 512, 16: 256}, 16, 'x') == collections.OrderedDict(fmap_base=2048, fmap_max=512)
    assert weights.widths({4: 32, 8: 32}, 8, 'x') == collections.OrderedDict(fmap_base=128, fmap_max=32)
    with pytest.raises(NetworkPickleError, match='layer widths'):
        weights.widths({4: 512, 8: 300, 16: 256}, 16, 'x')


def test_bfloat16_is_the_upper_half_of_a_float():
    storage = tensors.Storage(tensors.STORAGE_TYPES['BFloat16Storage'], 2)
    storage.fill(np.array([1.5, -3.0], '<f4').view('<u2')[1::2].tobytes())
    np.testing.assert_array_equal(storage.elements, [1.5, -3.0])


# ------------------------------------------------------------------ where network files are taken


def test_commands_take_the_file_and_say_what_it_lacks(tmp_path):
    from click.testing import CliRunner

    from regan import cli

    path = GOLDEN / 'ros-res64-cm1.pt'
    result = CliRunner().invoke(cli.main, ['info', str(path)])
    assert result.exit_code == 0 and 'Gs: G_main, stylegan2, ' in result.output
    with pytest.warns(unpickle.FileNote, match='ros-res64-cm1.pt: the file has no average w'):
        found = unpickle.networks(unpickle.read(str(path)))
    assert [state.name for state in found] == ['G', 'D', 'Gs']


def test_a_file_that_cannot_be_read_is_named_for_what_it_is(tmp_path):
    path = tmp_path / 'x.pt'
    path.write_bytes(zip_file({'state_dict': {'encoder.a': tensor('0', 6), 'decoder.b': tensor('0', 6)}}))
    with pytest.raises(NetworkPickleError, match='is an image encoder of PyTorch'):
        unpickle.read(str(path))
