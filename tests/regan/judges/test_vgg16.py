"""VGG16 and LPIPS of the files that people have, against plain NumPy."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from regan.base.errors import UserError
from regan.judges import distances, judge_files
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
