"""BigGAN-deep: every layer against the public implementation, containers, truncation, classes, and what is refused."""

import collections
import hashlib
import io
import json
import pathlib
import tarfile

import numpy as np
import pytest

from dnnlib.torch_files import containers
from regan.base.errors import UserError
from regan.biggan import classes, configuration, graph, hub, latents, spectral, statistics, weights
from tests.small_networks import fresh_session

GOLDEN = pathlib.Path(__file__).parents[2] / 'golden_biggan'
MORE = pathlib.Path(__file__).resolve().parents[4] / 'shared' / 'golden' / 'biggan'
TOLERANCES = json.loads((GOLDEN / 'manifest.json').read_text())
FACTS = json.loads((GOLDEN / 'bgd-short.config.json').read_text())
CONFIGURATION = configuration.from_json(FACTS, 'config.json')
ATTENTION = {'snconv1x1_' + name: name for name in ('theta', 'phi', 'g', 'o_conv')}


@pytest.fixture(scope='module')
def arrays():
    with np.load(str(GOLDEN / 'bgd-short.npz')) as archive:
        return dict(archive)


@pytest.fixture(scope='module')
def tensors():
    """The tensors of the PyTorch file by their names."""
    with open(str(GOLDEN / 'bgd-short.pytorch_model.bin'), 'rb') as stream:
        return containers.read(stream, 'model')


@pytest.fixture(scope='module')
def built(tensors):
    with fresh_session():
        frozen = graph.build(weights.from_pytorch(tensors, 'model', CONFIGURATION))
        yield frozen
        frozen.close()


def run(frozen, output, z, y, rows, fed=None):
    if z.ndim == 2:
        z, y = [np.repeat(array[np.newaxis], CONFIGURATION.num_latents, axis=0) for array in (z, y)]
    feeds = {frozen.inputs['z']: z, frozen.inputs['y']: y, frozen.inputs['rows']: rows}
    feeds.update({frozen.outputs[name]: value for name, value in (fed or {}).items()})
    return frozen.session.run(output if not isinstance(output, str) else frozen.outputs[output], feeds)


def rows(truncation, mode='linear'):
    return statistics.row_weights(truncation, CONFIGURATION.rows, mode)


def own_name(theirs):
    """Our name of a layer of the PyTorch code."""
    simple = {
        'generator.gen_z': 'gen_z',
        'generator.bn': 'final_norm',
        'generator.conv_to_rgb': 'to_rgb/all',
        'embeddings': 'embedding',
    }
    if theirs in simple:
        return simple[theirs]
    number, rest = int(theirs.split('.')[2]), theirs.split('.')[3:]
    if number == CONFIGURATION.attention:
        return '/'.join(['attention'] + [ATTENTION.get(name, 'map') for name in rest])
    block = 'block_%02d' % (number - (number > CONFIGURATION.attention))
    return '/'.join([block] + [name.replace('bn_', 'norm_') for name in rest])


def test_every_layer_is_the_golden_one(arrays, built):
    keys = [key for key in arrays if key.startswith(('t0.73/', 'inner.t0.73/')) and not key.endswith('image')]
    outputs = {key: built.outputs[own_name(key.split('/', 1)[1])] for key in keys}
    found = run(built, outputs, arrays['z'], arrays['y'], rows(0.73))
    far = {}
    for key in keys:
        value = found[key][0] if key.endswith('embeddings') else found[key]
        value = value.transpose(0, 3, 1, 2) if value.ndim == 4 else value
        delta = np.abs(value[: len(arrays[key])] - arrays[key]).max()
        if not delta <= TOLERANCES[key]:
            far[key] = delta
    assert far == {} and len(keys) > 70


def test_images_at_every_truncation_in_both_modes_and_layer_by_layer(arrays, built):
    far, keys = {}, [key for key in arrays if key.endswith('/image')]
    for key in keys:
        case = key.split('/')[0]
        mode = 'linear' if case.startswith('linear') else 'pytorch'
        inputs = ('z_layers', 'y_layers') if case.startswith('layered') else ('z', 'y')
        truncation = float(case.rsplit('t', 1)[1])
        images = run(built, 'image', arrays[inputs[0]], arrays[inputs[1]], rows(truncation, mode))
        delta = np.abs(images.transpose(0, 3, 1, 2) - arrays[key]).max()
        if not delta <= TOLERANCES[key]:
            far[key] = delta
    assert far == {} and len(keys) >= 10


def test_a_latent_changes_nothing_below_its_layer(arrays, built):
    z = np.repeat(arrays['z'][np.newaxis, :1], CONFIGURATION.num_latents, axis=0)
    y = np.repeat(arrays['y'][np.newaxis, :1], CONFIGURATION.num_latents, axis=0)
    changed = z.copy()
    changed[3] += 1
    outputs = [built.outputs[name] for name in ('gen_z', 'block_00', 'block_01', 'block_02')]
    before, after = [run(built, outputs, one, y, rows(1.0)) for one in (z, changed)]
    for one, other in zip(before[:3], after[:3]):
        np.testing.assert_array_equal(one, other)
    assert np.abs(before[3] - after[3]).max() > 0.01


def test_a_layer_replaced_by_itself_changes_nothing_and_by_another_much(arrays, built):
    inputs = arrays['z'], arrays['y'], rows(0.7)
    layer, image = run(built, [built.outputs['block_02'], built.outputs['image']], *inputs)
    np.testing.assert_array_equal(run(built, 'image', *inputs, fed={'block_02': layer}), image)
    assert np.abs(run(built, 'image', *inputs, fed={'block_02': layer[::-1]}) - image).max() > 0.1


def test_a_batch_equals_single_images(arrays, built):
    both = run(built, 'image', arrays['z'], arrays['y'], rows(0.7))
    single = [run(built, 'image', arrays['z'][i : i + 1], arrays['y'][i : i + 1], rows(0.7))[0] for i in range(2)]
    np.testing.assert_allclose(both, single, atol=2e-5)


def test_attention_with_gamma_0_is_the_identity(tensors, arrays):
    still = dict(tensors, **{'generator.layers.3.gamma': np.zeros(1, np.float32)})
    with fresh_session():
        frozen = graph.build(weights.from_pytorch(still, 'model', CONFIGURATION))
        outputs = [frozen.outputs[name] for name in ('block_02', 'attention')]
        np.testing.assert_array_equal(*run(frozen, outputs, arrays['z'], arrays['y'], rows(1.0)))
        frozen.close()


# ------------------------------------------------------------------ weights


def test_sigmas_are_the_golden_ones(tensors, arrays):
    found = weights.from_pytorch(tensors, 'model', CONFIGURATION).sigmas
    golden = dict(zip(arrays['sigma.names'].tolist(), arrays['sigma.values']))
    assert len(found) == len(golden)
    for theirs, value in golden.items():
        assert found[own_name(theirs).replace('to_rgb/all', 'to_rgb')] == pytest.approx(value, rel=1e-9)


def test_the_configuration_follows_from_the_shapes(tensors):
    assert weights.from_pytorch(tensors, 'model').configuration == CONFIGURATION


def test_a_module_of_tf_hub_gives_the_images_of_its_own_spectral_norm(tensors):
    module = hub.read(GOLDEN / 'bgd-short.hub.tar.gz')
    assert module.configuration == CONFIGURATION
    like_pytorch = hub.read(GOLDEN / 'bgd-short.hub.tar.gz', mode='pytorch')
    other = weights.from_pytorch(tensors, 'model', CONFIGURATION)
    for name in other.tensors:
        np.testing.assert_allclose(like_pytorch.tensors[name], other.tensors[name], atol=5e-7, err_msg=name)
    with np.load(str(GOLDEN / 'bgd-short.hub.npz')) as archive:
        golden = dict(archive)
    with fresh_session():
        frozen = graph.build(module)
        for key in golden:
            if key.endswith('image'):
                image = run(frozen, 'image', golden['z'], golden['y'], rows(float(key[1:].split('/')[0])))
                assert np.abs(image - golden[key]).max() < 2e-4, key
        frozen.close()


def test_folder_and_archive_of_a_module_are_one(tmp_path):
    with tarfile.open(str(GOLDEN / 'bgd-short.hub.tar.gz')) as archive:
        for member in archive:
            if member.isfile():
                path = tmp_path / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.extractfile(member).read())
    packed, unpacked = [hub.read(path) for path in (GOLDEN / 'bgd-short.hub.tar.gz', tmp_path)]
    for name in packed.tensors:
        np.testing.assert_array_equal(packed.tensors[name], unpacked.tensors[name])


def test_the_new_container_of_pytorch_gives_the_same_tensors(tensors):
    with open(str(GOLDEN / 'bgd-short.few_tensors.zip.bin'), 'rb') as stream:
        few = containers.read(stream, 'few')
    assert len(few) == 6
    for name, value in few.items():
        np.testing.assert_array_equal(value, tensors[name])


def test_after_division_the_norm_is_one():
    random = np.random.RandomState(0)
    kernel, u = random.randn(3, 3, 5, 7), random.randn(7)
    for mode in ('hub', 'pytorch'):
        size = spectral.sigma(kernel, u, mode)
        assert 0.5 < size / np.linalg.norm(kernel.reshape(-1, 7), 2) <= 1
    exact = spectral.sigma(kernel, None, 'exact')
    assert spectral.sigma(kernel / exact, None, 'exact') == pytest.approx(1)


def test_the_larger_network_too():
    if not MORE.exists():
        pytest.skip('the golden data of bgd-128like are not beside the project')
    facts = json.loads((MORE / 'bgd-128like.config.json').read_text())
    with np.load(str(MORE / 'bgd-128like.weights.npz')) as archive:
        found = weights.from_pytorch(dict(archive), '128', configuration.from_json(facts, 'x'))
    assert (found.configuration.resolution, found.configuration.num_latents) == (128, 11)
    with np.load(str(MORE / 'bgd-128like.golden.npz')) as golden, fresh_session():
        frozen = graph.build(found)
        z, y = [np.repeat(golden[name][np.newaxis], 11, axis=0) for name in ('z', 'y')]
        feeds = {frozen.inputs['z']: z, frozen.inputs['y']: y, frozen.inputs['rows']: rows(0.73, 'pytorch')}
        image = frozen.session.run(frozen.outputs['image'], feeds).transpose(0, 3, 1, 2)
        frozen.close()
        assert np.abs(image[: len(golden['t0.73/image'])] - golden['t0.73/image']).max() < 1e-4


# ------------------------------------------------------------------ truncation, latents, classes


def test_rows_between_and_on_the_grid():
    assert np.flatnonzero(rows(0.6)).tolist() == [30] and np.flatnonzero(rows(0.58)).tolist() == [29]
    assert np.flatnonzero(rows(0.58, 'pytorch')).tolist() in ([28], [28, 29])
    np.testing.assert_allclose(rows(0.735)[36:38], [0.25, 0.75], atol=1e-6)
    np.testing.assert_allclose(rows(0.735, 'pytorch')[36:38], [0.75, 0.25], atol=1e-6)
    for truncation, row in [(0.14, 8), (0.28, 15), (0.56, 29), (0.94, 46)]:
        assert rows(truncation, 'pytorch').argmax() == row


@pytest.mark.parametrize('truncation', [0, -0.1, 1.01, float('nan')])
def test_truncations_that_there_are_not(truncation):
    with pytest.raises(UserError, match='above 0, up to 1'):
        rows(truncation)


@pytest.mark.parametrize(
    'seed, digest', [(1, 'd5269f818b5d1f83'), (489408325, 'c5369030a01854f4'), (1922988331, '2a888d5e9fe2dc98')]
)
def test_latents_have_the_published_hashes(seed, digest):
    z = latents.from_seed(seed, 1, 128)
    assert hashlib.sha256(z.astype('<f4').tobytes()).hexdigest()[:16] == digest
    assert np.abs(latents.from_seed(seed, 1000, 128)).max() <= 2


@pytest.mark.parametrize(
    'text, index',
    [('248', 248), ('n02109961', 248), ('Irish_setter', 213), ('red fox', 277), ('golden-retriever', 207), ('0', 0)],
)
def test_classes_that_there_are(text, index):
    assert classes.find(text) == index


@pytest.mark.parametrize(
    'text, message',
    [
        ('ship', 'GANSpace takes 724'),
        ('duck', r'97 \(drake\)'),
        ('crane', r'134 \(crane\), 517 \(crane\); give the number'),
        ('1000', '0 to 999'),
        ('-1', "no class '-1'"),
        ('redfox', r'did you mean .*277 \(red fox'),
        ('', 'no class'),
    ],
)
def test_classes_that_there_are_not(text, message):
    with pytest.raises(UserError, match=message):
        classes.find(text)


def test_names_need_the_classes_of_imagenet():
    assert classes.find('4', count=5) == 4
    with pytest.raises(UserError, match='0 to 4, without names'):
        classes.find('barn', count=5)


# ------------------------------------------------------------------ what is refused


def test_other_files_are_refused(tensors):
    with pytest.raises(UserError, match='lacks generator.bn.weight'):
        weights.from_pytorch({k: v for k, v in tensors.items() if k != 'generator.bn.weight'}, 'x', CONFIGURATION)
    with pytest.raises(UserError, match=r'1 tensors that no BigGAN-deep has \(more\)'):
        weights.from_pytorch(dict(tensors, more=np.zeros(1)), 'x', CONFIGURATION)
    with pytest.raises(UserError, match='but no BigGAN-deep'):
        weights.from_pytorch({'a': np.zeros(1)}, 'x')
    with pytest.raises(UserError, match='without "deep"'):
        weights.from_hub({'Generator/G_Z/G_linear/w': np.zeros(1)}, [], 'x')


def test_a_wrong_shape_is_named(tensors):
    wrong = dict(tensors, **{'generator.gen_z.bias': np.zeros(3, np.float32)})
    with pytest.raises(UserError, match=r'gen_z/bias has shape \[3\] where \[1024\] is expected'):
        weights.from_pytorch(wrong, 'x', CONFIGURATION)


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(layers=[[False, 16, 5]]), 'keeps or halves'),
        (dict(layers=[[False, 16, 16]]), 'end with it'),
        (dict(layers=3), 'must be a list'),
        (dict(channel_width=0), 'whole number from 1'),
        (dict(attention_layer_position=9), 'before block 9'),
        (dict(output_dim=64), 'images of 64 pixels, but its layers make 32'),
    ],
    ids=str,
)
def test_configurations_that_make_no_sense(change, message):
    with pytest.raises(UserError, match='^x.*' + message):
        configuration.from_json(dict(FACTS, **change), 'x')


def archive_of(members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode='w:gz') as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


@pytest.mark.parametrize(
    'content, message',
    [
        (b'no archive', 'no archive that can be read'),
        (archive_of({'../saved_model.pb': b''}), 'lacks saved_model.pb'),
        (archive_of({hub.GRAPH: b'x', hub.INDEX: b'y', hub.DATA: b'z'}), 'checkpoint of .* cannot be read'),
    ],
    ids=['text', 'path', 'damaged'],
)
def test_archives_that_are_no_module(content, message, tmp_path):
    path = tmp_path / 'module.tar.gz'
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        hub.read(path)
    assert [p.name for p in tmp_path.iterdir()] == ['module.tar.gz']


def test_published_sizes():
    sizes = {128: (11, 50388609), 256: (13, 55880833), 512: (15, 56163905)}
    for resolution, (count, parameters) in sizes.items():
        one = configuration.Configuration(configuration.PUBLISHED[resolution], 128, 128, 1000, 8)
        trainable = collections.Counter()
        for name, shape in one.shapes.items():
            trainable[name.endswith(('means', 'variances'))] += int(np.prod(shape))
        assert (one.resolution, one.num_latents, trainable[False]) == (resolution, count, parameters)
