"""Inception-v3 and the classifiers of faces of the files that people have."""

import numpy as np
import pytest

from dnnlib.pickled_data import NetworkPickleError
from dnnlib.tflib import revival
from regan.base.errors import UserError
from regan.judges import judge_files
from regan.judges.official import OfficialNetwork
from tests import judge_weights, numpy_judges, small_networks

IMAGES = np.random.RandomState(3).randint(0, 256, [2, 3, 40, 30]).astype(np.uint8)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    judge_weights.small_inception(monkeypatch)


def expected_features():
    return numpy_judges.inception_features(IMAGES.astype(float), judge_weights.inception(), judge_weights.RESOLUTION)


def expected_softmax(has_bias):
    tensors = judge_weights.inception()
    logits = expected_features().dot(tensors['fc.weight'].T) + has_bias * tensors['fc.bias']
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_features_are_what_numpy_computes(tmp_path):
    with OfficialNetwork(judge_weights.official_inception(tmp_path / 'inception.pkl'), 'inception') as network:
        np.testing.assert_allclose(network.run(IMAGES), expected_features(), rtol=1e-3, atol=1e-4)


def test_classes_are_what_numpy_computes(tmp_path):
    path = judge_weights.torch_inception(tmp_path / 'pt_inception-2015-12-05-6726825d.pth')
    logits = expected_features().dot(judge_weights.inception()['fc.weight'].T)  # No bias, as scores were published.
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    with OfficialNetwork(path, 'softmax') as network:
        expected /= expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(network.run(IMAGES), expected, rtol=1e-2, atol=1e-6)


def test_a_bias_of_classes_is_used_where_an_official_file_has_one(tmp_path):
    path = judge_weights.official_inception(tmp_path / 'softmax.pkl', with_classes=True)
    state = judge_files.read('softmax', path).state
    assert state.static_kwargs['has_bias'] and state.static_kwargs['num_classes'] == 1008
    np.testing.assert_array_equal(state.variables['softmax/bias'], judge_weights.inception()['fc.bias'])


def test_files_in_the_place_of_inception(tmp_path):
    """One sentence for each, which says what is wrong with which file."""
    first = judge_weights.inception()['Conv2d_1a_3x3.conv.weight']
    official, torch = judge_weights.official_inception, judge_weights.torch_inception
    cases = [
        (torch, {'fc.weight': np.zeros([1000, 128])}, 'has 1000 classes where the Inception-v3 of 2015 has 1008'),
        (
            torch,
            {'Mixed_5b.branch1x1.conv.weight': first},
            'its layer Mixed_5b.branch1x1 is not like that',
        ),
        (
            official,
            {'conv/batchnorm/what': np.zeros(2)},
            r'nothing tells what conv/batchnorm/what \[2\] of',
        ),
        (official, {'another/w': first.transpose(2, 3, 1, 0)}, 'as far as its variables tell'),
    ]
    for write, changed, sentence in cases:
        path = (
            write(tmp_path / 'wrong.pkl', changed) if write == torch else write(tmp_path / 'wrong.pkl', changed=changed)
        )
        with pytest.raises(UserError, match=r'wrong\.pkl.*' + sentence):
            judge_files.read('inception', path).network()
    path = official(tmp_path / 'softmax.pkl', with_classes=True)
    with pytest.raises(UserError, match='is not Inception-v3 without classes but .* with classes; it may come'):
        judge_files.read('inception', path)


@pytest.mark.parametrize('has_statistics', [False, True])
def test_classifiers_are_discriminators(tmp_path, has_statistics):
    path = judge_weights.classifier(tmp_path / 'celebahq-classifier-00-male.pkl', has_statistics)
    images = np.random.RandomState(4).uniform(-1, 1, [4, 3, 16, 16])
    with small_networks.fresh_session():
        options = dict(num_channels=3, mbstd_group_size=4 if has_statistics else 0)
        original = small_networks.build('nvlabs_stylegan.networks.D_basic', **options)
        expected = original.run(images, None)
    with OfficialNetwork(path, 'classifier') as network:
        np.testing.assert_allclose(network.run(images), expected, rtol=1e-4, atol=1e-5)
    with small_networks.fresh_session(), pytest.raises(NetworkPickleError, match="'judge', which is not one of ours"):
        revival.load_pickle(path)  # Where no classifier is asked for, it might be anybody's discriminator.
