"""VGG16 and LPIPS of the files that people have, against plain NumPy."""

import pickle

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from regan.base.errors import UserError
from regan.judges import distances, judge_files
from regan.judges.official import OfficialNetwork
from regan.judges.vgg16 import DEVIATION, MEAN
from tests import judge_weights, numpy_judges
from tests.small_networks import fresh_session

IMAGES = np.random.RandomState(3).uniform(-1, 1, [2, 3, 16, 24])
OTHERS = np.random.RandomState(4).uniform(-1, 1, [2, 3, 16, 24])
CAFFE = (123.68, 116.779, 103.939), (1, 1, 1)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    judge_weights.small(monkeypatch)


def in_bytes(images):
    return (images + 1) * 127.5


def expected_lpips(a=IMAGES, b=OTHERS):
    weights = judge_weights.convolutions(), judge_weights.heads()
    return numpy_judges.lpips(in_bytes(a), in_bytes(b), *weights, MEAN, DEVIATION)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('judges')


def lpips_files(folder):
    """Files of LPIPS, each written by another program: paths."""
    judge_weights.lpips_heads(folder / 'vgg.pth')
    yield judge_weights.official(folder / 'official.pkl', with_heads=True)
    yield judge_weights.official(folder / 'as_torch.pkl', with_heads=True, kernels=np.copy)
    yield judge_weights.torchvision(folder / 'vgg16-397923af.pth')


@pytest.mark.parametrize('which', range(3))
def test_lpips_is_what_numpy_computes(folder, which):
    path = list(lpips_files(folder))[which]
    with fresh_session() as session:
        lpips = distances.Lpips(judge_files.read('lpips', path))
        a, b = tf.constant(IMAGES), tf.constant(OTHERS)
        target = lpips.features(b[:1])
        tensors = [lpips.distance(a, b), lpips.distance(a, a), lpips.between(lpips.features(a), target)]
        found, zero, to_first = session.run(tensors)
    np.testing.assert_allclose(found, expected_lpips(), rtol=1e-4)
    np.testing.assert_allclose(to_first, expected_lpips(IMAGES, OTHERS[[0, 0]]), rtol=1e-4)
    assert (zero == 0).all()


def test_lpips_flows_back(folder):
    """Against differences; and black images, whose features may be nowhere but 0, give no NaN."""
    path = next(lpips_files(folder))
    direction = np.random.RandomState(5).randn(*IMAGES.shape)
    with fresh_session() as session:
        lpips = distances.Lpips(judge_files.read('lpips', path))
        a = tf.placeholder(tf.float32, IMAGES.shape)
        gradient = tf.gradients(tf.reduce_sum(lpips.distance(a, tf.constant(OTHERS, tf.float32))), a)[0]
        slope = (session.run(gradient, {a: IMAGES}) * direction).sum()
        black = session.run(gradient, {a: np.full_like(IMAGES, -1)})
    step = 1e-5
    ahead, behind = [expected_lpips(IMAGES + sign * step * direction).sum() for sign in (1, -1)]
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-3)
    assert np.isfinite(black).all()


def test_grey_images_are_seen_in_colour(folder):
    with fresh_session() as session:
        lpips = distances.Lpips(judge_files.read('lpips', next(lpips_files(folder))))
        found = session.run(lpips.distance(tf.constant(IMAGES[:, :1]), tf.constant(OTHERS[:, :1])))
    grey = [images[:, :1].repeat(3, axis=1) for images in (IMAGES, OTHERS)]
    np.testing.assert_allclose(found, expected_lpips(*grey), rtol=1e-4)


@pytest.mark.parametrize('nested', [False, True])
def test_features_of_keras_weights(folder, nested):
    path = judge_weights.keras(folder / ('vgg16_weights_%s.h5' % nested), nested=nested)
    with fresh_session() as session:
        vgg16 = distances.VggFeatures(judge_files.read('vgg16', path))
        found = session.run(vgg16.distance(tf.constant(IMAGES), tf.constant(OTHERS)))
    a, b = [
        numpy_judges.vgg16_layers(in_bytes(images), judge_weights.convolutions(), *CAFFE)[6]
        for images in (IMAGES, OTHERS)
    ]
    np.testing.assert_allclose(found, np.square(a - b).mean(axis=(1, 2, 3)), rtol=1e-4)


def resize(images, size=224):
    return numpy_judges.resized(images, size)


@pytest.mark.parametrize('write', [judge_weights.official, judge_weights.torchvision, judge_weights.keras])
def test_fully_connected_layers(folder, write):
    """Images are resized to 224; each program stores the first of these layers in an order of its own."""
    scaling = CAFFE if write == judge_weights.keras else (MEAN, DEVIATION)
    layers = numpy_judges.vgg16_layers(resize(in_bytes(IMAGES[:1, :, :, :16])), judge_weights.convolutions(), *scaling)
    x = layers[-1].reshape(1, -1, 7, 2, 7, 2).max(axis=(3, 5)).reshape(1, -1)
    for matrix, bias in judge_weights.dense()[:2]:
        x = numpy_judges.relu(x.dot(matrix.T) + bias)
    with OfficialNetwork(write(folder / 'dense', with_dense=True), 'vgg16-features') as network:
        np.testing.assert_allclose(network.run(in_bytes(IMAGES[:1, :, :, :16])), x, rtol=1e-3, atol=1e-4)


def test_a_pickle_of_ours_is_complete(folder):
    """What was read from other programs' files can be saved as a pickle, which runs without this project."""
    path = judge_weights.official(folder / 'lpips.pkl', with_heads=True)
    with fresh_session():
        network = judge_files.read('lpips', path).network()
        expected = network.run(in_bytes(IMAGES), in_bytes(OTHERS))
        data = pickle.dumps(network)
        assert 'import regan' not in network.__getstate__()['build_module_src']
    with fresh_session():
        np.testing.assert_array_equal(pickle.loads(data).run(in_bytes(IMAGES), in_bytes(OTHERS)), expected)


def test_where_files_are_looked_for(folder, tmp_path, monkeypatch):
    monkeypatch.delenv(judge_files.FOLDER, raising=False)
    with pytest.raises(UserError, match='LPIPS on VGG16 is needed, but not at hand; put .* REGAN_METRIC_NETWORKS'):
        judge_files.read('lpips')
    monkeypatch.setenv(judge_files.FOLDER, str(tmp_path))
    with pytest.raises(
        UserError, match='VGG16 is needed, but not in .*; put .* https://.*/vgg16.pkl, https://download'
    ):
        judge_files.read('vgg16')
    path = judge_weights.torchvision(tmp_path / 'vgg16-397923af.pth')
    assert judge_files.read('vgg16').paths == [str(path)]
    with pytest.raises(UserError, match='vgg16-397923af.pth is VGG16 alone; for LPIPS put vgg.pth .* beside it'):
        judge_files.read('lpips')
    heads = judge_weights.lpips_heads(tmp_path / 'vgg.pth')
    file = judge_files.read('lpips')
    assert file.paths == [str(path), str(heads)] and sorted(file.facts()['files']) == ['vgg.pth', path.name]
    with pytest.raises(UserError, match='cannot read nowhere.pkl'):
        judge_files.read('lpips', 'nowhere.pkl')


def wrong_files():
    """(kind, function that writes a file, arguments, what is said of it)."""
    official, torch = judge_weights.official, judge_weights.torchvision
    narrow, heads = np.zeros([3, 3, 3, 5], np.float32), judge_weights.heads()
    last = 'conv13/weight'
    yield 'lpips', official, {}, 'is VGG16 alone; for LPIPS put vgg.pth'
    yield 'vgg16-features', official, {}, 'is not VGG16 with fully connected layers but VGG16'
    yield (
        'vgg16',
        official,
        dict(changed={'conv1/weight': narrow}),
        r'3, 4\] there, not one of \[3, 3, 3, 5\]',
    )
    yield 'vgg16', official, dict(changed={'conv2/bias': np.zeros(9)}), r'one bias of 4 there, not \[9\]'
    yield (
        'vgg16',
        official,
        dict(changed={last: None}),
        r'as its variables tell: it holds vgg16 \(judge\); .*trust',
    )

    yield 'vgg16', official, dict(changed={'conv1/bias': np.full(4, np.nan)}), 'weights that are NaN or infinite'
    yield 'lpips', official, dict(changed={'lin0/weight': heads[0]}), 'five heads of 4, 5, 6, 7, 8 channels, but it has'
    changed = {'lin%d/weight' % i: -head for i, head in enumerate(heads)}
    yield 'lpips', official, dict(changed=changed), 'the heads of LPIPS are not negative'
    yield 'vgg16', torch, dict(changed={'features.28.bias': None}), r'lacks the tensor features\.28\.bias of VGG16'
    yield 'vgg16', torch, dict(changed={'features.1.running_mean': np.zeros(4)}), 'a VGG16 with batch normalisation'
    yield 'vgg16', torch, dict(changed={'features.0.weight': None}), 'holds no judge that is known here'
    yield 'vgg16', lambda path: path.write_text('nothing') and path, {}, 'is a text, not a TensorFlow network pickle'
    yield 'vgg16', damaged_keras, {}, 'is no HDF5 file with weights, or damaged'
    yield 'vgg16', linking_keras, {}, 'points outside of itself'


def damaged_keras(path):
    judge_weights.keras(path)
    path.write_bytes(path.read_bytes()[:3000])
    return path


def linking_keras(path):
    import h5py

    with h5py.File(str(path), 'w') as file:
        file['block1_conv1'] = h5py.ExternalLink('/etc/passwd', '/')
    return path


@pytest.mark.parametrize('number', range(14))
def test_other_files_are_refused_in_one_sentence(tmp_path, number):
    kind, write, options, sentence = list(wrong_files())[number]
    path = write(tmp_path / 'wrong', **options)
    with pytest.raises(UserError, match='wrong.*' + sentence):
        with fresh_session():
            judge_files.read(kind, path).network()


def test_images_that_no_distance_takes(folder):
    with fresh_session():
        lpips = distances.Lpips(judge_files.read('lpips', next(lpips_files(folder))))
        for images in (IMAGES[:, :2], IMAGES[..., :8]):
            with pytest.raises(UserError, match='images of 1 or 3 channels and at least 16 pixels a side there; found'):
                lpips.features(tf.constant(images))
        with pytest.raises(UserError, match="no layer 'conv9_9'; choose from conv1_1, conv1_2"):
            distances.VggFeatures(judge_files.read('vgg16', folder / 'official.pkl'), 'conv9_9')
