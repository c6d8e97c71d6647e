"""Real images from a folder, and their statistics in the cache."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.data import tfrecords
from regan.metrics import frechet, neighbours, reals

IMAGES = np.random.RandomState(0).randint(0, 256, [71, 3, 8, 8]).astype(np.uint8)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp('data') / 'noise'
    with tfrecords.new_data_set(path) as writer:
        writer.add(IMAGES)
    return path


@pytest.fixture
def images(folder):
    source = reals.open_images(str(folder), 8)
    yield source
    source.close()


def mean_colours(pictures):
    return pictures.mean(axis=(1, 2))


class Counting:
    """Features that know how many images they have seen."""

    def __init__(self):
        self.seen = 0

    def __call__(self, pictures):
        self.seen += len(pictures)
        return mean_colours(pictures)


def test_images_come_in_the_order_of_the_records(images):
    assert (images.num_images, images.num_channels) == (71, 3)
    batches = list(images.batches(70))
    assert [len(batch) for batch in batches] == [64, 6]
    assert np.array_equal(np.concatenate(batches), IMAGES[:70].transpose(0, 2, 3, 1))


def test_lower_resolutions_are_at_hand(folder):
    source = reals.open_images(str(folder), 4)
    assert next(source.batches(3)).shape == (3, 4, 4, 3)
    source.close()


def test_mirroring_flips_about_half_and_nothing_else(images):
    plain = np.concatenate(list(images.batches(71)))
    found = np.concatenate(list(reals.mirrored(images.batches(71), np.random.RandomState(1))))
    flipped = np.array([np.array_equal(a, b[:, ::-1]) for a, b in zip(found, plain)])
    same = np.array([np.array_equal(a, b) for a, b in zip(found, plain)])
    assert (flipped ^ same).all() and 20 < flipped.sum() < 51


def statistics(images, folder, features=mean_colours, **changes):
    arguments = dict(facts=dict(network='abc'), n=60, mirror_seed=None)
    arguments.update(changes)
    return reals.RealStatistics(images, features, cache_dir=folder, **arguments)


def test_statistics_are_those_of_the_images_and_computed_once(images, tmp_path):
    features, done = Counting(), []
    one = statistics(images, tmp_path, features)
    gaussian, near = one.gaussian(done.append), one.neighbours(done.append)
    expected = mean_colours(IMAGES[:60].transpose(0, 2, 3, 1)).astype(np.float32)
    direct = frechet.fit([expected])
    np.testing.assert_allclose(gaussian.mean, direct.mean)
    np.testing.assert_allclose(gaussian.covariance, direct.covariance)
    assert gaussian.count == 60 and np.array_equal(near.features, expected)
    assert np.array_equal(near.radii, neighbours.radii_of(expected))
    assert features.seen == 60 == sum(done)
    again = statistics(images, tmp_path, features)
    assert np.array_equal(again.gaussian(done.append).covariance, gaussian.covariance)
    assert np.array_equal(again.neighbours(done.append).radii, near.radii)
    assert features.seen == 60


@pytest.mark.parametrize(
    'changes', [dict(n=59), dict(mirror_seed=0), dict(mirror_seed=1), dict(facts=dict(network='abd'))]
)
def test_other_settings_other_cache(images, tmp_path, changes):
    features = Counting()
    statistics(images, tmp_path, features).gaussian(lambda k: None)
    statistics(images, tmp_path, features, **changes).gaussian(lambda k: None)
    assert features.seen == 60 + changes.get('n', 60)


def test_other_images_other_cache(images, tmp_path_factory, tmp_path):
    path = tmp_path_factory.mktemp('data') / 'noise'
    with tfrecords.new_data_set(path) as writer:
        writer.add(255 - IMAGES)
    other = reals.open_images(str(path), 8)
    features = Counting()
    for source in (images, other):
        statistics(source, tmp_path, features).gaussian(lambda k: None)
    other.close()
    assert features.seen == 120


def test_errors(images, folder, tmp_path):
    with pytest.raises(UserError, match=r'noise-r03\.tfrecords holds 71 images, fewer than the 72 asked for; lower n'):
        list(images.batches(72))
    with pytest.raises(UserError, match='nowhere is no folder; give that of a data set, or world:NAME'):
        reals.open_images(str(tmp_path / 'nowhere'), 8)
    with pytest.raises(UserError, match='holds no .tfrecords files'):
        reals.open_images(str(tmp_path), 8)
    with pytest.raises(UserError, match='lacks the resolution 16x16'):
        reals.open_images(str(folder), 16)


def test_a_damaged_cache_is_named(images, tmp_path):
    statistics(images, tmp_path).gaussian(lambda k: None)
    path = next(tmp_path.glob('reals-n60-*-gaussian.npz'))
    path.write_bytes(b'something else')
    with pytest.raises(UserError, match='gaussian.npz is damaged'):
        statistics(images, tmp_path).gaussian(lambda k: None)


class Stripes:
    """A world whose images show the first factor as grey."""

    def sample(self, n, seed):
        return np.random.RandomState(seed).rand(n, 16).astype(np.float32)

    def render(self, factors, resolution, supersampling):
        assert supersampling == 2
        return np.repeat((255 * factors[:, :1]).astype(np.uint8), resolution * resolution * 3, axis=1).reshape(
            -1, resolution, resolution, 3
        )


def test_a_world_renders_the_same_images_again(monkeypatch):
    monkeypatch.setattr('regan.worlds.load', {'stripes': Stripes()}.get, raising=False)
    source = reals.open_images('world:stripes', 16)
    one, two = [np.concatenate(list(source.batches(70))) for _ in range(2)]
    assert one.shape == (70, 16, 16, 3) and len(np.unique(one)) > 30
    assert np.array_equal(one, two)
    assert source.facts['world'] == 'stripes' and source.facts['resolution'] == 16
