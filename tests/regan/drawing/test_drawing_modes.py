"""What a Generator and `regan generate` make of noise, conversion and modes, on tiny networks."""

import contextlib
import json
import pickle

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from click.testing import CliRunner

import dnnlib.tflib as tflib
from regan import cli
from regan.base.errors import UserError
from regan.drawing import modes
from regan.networks.generator import Generator
from regan.pictures import images
from regan.sampling import latents, noise
from regan.sampling.torch_random import CPUGenerator
from tests import numpy_networks, small_networks, tiny_network

TEXTS = ['none', 'numpy:3', 'torch-cpu:3', 'torch-cuda:3', 'torch-cuda:3:1x256']


@pytest.fixture(scope='module', params=[1, 2])
def generator(request, tmp_path_factory):
    path = request.getfixturevalue('tiny_pickle')
    if request.param == 1:
        path = tiny_network.write(tmp_path_factory.mktemp('drawing') / 'net.pkl', 1)
    with Generator.open(path, noise='none') as generator:
        assert not generator.variable('noise3').any()
        generator.set_noise('stored')
        yield generator


@pytest.fixture(scope='module')
def dlatents():
    return np.random.RandomState(1).randn(3, 6, 11)


def rounded(x):
    return (
        np.floor(np.clip(x.astype(np.float32) * np.float32(127.5) + 128, 0, 255)).astype(np.uint8).transpose(0, 2, 3, 1)
    )


def truncated(x):
    return (np.clip((x + 1) / 2, 0, 1) * np.float32(255)).astype(np.uint8).transpose(0, 2, 3, 1)


# --------------------------------------------------------------- generator


@pytest.mark.parametrize('generator', [1], indirect=True)
def test_the_instance_norm_of_the_original(generator, dlatents):
    """Against NumPy, in images and in layers, with the variables that are there; and official again afterwards.

    A large epsilon, since 1e-5 hardly shows on values of the order of 1.
    """
    before, layer = generator.render(dlatents), generator.activations(dlatents, '8x8/Conv1')
    held = sorted(variable.name for variable in generator_variables(generator))
    expected = {
        epsilon: numpy_networks.synthesize1(generator.synthesis_values(), dlatents, 16, epsilon=epsilon)
        for epsilon in (1e-8, 0.1)
    }
    for epsilon in (None, 0.1):
        generator.instance_norm_epsilon = epsilon
        scale = np.abs(expected[epsilon or 1e-8]).max()
        np.testing.assert_allclose(generator.render(dlatents), expected[epsilon or 1e-8], rtol=0, atol=1e-5 * scale)
        top = generator.activations(dlatents, 'ToRGB_lod0')
        np.testing.assert_allclose(top, expected[epsilon or 1e-8], rtol=0, atol=1e-5 * scale)
    assert np.abs(expected[0.1] - expected[1e-8]).max() > 0.01 * scale
    assert sorted(variable.name for variable in generator_variables(generator)) == held
    modes.resolve('ganspace', None, None, 1, 0.7, None).prepare(generator)
    assert generator.instance_norm_epsilon == 1e-5
    modes.Settings().prepare(generator)
    np.testing.assert_array_equal(generator.render(dlatents), before)
    np.testing.assert_array_equal(generator.activations(dlatents, '8x8/Conv1'), layer)


def generator_variables(generator):
    with generator._entered():
        return tf.global_variables()


ORACLES = {1: numpy_networks.synthesize1, 2: numpy_networks.synthesize2}


@pytest.mark.parametrize(
    'theirs, ours',
    [
        ({1: 'g_synthesis.blocks.4x4', 2: 'conv1'}, '4x4/Conv'),
        ({1: 'g_synthesis.blocks.8x8.epi1', 2: 'convs.0'}, '8x8/Conv0_up'),
        ({1: 'g_synthesis.blocks.8x8.epi2', 2: 'convs.1'}, '8x8/Conv1'),
        ({1: 'g_synthesis.blocks.16x16', 2: 'convs.3'}, '16x16/Conv1'),
        ({1: 'g_synthesis.torgb', 2: 'to_rgbs.1'}, {1: 'ToRGB_lod0', 2: '16x16/ToRGB'}),
        ({2: 'to_rgbs.0'}, '8x8/ToRGB'),
    ],
)
def test_a_change_of_a_layers_output(generator, dlatents, theirs, ours):
    """By the original's name of the layer, against NumPy."""
    generation = generator.generation
    if generation not in theirs:
        pytest.skip('only StyleGAN2 has this layer')
    name = ours if isinstance(ours, str) else ours[generation]
    shape = (3,) + generator.layer_shapes[name]
    assert generator.layer_name(theirs[generation]) == name == generator.layer_name(name)
    change = np.random.RandomState(2).randn(*shape)
    exact = ORACLES[generation](generator.synthesis_values(), dlatents, 16, changes={name: change})
    if name == 'ToRGB_lod0':
        exact = generator.render(dlatents) + change
    found = generator.synthesize_changed(dlatents, theirs[generation], change, conversion='truncate')
    assert np.abs(found.astype(int) - truncated(exact)).max() <= 1
    assert np.abs(found.astype(int) - generator.synthesize(dlatents, conversion='truncate')).max() > 5
    with pytest.raises(UserError, match='but must have'):
        generator.synthesize_changed(dlatents, name, change[:2])


def test_names_of_layers_that_are_not_there(generator):
    with pytest.raises(UserError, match='mapping is the output of the mapping network; take it from `map`'):
        generator.activations(np.zeros((1, 6, 11)), 'mapping')
    for name in ('convs.9', 'g_synthesis.blocks.32x32', 'style' if generator.generation == 1 else 'g_mapping'):
        with pytest.raises(UserError, match="pkl has no layer '%s'; choose one of 4x4/Const, .*, mapping" % name):
            generator.layer_name(name)


def test_the_two_conversions(generator, dlatents):
    exact = generator.render(dlatents)  # float32 [N, C, H, W], beyond [-1, 1] in places
    assert exact.min() < -1 and exact.max() > 1
    for conversion, expected in (('round', rounded(exact)), ('truncate', truncated(exact))):
        found = generator.synthesize(dlatents, conversion=conversion)
        assert found.dtype == np.uint8 and found.shape == (3, 16, 16, 3)
        difference = np.abs(found.astype(int) - expected)
        assert difference.max() <= 1 and (difference > 0).mean() <= 0.005
    assert np.array_equal(generator.synthesize(dlatents), generator.synthesize(dlatents, conversion='round'))
    step = generator.synthesize(dlatents).astype(int) - generator.synthesize(dlatents, conversion='truncate')
    assert set(np.unique(step)) == {0, 1}


def test_conversions_of_a_network_with_controls(tmp_path):
    path = tmp_path / 'segan.pkl'
    with small_networks.fresh_session():
        net = tflib.Network(
            'Gs',
            func_name='nvlabs_stylegan2.segan.G_segan',
            mode=0,
            resolution=4,
            num_channels=3,
            fmap_base=22,
            fmap_max=11,
            latent_size=5,
            dlatent_size=7,
            mapping_layers=1,
        )
        small_networks.set_values(net)
        path.write_bytes(pickle.dumps((net, net, net), protocol=4))
    w = np.random.RandomState(2).randn(3, 2, 7)
    with Generator.open(path) as generator:
        inputs = dict(control_scale=np.ones((3, 2, 7)), control_shift=np.zeros((3, 2, 7)))
        exact = generator.render(w)
        for conversion, expected in (
            ('truncate', truncated(exact)),
            ('round', rounded(exact)),
            ('truncate', truncated(exact)),
        ):
            found = generator.synthesize(w, conversion=conversion, **inputs)
            difference = np.abs(found.astype(int) - expected)
            assert difference.max() <= 1 and (difference > 0).mean() <= 0.01
        assert not np.array_equal(found, generator.synthesize(w, conversion='round', **inputs))


@pytest.mark.parametrize('text', TEXTS)
def test_noise_becomes_the_variables(generator, text):
    generator.set_noise(noise.parse(text))
    names = ['noise%d' % i for i in range(6 if generator.generation == 1 else 5)]
    values = [generator.variable(name) for name in names]
    expected = noise.images(noise.parse(text), [value.shape for value in values], generator.generation)
    assert values[0].shape == (1, 1, 4, 4) and all(np.array_equal(a, b) for a, b in zip(values, expected))
    with pytest.raises(KeyError):
        generator.variable('noise%d' % len(names))


def test_generations_differ_in_torch_noise_only(generator):
    generator.set_noise({'torch_cpu_seed': 0})
    last_two = [generator.variable('noise%d' % i) for i in ((4, 5) if generator.generation == 1 else (3, 4))]
    assert np.array_equal(*last_two) == (generator.generation == 1)
    assert np.array_equal(last_two[0], CPUGenerator(0).randn(1, 1, 16, 16)) == (generator.generation == 1)


def test_a_bad_choice(generator):
    with pytest.raises(UserError, match='noise must be "stored", "none"'):
        generator.set_noise('nothing')


# ----------------------------------------------------------------- command


@pytest.fixture
def run(generator, monkeypatch):
    """Runs `regan generate` for seed 5 on the generator that is open already."""

    @contextlib.contextmanager
    def opened(path, noise, trust_embedded_code, precision):
        generator.set_noise('stored')
        yield generator

    monkeypatch.setattr(Generator, 'open', opened)
    return lambda out, *words: CliRunner().invoke(
        cli.main, ['generate', generator.path, '--seeds', '5', '--out', str(out)] + list(words)
    )


def drawn(folder):
    return images.read_png(folder / 'seed0005.png'), json.loads((folder / 'generate.json').read_text())


@pytest.mark.parametrize(
    'mode, beside',
    [(name, []) for name in [None] + list(modes.MODES)]
    + [
        ('ganspace', ['--noise', 'torch-cpu:2', '--conversion', 'round']),
        ('reganspace', ['--cutoff', '2']),
        (None, ['--noise', 'none']),
    ],
)
def test_generate(generator, run, tmp_path, mode, beside):
    result = run(tmp_path, *(['--mode', mode] if mode else []) + beside)
    assert result.exit_code == 0, result.output
    picture, facts = drawn(tmp_path)
    asked = dict(zip(beside[::2], beside[1::2]))
    settings = modes.resolve(
        mode,
        noise.parse(asked['--noise']) if '--noise' in asked else None,
        asked.get('--conversion'),
        generator.generation,
        0.7,
        int(asked['--cutoff']) if '--cutoff' in asked else None,
    )
    settings.prepare(generator)
    start = latents.broadcast(generator.map(latents.from_seeds([5], 13)), 6)
    start = latents.truncate(start, generator.dlatent_avg, settings.psi, settings.cutoff)
    expected = generator.synthesize(start, conversion=settings.conversion)
    assert np.array_equal(picture, expected[0])
    assert {key: facts.get(key) for key in settings._fields} == settings._asdict()


def test_noise_from_the_seed_beside_a_mode(generator, run, tmp_path):
    """The draws of z and of the noise come from one generator, in this order, and the mode decides the rest."""
    assert run(tmp_path, '--noise', 'seed', '--mode', 'reganspace', '--conversion', 'truncate').exit_code == 0
    picture, facts = drawn(tmp_path)
    random = np.random.RandomState(5)
    start = latents.broadcast(generator.map(random.randn(1, 13).astype(np.float32)), 6)
    generator.set_noise(random)
    expected = generator.synthesize(latents.truncate(start, generator.dlatent_avg, 0.7), conversion='truncate')
    assert np.array_equal(picture, expected[0]) and (facts['mode'], facts['noise']) == ('reganspace', 'seed')


@pytest.mark.parametrize(
    'words, message',
    [
        (
            ['--noise', 'random'],
            "cannot read a choice of noise from 'random'; write stored, none, numpy:0, torch-cpu:0",
        ),
        (['--noise', 'numpy:-1'], "cannot read a choice of noise from 'numpy:-1'"),
        (['--noise', 'torch-cuda:0:80x1'], 'threads must be a whole number from 256 to 10000, not 1'),
        (['--conversion', 'floor'], "Invalid value for '--conversion'"),
        (['--mode', 'fixed'], "Invalid value for '--mode'"),
        (['--mode', 'ganspace', '--psi', '1.5'], 'Error: mode ganspace does not apply psi 1.5 to a StyleGAN'),
    ],
)
def test_bad_words(run, tmp_path, words, message):
    result = run(tmp_path / 'out', *words)
    assert result.exit_code == 2 and message in ' '.join(result.output.split()), result.output
    assert not (tmp_path / 'out').exists()


def test_a_psi_that_the_mode_ignores_is_refused(generator, run, tmp_path):
    """GANSpace has no truncation of StyleGAN: asking for one is a mistake, the default of --psi is not."""
    result = run(tmp_path, '--mode', 'ganspace', '--psi', '0.7')
    assert result.exit_code == {1: 2, 2: 0}[generator.generation]
    if generator.generation == 1:
        assert result.output.startswith('Error: mode ganspace does not apply psi 0.7 to a StyleGAN; leave --psi out')
    assert run(tmp_path, '--mode', 'ganspace', '--psi', '1').exit_code == 0
