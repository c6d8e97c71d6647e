"""Scripts in the manner of the official ones and of their users, run on official pickles; only the path to this
project is added.
"""

import hashlib
import os
import pickle
import re
import runpy
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
import tensorflow.compat.v1 as tf

import pretrained_networks
from dnnlib import unpickle
from tests import golden_cases, make_pickles
from tests import numpy_networks as oracle
from tests.small_networks import fresh_session

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
STYLEGAN, STYLEGAN2 = [golden_cases.case(name) for name in ('sg2-v1pickle-res32', 'sg2-orig-res32')]


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    """Scripts write where they are run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pretrained_networks, '_loaded', {})


def write_network(case, path):
    """The official file (G, D, Gs) of a case, uncompressed. The golden copies leave G out; here it is another copy
    of Gs.
    """
    _, D, Gs = unpickle.read(case.pickle)
    G = make_pickles.from_data(Gs)
    G.name = 'G'
    with open(path, 'wb') as f:
        f.write(make_pickles.dumps((G, make_pickles.from_data(D), make_pickles.from_data(Gs)), 4))
    return str(path)


def run_script(monkeypatch, name, *arguments):
    """Runs a script in this process, in a graph of its own (starting TensorFlow takes longer than the script)."""
    monkeypatch.setattr(sys, 'argv', [name] + list(arguments))
    monkeypatch.syspath_prepend(HERE)
    with fresh_session():
        return runpy.run_path(os.path.join(HERE, name), run_name='__main__')


class NumPyGenerator:
    """A case's generator in NumPy, for uint8 images [N, R, R, C] of dlatents [N, L, D]."""

    def __init__(self, case, synthesize, gains):
        _, _, Gs = unpickle.read(case.pickle)
        self.average = Gs.variables['dlatent_avg']
        self.resolution = Gs.static_kwargs['resolution']
        self.variables = {n: v.astype(np.float64) for n, v in Gs.components['synthesis'].variables.items()}
        self.mapping = {n: v.astype(np.float64) for n, v in Gs.components['mapping'].variables.items()}
        self.synthesize, self.gains = synthesize, gains

    def map(self, z):
        """[N, Z] -> [N, L, D]."""
        x = oracle.normalize(z)
        before, after = self.gains  # Of the weights and of the activation.
        for i in range(8):
            weight, bias = self.mapping['Dense%d/weight' % i], self.mapping['Dense%d/bias' % i]
            x = after * oracle.lrelu(x.dot(oracle.hat(weight, before, 0.01)) + 0.01 * bias)
        return np.repeat(x[:, np.newaxis], 2 * int(np.log2(self.resolution)) - 2, axis=1)

    def images(self, dlatents, **noise):
        images = self.synthesize(dict(self.variables, **noise), np.asarray(dlatents, np.float64), self.resolution)
        return np.clip(images * 127.5 + 128, 0, 255).astype(np.uint8).transpose([0, 2, 3, 1])


@pytest.fixture(scope='module')
def stylegan():
    return NumPyGenerator(STYLEGAN, oracle.synthesize1, (np.sqrt(2), 1))


@pytest.fixture(scope='module')
def stylegan2():
    return NumPyGenerator(STYLEGAN2, lambda *args: oracle.synthesize2(*args, architecture='orig'), (1, np.sqrt(2)))


def z_of(*seeds):
    return np.stack([np.random.RandomState(seed).randn(64) for seed in seeds])


def assert_same_images(found, expected):
    """One level of difference in at most 0.5 % of the values: what rounding explains."""
    deltas = abs(np.asarray(found).astype(int) - expected)
    assert deltas.shape == expected.shape and deltas.max() <= 1 and np.mean(deltas > 0) <= golden_cases.MAX_OFF_FRACTION


def read_png(*path):
    return np.asarray(PIL.Image.open(os.path.join(*path)))


# ------------------------------------------------------------------ the scripts


def test_pretrained_example(tmp_path):
    """As a process of its own, offline: the file was placed in the cache by hand."""
    url = 'https://drive.google.com/uc?id=1MEGjdvVpUsu1jB4zrXZN7Y4kBBOzizDQ'
    (tmp_path / 'cache').mkdir()
    write_network(
        STYLEGAN,
        str(tmp_path / 'cache' / (hashlib.md5(url.encode()).hexdigest() + '_karras2019stylegan-ffhq-1024x1024.pkl')),
    )
    done = subprocess.run(
        [sys.executable, os.path.join(HERE, 'pretrained_example.py')],
        env=dict(os.environ, PYTHONPATH=ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    _, _, Gs = unpickle.read(STYLEGAN.pickle)
    parameters = sum(
        v.size
        for part in [Gs] + list(Gs.components.values())
        for n, v in part.variables.items()
        if not n.startswith(('noise', 'lod', 'dlatent_avg'))
    )
    assert re.search(r'^Total +%d\s*$' % parameters, done.stdout, re.MULTILINE)
    image = read_png('results', 'example.png')
    assert image.shape == (32, 32, 3) and image.std() > 10


def test_generate_images(monkeypatch, tmp_path, capsys):
    seed = int(STYLEGAN2['seedrun.seed'])
    network = write_network(STYLEGAN2, tmp_path / 'network.pkl')
    run_script(
        monkeypatch,
        'run_generator.py',
        'generate-images',
        '--network',
        network,
        '--seeds',
        '%d,%d' % (seed, seed + 1),
        '--truncation-psi',
        '0.7',
    )
    folder = os.path.join('results', '00000-generate-images')
    assert STYLEGAN2.compare('seedrun.image_uint8', read_png(folder, 'seed%04d.png' % seed)[np.newaxis]).passed
    assert not STYLEGAN2.compare(
        'seedrun.image_uint8', read_png(folder, 'seed%04d.png' % (seed + 1))[np.newaxis]
    ).passed
    assert {'log.txt', 'run.txt', 'submit_config.pkl', 'submit_config.txt', '_finished.txt'} <= set(os.listdir(folder))
    assert 'Generating image for seed %d (1/2)' % (seed + 1) in open(os.path.join(folder, 'log.txt')).read()


def test_style_mixing(monkeypatch, tmp_path, stylegan2):
    network = write_network(STYLEGAN2, tmp_path / 'network.pkl')
    run_script(
        monkeypatch,
        'run_generator.py',
        'style-mixing-example',
        '--network',
        network,
        '--row-seeds',
        '85,100',
        '--col-seeds',
        '55',
        '--col-styles',
        '0-3',
        '--truncation-psi',
        '0.5',
        '--result-dir',
        'out',
    )
    folder = os.path.join('out', '00000-style-mixing-example')
    assert sorted(name[:-4] for name in os.listdir(folder) if name.endswith('.png')) == [
        '100-100',
        '100-55',
        '55-55',
        '85-55',
        '85-85',
    ]
    w = stylegan2.map(z_of(85, 55))
    w = stylegan2.average + (w - stylegan2.average) * 0.5
    mixed = np.concatenate([w[1, :4], w[0, 4:]])
    found = [read_png(folder, name + '.png') for name in ('85-85', '55-55', '85-55')]
    assert_same_images(found, stylegan2.images([w[0], w[1], mixed]))


def test_missing_sub_command(monkeypatch, capsys):
    with pytest.raises(SystemExit) as exit_:
        run_script(monkeypatch, 'run_generator.py')
    assert exit_.value.code == 1 and 'missing subcommand' in capsys.readouterr().out


def test_figures(monkeypatch, tmp_path, stylegan):
    write_network(STYLEGAN, tmp_path / 'ffhq.pkl')
    run_script(monkeypatch, 'generate_figures.py')

    tiles = read_png('results', 'style-mixing.png').reshape(4, 32, 3, 32, 3).swapaxes(1, 2)  # [row, column, H, W, C]
    src, dst = stylegan.map(z_of(639, 701)), stylegan.map(z_of(888, 829, 1898))
    mixed = np.stack([np.concatenate([dst[1, :2], src[0, 2:4], dst[1, 4:]]), np.concatenate([dst[2, :4], src[1, 4:]])])
    assert_same_images(tiles[0, 1:], stylegan.images(src))
    assert_same_images(tiles[1:, 0], stylegan.images(dst))
    assert_same_images([tiles[2, 1], tiles[3, 2]], stylegan.images(mixed))
    assert (tiles[0, 0] == 255).all()

    tiles = read_png('results', 'truncation.png').reshape(2, 32, 4, 32, 3).swapaxes(1, 2)
    w = stylegan.map(z_of(91, 388))
    for column, psi in enumerate([1, 0.5, 0, -1]):
        assert_same_images(tiles[:, column], stylegan.images(stylegan.average + (w - stylegan.average) * psi))

    image, deviation = np.split(read_png('results', 'noise-detail.png'), 2, axis=1)
    assert (deviation[:, :, 0] == deviation[:, :, 1]).all() and deviation.mean() > 4  # Fresh noise: the images differ.
    spread = 6 * deviation[:, :, 0].astype(float).mean()
    assert abs(image.astype(float) - stylegan.images(stylegan.map(z_of(1157)))[0]).mean() < spread


def test_edited_latents(monkeypatch, tmp_path, stylegan2):
    network = write_network(STYLEGAN2, tmp_path / 'network.pkl')
    run_script(monkeypatch, 'edit_latents.py', network, str(tmp_path / 'out.npz'))
    with np.load(str(tmp_path / 'out.npz')) as out:
        images, w = out['images'], out['w']
    expected = stylegan2.average + (stylegan2.map(z_of(3, 5)) - stylegan2.average) * 0.7
    expected[:, 2:4] += np.random.RandomState(7).randn(64)
    np.testing.assert_allclose(w, expected, rtol=1e-4, atol=1e-5)
    rnd = np.random.RandomState(0)
    noise = {n: rnd.randn(*v.shape) for n, v in stylegan2.variables.items() if n.startswith('noise')}
    assert_same_images(images, stylegan2.images(expected, **noise))


def test_encoder(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(HERE)
    import encoder

    write_network(STYLEGAN2, tmp_path / 'network.pkl')
    with fresh_session() as session:
        with open('network.pkl', 'rb') as f:
            _G, _D, Gs = pickle.load(f)
        generator = encoder.Generator(Gs, batch_size=4)
        assert STYLEGAN2.compare('images_uint8.mixed', generator.generate_images(STYLEGAN2['dlatents_mixed'])).passed
        assert STYLEGAN2.compare('images.mixed', session.run(generator.generator_output)).passed

        target = session.run(generator.generated_image)
        loss = tf.reduce_mean(tf.square(generator.generated_image - target)) / 127.5**2
        (gradient,) = tf.gradients(loss, generator.dlatent_variable)
        start = STYLEGAN2['dlatents_mixed'] + 0.1 * np.random.RandomState(0).randn(4, 8, 64)
        generator.set_dlatents(start)
        before, slope = session.run([loss, gradient])
        assert slope.shape == (4, 8, 64) and all(abs(slope[:, i]).max() > 0 for i in range(8))
        step = 1e-3 * slope / np.linalg.norm(slope)
        generator.set_dlatents(start - step)
        # First order: the loss falls by the step's length times the gradient's.
        assert before - session.run(loss) == pytest.approx(1e-3 * np.linalg.norm(slope), rel=0.1)
