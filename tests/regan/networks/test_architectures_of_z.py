"""Generators whose layers take z: BigGAN-deep and Progressive GAN, against golden images and through every command."""

import contextlib
import json
import pathlib
import shutil
import tarfile

import numpy as np
import pytest
from click.testing import CliRunner

from dnnlib.tflib import revival
from regan import cli
from regan.base.errors import UserError
from regan.biggan import classes
from regan.biggan import latents as truncated_normal
from regan.components.activations import ActivationBasis
from regan.components.basis import Basis
from regan.networks import generators, labels
from regan.networks.by_name import open_generator
from regan.pictures import images
from tests import small_networks

TESTS = pathlib.Path(__file__).parents[2]
BIGGAN = TESTS / 'golden_biggan' / 'bgd-short.pytorch_model.bin'
HUB = TESTS / 'golden_biggan' / 'bgd-short.hub.tar.gz'
PROGRESSIVE = TESTS / 'golden_torch' / 'pggan-res32.pkl'
WITH_LABELS = TESTS / 'golden_torch' / 'pggan-res32-labels-unfused.pkl'
SMALL_PCA = ['--n', 2000, '--components', 3, '--batch-size', 500]


@pytest.fixture(scope='module', autouse=True)
def stays_open():
    """Each network is opened once for each class: making its graph takes longer than most commands do."""
    opened, open_another, patch = {}, generators.open_file, pytest.MonkeyPatch()

    def open_it(file, architecture, **chosen):
        key = file.path, chosen.get('label'), chosen.get('precision')
        if key not in opened:
            opened[key] = open_another(file, architecture, **chosen)
        opened[key].set_label(None)
        opened[key].set_truncation(1.0)
        return contextlib.nullcontext(opened[key])

    patch.setattr(generators, 'open_file', open_it)
    yield
    patch.undo()
    for generator in opened.values():
        generator.close()


@pytest.fixture(scope='module')
def cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp('z')
    patch.setenv('REGAN_CACHE_DIR', str(folder / 'cache'))
    yield folder
    patch.undo()


@pytest.fixture(scope='module')
def biggan():
    with open_generator(BIGGAN, label=2) as generator:
        yield generator


@pytest.fixture(scope='module')
def progressive():
    with open_generator(PROGRESSIVE) as generator:
        yield generator


def arrays_of(path):
    with np.load(str(path)) as archive:
        return dict(archive)


def run(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def run_well(*words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words):
    """The one sentence of a command that fails."""
    result = run(*words)
    assert result.exit_code == 2, result.output
    errors = [
        line for line in result.output.splitlines() if not line.startswith(('note: ', 'Usage: ', 'Try ')) and line
    ]
    assert len(errors) == 1 and errors[0].startswith('Error: '), result.output
    return errors[0]


# ------------------------------------------------------------------ networks


def test_a_biggan_draws_the_golden_images(biggan):
    golden = arrays_of(BIGGAN.with_name('bgd-short.npz'))
    layers = biggan.num_layers
    for key, statistics in [
        ('t0.73', 'pytorch'),
        ('t0.14', 'pytorch'),
        ('linear.t0.14', 'linear'),
        ('layered.t0.73', 'pytorch'),
    ]:
        if key.startswith('layered'):
            dlatents, labels = [golden[name].transpose(1, 0, 2) for name in ('z_layers', 'y_layers')]
        else:
            dlatents, labels = [np.repeat(golden[name][:, np.newaxis], layers, axis=1) for name in ('z', 'y')]
        biggan.set_truncation(float(key.rsplit('t', 1)[1]), statistics)
        found = np.concatenate(list(biggan._minibatches('float', dlatents, dict(labels=labels))))
        assert np.abs(found - golden[key + '/image']).max() < 5e-5, key
    biggan.set_truncation(1.0)


def test_latents_of_a_biggan_are_scaled_by_the_truncation_and_others_are_not(biggan, progressive):
    width = biggan.latent_size
    np.testing.assert_array_equal(biggan.z_of([5, 7], 0.6)[1], truncated_normal.from_seed(7, 1, width, 0.6)[0])
    np.testing.assert_array_equal(progressive.z_of([7], 0.6)[0], np.random.RandomState(7).randn(24).astype('f'))
    assert biggan.map(biggan.z_of([5])) is not None and biggan.latent_space == progressive.latent_space == 'z'


def test_layers_of_a_biggan_are_read_and_changed_by_any_name(biggan):
    z = np.repeat(biggan.z_of([1, 2])[:, np.newaxis], biggan.num_layers, axis=1)
    for ours, theirs in [
        ('gen_z', 'generator.gen_z'),
        ('block_02', 'generator.layers.2'),
        ('block_03/conv_1', 'generator.layers.4.conv_1'),
        ('block_01/norm_0', 'Generator/GBlock_1/BatchNorm'),
        ('attention', 'generator.layers.3'),
        ('final_norm', 'Generator/BatchNorm'),
    ]:
        assert biggan.layer_name(theirs) == ours
    shape = biggan.layer_shapes['block_02']
    outputs = biggan.activations(z, 'generator.layers.2')
    assert outputs.shape == (2,) + shape == (2, 16, 8, 8)
    still = biggan.synthesize_changed(z, 'block_02', np.zeros_like(outputs), conversion='hub')
    np.testing.assert_array_equal(still, biggan.synthesize(z, conversion='hub'))
    swapped = biggan.synthesize_changed(z, 'block_02', outputs[::-1] - outputs, conversion='hub')
    assert np.abs(swapped.astype(int) - still).max() > 20


def test_a_class_for_some_layers(biggan):
    assert biggan.label == 2
    with open_generator(BIGGAN, label='2, 3-6: 4') as generator:
        assert generator.label == (2, 2, 2, 4, 4, 4, 4)
        z = np.repeat(generator.z_of([1])[:, np.newaxis], 7, axis=1)
        mixed = generator.render(z)
        generator.set_label(2)
        of_one = generator.render(z)
        generator.set_label(None)
    np.testing.assert_array_equal(of_one, biggan.render(z))
    assert np.abs(mixed - of_one).max() > 0.01


def test_a_progressive_gan_draws_the_official_bytes():
    for path, label in ((PROGRESSIVE, None), (WITH_LABELS, 1)):
        golden = arrays_of(path.with_suffix('.npz'))
        with open_generator(path, label=label) as generator:
            z = golden['z'][:2, np.newaxis]
            if label is None:
                found = generator.synthesize(z).transpose(0, 3, 1, 2)
                np.testing.assert_array_equal(found, golden['images_uint8.lod0'])
                assert list(generator.layer_shapes)[:3] == ['4x4/Dense', '4x4/Conv', '8x8/Conv0_up']
                dense = generator.activations(z, '4x4/Dense')
                assert dense.shape[1:] == generator.layer_shapes['4x4/Dense']
            else:
                of_class = golden['labels'][:2].argmax(axis=1)
                for row, one in enumerate(of_class):
                    generator.set_label(int(one))
                    assert np.abs(generator.render(z[row : row + 1]) - golden['images.lod0'][row]).max() < 1e-5


def test_the_official_api_draws_a_biggan():
    golden = arrays_of(BIGGAN.with_name('bgd-short.npz'))
    with small_networks.fresh_session():
        G, D, Gs = revival.load_pickle(str(BIGGAN))
        found = Gs.run(golden['z'], golden['y'], truncation=0.73, statistics_mode='pytorch')
    assert G is D is None and np.abs(found - golden['t0.73/image']).max() < 5e-5


# ------------------------------------------------------------------ commands


def test_info_of_every_container(tmp_path):
    unpacked = tmp_path / 'module'
    with tarfile.open(str(HUB)) as archive:
        for member in filter(lambda member: member.isfile(), archive):
            path = unpacked / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.extractfile(member).read())
    for path in (BIGGAN, HUB, unpacked):
        facts = json.loads(run_well('info', path, '--json'))['networks'][0]
        assert (facts['generation'], facts['resolution'], facts['label_size']) == ('biggan-deep', 32, 5)
        assert facts['latent_size'] == 13 and [layer['resolution'] for layer in facts['layers']] == [
            4,
            4,
            8,
            8,
            16,
            16,
            32,
        ]
    assert 'progressive-gan' in run_well('info', PROGRESSIVE)


@pytest.mark.parametrize(
    'path, words, facts',
    [
        (BIGGAN, ['--class', '2, 1-2: 3', '--psi', 0.6], dict(psi=0.6, statistics='linear', conversion='hub')),
        (
            HUB,
            ['--class', 1, '--truncation', 0.73, '--mode', 'ganspace'],
            dict(statistics='pytorch', conversion='truncate'),
        ),
        (PROGRESSIVE, [], dict(psi=1.0, conversion='round')),
        (WITH_LABELS, ['--class', 2], dict(psi=1.0, label=2)),
    ],
)
def test_a_picture_and_its_view(tmp_path, path, words, facts):
    out = tmp_path / 'out'
    run_well('generate', path, '--seeds', '1-2', *words, '--out', out)
    sidecar = json.loads((out / 'generate.json').read_text())
    assert {key: sidecar[key] for key in facts} == facts and ('statistics' in sidecar) == ('statistics' in facts)
    run_well('render', out / 'seed0002.png', '--network', path, '--out', tmp_path / 'again.png')
    np.testing.assert_array_equal(images.read_png(tmp_path / 'again.png'), images.read_png(out / 'seed0002.png'))


@pytest.mark.parametrize('path, words, layer', [(BIGGAN, ['--class', 2], 'gen_z'), (PROGRESSIVE, [], '4x4/Dense')])
def test_components_edits_and_sweeps(cache, tmp_path, path, words, layer):
    run_well('pca', path, *SMALL_PCA, *words, '--out', tmp_path / 'c.npz')
    basis, whole = Basis.load(tmp_path / 'c.npz'), ActivationBasis.load(tmp_path / 'c.npz')
    assert (basis.space, whole.layer, len(basis.stdev)) == ('z', layer, 3) and (basis.stdev == 1).all()
    asked = ['--seed', 3, '--edit', 'E(v0, 0) * 3', *words]
    run_well('edit', path, *SMALL_PCA, *asked, '--plain', '--out', tmp_path / 'a.png')
    run_well('edit', path, '--basis', tmp_path / 'c.npz', *asked, '--plain', '--out', tmp_path / 'b.png')
    drawn = images.read_png(tmp_path / 'a.png')
    np.testing.assert_array_equal(drawn, images.read_png(tmp_path / 'b.png'))
    run_well('render', tmp_path / 'a.png', '--network', path, '--out', tmp_path / 'c.png')
    np.testing.assert_array_equal(drawn, images.read_png(tmp_path / 'c.png'))
    run_well('sweep', path, *SMALL_PCA, *asked, '--plain', '--out', tmp_path / 'sweep')
    (swept,) = (tmp_path / 'sweep').glob('*.png')
    assert np.abs(images.read_png(swept).astype(int) - drawn).max() <= 1 and drawn.std() > 5


def test_the_truncation_scales_z_before_an_edit(cache, tmp_path, biggan):
    run_well('pca', BIGGAN, *SMALL_PCA, '--class', 2, '--out', tmp_path / 'c.npz')
    words = ['--basis', tmp_path / 'c.npz', '--class', 2, '--seed', 3, '--psi', 0.5, '--frames', 3, '--plain']
    run_well('edit', BIGGAN, *words, '--edit', 'E(v1, 2-4) * 2', '--out', tmp_path / 'a.png')
    z = np.repeat(truncated_normal.from_seed(3, 1, 13, 0.5)[:, np.newaxis], 7, axis=1)
    z[:, 2:5] += 2 * Basis.load(tmp_path / 'c.npz').components[1]
    biggan.set_truncation(0.5)
    wanted = biggan.synthesize(z, conversion='hub')[0]
    biggan.set_truncation(1.0)
    np.testing.assert_array_equal(images.read_png(tmp_path / 'a.png')[:, -32:], wanted)


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    'path, words, sentence',
    [
        (BIGGAN, ['--class', 5], 'has no class 5 but classes 0-4'),
        (BIGGAN, ['--class', 'husky'], "'husky' is no number of a class; the classes of this network are 0 to 4"),
        (BIGGAN, ['--class', '1, 5-7: 2'], 'names layers that there are not'),
        (BIGGAN, ['--class', '1, 5-6: 9'], 'has no class 9 but classes 0-4'),
        (BIGGAN, ['--psi', 0], 'above 0, up to 1'),
        (BIGGAN, ['--truncation', 1.2], 'above 0, up to 1'),
        (BIGGAN, ['--noise', 'none'], 'has no noise images; leave --noise out'),
        (BIGGAN, ['--cutoff', 3], 'not truncated one by one; leave --cutoff out'),
        (BIGGAN, ['--precision', 'bf16'], 'float32 only; leave --precision out'),
        (PROGRESSIVE, ['--psi', 0.5], 'has no truncation, so --psi has no meaning there; leave it out'),
        (PROGRESSIVE, ['--noise', 'numpy:3'], 'has no noise images'),
        (PROGRESSIVE, ['--class', 1], 'has no classes'),
        (PROGRESSIVE, ['--statistics', 'linear'], 'no statistics to choose; leave --statistics out'),
        (WITH_LABELS, ['--class', '1, 0: 2'], 'has one class for all layers'),
        (WITH_LABELS, ['--class', 'barn'], "'barn' is no number of a class"),
    ],
)
def test_what_a_network_does_not_have(tmp_path, path, words, sentence):
    assert sentence in refused('generate', path, '--seeds', 1, *words, '--out', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    'path, words, sentence',
    [
        (BIGGAN, ['--layer', 'mapping'], "has no layer 'mapping'; choose one of gen_z, block_00"),
        (BIGGAN, ['--layer', 'embeddings'], 'does not depend on z'),
        (BIGGAN, ['--layer', 'generator.layers.9'], 'has no layer'),
        (PROGRESSIVE, ['--layer', 'mapping'], 'has no mapping network and no W'),
        (PROGRESSIVE, ['--layer', '4x4/Conv', '--space', 'w'], 'has no W; leave --space out'),
        (PROGRESSIVE, ['--components', 25], 'z has 24 numbers, so 25 components are too many'),
    ],
)
def test_components_that_there_are_not(cache, tmp_path, path, words, sentence):
    asked = [*SMALL_PCA, *words] if '--components' not in words else ['--n', 2000, *words]
    assert sentence in refused('pca', path, *asked, '--out', tmp_path / 'x.npz')


def test_components_of_w_and_layers_that_there_are_not(tmp_path):
    zeros = np.zeros(2, np.float32)
    Basis(np.zeros(13, np.float32), np.eye(13, dtype='f')[:2], zeros + 1, zeros + 1, zeros, zeros).save(
        tmp_path / 'w.npz'
    )
    words = ['--class', 1, '--seed', 1, '--out', tmp_path / 'a.png']
    edit = ['--edit', 'E(v0, 0) * 3']
    assert 'which has no W' in refused('edit', BIGGAN, '--basis', tmp_path / 'w.npz', *edit, *words)
    sentence = refused('edit', BIGGAN, *SMALL_PCA, '--edit', 'E(v0, 6-7) * 3', *words)
    assert 'goes past the last layer: this network has layers 0-6' in sentence


def test_files_of_others(tmp_path):
    (tmp_path / 'config.json').write_text('{"layers": 3}')
    shutil.copy(str(BIGGAN), str(tmp_path / 'pytorch_model.bin'))
    assert "lacks 'channel_width'" in refused('info', tmp_path / 'pytorch_model.bin')
    (tmp_path / 'model').mkdir()
    (tmp_path / 'model' / 'saved_model.pb').write_bytes(b'')
    assert 'lacks variables/variables.index' in refused(
        'generate', tmp_path / 'model', '--seeds', 1, '--out', tmp_path / 'o'
    )


def test_a_view_of_a_biggan_is_refused_by_others(tmp_path, tiny_pickle):
    run_well('generate', BIGGAN, '--seeds', 1, '--class', 1, '--out', tmp_path / 'out')
    sentence = refused(
        'render', tmp_path / 'out' / 'seed0001.png', '--network', tiny_pickle, '--out', tmp_path / 'x.png'
    )
    assert 'has no classes, so there is no class 1' in sentence


def test_names_of_classes_of_imagenet():
    def resolved(text):
        return labels.resolve(text, 1000, 'x', 3, classes.find)

    assert resolved('golden retriever') == resolved('n02099601') == resolved('207') == 207
    assert resolved('barn, 1-2: castle') == (425, 483, 483)
    with pytest.raises(UserError, match='several classes are called'):
        resolved('crane')
    with pytest.raises(UserError, match='no class .*; GANSpace takes'):
        resolved('ship')
    with pytest.raises(UserError, match='cannot read|no class'):
        resolved('barn, somewhere')
