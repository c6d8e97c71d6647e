"""The networks that judge images: the factor reader's graph and pickle, and files in the form of the official ones."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib import unpickle
from regan.base.errors import UserError
from regan.judges.official import OfficialNetwork
from regan.judges.reader import FactorReader
from tests import make_pickles, official_judges, tiny_reader
from tests.small_networks import fresh_session

IMAGES = np.random.RandomState(0).randint(0, 256, [5, 16, 16, 3]).astype(np.uint8)


@pytest.fixture(scope='module')
def reader_file(tmp_path_factory):
    return tiny_reader.write(tmp_path_factory.mktemp('readers') / 'tiny.pkl')


@pytest.fixture(scope='module')
def reader(reader_file):
    with FactorReader(reader_file) as network:
        yield network


# ------------------------------------------------------------------ factor reader


def in_numpy(values, images, circular):
    """The reader's function, written once more: images float [n, C, H, W] -> factors, features."""

    def bias_act(x, name, shape):
        x = x + values[name + '/bias'].reshape(shape)
        return np.sqrt(2) * np.where(x > 0, x, 0.2 * x)

    x, strides = images, [2, 2, 1, 2, 1, 1, 2]
    for layer, stride in enumerate(strides):
        name = 'Conv%d' % layer
        x = bias_act(convolve(x, values[name + '/weight'], stride), name, [1, -1, 1, 1])
    weight = values['Features/weight']
    features = bias_act(x.reshape(len(x), -1).dot(weight) / np.sqrt(len(weight)), 'Features', [1, -1])
    weight = values['Factors/weight']
    raw = features.dot(weight) / np.sqrt(len(weight)) + values['Factors/bias']
    count = raw.shape[1] - len(circular)
    factors = 1 / (1 + np.exp(-raw[:, :count]))
    for k, i in enumerate(circular):
        factors[:, i] = np.angle(raw[:, i] + 1j * raw[:, count + k]) / (2 * np.pi) % 1
    return factors, features


def convolve(x, weight, stride):
    """3 x 3, zeros outside, by sums of shifted products. TensorFlow pads 'SAME' with one more at the end if stride
    is 2.
    """
    before = 1 if stride == 1 else 0
    x = np.pad(x, [(0, 0), (0, 0), (before, 2 - before), (before, 2 - before)], 'constant')
    weight, size = weight / np.sqrt(np.prod(weight.shape[:3])), x.shape[2] - 2
    total = 0
    for i in range(3):
        for j in range(3):
            total += np.einsum('nchw,co->nohw', x[:, :, i : i + size : stride, j : j + size : stride], weight[i, j])
    return total


def test_the_graph_computes_what_numpy_does(reader_file, reader):
    values = {name: value.astype(np.float64) for name, value in unpickle.read(reader_file).variables.items()}
    images = IMAGES.transpose(0, 3, 1, 2) / 127.5 - 1
    for found, expected in zip(reader.look(images), in_numpy(values, images, tiny_reader.FACTS['circular'])):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_facts_come_with_the_pickle(reader):
    assert (reader.world, reader.factor_names, reader.circular, reader.r2) == (
        'toy',
        ['grey', 'hue', 'none'],
        [1],
        [0.99, 0.95, 0.0],
    )
    assert (reader.resolution, reader.num_channels, len(reader.sha256)) == (16, 3, 64)


def test_bytes_and_floats_are_read_alike(reader):
    factors, features = reader.look(IMAGES.transpose(0, 3, 1, 2) / 127.5 - 1)
    assert factors.shape == (5, 3) and features.shape == (5, 128) and factors.dtype == features.dtype == np.float32
    assert factors.min() >= 0 and factors.max() <= 1 and factors.std(axis=0).min() > 0
    np.testing.assert_allclose(reader.read(IMAGES), factors, rtol=0, atol=1e-6)


def test_images_do_not_depend_on_their_minibatch(reader):
    many = np.repeat(IMAGES, 4, axis=0)
    np.testing.assert_allclose(reader.read(many)[::4], reader.read(IMAGES), rtol=0, atol=1e-5)


def test_larger_images_are_averaged_down(reader):
    large = IMAGES.repeat(4, axis=1).repeat(4, axis=2)
    np.testing.assert_allclose(reader.read(large), reader.read(IMAGES), rtol=0, atol=1e-5)


@pytest.mark.parametrize('shape', [(1, 3, 8, 8), (1, 1, 16, 16), (1, 3, 24, 24)])
def test_other_images_are_refused(reader, shape):
    sentence = (
        r'reads images of 3 channels and 16 pixels a side \(or 2, 4, \.\.\. times that\), not %d channels and %d pixels'
    )
    with pytest.raises(UserError, match=sentence % shape[1:3]):
        reader.look(np.zeros(shape))


def test_the_pickle_carries_its_own_code(reader_file):
    """Its text runs without our packages and defines the function."""
    state = unpickle.read(reader_file)
    namespace = {'__name__': 'elsewhere'}
    exec(compile(state.build_module_src, 'elsewhere', 'exec'), namespace)
    assert namespace['F_reader'].__module__ == 'elsewhere' and 'import nvlabs' not in state.build_module_src


def test_a_resolution_that_cannot_be_halved_four_times():
    with fresh_session(), pytest.raises(ValueError, match='multiple of 16, found 24'):
        tflib.Network('F', func_name='nvlabs_stylegan2.factor_reader.F_reader', resolution=24).output_shape


@pytest.mark.parametrize(
    'changed, sentence',
    [
        (dict(num_factors=4), 'the weights do not fit the factor reader'),
        (
            dict(resolution=24),
            'cannot be built from its arguments: the resolution of a factor reader must be a multiple of 16',
        ),
    ],
)
def test_weights_of_another_reader(tmp_path, changed, sentence):
    path = tmp_path / 'other.pkl'
    path.write_bytes(tiny_reader.pickled(changed))
    with pytest.raises(UserError, match=r'other\.pkl: .*' + sentence):
        FactorReader(path)


@pytest.mark.parametrize(
    'changed, sentence',
    [
        (dict(factor_names=['a', '\x1b[2J', 'c']), r'factor_names\[1\] must be a text'),
        (dict(factor_names='abc'), 'factor_names must be a list'),
        (dict(world=['toy']), 'world must be a text'),
        (dict(circular=['x']), r'circular\[0\] must be a whole number'),
        (dict(r2={'a': 1}), 'r2 must be a list'),
    ],
)
def test_facts_that_anybody_may_have_written(tmp_path, reader_file, changed, sentence):
    state = make_pickles.from_data(unpickle.read(reader_file))
    state.static_kwargs.update(changed)
    (tmp_path / 'other.pkl').write_bytes(make_pickles.dumps(state, 4))
    with pytest.raises(UserError, match=r'other\.pkl, ' + sentence):
        FactorReader(tmp_path / 'other.pkl')


def test_other_files_are_refused(tmp_path, tiny_pickle):
    with pytest.raises(
        UserError,
        match=r'tiny\.pkl holds no factor reader but Gs \(G_main\), D \(D_stylegan2\), Gs \(G_main\); make one with',
    ):
        FactorReader(tiny_pickle)
    text = tmp_path / 'text.pkl'
    text.write_text('no pickle')
    with pytest.raises(UserError, match=r'text\.pkl is a text, not a TensorFlow network pickle'):
        FactorReader(text)
    with pytest.raises(UserError, match=r'cannot read .*nowhere\.pkl'):
        FactorReader(tmp_path / 'nowhere.pkl')


# ------------------------------------------------------------------ official networks


@pytest.fixture(scope='module')
def official(tmp_path_factory):
    folder = tmp_path_factory.mktemp('official')
    return {kind: official_judges.write(folder / (kind + '.pkl'), kind) for kind in ('inception', 'lpips')}


@pytest.mark.filterwarnings('ignore:Executing the Python code')
def test_an_official_file_runs_its_own_code(official):
    images = IMAGES.transpose(0, 3, 1, 2)
    with OfficialNetwork(official['inception'], 'inception', trust_embedded_code=True) as network:
        features = network.run(images)
        assert features.shape == (5, 2048)
        np.testing.assert_allclose(features[:, :3], 2 * images.mean(axis=(2, 3)), rtol=1e-5)
        assert np.array_equal(network.run(images[:, :1])[:, [0]].repeat(3, axis=1), network.run(images[:, :1])[:, :3])
    with OfficialNetwork(official['lpips'], 'lpips', trust_embedded_code=True) as network:
        expected = np.square(images.astype(float) - images[::-1]).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(network.run(images, images[::-1]), expected, rtol=1e-4)


def test_without_trust_nothing_runs(official):
    with pytest.raises(UserError, match='--trust-embedded-code'):
        OfficialNetwork(official['inception'], 'inception')


@pytest.mark.filterwarnings('ignore:Executing the Python code')
def test_a_file_of_another_kind(official, reader_file, tiny_pickle):
    for file, content in [
        (
            official['lpips'],
            r'without classes: its network lpips takes 2 inputs and gives \[None\]',
        ),
        (reader_file, r'is not Inception-v3 without classes but F_reader; it may come from https'),
        (tiny_pickle, r'holds no judge but Gs \(G_main\), D'),
    ]:
        with pytest.raises(UserError, match=content):
            OfficialNetwork(file, 'inception', trust_embedded_code=True)


def test_nothing_is_left_behind(reader_file):
    with FactorReader(reader_file):
        pass
    assert tf.get_default_session() is None
